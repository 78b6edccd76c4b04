#!/usr/bin/env bats
# Bad input: one line on stderr that names the mistake and the remedy, the right exit code, nothing
# on stdout, nothing half-done. And names from strangers, which may hold anything.

load common

setup() {
	live_setup
	background sleep 100
	sleeper=$pid
}

# --- Who --------------------------------------------------------------------------------------

@test "no such PID" {
	mistake 2 'no process has PID 4999999' 'faulttrace ps' -- "$FT" -p 4999999
	mistake 2 'no process has PID 4999999' -- "$FT" -p "$sleeper,4999999"
	mistake 2 'no thread has TID 4999999' 'ps -eL' -- "$FT" -t 4999999
}

@test "a PID that was" {
	true &
	gone=$!
	wait "$gone"
	mistake 2 "no process has PID $gone" -- "$FT" -p "$gone"
}

@test "a PID that is a thread" {
	background "$HELP/threaded" >ids
	until_true 5 in_state "$pid" T
	read -r wl first second <ids
	mistake 2 "$second is a thread of process $wl" "-t $second" "-p $wl" -- "$FT" -p "$second"
	[ "$first" != "$second" ]
}

@test "a PID that exits meanwhile: what was seen, and the summary" {
	for delay in 0.01 0.03 0.05 0.1; do
		background sleep "$delay"
		status=0
		timeout 30 "$FT" -j -o ev -p "$pid" 2>err || status=$?
		[ "$status" -eq 0 ] || grep -q "no process has PID $pid" err
		[ "$status" -ne 0 ] || summary_is '.type == "summary" and .unexplained == 0'
	done
}

@test "a PID, and /proc is not mounted" {
	# shellcheck disable=SC2016
	mistake 1 '/proc is not mounted' 'mount -t proc' -- \
		unshare -m sh -c 'umount -l /proc && exec "$0" "$@"' "$FT" -p "$sleeper"
}

@test "not a PID" {
	for bad in 0 -1 +1 abc 1x 99999999999999999999 4294967296 1, ,1 '' ' ' 1.5 0x10; do
		mistake 2 "--pid: '$bad' is not" 'a PID' -- "$FT" -p "$bad"
		mistake 2 "--tid: '$bad' is not" 'a TID' -- "$FT" -t "$bad"
	done
	mistake 2 "--tid: '1,2' is not" 'a TID' -- "$FT" -t 1,2
}

@test "two answers to the question who" {
	mistake 2 'use one of' -- "$FT" -p "$sleeper" -- true
	mistake 2 'use one of' -- "$FT" -t "$sleeper" -- true
	mistake 2 'use one of' -- "$FT" -a -- true
	mistake 2 'use one of -p' -- "$FT" -p "$sleeper" -a
	mistake 2 'use one of -p' -- "$FT" -p "$sleeper" -t "$sleeper"
}

# --- The program ------------------------------------------------------------------------------

@test "a program that does not exist or cannot be executed" {
	mistake 2 "'/nonexistent'" 'No such file' PATH -- "$FT" -- /nonexistent
	mistake 2 "'no-such-command'" 'No such file' -- "$FT" -- no-such-command
	mistake 2 "'/tmp'" 'Permission denied' -- "$FT" -- /tmp
	mistake 2 "'/etc/passwd'" 'Permission denied' -- "$FT" -- /etc/passwd
	printf '#!/nonexistent\n' >broken
	chmod +x broken
	mistake 2 "'./broken'" 'No such file' -- "$FT" -- ./broken
	mistake 2 'no program after' -- "$FT" --
	mistake 2 "'sleep' is no command" "after '--'" -- "$FT" sleep 1
}

# --- Options ----------------------------------------------------------------------------------

@test "unknown words: the list is shown" {
	mistake 2 "--type: 'x'" 'minor, major, invalid, aborted' -- "$FT" --type x
	mistake 2 "--type: 'minor,'" 'minor, major' -- "$FT" --type minor,
	mistake 2 "--type: ''" -- "$FT" --type ''
	mistake 2 "--cause: 'swapin'" 'zero-fill, zero-page' 'swap-in' -- "$FT" --cause swapin
	mistake 2 "--cause: 'cow,x'" 'cow' -- "$FT" --cause cow,x
	mistake 2 "--access: 'rw'" 'read, write, exec' -- "$FT" --access rw
	mistake 2 "--mode: 'x'" 'user, kernel' -- "$FT" --mode x
	mistake 2 "--hooks: 'x'" 'portable' -- "$FT" --hooks x
}

