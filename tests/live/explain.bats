#!/usr/bin/env bats
# `explain` against the truth: every scenario of one-touch is predicted, then touched, and compared
# with the kernel's own counts and with what the stream saw; and its answers to bad input.

load common

setup() { live_setup; }

# The pool is the machine's: it is put back also when a test fails.
teardown() {
	[[ -z ${pool_was:-} ]] || echo "$pool_was" >/proc/sys/vm/nr_hugepages
	live_teardown
}

# Nothing left open: where the kernel shows what decides, one outcome is named.
exact() {
	jq -en --arg name "$1" \
		'[inputs | select(.name == $name) | .prediction.alternatives | length] | add == 0' cases
}

# compared PREDICTION REPORT WORD…: what the comparison says of one case, and of the faults seen.
compared() {
	local prediction=$1 report=$2 word
	shift 2
	jq -n "{ name: \"a\", access: \"exec\", pid: 7, addr: \"0x5000\", prediction: $prediction, report: $report }" >cases
	for word; do
		jq -n --arg word "$word" '{ type: "fault", pid: 7, ts_ns: 20, addr: "0x5123" }
			+ ($word | split(" ") | { fault: .[0], cause: .[1] })'
	done >ev
	jq -nr --slurpfile cases cases -f "$LIVE/explain.jq" ev
}

@test "the comparison with explain sees what is wrong" {
	local late='{ outcome: "fault", fault: "minor", cause: "zero-page", alternatives: [],
		next: { outcome: "fault", fault: "invalid", cause: "protection" } }'
	local hit='{ outcome: "hit", alternatives: [], next: null }'
	local either='{ outcome: "fault", fault: "major", cause: "swap-in", next: null,
		alternatives: [{ outcome: "fault", fault: "minor", cause: "swap-cache" }] }'
	local one='{ ts_ns: 10, minflt: 1, majflt: 0, signal: 0 }'
	local killed='{ ts_ns: 10, minflt: 1, majflt: 0, signal: 11 }'
	compared "$late" "$killed" "minor zero-page" "invalid protection"
	compared "$either" "$one" "minor swap-cache"
	run -1 compared "$late" "$killed" "invalid protection" "minor zero-page"
	[[ $output == "a exec: predicted minor zero-page, then invalid protection, seen invalid protection, then minor zero-page"* ]]
	run -1 compared "$late" "$killed" "minor zero-page"
	run -1 compared "$late" "$one" "minor zero-page" "invalid protection"
	[[ $output == *'counted [1,0,false]'* ]]
	run -1 compared "$late" "$killed"
	[[ $output == *"the stream saw no fault"* ]]
	run -1 compared "$hit" "$one" "minor zero"
	run -1 compared "$either" "$one" "minor swap"
	run -1 compared "$either" "$one" "minor swap-cache" "minor swap-cache"
	run -1 compared "$either" '{ ts_ns: 30, minflt: 1, majflt: 0, signal: 0 }' "minor swap-cache"
}

@test "explain predicts what then happens" {
	local name
	"$LIVE/predict"
	[[ $(wc -l <cases) -ge 60 ]]
	for name in anon forked dropped file-private file-uncached file-shared-clean beyond-end shmem \
		guard below-stack beyond-stack none prot-none dev-zero $(zero_page && echo thp-read); do
		grep -q "^$name " skipped || exact "$name" || { echo "$name left open" && return 1; }
	done
}

@test "explain predicts swap-in" {
	run "$WL/swapbox.sh" -z -s 64 "$LIVE/predict" 'swap' 3>&-
	[[ $status -ne 77 ]] || needs swap
	echo "$output"
	[[ $status -eq 0 ]]
	jq -es 'map(select(.name | startswith("uffd") | not)) | length == 6
		and all(.prediction.cause == "swap-in")
		and all(.report.majflt == 1 or (.name == "swap-cache" and .report.minflt == 1))' cases
}

@test "explain predicts hugetlb" {
	local pool=/proc/sys/vm/nr_hugepages
	[[ -w $pool ]] || needs hugetlb
	pool_was=$(cat "$pool")
	echo $((pool_was + 4)) >"$pool"
	run "$LIVE/predict" '^hugetlb'
	echo "$output"
	[[ $status -eq 0 ]]
	[[ -s cases ]] || needs hugetlb
	jq -es 'map(select(.name == "hugetlb")) | all(.prediction.cause == "hugetlb")' cases
	grep -q 'Here a huge page of' text
}

stopped_or_ended() { in_state "$pid" T || ended "$pid"; }

# stopped_at SCENARIO: one-touch before its touch, what explain says of the address in `text`.
stopped_at() {
	background "$HELP/one-touch" "$1" read >addr 2>why
	until_true 5 stopped_or_ended
	in_state "$pid" T || return 1
	"$FT" explain -p "$pid" "$(cat addr)" >text
}

@test "explain tells an entry that is not shown from an empty one" {
	stopped_at vvar || needs vvar
	grep -q 'VmFlags:.* pf ' text || needs vvar
	grep -q 'not known: pagemap does not show such mappings' text
	grep -q 'read  hit' text
}

