#!/usr/bin/env bats
# `mem` against statm, pmap -X and /usr/bin/time; started programs; its answers to bad input.

load common

setup() { live_setup; }

# The pool is the machine's: it is put back also when a test fails.
teardown() {
	live_teardown
	[[ -z ${pool_was:-} ]] || echo "$pool_was" >/proc/sys/vm/nr_hugepages
}

stopped_sleeper() {
	background sleep 1000
	sleeper=$pid
	until_true 5 in_state "$pid" S
	sleep 0.1
}

@test "mem shows statm to the digit, and its mappings add up to it" {
	stopped_sleeper
	"$FT" mem -j -p "$sleeper" >out
	read -r total res shared text _ data _ <"/proc/$sleeper/statm"
	jq -es --argjson total "$total" --argjson res "$res" --argjson shared "$shared" --argjson text "$text" \
		--argjson data "$data" '.[0] | .total_pages == $total and .resident_pages == $res
		and .shared_pages == $shared and .text_pages == $text and .data_pages == $data' out
	jq -es '.[0] as $m | map(select(.type == "mapping" and .path != "[vsyscall]") | .size_kb) | add
		== $m.total_pages * $m.page_size / 1024' out
	jq -es '.[0] as $m | (map(select(.type == "mapping") | .pss_kb) | add) == $m.all.pss_kb' out
}

@test "mem agrees with pmap -X" {
	command -v pmap >/dev/null || needs pmap
	stopped_sleeper
	# Address Perm Offset Device Inode Size come first on every kernel.
	pmap -X "$sleeper" | awk '$2 ~ /^[-r][-w][-x][ps]$/ && $1 != "ffffffffff600000" { print $1, $2, $3, $4, $5, $6 }' >want
	[[ -s want ]]
	"$FT" mem -j -p "$sleeper" | jq -r 'select(.type == "mapping" and .path != "[vsyscall]")
		| "\(.start[2:]) \(.perms) \(("0000000" + .offset[2:])[-8:]) \(.dev) \(.inode) \(.size_kb)"' >got
	diff want got
	# Of memory without a file, which is nobody else's. What others map, too, changes as they do.
	local name
	for name in Rss Pss; do
		pmap_column "$name" '$5 == 0' >want
		"$FT" mem -j -p "$sleeper" | jq -r --arg name "${name,,}_kb" \
			'select(.type == "mapping" and .inode == 0) | "\(.start[2:]) \(.[$name])"' >got
		diff want got
		[[ $(awk '{ sum += $2 } END { print sum }' want) -gt 0 ]]
	done
	pmap_column Rss 1 | awk '{ sum += $2 } END { print sum }' >want
	"$FT" mem -j -p "$sleeper" | jq '.all.rss_kb // empty' >got
	diff want got
}

# pmap_column NAME CONDITION: the start of each mapping, and the column that pmap -X heads so.
pmap_column() {
	pmap -X "$sleeper" | awk -v name="$1" '
		$1 == "Address" { for (i = 1; i <= NF; i++) if ($i == name) column = i }
		$2 ~ /^[-r][-w][-x][ps]$/ && '"$2"' { print $1, $column }'
}

# touching SCENARIO: one-touch, stopped before its touch; its area is of 4 MB.
touching() {
	background "$HELP/one-touch" "$1" read >addr 2>why
	until_true 5 stopped_or_ended
	in_state "$pid" T
}

stopped_or_ended() { in_state "$pid" T || ended "$pid"; }

@test "mem tells reserved addresses from untouched memory" {
	touching prot-none
	"$FT" mem -j -p "$pid" | jq -es '.[0] | .all.reserved_kb == 4096
		and any(.words[]; contains("4 MB allows no access and only reserves addresses"))'
	kill -KILL "$pid"
	touching anon
	"$FT" mem -j -p "$pid" | jq -es '.[0] | .all.reserved_kb == 0
		and any(.words[]; contains("has an address but no page yet"))'
}

@test "mem counts pages of hugetlbfs" {
	local pool=/proc/sys/vm/nr_hugepages
	[[ -w $pool ]] || needs hugetlb
	pool_was=$(cat "$pool")
	echo $((pool_was + 2)) >"$pool"
	touching hugetlb-written || needs hugetlb
	local size
	size=$(awk '$1 == "Hugepagesize:" { print $2 }' /proc/meminfo)
	"$FT" mem -j -p "$pid" | jq -es --argjson size "$size" '.[0] | .all.hugetlb_kb == $size
		and .kinds.hugetlb.hugetlb_kb == $size
		and any(.words[]; contains("is in pages of hugetlbfs"))'
}

@test "mem -p agrees with smaps_rollup" {
	stopped_sleeper
	[[ -r /proc/$sleeper/smaps_rollup ]] || needs smaps_rollup
	local rss pss
	rss=$(awk '$1 == "Rss:" { print $2 }' "/proc/$sleeper/smaps_rollup")
	pss=$(awk '$1 == "Pss:" { print $2 }' "/proc/$sleeper/smaps_rollup")
	# PSS of single mappings is rounded down, each on its own.
	"$FT" mem -j -p "$sleeper" | jq -es --argjson rss "$rss" --argjson pss "$pss" \
		'.[0].all.rss_kb == $rss and ((.[0].all.pss_kb - $pss) | fabs) <= 40'
}

# Some virtual machines have no working debug registers.
copied='( \(which took a private copy of one page of its code\))?$'

