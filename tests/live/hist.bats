#!/usr/bin/env bats
# hist: every fault is in exactly one group of exactly one interval, under load too; its numbers are
# those of the stream of the same run; what it shows is what was asked for.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154,SC2119,SC2120 # jq has variables, too; common.bash sets `pid`

load common

setup() { live_setup; }

# hists FILTER [FILE]: a number that jq finds in the hist objects ($h) of -j output.
hists() { jq -n "[inputs | select(.type == \"hist\")] as \$h | $1" "${2:-ev}"; }

# is WHAT EXPRESSION VALUE: compares, and says what it is when they differ.
is() { [[ $2 == "$3" ]] || { echo "$1: $2, wanted $3" && return 1; }; }

# All faults are in the histograms, none twice; and they are those that the kernel counted.
sums_hold() {
	is "faults in all groups" "$(hists '[$h[].count] | add // 0' "$@")" \
		"$(summary "$@" | jq '.faults | add')"
	is "stall of all groups" "$(hists '[$h[].stall_ns] | add // 0' "$@")" \
		"$(summary "$@" | jq .stall_ns)"
	is "faults in all buckets" "$(hists '[$h[] | .buckets[][2], .unknown_latency] | add // 0' "$@")" \
		"$(summary "$@" | jq '.faults | add')"
	summary_is '.shown == (.faults | add)' "$@"
	summary_is '.type == "summary" and .unexplained == 0
		and .seen.min_flt + .seen.maj_flt + .loss.gup == .kernel.min_flt + .kernel.maj_flt
		and .faults.minor == .seen.min_flt and .faults.major == .seen.maj_flt' "$@"
}

# In a kernel that is preempted everywhere not every end is told while maps are read: user/README.md.
nothing_lost() {
	local untold=0
	! preempted_everywhere || untold=0.005
	summary_is '.loss | del(.gup, ."trampoline-misses", ."no-end") | add == 0' "$@"
	summary_is ".loss.\"no-end\" <= $untold * (.faults | add)" "$@"
}

# storm SECONDS: first touches on both cores. One run is over in a fraction of a second.
storm() {
	echo "end=\$((\$(date +%s) + $1)); while [ \$(date +%s) -lt \$end ]; do $WL/touch 100000 2 >/dev/null; done"
}

# stopped_at_both BY WORKLOAD…: a workload, stopped before its faults, with the stream (ev) and hist
# (hi) attached to it, both from before its first to its last.
stopped_at_both() {
	local by=$1 target stream
	shift
	WL_STOP=1 WL_TRUTH=truth background "$WL/$1" "${@:2}" >/dev/null
	target=$pid
	until_true 10 in_state "$target" T || { wait "$target" || true; skip_if_needs; return 1; }
	background "$FT" -j -o ev -p "$target" 2>ev.err
	stream=$pid
	until_true 20 grep -q ^Tracing ev.err
	background "$FT" hist -j -o hi --by "$by" -p "$target" 2>hi.err
	until_true 20 grep -q ^Tracing hi.err
	kill -CONT "$target"
	until_true 60 ended "$target"
	wait "$stream" "$pid"
}

@test "a storm on both cores: nothing is lost, and it is what the kernel counted" {
	"$FT" hist -q -j -o ev -- "$HELP/rusage" ru bash -c "$(storm 5)"
	nothing_lost
	sums_hold
	# wait4() says the same of all but rusage itself.
	jq -e -n --slurpfile ru ru --slurpfile ev <(summary) '$ev[0].kernel.min_flt - $ru[0].minflt
		| . >= 0 and . < 500' >/dev/null
	summary_is '.faults.minor > 100000'
}

@test "more than 100 intervals of 50 ms under load: their sum is all" {
	"$FT" hist -q -j -o ev --by cpu,access 50ms -- bash -c "$(storm 8)"
	nothing_lost
	sums_hold
	[ "$(hists '[$h[].ts_ns] | unique | length')" -gt 100 ]
	# They do not overlap, and do not drift from the boundaries.
	hists '$h | unique_by(.ts_ns) | [.[1:], .[:-1]] | transpose
		| all(.[0].ts_ns - .[0].interval_ns >= .[1].ts_ns)' | grep -qx true
	hists '($h[0].ts_ns - $h[0].interval_ns) as $start | [$h[].ts_ns - $start] | unique
		| map(. % 50000000) | sort | .[length / 2 | floor] < 10000000' | grep -qx true
}

@test "as many intervals as asked for, though the load goes on" {
	WL_TRUTH=/dev/null background bash -c "$(storm 60)"
	"$FT" hist -q -j -o ev 50ms 20
	# One in which nothing happened is not in JSON.
	hists '[$h[].ts_ns] | unique | length | . <= 20 and . >= 10' | grep -qx true
	is "faults in all groups" "$(hists '[$h[].count] | add')" "$(summary | jq '.faults | add')"
	nothing_lost
	summary_is '.unexplained == 0 and .faults.minor > 10000'
}

