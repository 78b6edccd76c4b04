#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154,SC2119,SC2120  # jq has variables, too; common.bash has `started`
# Scenarios with a known answer: `thrash` on real memory pressure, in a memory cgroup with a real swap
# file or zram. Each asserts the verdict, the culprit, the victim, and the sums against /proc/vmstat.
# At the end: what was right and what was said. On the host in cgroup v1, in a guest in v2 (tests/vm/kernels,
# "6.12-cgroup2"); system.bats has the one that needs a small machine.

load common
load thrash

teardown_file() { confusion; }

@test "healthy: growth within the limit" {
	watch
	box -s 128 -m 64 -- '$P 4 grow 32 >own'
	unwatch
	says HEALTHY
	own_swaps_nothing
}

@test "cold-start: 500 MB of a file are read once" {
	local mb=500 each=250 # of 256 pages a MB
	# An emulated drive; and up to 1,100 pages stayed in a cache that was dropped.
	[[ ! ${FT_VM-} ]] || mb=120 each=230
	(($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) > mb * 1800)) || needs memory
	"$P" 1 make "$mb" 0 "$WL_DIR/faulttrace-thrash.$$.file"
	watch
	"$P" 120 cold "$mb" 0 "$WL_DIR/faulttrace-thrash.$$.file" >own
	unwatch
	says "COLD START"
	own_swaps_nothing
	[[ $(own majflt) -gt $((mb * each)) ]]
	report_is 'any(.files[]; (.path // "" | endswith(".file")) and .majors > $least and .majors > 0.97 * $m
		and .refaults * 20 < .majors)' --argjson least $((mb * each)) --argjson m "$(own majflt)"
}

@test "self: one process with twice its limit" {
	watch
	box -s 256 -m 48 -- '$P 6 random 96 >own'
	unwatch
	says THRASHING
	sums_agree
	report_is '.victims[0].pid == $p and .evictors[0].pid == $p' --argjson p "$(own pid)"
	report_is '.blame[0] | .evictor_pid == $p and .victim_pid == $p' --argjson p "$(own pid)"
	report_is '.victims[0].majors / $m | . > 0.97 and . < 1.03' --argjson m "$(own majflt)"
	stall_is stall_ns
	own_clock_agrees
	report_is '.victims[0].distance_p50_ns > 1e7'
	report_is 'any(.advice[]; startswith("a limit too low"))'
	report_is '.mappings[0] | .pid == $p and .vma_kind == "anon" and .refaults > 0.9 * .pages' --argjson p "$(own pid)"
	returns_are_whole
	matrix_is_whole
}

@test "ping-pong: two processes, one limit" {
	watch
	box -s 256 -m 48 -- '$P 6 random 48 >a & $P 6 random 48 >b & wait'
	unwatch
	says THRASHING
	sums_agree
	report_is '[.victims[:2][].pid] | sort == ([$a, $b] | sort)' --argjson a "$(own pid a)" --argjson b "$(own pid b)"
	report_is '[.evictors[:2][].pid] | sort == ([$a, $b] | sort)' --argjson a "$(own pid a)" --argjson b "$(own pid b)"
	# Each takes from the other as from itself. How much, their time slices decide, too: on a slow
	# CPU there was 2.8 times as much of one as of another.
	report_is '[.blame[] | select(.evictor_pid == ($a, $b) and .victim_pid == ($a, $b)) | .evicted]
		| length == 4 and min > 0.05 * add' --argjson a "$(own pid a)" --argjson b "$(own pid b)"
	matrix_is_whole
}

