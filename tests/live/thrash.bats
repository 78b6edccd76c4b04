#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154,SC2119,SC2120  # jq has variables, too; common.bash has `started`
# `thrash` beyond the scenarios of scenarios.bats: kinds of memory, cgroups, bad cases, breakdown.

load common
load thrash

teardown_file() { confusion; }

@test "unchanged: pages that go without a write" {
	watch
	LASTS=$(lasting 8) box -s 256 -m 48 -- '$P "$LASTS" read 80 >own'
	unwatch
	says THRASHING
	sums_agree
	report_is '.victims[0].pid == $p and .evictors[0].pid == $p' --argjson p "$(own pid)"
	# Each page is written once; how often it goes after that is a matter of the machine's speed.
	report_is '.sums | .returned_clean > 2000 and .evicted - .swapout_pages > 0.9 * .returned_clean'
	# What the matrix cannot attribute, it estimates by who took unchanged pages.
	report_is '([.blame[] | select(.evictor_pid == null) | .returned] | add) as $clean
		| [.blame[] | .unchanged_returned_estimate] | add | . > 0.95 * $clean and . <= $clean'
}

@test "shared: memory that no page table has an entry of" {
	watch
	box -s 256 -m 48 -- '$P 6 shm 96 >own'
	unwatch
	says THRASHING
	sums_agree
	report_is '.victims[0].pid == $p and .evictors[0].pid == $p' --argjson p "$(own pid)"
	report_is '.victims[0].majors / $m | . > 0.97 and . < 1.03' --argjson m "$(own majflt)"
	stall_is stall_ns
	report_is '.mappings[0] | .pid == $p and .vma_kind == "shmem" and .refaults > 1000' --argjson p "$(own pid)"
	returns_are_whole
	matrix_is_whole
	# Whose reclaim took it is seen by the page tables it vanished from, and shared out.
	report_is 'any(.blame[]; .evictor_pid == $p and .victim_pid == $p and .evicted_shmem > 1000
		and .unchanged_returned_estimate > 1000)' --argjson p "$(own pid)"
}

@test "dropped: a file is read again, and nobody lacks memory" {
	local file=$WL_DIR/faulttrace-thrash.$$.file
	"$P" 1 make 64 0 "$file"
	watch
	"$P" 60 cold 64 0 "$file" >own
	dd if="$file" iflag=nocache count=0 status=none
	"$P" 60 cold 64 0 "$file" >own
	unwatch
	says "COLD START"
	report_is '.sums.file_refaults > 10000 and .sums.far == 0'
	report_is '.victims[0] | .pid == $p and .distance_p50_ns > 1e6' --argjson p "$(own pid)"
	[[ $(jq -s '[.[] | select(.type == "thrash" and .verdict == "THRASHING")] | length' ev) == 0 ]]
	# A page that was gone for longer than the distance does not count.
	watch --threshold distance=0.5
	dd if="$file" iflag=nocache count=0 status=none
	"$P" 60 cold 64 0 "$file" >own
	dd if="$file" iflag=nocache count=0 status=none
	sleep 1
	"$P" 60 cold 64 0 "$file" >own
	unwatch
	report_is '.sums.file_refaults < 100 and .sums.far > 10000'
}

@test "file: of more pages than are remembered" {
	"$P" 1 make 64 0 "$WL_DIR/faulttrace-thrash.$$.file"
	watch --file-pages 2048
	FILE=$WL_DIR/faulttrace-thrash.$$.file LASTS=$(lasting 7) box -s 16 -m 32 -- '$P "$LASTS" file 64 0 "$FILE" >own'
	unwatch
	says THRASHING
	report_is '.sums.pages_forgotten > 5000 and .sums.file_refaults * 2 < .sums.file_majors'
	# What it waited is estimated by what the kernel says has been read again.
	report_is '.victims[0] | .pid == $p and .file_stall_estimate_ns > 1e9' --argjson p "$(own pid)"
	report_is 'all(.evidence[]; .rule != "file-rate" or .holds)'
}