@test "intervals of single processes, more of them than there is room for" {
	"$FT" hist -q -j -o ev --by pid --groups 20 50ms -- \
		bash -c 'for i in {1..500}; do /bin/true; done; sleep 0.3'
	sums_hold
	is "faults of (other)" "$(hists '[$h[] | select(.by.other) | .count] | add // 0')" \
		"$(summary | jq '.loss."groups-full"')"
	# Who ended makes room: far more than 20 were shown.
	[ "$(hists '[$h[].by.pid] | unique | length')" -gt 60 ]
	is "processes without a name" "$(hists '[$h[] | select(.by.other != true and .by.process == null)] | length')" 0
}

@test "--cumulative: from the start" {
	"$FT" hist -q -j -o ev --cumulative 20ms -- "$WL/touch" 100003 2 >/dev/null
	hists '[$h[] | select(.by.type == "minor") | .count] | . == sort and length > 1' | grep -qx true
	is "the last" "$(hists '[$h[] | select(.by.type == "minor")][-1].count')" "$(summary | jq .faults.minor)"
	is "since" "$(hists '[$h[] | .ts_ns - .interval_ns] | unique | length')" 1
}

# by_cause WORKLOAD…: faults by cause are those of the stream, which are those of the truth.
by_cause() {
	stopped_at_both cause "$@"
	truth_holds truth ev
	is "causes by hist" \
		"$(jq -ncS '[inputs | select(.type == "hist") | {key: .by.cause, value: .count}] | from_entries' hi)" \
		"$(jq -ncS '[inputs | select(.type == "fault") | .cause] | group_by(.) | map({key: .[0], value: length}) | from_entries' ev)"
	sums_hold hi
}

@test "causes: zero-fill" { by_cause zero-fill; }
@test "causes: zero-page, then cow" { by_cause zero-page 1009 then-write; }
@test "causes: thp" { by_cause thp; }
@test "causes: stack" { by_cause stack; }
@test "causes: file-map" { by_cause file-map; }
@test "causes: file-read" { by_cause file-read; }
@test "causes: file-cow" { by_cause file-cow; }
@test "causes: mkwrite" { by_cause mkwrite; }
@test "causes: shmem" { by_cause shmem; }
@test "causes: uffd" { by_cause uffd; }
@test "causes: unmapped" { by_cause segv-unmapped; }
@test "causes: protection" { by_cause segv-protection; }
@test "causes: bus" { by_cause bus; }
@test "causes: efault, which has no latency" {
	able efault
	by_cause efault
	is "without a latency" "$(hists '$h[] | select(.by.cause == "efault") | .unknown_latency' hi)" \
		"$(count_faults '.cause == "efault"')"
}

@test "percentiles are those of the stream, within a bucket" {
	# Each of the two measures for itself: on an emulated CPU some are long for one and not for the other.
	local ranks=0
	[[ ! ${FT_VM-} ]] || ranks=2
	stopped_at_both cause uffd 199 slow
	# The bucket of a value, as include/ft_hist.h has it. Latencies are below 2^53.
	jq -n --slurpfile hi hi --argjson ranks "$ranks" '
		def bucket: if . < 32 then . else (log2 | floor) as $e
			| ($e - 3) * 16 + (. / pow(2; $e - 4) | floor) - 16 end;
		[inputs | select(.type == "fault" and .cause == "uffd") | .latency_ns] | sort as $v
		| ($hi[] | select(.type == "hist" and .by.cause == "uffd")) as $h
		| ($v | length) as $n
		| ([[50, $h.p50_ns], [90, $h.p90_ns], [99, $h.p99_ns]]
			| map((.[0] * $n / 100 | ceil) as $rank | (.[1] | bucket) as $b
				| ($v[$rank - 1 - $ranks] | bucket) <= $b + 1
				and ($v[[$rank - 1 + $ranks, $n - 1] | min] | bucket) >= $b - 1) | all)
		  and $h.count == $n and $h.min_ns >= 2000000
		  and ([$v[-1], $h.max_ns] | map(bucket) | .[0] - .[1] | fabs) <= 1' ev >same
	grep -qx true same
}

