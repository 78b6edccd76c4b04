# Scenarios of memory pressure with a known answer, for scenarios.bats, thrash.bats and system.bats.
# shellcheck shell=bash disable=SC2016,SC2154,SC2119,SC2120  # jq has variables, too; common.bash has `started`

setup() {
	live_setup
	[[ $(id -u) == 0 ]] || needs root
	P=$HELP/pressure
	# Who else thrashes meanwhile would be found, too: what swapbox.sh locks is ours for the whole test.
	exec {box_lock}>>/tmp/faulttrace-test-swapbox.lock
	flock "$box_lock"
	export SWAPBOX_LOCKED=1
}

# Gently first: swapbox.sh and faulttrace take down what they set up.
teardown() {
	local pid
	for pid in "${started[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
	for pid in "${started[@]}"; do until_true 10 ended "$pid" || true; done
	live_teardown
	rm -f "$WL_DIR/faulttrace-thrash.$$".*
}

# watch [OPTION]…: thrash runs in the background, its lines in ev. Swap comes later, and so its size
# cannot be that of the memory for evictions: twice as much as any of the boxes has.
watch() {
	rm -f ev err
	background "$FT" thrash -j -o ev --evictions 524288 "$@" 0.5 2>err
	watcher=$pid
	until_true 60 grep -q "Hit Ctrl-C" err
}

# The report is in `report`.
unwatch() {
	kill -INT "$watcher"
	wait "$watcher" || { cat err && return 1; }
	tail -n 2 ev | head -n 1 >report
	report_is '.type == "thrash-report" and .last'
	summary_is '.type == "summary" and .unexplained == 0'
}

# box OPTION… -- COMMANDS: a shell script in a cgroup with swap; $P is there the program pressure.
box() {
	local options=() status=0
	while [[ $1 != -- ]]; do options+=("$1") && shift; done
	P=$P background "$WL/swapbox.sh" "${options[@]}" bash -c "$2"
	wait "$pid" || status=$?
	[[ $status -ne 77 ]] || needs swap
	return "$status"
}

# report_is FILTER [ARG]…: a jq condition on the report.
report_is() {
	jq -e "$1" "${@:2}" <report >/dev/null || {
		echo "not true: $1"
		jq -c '{verdict, evidence: [.evidence[] | "\(.rule)=\(.value)"], victims: .victims[:3],
			evictors: .evictors[:3], blame: .blame[:6], sums, kernel}' report
		return 1
	}
}

# says VERDICT…: the verdict is one of these, the first by rights; noted for the table.
says() {
	local got
	got=$(jq -r .verdict report)
	local want="${*// /-}" name=${BATS_TEST_DESCRIPTION%%:*}
	echo "${name// /-} ${want// /|} ${got// /-}" >>"$BATS_FILE_TMPDIR/verdicts"
	report_is '.verdict as $v | $ARGS.positional | index($v) != null' --args "$@"
}


# missed_runs: those that the summary names: of preempted programs (bpf/compat.bpf.h, "programs that
# are skipped").
missed_runs() { summary | jq '.loss."trampoline-misses"'; }

# Pages out and in, as traced and as the kernel counted them on the whole machine, but for what the
# summary names as missed, a page each. What swapoff reads at the end is no fault's.
sums_agree() {
	report_is '(.kernel | [.pswpout, .swpout_zero, .zswpout] | map(. // 0) | add) as $out
		| ([16, $out / 200] | max) as $few
		| $out - .sums.swapout_pages | . >= -$few and . <= $few + $missed' --argjson missed "$(missed_runs)"
	report_is '(.kernel.pswpin // 0) as $in
		| (.sums.swapin_pages - $in | fabs) <= ([64, $in / 100] | max)'
	report_is '.sums.other == 0 and .sums.forgotten == 0'
}

# The matrix adds up to what was seen, with (other) in it; no row is empty.
matrix_is_whole() {
	report_is '([.blame[].evicted] | add) == .sums.evicted and ([.blame[].evicted_file] | add) == .sums.evicted_file
		and ([.blame[].returned] | add // 0) == (.sums | .returned_known + .returned_clean + .shmem_refaults + .file_refaults)
		and all(.blame[]; .evicted + .evicted_file + .returned > 0)'
}

# What came back is by file or by memory, and all of it, with (other) in it; no row is empty.
returns_are_whole() {
	report_is '([.files[], .mappings[] | .refaults] | add // 0) == .sums.refaults
		and ([.mappings[].pages] | add // 0) == .sums.swap_faults + .sums.shmem_faults
		and all(.mappings[]; .pages > 0 and .majors <= .pages and .refaults <= .majors)'
}

# lasting SECONDS: as long, or four times on an emulated CPU, which gets no farther in less: on arm64 never,
# on x86 when others want the machine.
lasting() { [[ ${FT_VM-} ]] && echo $((4 * $1)) || echo "$1"; }

# own FIELD [FILE]: what the program measured itself.
own() { jq -r ".$1" "${2:-own}"; }

# own_clock_agrees [FILE]: the stall of the first victim is within 20 % of the program's own clock, less
# what a hypervisor takes where there is one that does.
own_clock_agrees() {
	report_is '.victims[0].stall_ns | . > 0.8 * ($slow - $unseen) and . < 1.2 * $slow' \
		--argjson slow "$(own slow_ns "${1:-own}")" --argjson unseen "$(own unseen_ns "${1:-own}")"
}

# stall_is FIELD [FILE]: that stall of the first victim is not less than the scheduler says that the
# program was blocked, and not more than its own clock says of its major faults, but for a tenth.
stall_is() {
	report_is ".victims[0].$1 | . > 0.9 * \$blocked and . < 1.1 * \$slow" \
		--argjson blocked "$(own blocked_ns "${2:-own}")" --argjson slow "$(own slow_ns "${2:-own}")"
}

# The program neither took nor missed pages; others on this machine may.
own_swaps_nothing() {
	report_is '[.evictors[], .victims[] | select(.pid == $p) | .evicted_anon // .swap_faults] | add // 0 | . < 100' \
		--argjson p "$(own pid)"
}

# confusion: what was right, in rows, and what was said, in columns, of all verdicts of this file;
# and what was wrong.
confusion() {
	[[ -s $BATS_FILE_TMPDIR/verdicts ]] || return 0
	awk '
		{ split($2, may, "|"); right = 0
		  for (i in may) right = right || may[i] == $3
		  n[may[1], $3]++; all++; good += right
		  if (!right) wrong = wrong "\nwrong: " $1 " is " $2 ", not " $3 }
		END {
			m = split("THRASHING PRESSURE COLD-START HEALTHY", v)
			printf "%-12s", "is \\ said"
			for (j = 1; j <= m; j++) printf "%12s", v[j]
			for (i = 1; i <= m; i++) {
				printf "\n%-12s", v[i]
				for (j = 1; j <= m; j++) printf "%12s", n[v[i], v[j]] ? n[v[i], v[j]] : "."
			}
			print "\n" good " of " all " right" wrong
		}' "$BATS_FILE_TMPDIR/verdicts" | sed 's/^/# /' >&3
}