@test "small files: each is counted, and named" {
	local file=$WL_DIR/faulttrace-thrash.$$.small
	watch
	"$P" 60 small 4 0 "$file" >own
	unwatch
	rm -f "$file".*
	report_is '.sums.file_majors as $n | $n >= $m - 24 and ([.files[].majors] | add) == $n' --argjson m "$(own majflt)"
	report_is '[.files[] | select(.path // "" | contains(".small."))] | length > 950'
	summary_is '.loss["files-full"] == 0'
	# Without room for their names they count all the same, and what is lost is said.
	watch --buffer 64K
	kill -STOP "$watcher"
	until_true 5 in_state "$watcher" T
	"$P" 60 small 4 0 "$file" >own
	kill -CONT "$watcher"
	unwatch
	report_is '.sums.file_majors as $n | $n >= $m - 24 and ([.files[].majors] | add) == $n' --argjson m "$(own majflt)"
	summary_is '.loss["files-full"] > 100'
}

@test "read(): swap-ins that are no fault's" {
	[[ $(stat -f -c %T /dev/shm 2>/dev/null) == tmpfs ]] || needs tmpfs
	watch
	box -s 256 -m 48 -- 'f=/dev/shm/faulttrace-thrash.$$; trap "rm -f $f" EXIT
		head -c 80M /dev/urandom >"$f"; cat "$f" >/dev/null'
	unwatch
	report_is '.kernel | .pswpin > 5000 and .swapin_without_fault / .pswpin > 0.9'
}

@test "limit: of a cgroup above" {
	watch
	box -s 256 -m 48 -- 'mkdir "$WL_CGROUP/kid"; echo "$WL_CGROUP" >dir
		(echo "$BASHPID" >"$WL_CGROUP/kid/cgroup.procs" && exec "$P" 4 random 80 >own) & wait; rmdir "$WL_CGROUP/kid"'
	unwatch
	says THRASHING
	report_is 'any(.advice[]; startswith("a limit too low on cgroup \($d): "))' --arg d "$(<dir)"
	# Its name is known although it came and went.
	report_is '.cgroup_blame[0].victim_cgroup // "" | endswith("/kid")'
}

# box_cgroup PID: the cgroup of the swapbox.sh that runs as that, v1 or v2.
box_cgroup() { compgen -G "/sys/fs/cgroup/memory/faulttrace-test-$1" || compgen -G "/sys/fs/cgroup/faulttrace-test-$1"; }

@test "cgroup: judged alone, while it vanishes" {
	local dir box
	background "$WL/swapbox.sh" -s 256 -m 48 "$P" 5 random 96 >own
	box=$pid
	until_true 60 box_cgroup "$box" || needs swap
	dir=$(box_cgroup "$box")
	watch -c "$dir"
	wait "$box" || true
	until_true 15 test ! -e "$dir"
	sleep 1
	unwatch
	says THRASHING
	grep -q "is gone" err
	# What is not known of it is not taken from the machine.
	[[ $(jq -s '[.[] | select(.type == "thrash")] | last | .refault_file == null and .mem_available_bytes == null' ev) == true ]]
	report_is '.scope == $d and .victims[0].pid == $p' --arg d "$dir" --argjson p "$(own pid)"
	report_is 'all(.victims[]; .cgroup == null or (.cgroup | contains("faulttrace-test")))'
}

@test "by cgroup: a hog in one, a service in another" {
	watch --by cgroup
	# Both below one limit. v2 wants no processes beside the children.
	box -s 256 -m 48 -- 'mkdir "$WL_CGROUP/service" "$WL_CGROUP/hog"
		(echo "$BASHPID" >"$WL_CGROUP/service/cgroup.procs" && exec "$P" 5 quiet 16 300000 >service) &
		(echo "$BASHPID" >"$WL_CGROUP/hog/cgroup.procs" && sleep 1 && exec "$P" 3.5 hog 64 2000 >hog) &
		wait; rmdir "$WL_CGROUP/service" "$WL_CGROUP/hog"'
	unwatch
	says THRASHING
	report_is '.cgroup_blame[0] | (.evictor_cgroup | endswith("/hog")) and (.victim_cgroup | endswith("/service"))
		and .returned > 1000'
}