@test "hog: evicts a quiet service" {
	watch
	box -s 256 -m 48 -- '$P 7 quiet 16 300000 >service & sleep 1; $P 5.5 hog 64 2000 >hog & wait'
	unwatch
	says THRASHING
	sums_agree
	report_is '.victims[0].pid == $s and .evictors[0].pid == $h' \
		--argjson s "$(own pid service)" --argjson h "$(own pid hog)"
	report_is '.blame[0] | .victim_pid == $s and .evictor_pid == $h' \
		--argjson s "$(own pid service)" --argjson h "$(own pid hog)"
	stall_is stall_ns service
	own_clock_agrees service
	# Its memory, and nothing else of it, is what came back first.
	report_is '.mappings[0] | .pid == $s and .comm == "pressure" and .vma_kind == "anon" and .path == null and .refaults > 1000' \
		--argjson s "$(own pid service)"
	report_is '([.mappings[] | select(.pid == $s)] | [(map(.pages) | add), (map(.stall_ns) | add)]) as $m
		| .victims[0] | .swap_faults == $m[0] and .stall_ns >= $m[1] and .stall_ns < 1.05 * $m[1]' \
		--argjson s "$(own pid service)"
	returns_are_whole
	report_is 'any(.advice[]; startswith("a limit of its own for pressure \($h): "))' --argjson h "$(own pid hog)"
}

@test "file: thrash without swap" {
	"$P" 1 make 64 0 "$WL_DIR/faulttrace-thrash.$$.file"
	watch
	# Reading all of it once takes an emulated drive longer.
	SECONDS_ON=${FT_VM:+25} FILE=$WL_DIR/faulttrace-thrash.$$.file \
		box -s 16 -m 32 -- '$P "${SECONDS_ON:-7}" file 64 0 "$FILE" >own'
	unwatch
	says THRASHING
	sums_agree
	report_is '.victims[0].pid == $p and .victims[0].file_refaults > 1000' --argjson p "$(own pid)"
	stall_is major_stall_ns
	report_is '.files[0] | (.path | endswith(".file")) and .refaults > 1000'
	report_is 'all(.mappings[]; .path // "" | endswith(".file") | not)'
	returns_are_whole
	report_is '.evictors[0] | .pid == $p and .evicted_file > 1000' --argjson p "$(own pid)"
	report_is 'any(.advice[]; startswith("file working set"))'
}

@test "swap-out: nothing comes back" {
	watch
	box -s 256 -- '$P 4 pushout 96 >own'
	unwatch
	says HEALTHY PRESSURE
	sums_agree
	report_is '.sums.swapout_pages > 20000 and .sums.refaults < 100'
	# On 5.10 a task is not marked as one that reclaims while MADV_PAGEOUT does: whose pages go is not seen.
	[[ ! ${FT_VM-} || $(jq .sums.evicted report) -gt 0 ]] || needs evictions-of-pageout
	report_is '.evictors[0] | .pid == $p and .evicted_anon > 20000' --argjson p "$(own pid)"
	report_is 'any(.blame[]; .evictor_pid == $p and .victim_pid == $p and .written > 20000 and .returned == 0)' \
		--argjson p "$(own pid)"
	report_is 'all(.victims[]; .pid != $p)' --argjson p "$(own pid)"
}

@test "stream: through a file larger than memory" {
	"$P" 1 make 256 0 "$WL_DIR/faulttrace-thrash.$$.file"
	watch
	FILE=$WL_DIR/faulttrace-thrash.$$.file box -s 64 -m 48 -- '$P 6 stream 256 0 "$FILE" >own'
	unwatch
	says HEALTHY "COLD START" PRESSURE
	sums_agree
	report_is 'any(.evictors[]; .pid == $p and .evicted_file > 1000 and .evicted_anon < 100)' --argjson p "$(own pid)"
	report_is 'all(.victims[]; .pid != $p or .refaults < 100)' --argjson p "$(own pid)"
	report_is 'any(.files[]; (.path // "" | endswith(".file")) and .refaults * 10 < .majors)'
}

@test "zram: twice its limit" {
	watch
	box -z -s 256 -m 64 -- '$P 6 random 112 >own'
	unwatch
	says THRASHING
	sums_agree
	report_is '.victims[0].pid == $p and .evictors[0].pid == $p' --argjson p "$(own pid)"
	report_is '.victims[0].majors / $m | . > 0.97 and . < 1.03' --argjson m "$(own majflt)"
}