@test "explain knows the page of zeros" {
	stopped_at anon
	if ! zero_page; then
		grep -A 5 'read  minor zero-page' text | grep -q 'a new page of zeros is mapped'
		stopped_at zero-page
		grep -q 'write hit' text
		needs page-of-zeros
	fi
	grep -q 'the zero page is mapped' text
	stopped_at zero-page
	grep -q "the kernel's page of zeros" text
	stopped_at dev-zero-read
	grep -q "the kernel's page of zeros" text
	stopped_at thp-read || needs thp
	grep -q "the kernel's page of zeros" text
	run ! grep -q 'of a file' text
}

@test "explain splits the address by the huge page that maps it" {
	stopped_at thp-written || needs thp
	# From 6.7 on the kernel tells which table the entry is in.
	grep -q 'Here a huge page of' text || needs pagemap-scan
	run ! grep -q ' PTE ' text
}

@test "explain finds symbols of the program and of libraries" {
	background "$HELP/named" >addresses
	until_true 5 test -s addresses
	local main number hidden getenv what
	read -r main number hidden getenv <addresses
	for what in main number hidden getenv libc.so.6:getenv; do
		local -n want=${what#*:}
		"$FT" explain -j -p "$pid" "$what" | jq -e --arg want "$want" --arg what "$what" '.addr == $want and .sym == $what'
		unset -n want
	done
	"$FT" explain -j -p "$pid" main+0x10 | jq -e --arg want "$(printf '0x%x' $((main + 16)))" '.addr == $want'
	"$FT" explain -p "$pid" libc.so.6:strlen >text
	[[ $(uname -m) != x86_64 ]] || grep -q resolver text
}

@test "explain takes addresses as /proc/PID/maps has them" {
	background sleep 1000
	until_true 5 in_state "$pid" S
	local addr
	for addr in c000000000 ffffffffff600000 7ffd1000; do
		"$FT" explain -j -p "$pid" "$addr" | jq -e --arg want "0x$addr" '.addr == $want and .sym == null'
	done
	run -2 --separate-stderr "$FT" explain -p "$pid" fffffffffffffffff
	[[ $stderr == *"more than 64 bits"* ]]
	run -2 --separate-stderr "$FT" explain -p "$pid" nosuch
	[[ $stderr == *"has no symbol 'nosuch'"* ]]
	background "$HELP/named"
	until_true 5 in_state "$pid" S
	"$FT" explain -j -p "$pid" face | jq -e '.sym == "face" and .addr != "0xface"'
}

@test "explain says what is wrong" {
	background sleep 1000
	until_true 5 in_state "$pid" S
	local args
	local -A wrong=(
		["0x12345678901234567"]="more than 64 bits"
		["12xyz"]="is not an address"
		["main+"]="is not an address"
		["nosuchsymbol"]="has no symbol 'nosuchsymbol'"
		["libnone.so:main"]="maps no such file"
		["libc.so.6:errno"]="thread-local"
	)
	# On arm64 every address is of the one half or the other.
	[[ $(uname -m) != x86_64 ]] || wrong["0x100000000000000"]="is not canonical"
	for args in "${!wrong[@]}"; do
		run -2 --separate-stderr "$FT" explain -p "$pid" "$args"
		[[ $stderr == *"${wrong[$args]}"* && -z $output ]] || { echo "$args: $stderr" && return 1; }
	done
	for args in "" "-p 1" "0x1000" "-p 1 0x1000 0x2000" "-p 1,2 0x1000" "-p x 0x1000"; do
		# shellcheck disable=SC2086 # words on purpose
		run -2 --separate-stderr "$FT" explain $args
		[[ -n $stderr && -z $output ]]
	done
	run -2 --separate-stderr "$FT" explain -p 4194300 0x1000
	[[ $stderr == *"no process has PID 4194300"* ]]
	run -1 --separate-stderr "$FT" explain -p 2 0x1000
	[[ $stderr == *"kernel thread: it has no user addresses"* ]]
}

@test "explain without permission shows the split alone" {
	command -v setpriv >/dev/null || needs setpriv
	run -3 --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups "$FT" explain -p 1 0x7f0000001000
	[[ $output == *"page number 0x7f0000001"* && $output == *"not permitted to see"* ]]
	[[ $stderr == *"takes its owner, or CAP_SYS_PTRACE"* ]]
	run -3 --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups "$FT" explain -p 1 main
	[[ -z $output ]]
}

@test "explain of one's own process hides frames without privilege" {
	command -v setpriv >/dev/null || needs setpriv
	# By a descriptor: the folder may be one that nobody else may enter.
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups bash -c 'sleep 100 &
		until [[ $(</proc/$!/comm) == sleep ]]; do sleep 0.05; done; sleep 0.1
		/proc/self/fd/9 explain -p $! -j libc.so.6:malloc; kill $!' - 9<"$FT"
	jq -e '.entry.present and .entry.frame == null and .entry.page_flags == null and .read.outcome == "hit"' <<<"$output"
}