@test "full maps: forgotten and counted" {
	watch --evictions 2048 --processes 4
	box -s 128 -m 48 -- '$P 4 random 80 >own'
	unwatch
	report_is '.sums.forgotten > 1000 and .sums.other > 0'
	matrix_is_whole
	report_is '(.kernel | [.pswpout, .swpout_zero, .zswpout] | map(. // 0) | add) as $out
		| (.sums.swapout_pages - $out | fabs) <= ([16, $out / 200] | max)'
}

@test "full maps: memory that comes back" {
	watch --processes 8
	box -z -s 400 -- '$P 60 crowd 160 >own'
	unwatch
	report_is '.sums.other > 10000 and (.mappings | length <= 32)
		and any(.mappings[]; .pid == null and .comm == "(other)" and .vma_kind == null and .pages > 10000)'
	returns_are_whole
}

@test "swap goes off and on while it is watched" {
	watch
	box -s 128 -m 64 -- '$P 3 random 80 >own; swapoff "$WL_DIR/faulttrace-test-$PPID.swap"; true'
	sleep 2.5
	box -s 128 -m 64 -- '$P 3 random 80 >own'
	unwatch
	says THRASHING
	# The second time is news again; at the end all is counted.
	[[ $(jq -s '[.[] | select(.type == "thrash-report" and .verdict == "THRASHING" and (.last | not))] | length' ev) -ge 2 ]]
	report_is '(.verdicts | add) == .all_intervals and .verdicts.THRASHING == .intervals and .verdicts.HEALTHY > 2'
	report_is '.victims[0].pid as $v | any(.blame[]; .victim_pid == $v and .returned > 100)'
}

@test "no swap at all: only files can go" {
	[[ $(wc -l </proc/swaps) -eq 1 ]] || needs no-swap
	"$P" 1 make 64 0 "$WL_DIR/faulttrace-thrash.$$.file"
	watch
	FILE=$WL_DIR/faulttrace-thrash.$$.file LASTS=$(lasting 5) box -s 0 -m 32 -- '$P "$LASTS" file 64 0 "$FILE" >own'
	unwatch
	says THRASHING
	report_is '.sums.swapout_pages == 0 and .sums.swap_faults == 0 and .victims[0].pid == $p' --argjson p "$(own pid)"
	report_is 'any(.advice[]; startswith("there is no swap"))'
}

@test "full swap: said, and who was killed" {
	watch
	# 4 MB are left of 128: less than a twentieth, and room for what else is in the cgroup.
	box -s 128 -m 48 -- '$P 5 random 170 >own'
	unwatch
	sums_agree
	report_is 'any(.advice[]; startswith("swap is full"))'
	watch
	box -k -s 16 -m 32 -- '$P 5 random 96 & echo $! >victim; wait; true'
	unwatch
	report_is '.sums.oom_kills == 1 and (.oom_victims | length == 1
		and (.[0] | .pid == $p and .comm == "pressure" and .kills == 1))' --argjson p "$(<victim)"
}

@test "five thousand processes" {
	watch
	box -z -s 400 -- '$P 60 crowd 160 >own'
	unwatch
	[[ $(own touches) -eq 5000 ]]
	sums_agree
	[[ ! ${FT_VM-} || $(jq .sums.evicted report) -gt 0 ]] || needs evictions-of-pageout
	# 8 pages each; each pair is a process with itself.
	report_is '[.blame[] | select(.evictor_pid != null and .evictor_pid == .victim_pid and .written > 0
		and .returned > 0)] | length | . <= 5000 and . >= 5000 - $missed' --argjson missed "$(missed_runs)"
}

# ticks PID: its CPU time so far, in hundredths of a second.
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

@test "storm: zram as fast as it goes" {
	local begin spent limit=25
	[[ ! ${FT_VM-} ]] || limit=250 # an emulated CPU
	watch
	begin=$(ticks "$watcher")
	box -z -s 800 -m 150 -- '$P 5 random 200 >a & $P 5 random 200 >b & wait'
	spent=$(($(ticks "$watcher") - begin))
	unwatch
	says THRASHING
	sums_agree
	matrix_is_whole
	report_is '.sums.victim_unknown < 100'
	# Of the 5 s and more that it lasts: 5 % of one CPU, with what the kernel does for us.
	echo "ticks: $spent"
	[[ $spent -le $limit ]]
}