@test "numbers, durations and sizes" {
	for bad in 0 -1 x 1.5 99999999999999999999 ''; do
		mistake 2 "--sample: '$bad' is not a number" -- "$FT" --sample "$bad"
	done
	for bad in 0 -1 x 1y 99999999999999999999h ''; do
		mistake 2 "--duration: '$bad' is not a duration" 500ms -- "$FT" -d "$bad"
	done
	for bad in -1 x 1y ''; do
		mistake 2 "--min-latency: '$bad' is not a latency" 250us -- "$FT" --min-latency "$bad"
	done
	for bad in 0 -1 x 16X 99999999999T ''; do
		mistake 2 "--buffer: '$bad' is not a size" 16M -- "$FT" --buffer "$bad"
	done
	for bad in -1 no-such-user 99999999999999999999 4294967295 ''; do
		mistake 2 "--uid: '$bad' is not a user" 'a name or an id' -- "$FT" -u "$bad"
	done
	mistake 2 "--comm: ''" '1 to 15 bytes' -- "$FT" -n ''
	mistake 2 "--comm: 'sixteen-bytes-xy'" '1 to 15 bytes' -- "$FT" -n sixteen-bytes-xy
}

@test "a cgroup that does not exist" {
	[ -e /sys/fs/cgroup/memory/cgroup.procs ] || [ -e /sys/fs/cgroup/cgroup.procs ] || needs cgroup
	mistake 2 "no cgroup '/no/such'" '/sys/fs/cgroup' -- "$FT" -c /no/such
	mistake 2 "no cgroup '../../../..'" -- "$FT" -c ../../../..
}

@test "a buffer size that is not a power of two is rounded, and said so with -v" {
	run -0 --separate-stderr "$FT" -v --buffer 3M -o ev -d 100ms -p "$sleeper"
	[[ $stderr == *"4194304 bytes"*"power of two"* ]]
	run -0 --separate-stderr "$FT" -v --buffer 1 -o ev -d 100ms -p "$sleeper"
	[[ $stderr == *"65536 bytes"*"64K to 1G"* ]]
	run -0 --separate-stderr "$FT" --buffer 3M -o ev -d 100ms -p "$sleeper"
	[[ $stderr != *power* ]]
}

@test "unknown options and missing arguments" {
	mistake 2 "unknown option '--bogus'" '--help' -- "$FT" --bogus
	mistake 2 "unknown option '-Z'" '--help' -- "$FT" -Z
	mistake 2 '--pid needs an argument' 'PID' -- "$FT" -p
	mistake 2 '--type needs an argument' -- "$FT" --type
	mistake 2 '--output needs an argument' -- "$FT" -o
	mistake 2 '--json takes no value' -- "$FT" --json=yes
	mistake 2 "unknown option '-Z'" -- "$FT" -Zq
	mistake 2 "'--c' may be any of --cgroup, --comm, --cause" -- "$FT" --c x
	mistake 2 "--cgroup: '' is not a value" -- "$FT" -c ''
	mistake 2 "'hist' is a command" "'faulttrace hist [OPTIONS]'" -- "$FT" -p "$sleeper" hist
	mistake 2 "'extra' is no command" -- "$FT" -d 100ms extra
}

@test "what is wrong on the command line is shown escaped" {
	mistake 2 "--type: '\\x1b]0;x\\x07'" -- "$FT" --type $'\e]0;x\a'
	mistake 2 'unknown option' -- "$FT" $'--\e[31m\nx'
	run ! grep -qP '[\x00-\x09\x0b-\x1f]' err
}

# --- Output -------------------------------------------------------------------------------------

@test "an output file that cannot be written" {
	mistake 1 '/nonexistent/x' 'No such file' -- "$FT" -o /nonexistent/x -- true
	mistake 1 'cannot write /: ' 'directory' -- "$FT" -o / -- true
}

@test "stdout full or closed" {
	for to in '>/dev/full' '>&-'; do
		for as in '' -j; do
			run -1 --separate-stderr bash -c "'$FT' -q $as -- '$WL/touch' 5000 $to"
			[[ $stderr == *"faulttrace: cannot write the output: "* ]]
			[ "$(grep -c ^faulttrace <<<"$stderr")" -eq 1 ]
		done
		run -1 --separate-stderr timeout 20 bash -c "'$FT' -q -a $to"
		[[ $stderr == "faulttrace: cannot write the output: "* ]]
	done
	mistake 1 'cannot write /dev/full: No space left' -- "$FT" -q -o /dev/full -- true
}

@test "-o: what the file holds is replaced when there is something to write, not before" {
	echo precious >keep
	mistake 2 "'/nonexistent'" -- "$FT" -o keep -- /nonexistent
	mistake 2 "no thread has TID" -- "$FT" -o keep -t 4999999
	[ "$(cat keep)" = precious ]
	mistake 2 "'/nonexistent'" -- "$FT" -o new -- /nonexistent
	[ ! -e new ]
	"$FT" -q -o keep -- true
	run ! grep -q precious keep
	grep -q ^TIME keep
}

# A pipe without a reader that reads, and the tool writing to it: $ft.
stuck() {
	mkfifo pipe
	exec {hold}<>pipe
	background "$FT" -j -o pipe -- sh -c "'$WL/touch' 5000 >/dev/null; exec sleep 60" 2>err {hold}>&-
	ft=$pid
	until_true 20 grep -q pipe_write "/proc/$ft/wchan" "/proc/$ft/stack"
}

