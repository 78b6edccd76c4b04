#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154,SC2119,SC2120  # jq has variables, too; common.bash has `started`
# `thrash` on a machine that is small as a whole, as tests/vm starts one (tests/vm/kernels, "small"):
# no cgroup's limit, but kswapd evicts. And a cgroup v2 with PSI of its own.

load common
load thrash

small() { (($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) < 400000)); }

setup_file() {
	small || return 0
	# Without read-ahead each page that comes back is a fault of its own.
	cp /proc/sys/vm/page-cluster "$BATS_FILE_TMPDIR/page-cluster"
	echo 0 >/proc/sys/vm/page-cluster
}

teardown_file() {
	[[ ! -s $BATS_FILE_TMPDIR/page-cluster ]] || cat "$BATS_FILE_TMPDIR/page-cluster" >/proc/sys/vm/page-cluster
	confusion
}

@test "system: kswapd evicts for two who allocate too much" {
	small || needs small-memory
	local mb a b
	mb=$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) / 1024))
	[[ $(wc -l </proc/swaps) -gt 1 ]] || needs swap
	watch
	background "$P" 12 random $((mb * 6 / 10)) >a
	a=$pid
	background "$P" 12 random $((mb * 6 / 10)) >b
	b=$pid
	wait "$a" "$b"
	unwatch
	says THRASHING
	report_is '.psi == "system" and .scope == null'
	# kswapd took most of what was taken, and not for itself.
	report_is '[.evictors[:3][] | select(.kernel_thread and (.comm | startswith("kswapd")))]
		| length == 1 and .[0].evicted_anon > 1000 and (.[0].on_behalf_of[0].pid | . == $a or . == $b)' \
		--argjson a "$a" --argjson b "$b"
	report_is '[.allocators[:2][].pid] | sort == ([$a, $b] | sort)' --argjson a "$a" --argjson b "$b"
	report_is '[.victims[:2][].pid] | sort == ([$a, $b] | sort)' --argjson a "$a" --argjson b "$b"
	report_is '(.kernel | [.pswpout, .swpout_zero, .zswpout] | map(. // 0) | add) as $out
		| .sums.swapout_pages > 1000 and (.sums.swapout_pages - $out | fabs) <= ([64, $out / 100] | max)'
	report_is 'any(.advice[]; startswith("too little RAM for these working sets"))'
	report_is '([.kernel.pswpin, .kernel.swpin_zero] | map(. // 0) | add) as $in
		| .sums.swap_faults > 1000 and (.sums.swap_faults - $in | fabs) <= ([256, $in / 20] | max)'
}

@test "cgroup v2: judged by PSI of its own" {
	local dir box
	grep -qsw memory /sys/fs/cgroup/cgroup.controllers || needs memory-cgroup-v2
	# It begins when it is watched, however long that takes here.
	P=$P background "$WL/swapbox.sh" -s 64 -m 32 sh -c \
		'until [ -e watched ]; do sleep 0.1; done; exec "$P" 12 random 48 >own'
	box=$pid
	until_true 30 compgen -G "/sys/fs/cgroup/faulttrace-test-$box"
	dir=/sys/fs/cgroup/faulttrace-test-$box
	watch -c "$dir"
	touch watched
	wait "$box"
	unwatch
	says THRASHING
	report_is '.psi == "cgroup" and .scope == $d' --arg d "$dir"
	report_is 'any(.evidence[]; .rule == "psi-full" and .value > 10)'
	report_is '.victims[0].pid == $p and .evictors[0].pid == $p' --argjson p "$(own pid)"
	report_is 'any(.advice[]; startswith("a limit too low on cgroup \($d)"))' --arg d "$dir"
}