@test "10,000 short-lived processes: bounded, and the sums are right" {
	local rounds=20
	[[ ! ${FT_VM-} ]] || rounds=4 # an emulated CPU
	WL_TRUTH=/dev/null background "$FT" hist -q -j -o ev --by pid -- \
		bash -c "for ((i = 0; i < $rounds; i++)); do $WL/fork-exec 500; done"
	ft=$pid
	while ! ended "$ft"; do
		sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$ft/status" >>hwm 2>/dev/null || true
		sleep 0.2
	done
	wait "$ft"
	sums_hold
	is "faults of (other)" "$(hists '[$h[] | select(.by.other) | .count] | add')" \
		"$(summary | jq '.loss."groups-full"')"
	is "groups" "$(hists '$h | length')" 513
	summary_is ".kernel.min_flt > $rounds * 500 * 13"
	is "processes without a name" "$(hists '[$h[] | select(.by.other != true and .by.process == null)] | length')" 0
	grep -qa __asan_init "$FT" || [ "$(tail -n 1 hwm)" -le 30720 ]
	[ "$(tail -n 1 hwm)" -le $(($(sed -n '10p' hwm) + 1024)) ]
}

@test "files and mappings have names, also of processes that are gone" {
	# Its own count fails when the page cache is short; the number of faults is the same.
	WL_TRUTH=truth "$FT" hist -q -j -o ev --by file -- "$WL/churn" 101 || [ $? -eq 1 ]
	sums_hold
	# Seven faults in each of 101 files, all unlinked by now.
	is "files" "$(hists '[$h[] | select(.count == 7
		and ((.by.file // "") | contains("faulttrace-wl")))] | length')" 101
	WL_TRUTH=truth "$FT" hist -q -j -o ev --by mapping -- "$WL/zero-fill" 1009 heap
	jq -e -n '[inputs | select(.by.mapping == "[heap]" and .by.process == "zero-fill")] | .[0].count >= 1009' ev
}

@test "where nothing is mapped there is no name" {
	WL_TRUTH=truth "$FT" hist -q -j -o ev --by file,cause -- "$WL/segv-unmapped" 101
	is "unmapped" "$(hists '$h[] | select(.by.cause == "unmapped") | [.by.file, .count]' | jq -c .)" '[null,101]'
}

@test "a cgroup has its path, also when it is gone" {
	root=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
	[[ -n $root ]] || root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[[ -n $root ]] || needs cgroup
	dir=$root/ft-hist.$$
	mkdir "$dir" || needs cgroup
	background "$FT" hist -j -o ev --by cgroup -c "$dir" 2>err
	ft=$pid
	until_true 20 grep -q ^Tracing err
	bash -c "echo \$\$ >$dir/cgroup.procs; sleep 1.5; exec $WL/zero-fill" >/dev/null
	until_true 5 rmdir "$dir"
	kill -INT "$ft"
	wait "$ft"
	hists "\$h | length == 1 and .[0].by.cgroup == \"/ft-hist.$$\" and .[0].count > 1000" | grep -qx true
}

# rows_are_bcc: the look of bcc's print_log2_hist(), 40 stars at the fullest row.
rows_are_bcc() {
	grep -Eq '^     nsecs               : count    distribution$' out
	grep -Eq '^ *[0-9]+ -> [0-9]+ +: [0-9]+ +\|\*{40}\|$' out
	is "other rows" "$(grep -F '|' out | grep -Evc '^ {0,9}[0-9]+ -> [0-9]+ {0,9} : [0-9]+ {0,7} \|\** *\|$')" 0
	grep -Eq '^avg = [0-9]+ nsecs, total: [0-9]+ nsecs, count: [0-9]+' out
	grep -Eq '^p50 = [0-9]+, p90: [0-9]+, p99: [0-9]+, max: [0-9]+ nsecs$' out
}

@test "text: a histogram per group, the account on stderr" {
	WL_TRUTH=truth "$FT" hist -- "$WL/zero-fill" >out 2>err
	rows_are_bcc
	grep -qx 'type = minor' out
	grep -q '^Lost: nothing' err
	grep -q '^Kernel counted' err
	# Causes were not looked for: none is named.
	is "words of causes" "$(grep -c 'CAUSE\|unknown' err)" 0
	WL_TRUTH=truth "$FT" hist --by cause -- "$WL/zero-fill" >out 2>err
	grep -qx 'cause = zero-fill' out
	grep -q '^minor   zero-fill' err
}

@test "every part and every look" {
	for by in type cause comm pid cgroup cpu mapping file access type,cause,access \
		comm,cause pid,mapping,file,cpu,cgroup type,type; do
		for look in "" --table --linear -m --microseconds; do
			# shellcheck disable=SC2086
			WL_TRUTH=truth "$FT" hist -q --by "$by" $look -- "$WL/zero-page" 101 then-write >out 2>err || { cat err; return 1; }
			[[ -s out && ! -s err ]] || { echo "$by $look" && cat err && return 1; }
		done
		WL_TRUTH=truth "$FT" hist -q -j -o ev --by "$by" -- "$WL/zero-page" 101 then-write
		sums_hold
		hists "[\$h[].by | keys_unsorted | map(select(. as \$k | \"$by\" | split(\",\") | index(\$k))) | unique]
			| unique == [\"$by\" | split(\",\") | unique]" | grep -qx true
	done
	"$FT" hist -q --linear --microseconds -- "$WL/uffd" 11 slow >out
	grep -Eq '^ +[0-9]+ -> [0-9]+ +: ' out
	grep -Eq '^avg = [0-9.]+ usecs' out
}

@test "sorted and cut" {
	for column in count stall avg p50 p90 p99 max; do
		"$FT" hist -q -j -o ev --by cause -s $column -- "$WL/zero-page" 101 then-write >/dev/null
		key=$column
		case $column in count) ;; *) key=${column}_ns ;; esac
		hists "[\$h[].$key // -1] | . == (sort | reverse)" | grep -qx true || { echo "$column" && return 1; }
	done
	"$FT" hist -q -j -o ev --by cause -s -count -- "$WL/zero-page" 101 then-write >/dev/null
	hists '[$h[].count] | . == sort' | grep -qx true
	"$FT" hist -q --table -r 2 --by cause -- "$WL/zero-page" 101 then-write >out
	[ "$(grep -c '^[a-z]' out)" -eq 2 ]
	grep -Eq '^[0-9]+ more groups: [0-9]+ faults, [0-9.]+ ms stalled$' out
}

@test "filters are those of the stream" {
	WL_TRUTH=truth "$FT" hist -q -j -o ev --by cause --cause cow,zero-page --access write -- \
		"$WL/zero-page" 1009 then-write
	is "causes" "$(hists '[$h[].by.cause] | unique' | jq -c .)" '["cow"]'
	summary_is '.shown < (.faults | add) and .causes."zero-page".count >= 1009'
	WL_TRUTH=truth "$FT" hist -q -j -o ev --min-latency 1s -- "$WL/zero-fill"
	is "groups" "$(hists '$h | length')" 0
	summary_is '.shown == 0 and .causes == null'
	WL_TRUTH=truth "$FT" hist -q --min-latency 1s -- "$WL/zero-fill" >out
	grep -qx 'no faults' out
}

@test "Ctrl-C shows what there is" {
	background "$FT" hist -n nobody-here 2>err >out
	ft=$pid
	until_true 20 grep -q ^Tracing err
	kill -INT "$ft"
	wait "$ft"
	grep -qx 'no faults' out
	grep -q '^Lost: nothing' err
}

@test "the time, the interval and the count" {
	"$FT" hist -q -T -n nobody-here 100ms 3 >out
	is "times" "$(grep -Ec '^[0-2][0-9]:[0-5][0-9]:[0-6][0-9]$' out)" 3
	"$FT" hist -q -n nobody-here 100ms 3 >out
	is "times" "$(grep -Ec '^0\.[123][0-9]{2} s$' out)" 3
	"$FT" hist -q -n nobody-here -d 250ms 100ms >out
	[ "$(grep -Ec '^0\.[0-9]{3} s$' out)" -le 3 ]
}

# refused WORD COMMAND…: usage error, a line that has the word.
refused() {
	run -2 --separate-stderr "${@:2}"
	[[ -z $output && $stderr == faulttrace:\ *"$1"* && $stderr != *$'\n'* ]] || { echo "$stderr" && return 1; }
}

@test "bad input" {
	refused "type, cause, comm, pid, cgroup, cpu, mapping, file, access" "$FT" hist --by cause,foo
	refused "not one or some" "$FT" hist --by ""
	refused "not one or some" "$FT" hist --by type,
	refused "not an interval" "$FT" hist 0
	refused "not an interval" "$FT" hist 1x
	refused "not a count" "$FT" hist 1 0
	refused "one operand too many" "$FT" hist 1 2 3
	refused "no column 'foo'; there are type, count, stall" "$FT" hist -s foo
	refused "no column 'pid'" "$FT" hist -s pid
	refused "1 or more" "$FT" hist -r 0
	refused "from 1 to" "$FT" hist --groups 0
	refused "from 1 to" "$FT" hist --groups 65537
	refused "two units" "$FT" hist -m --microseconds
	refused "INTERVAL" "$FT" hist --cumulative
	refused "no program" "$FT" hist --
}

@test "a buffer that is asked for is used, for names too" {
	"$FT" hist -v --by file --buffer 3M -d 100ms -o out 2>err
	grep -q -- '--buffer: 4194304 bytes' err
	"$FT" hist -v --by file -d 100ms -o out 2>err
	! grep -q -- --buffer err
}