@test "a reader that does not read: the second signal gives up, and says so" {
	stuck
	kill -TERM "$ft"
	sleep 1
	run ! ended "$ft"
	kill -TERM "$ft"
	until_true 20 ended "$ft"
	status=0
	wait "$ft" || status=$?
	[ "$status" -eq 1 ]
	grep -qx 'faulttrace: pipe is not being read: what was left of the output is lost' err
	exec {hold}>&-
}

@test "a reader that begins to read after the first signal gets everything" {
	stuck
	kill -TERM "$ft"
	sleep 0.5
	# There is a reader all the time: without one it ends at once.
	exec {from}<pipe
	background cat "/dev/fd/$from" >ev {hold}>&-
	exec {hold}>&- {from}<&-
	wait "$ft" || [ $? -eq 143 ]
	wait "$pid"
	account_closes
	[ "$(count_faults true)" -eq "$(summary | jq .shown)" ]
}

@test "a reader that goes away ends the trace, quietly" {
	run -0 --separate-stderr timeout 20 bash -o pipefail -c "'$FT' -q -a | head -n 1"
	[[ $output == TIME* && -z $stderr ]]
	run --separate-stderr timeout 20 bash -c "'$FT' -q -j -- sh -c 'while :; do $WL/touch 1000 >/dev/null; done' | head -n 1"
	jq -e '.type == "fault"' <<<"$output"
	[ -z "$stderr" ]
}

@test "closed standard descriptors get no other data" {
	"$FT" -j -o ev -d 200ms -p "$sleeper" 0<&- 1>&- 2>&-
	[ "$(wc -l <ev)" -eq 1 ]
	summary_is '.type == "summary"'
}

# --- Names from strangers -----------------------------------------------------------------------

# clean FILE: no byte that drives a terminal, and valid UTF-8.
clean() {
	run ! grep -qaP '[\x00-\x09\x0b-\x1f\x7f]' "$1"
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null
}

hostile=$'a\e]0;x\a\n"\\\xff'

@test "a process named with control bytes" {
	cat >named.sh <<-'END'
		printf '%s' "$1" >/proc/self/comm
		for i in 1 2 3; do x=$x$(printf '%0100000d' "$i"); done
	END
	# One write: a newline would make bash write twice.
	for name in '\ééééééé' '\\€€€€' $'\e]0;x\a\t"\\\xff'; do
		"$FT" -o text -- bash named.sh "$name" 2>err
		clean text
	done
	"$FT" -j -o ev -- bash named.sh "$name" 2>>err
	clean text
	clean err
	clean ev
	grep -qF '\x1b]0;x\x07' text
	[ "$(count_faults '.comm // "" | startswith("\u001b]0;x\u0007\t\"\\")')" -gt 0 ]
	[ "$(jq -s length ev)" -eq "$(wc -l <ev)" ]
}

@test "a program and a mapped file with control bytes in their path" {
	mkdir "$hostile"
	cp "$WL/zero-fill" "$hostile/$hostile"
	"$FT" -o text -- "$hostile/$hostile" 5 >truth 2>err
	"$FT" -j -o ev -- "$hostile/$hostile" 5 >truth 2>>err
	clean text
	clean err
	clean ev
	truth_holds
	[ "$(count_faults '.file // "" | contains("/a\u001b]0;x\u0007\n\"\\")')" -gt 0 ]
	[ "$(count_faults '.dso // "" | contains("/a\u001b]0;x\u0007\n\"\\")')" -gt 0 ]
	[ "$(jq -s length ev)" -eq "$(wc -l <ev)" ]
}

@test "a path of more components than are followed: cut, and symbols all the same" {
	deep=$PWD/$(printf 'd/%.0s' {1..30})
	mkdir -p "$deep"
	cp "$(command -v bash)" "$deep"
	libc=$(ldd "$deep/bash" | awk '$1 == "libc.so.6" { print $3 }')
	cp "$libc" "$deep"
	# It lives until it was looked at.
	LD_LIBRARY_PATH=$deep "$FT" -q -j -o ev -- "$deep/bash" -c 'sleep 0.5; :'
	[ "$(count_faults '.dso // "" | test("^\\.\\.\\./d/.*/d/bash$")')" -gt 0 ]
	[ "$(count_faults '(.dso // "" | test("^\\.\\.\\./d/.*/d/bash$")) and .sym != null')" -gt 0 ]
	[ "$(count_faults '(.dso // "" | test("^\\.\\.\\./d/.*/d/libc.so.6$")) and .sym != null')" -gt 0 ]
}

@test "names in the banner and in errors" {
	mistake 2 "'a\\x1b]0;x\\x07\\x0a\"" -- "$FT" -- "$hostile"
	mistake 1 'a\x1b]0;x' -- "$FT" -o "$hostile/$hostile" -- true
	run -0 --separate-stderr "$FT" -d 100ms -o ev -n $'\e]0;x'
	[[ $stderr == *'named \x1b]0;x'* && $stderr != *$'\e'* ]]
}