@test "text: the header comes at once, again, and -q is quiet" {
	background "$FT" thrash -q -o text 0.1 2>err
	until_true 60 grep -q VERDICT text
	until_true 60 eval '(($(wc -l <text) > 25))'
	kill -INT "$pid"
	wait "$pid"
	[[ ! -s err ]]
	[[ $(sed -n '1p;22p' text | grep -c VERDICT) -eq 2 ]]
}

@test "no memory for its maps: what limits it, and what helps, is said" {
	local status=0
	# Before Linux 5.11 the memory of maps is not a cgroup's.
	"$WL/swapbox.sh" -s 0 -m 40 "$FT" thrash --evictions 800000 0.1 1 >out 2>err || status=$?
	[[ $status -ne 77 ]] || needs memory-cgroup
	[[ $status -ne 0 ]] || needs map-memory-cgroup
	[[ $status -eq 1 ]]
	grep -q 'limit of the cgroup.*--evictions' err
}

@test "thresholds decide" {
	watch --threshold victim=101 --threshold full=101
	box -s 128 -m 64 -- '$P 3 random 80 >own'
	unwatch
	says PRESSURE HEALTHY
	run -2 "$FT" thrash --threshold victim
	[[ $output == *"NAME=VALUE"*distance* ]]
}

# slept: as long as the scheduler says that the program was blocked, be it for I/O or within reclaim. An
# emulated drive is done before anyone sleeps, so that a guest asks this instead of how many majors
# waited; elsewhere what a hypervisor takes counts as blocked, too.
slept() { if [[ ${FT_VM-} ]]; then jq .blocked_ns own; else echo null; fi; }

@test "breakdown: where the time of a fault goes" {
	local status=0
	"$WL/swapbox.sh" -s 128 -m 48 "$FT" -q -j -o faults --breakdown -- "$P" 2 random 80 >own || status=$?
	[[ $status -ne 77 ]] || needs swap
	[[ $status -eq 0 ]]
	# The parts do not overlap; nearly all majors waited for I/O, and someone paid for the limit.
	jq -ne --argjson slept "$(slept)" 'reduce (inputs | select(.type == "fault" and .latency_ns != null)) as $f ({};
			(if $f.reclaim_ns + $f.compaction_ns + $f.wait_ns > $f.latency_ns then .over += 1 else . end)
			| .wait += $f.wait_ns | .reclaim += $f.reclaim_ns | (if $f.fault == "major" then .majors += 1 else . end)
			| (if $f.fault == "major" and $f.wait_ns > 0 then .waited += 1 else . end)
			| (if $f.memcg_reclaim_ns > 0 then .reclaimed += 1 else . end))
		| if (.over // 0) == 0 and .majors > 200
			and (if $slept then .reclaimed > 20 and .wait > 0.2 * $slept and .wait + .reclaim > 0.8 * $slept
			     else .reclaimed > 100 and .waited > 0.8 * .majors end) then true
		  else "not so: \(. + { $slept })" | halt_error(1) end' faults
	"$FT" -q -j -o plain -- true
	jq -ne 'reduce (inputs | select(.type == "fault")) as $f (true; . and $f.wait_ns == null and $f.reclaim_ns == null)' plain
}