@test "mem -- PROGRAM stops before main, after constructors" {
	run -0 --separate-stderr "$FT" mem -o out -- "$HELP/staged"
	[[ $stderr == $'constructor\nmain' ]]
	grep -Eq "stopped before its main\(\) runs$copied" out
	grep -q 'dynamically linked' out
	"$FT" mem -j -o out -- "$HELP/staged" 2>/dev/null
	jq -es '.[0].stopped_at == "main" and .[0].linkage == "dynamic" and .[0].bss_bytes >= 1048576' out
	# Nothing of main's memory is there yet: its zeros are not touched.
	jq -es 'map(select(.kind == "anonymous")) | map(.rss_kb) | add < 512' out
}

@test "mem -- PROGRAM tells static from dynamic" {
	"$FT" mem -j -o out -- "$HELP/staged-static" 2>/dev/null
	jq -es '.[0].linkage == "static" and .[0].kinds.libraries.mappings == 0' out
	"$FT" mem -j -o out -- "$HELP/staged-static-pie" 2>/dev/null
	jq -es '.[0].linkage == "static-pie"' out
	"$FT" mem -o out -- "$HELP/staged-static" 2>/dev/null
	grep -q 'statically linked' out
}

@test "mem -- PROGRAM of a stripped program stops at its entry" {
	run -0 --separate-stderr "$FT" mem -o out -- "$HELP/staged-stripped"
	grep -q 'stopped at its entry point' out
	[[ $stderr == $'constructor\nmain' ]]
	"$FT" mem -o out -- "$HELP/staged-static-stripped" 2>/dev/null
	grep -Eq "stopped at its entry point: nothing of it has run$copied" out
	run ! grep -q 'its libraries are loaded' out
}

@test "mem -- PROGRAM of 32 bits stops at its entry" {
	[[ -x $HELP/exit32 ]] || needs x86-64
	run "$HELP/exit32"
	[[ $status -eq 7 ]] || needs ia32
	run -7 "$FT" mem -j -o out -- "$HELP/exit32"
	jq -es '.[0].stopped_at == "entry" and .[0].linkage == "static"' out
}

@test "mem -- PROGRAM ends as the program does" {
	run -7 "$FT" mem -o out -- "$HELP/staged" 7
	run -143 "$FT" mem -o out -- sh -c 'kill -TERM $$'
	run -0 "$FT" mem -o out -- sh -c 'echo hello'
	[[ $output == hello ]]
	# It is itself again: SIGPIPE is not ignored, nobody traces it.
	run -0 "$FT" mem -o out -- grep TracerPid /proc/self/status
	[[ ${output##*[[:space:]]} == 0 ]]
	run -0 "$FT" mem -o out -- sh -c 'grep SigIgn /proc/self/status'
	[[ $((0x${output##*[[:space:]]} & 0x1000)) -eq 0 ]]
}

@test "mem -- PROGRAM leaves no page behind and changes no code" {
	"$FT" mem -o out -- "$HELP/staged" 2>/dev/null
	! grep -q "took a private copy" out || needs debug-register
	sync "$HELP/staged" # what the linker wrote a moment ago is dirty in the page cache
	"$FT" mem -j -o out -- "$HELP/staged" 2>/dev/null
	jq -es 'map(select(.kind == "program" and (.perms | contains("x")))) | all(.private_dirty_kb == 0)' out
}

@test "mem --self shows itself" {
	"$FT" mem --self -j | jq -es '.[0].comm == "faulttrace"'
}

@test "mem of a process that may not be seen shows what anybody may" {
	command -v setpriv >/dev/null || needs setpriv
	run -3 --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups "$FT" mem -p 1
	[[ $output == *"address space"* && $output != *"Mappings"* ]]
	[[ $stderr == *"takes its owner, or CAP_SYS_PTRACE"* ]]
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups "$FT" mem --self
	[[ $output == *"Mappings"* ]]
}

@test "mem says what it cannot show" {
	run -1 --separate-stderr "$FT" mem -p 2
	[[ $stderr == *"kernel thread: it has no user memory"* && -z $output ]]
	run -2 --separate-stderr "$FT" mem -p 4194300
	[[ $stderr == *"no process has PID 4194300"* ]]
	background bash -c 'sleep 0.5 & exec sleep 1000' # which waits for nobody
	local zombie=''
	has_zombie() {
		zombie=$(ps -o stat=,pid= --ppid "$pid" | awk '/^Z/ { print $2 }')
		[[ -n $zombie ]]
	}
	until_true 10 has_zombie
	run -1 --separate-stderr "$FT" mem -p "$zombie"
	[[ $stderr == *"is a zombie"*"$pid"* ]]
	run -1 --separate-stderr "$FT" mem -- /nonexistent
	[[ $stderr == *"cannot start '/nonexistent': No such file"* ]]
	run -1 --separate-stderr "$FT" mem -- /etc/passwd
	[[ $stderr == *"Permission denied"* ]]
	local args
	for args in "" "--self -p 1" "-p 1,2" "-p x" "--" "stray" "--self -- true"; do
		# shellcheck disable=SC2086 # words on purpose
		run -2 --separate-stderr "$FT" mem $args
		[[ -n $stderr && -z $output ]]
	done
}

@test "mem escapes what strangers wrote" {
	local odd=$BATS_TEST_TMPDIR/$'a\033[2Jb\nc'
	cp "$(command -v sleep)" "$odd"
	background "$odd" 1000
	sleep 0.3
	"$FT" mem -p "$pid" >text
	run ! grep -q $'\033' text
	grep -qF 'a\x1b[2Jb\x0ac' text
	"$FT" mem -j -p "$pid" | jq -es --arg odd "$odd" 'any(.path == $odd)'
}