@test "breakdown: where the time of a group goes" {
	local status=0
	"$WL/swapbox.sh" -s 128 -m 32 "$FT" hist -q -j -o groups --by cause --breakdown -- "$P" 2 random 64 >own || status=$?
	[[ $status -ne 77 ]] || needs swap
	[[ $status -eq 0 ]]
	# The parts make up the whole.
	jq -ne 'all(inputs | select(.type == "hist"); .reclaim_ns + .compaction_ns + .wait_ns + .rest_ns == .stall_ns)' groups
	# Someone pays for the limit; a swap-in waits for I/O, whatever the processor takes here.
	jq -ne '[inputs | select(.type == "hist").memcg_reclaim_ns] | add > 1e7' groups
	jq -ne --argjson slept "$(slept)" 'first(inputs | select(.by.cause? == "swap-in"))
		| .memcg_reclaim_ns > 0 and .wait_ns > 0.2 * ($slept // .stall_ns)
			and .wait_ns + .reclaim_ns > 0.8 * ($slept // 0)' groups
	"$WL/swapbox.sh" -s 128 -m 32 "$FT" hist -q --by cause --breakdown --table -- "$P" 1 random 64 >table
	grep -q 'RECL% *MEMCG% *COMP% *WAIT% *CPU%' table
	# Not asked for: nothing of it is attached, and nothing shown.
	"$FT" hist -q -j -o plain -- true
	jq -ne 'all(inputs | select(.type == "hist"); .wait_ns == null and .rest_ns == null)' plain
	"$FT" hist -v -- true 2>&1 | grep -c sched_switch | grep -qx 0
}

# stolen: the pages that kswapd has taken.
stolen() { awk '$1 == "pgsteal_kswapd" { print $2 }' /proc/vmstat; }

# swaps_in KIND AREA MB OPTION…: of the major swap-ins of a program with so much memory, in such a box,
# nearly all say where from, after how long, and who had evicted them: the two in the box, or kswapd,
# which, where memory is full, takes no more than the kernel says. A few are pages of zeros of the
# program: of zram that is not known. A few begin when the page is unmapped and not written yet: no
# time after it. The faults are in `faults`.
swaps_in() {
	local kind=$1 area=$2 mb=$3 status=0 before
	shift 3
	[[ $(wc -l </proc/swaps) -eq 1 ]] || needs no-swap
	before=$(stolen)
	"$WL/swapbox.sh" "$@" "$FT" -q -j -o faults -- "$P" 2 random "$mb" >own || status=$?
	[[ $status -ne 77 ]] || needs swap
	[[ $status -eq 0 ]] || return "$status"
	jq -ne 'reduce inputs as $f ({};
			if $f.type == "summary" then .ns = $f.duration_ns
			elif $f.type != "fault" or $f.cause != "swap-in" then .
			else .all += 1 | .by[$f.evictor_comm // "null"] += 1
			| (if $f.swap_kind == $kind and ($f.swap_area | test($area)) then .kind += 1 else . end)
			| (if ($f.swap_kind | . == "zero-page" or . == "unknown") and ($f.swap_area | test($area)) then .zeros += 1 else . end)
			| ($f.evictor_comm // "" | startswith("kswapd")) as $k
			| (if ($f.evictor_pid == $p and $f.evictor_comm == "pressure") or $f.evictor_comm == "faulttrace" or $k then .known += 1 else . end)
			| (if $k then .kswapd += 1 else . end)
			| $f.refault_distance_ns as $d
			| (if $d != null then .distance += 1 else . end) | (if $d == 0 then .at_once += 1 else . end)
			| .farthest = ([.farthest, $d] | max) end)
		| . as $n | if .all > 200 and .kind + .zeros == .all and (.zeros // 0) < 8 and .known > 0.9 * .all
				and .distance >= .known and (.kswapd // 0) <= $stolen and (.at_once // 0) <= 1 + 0.001 * .all and .farthest < .ns
			then . else "not so: \($n)" | halt_error(1) end' \
		--arg kind "$kind" --arg area "$area" --argjson p "$(own pid)" --argjson stolen $(($(stolen) - before)) faults
}

@test "stream: a swap-in says where from, and who had evicted it" {
	swaps_in disk 'faulttrace-test-.*swap$' 80 -s 128 -m 48
	# Without a swap-in all of this is null.
	jq -ne 'all(inputs | select(.type == "fault" and .cause != "swap-in"); .swap_kind == null)
		and true' faults
	if grep -q ^swpout_zero /proc/vmstat && ! grep -q '^zswpout [1-9]' /proc/vmstat; then
		"$WL/swapbox.sh" -s 64 "$FT" -q -j -o zeros -- "$P" 2 zeros 16 >own
		jq -ne '[inputs | select(.type == "fault" and .cause == "swap-in" and .vma_kind == "anon")]
			| length > 3900 and all(.[]; .swap_kind == "zero-page")' zeros
	fi
}

@test "stream: a swap-in from zram" {
	swaps_in zram '^/dev/zram' 96 -z -s 128 -m 64
}
