#!/usr/bin/env bats
# Who is traced, from when to when, and how a trace ends.

load common

setup() { live_setup; }

# stopped NAME [ARG]…: a workload that stopped before its faults; its truth goes to NAME.truth.
stopped() {
	WL_STOP=1 WL_TRUTH=$1.truth background "$WL/$1" "${@:2}" >/dev/null
	until_true 5 in_state "$pid" T
}

# trace OPTION…: faulttrace in the background, once it is attached; its pid in $ft.
trace() {
	background "$FT" -j -o ev "$@" 2>err
	ft=$pid
	until_true 20 grep -q '^Tracing page faults of' err
}

# ends STATUS: faulttrace has ended so.
ends() {
	local status=0
	until_true 20 ended "$ft"
	wait "$ft" || status=$?
	[[ $status -eq $1 ]] || { echo "exit code $status" && cat err && return 1; }
}

@test "-p: a process that runs, until it ends" {
	stopped zero-fill
	wl=$pid
	trace -p "$wl"
	kill -CONT "$wl"
	ends 0
	truth_holds zero-fill.truth
	account_closes
	[ "$(count_faults ".pid != $wl")" -eq 0 ]
}

@test "-p: all threads of the process" {
	stopped threads
	wl=$pid
	trace -p "$wl"
	kill -CONT "$wl"
	ends 0
	truth_holds threads.truth
	account_closes
}

@test "-p: several processes, until the last has ended" {
	stopped zero-fill
	one=$pid
	stopped file-map
	two=$pid
	trace -p "$one,$two"
	kill -CONT "$one"
	until_true 10 ended "$one"
	sleep 0.3
	run ! ended "$ft"
	kill -CONT "$two"
	ends 0
	truth_holds zero-fill.truth
	truth_holds file-map.truth
	account_closes
	[ "$(count_faults ".pid != $one and .pid != $two")" -eq 0 ]
}

@test "-p: children are others" {
	stopped cow 101 child
	wl=$pid
	trace -p "$wl"
	kill -CONT "$wl"
	ends 0
	[ "$(count_faults ".pid != $wl")" -eq 0 ]
	account_closes
}

@test "-p: children are others, of several processes, too" {
	stopped cow 101 child
	wl=$pid
	background sleep 100
	sleeper=$pid
	trace -p "$wl,$sleeper"
	kill -CONT "$wl"
	until_true 10 ended "$wl"
	kill "$sleeper"
	ends 0
	[ "$(count_faults ".pid == $wl")" -gt 0 ]
	[ "$(count_faults ".pid != $wl and .pid != $sleeper")" -eq 0 ]
	account_closes
}

# Two threads, stopped: $wl, $first, $second.
threaded_starts() {
	WL_TRUTH=truth background "$HELP/threaded" 503 >ids
	until_true 5 in_state "$pid" T
	read -r wl first second <ids
}

@test "-t: one thread of a process, until it ends" {
	threaded_starts
	trace -t "$second"
	kill -CONT "$wl"
	ends 0
	jq -c ".expect |= map(select(.tid == $second))" truth >second
	truth_holds second
	[ "$(count_faults ".tid != $second")" -eq 0 ]
	account_closes
}

@test "-t: the first thread of a process" {
	threaded_starts
	trace -t "$wl"
	kill -CONT "$wl"
	ends 0
	[ "$(count_faults ".tid != $wl")" -eq 0 ]
	[ "$(count_faults ".tid == $wl")" -gt 0 ]
	[ "$first" != "$wl" ]
}

@test "-a: every fault of a workload, among all others" {
	trace -a
	WL_TRUTH=truth "$WL/zero-fill"
	WL_TRUTH=cow.truth "$WL/cow" 101
	kill -INT "$ft"
	ends 0
	grep -q '^Tracing page faults of all processes' err
	truth_holds
	truth_holds cow.truth
	summary_is '.unexplained == 0 and .loss."ring-full" == 0'
}

@test "the whole system without -p, -t and a program" {
	trace
	WL_TRUTH=truth "$WL/zero-fill" 101
	kill -INT "$ft"
	ends 0
	truth_holds
}

@test "-d: ends after that time" {
	trace -a -d 1
	ends 0
	summary_is '.duration_ns >= 1e9 and .duration_ns < 3e9'
	grep -q '^Kernel counted' err
}

@test "-d: ends a program that still runs, and says what it saw" {
	run -143 --separate-stderr timeout 20 "$FT" -j -o ev -d 500ms -- sleep 60
	account_closes
	[[ $stderr == *"Kernel counted"* ]]
}

@test "-d: ends a program that is stopped, or that ignores SIGTERM" {
	run -143 --separate-stderr timeout 20 "$FT" -j -o ev -d 500ms -- sh -c 'kill -STOP $$; exec sleep 60'
	account_closes
	run -137 --separate-stderr timeout 20 "$FT" -j -o ev -d 500ms -- sh -c 'trap "" TERM; exec sleep 60'
	account_closes
}

@test "Ctrl-C and SIGTERM drain, print the summary and exit with 0" {
	for sig in INT TERM; do
		stopped zero-fill
		wl=$pid
		trace -a
		kill -CONT "$wl"
		until_true 10 ended "$wl"
		kill "-$sig" "$ft"
		ends 0
		truth_holds zero-fill.truth
		summary_is '.type == "summary"'
		grep -q '^Kernel counted' err
	done
}

@test "the exit status is the program's, or 128 + its signal" {
	run -7 "$FT" -q -o ev -- sh -c 'exit 7'
	run -139 "$FT" -q -o ev -- sh -c 'kill -SEGV $$'
	run -137 "$FT" -q -o ev -- sh -c 'kill -KILL $$'
	run -0 "$FT" -q -o ev -- true
}

@test "the program's own input and output are its own" {
	run -0 --separate-stderr bash -c "echo in | '$FT' -q -o ev -- sh -c 'cat; echo err >&2'"
	[ "$output" = in ]
	[ "$stderr" = err ]
}

@test "a program that ignores SIGPIPE or not is not changed" {
	run -0 "$FT" -q -o ev -- sh -c 'grep -i sigign /proc/self/status'
	[ "$output" = "$(grep -i sigign /proc/self/status)" ]
}

@test "the program's first fault is seen: that of its first instruction, after those of exec" {
	WL_TRUTH=truth "$FT" -q -j -o ev -- "$WL/zero-fill" 1
	account_closes
	# Not what faulttrace's own copy did before the exec.
	[ "$(count_faults '.comm != "zero-fill"')" -eq 0 ]
	[ "$(jq -r .mode <<<"$(head -n 1 ev)")" = kernel ]
	first=$(jq -c 'select(.comm == "zero-fill" and .mode == "user")' ev | head -n 1)
	[ "$(jq -r '"\(.sym) \(.access)"' <<<"$first")" = "_start exec" ]
	[ "$(count_faults '.comm == "zero-fill" and .mode == "kernel" and .sym != null')" -gt 0 ]
}

@test "children, and what they execute, are followed" {
	# shellcheck disable=SC2016
	WL=$WL run -0 "$FT" -q -j -o ev -- sh -c '
		(WL_TRUTH=one "$WL/zero-fill" 101; true) & (sh -c "WL_TRUTH=two \"$WL/threads\"; true"); wait'
	truth_holds one
	truth_holds two
	account_closes
}

@test "1,000 short-lived processes: each fault, with mapping and symbol" {
	# shellcheck disable=SC2016
	WL=$WL run -0 "$FT" -q -j --buffer 64M -o all -- sh -c '
		WL_TRUTH=one "$WL/fork-exec" 500; WL_TRUTH=two "$WL/fork-exec" 500'
	account_closes all
	cat one two >truth
	# The children's own memory is at 0x1000000000, above any heap; of the rest there is too much for jq.
	grep -E '"addr":"0x10000[0-9a-f]{5}"' all >ev
	truth_holds
	[ "$(jq -s '[.[].children.count] | add' truth)" -eq 1000 ]
	[ "$(count_faults '.cause == "zero-fill"')" -eq 13000 ]
	[ "$(count_faults '.sym != "wl_touch_write" or (.dso | endswith("/fork-exec") | not)
		or .vma_kind != "anon" or .comm == null')" -eq 0 ]
}

@test "what the kernel touches for a thread that has ended: in the account, with its name" {
	run -0 "$FT" -q -j -o ev -- "$HELP/late" 1009
	account_closes
	late=$(jq -c 'select(.type == "fault" and .tid != .pid and .mode == "kernel" and .vma_kind == "shmem")' ev)
	[ "$(wc -l <<<"$late")" -eq 1009 ]
	[ "$(jq -c 'select(.comm != "late")' <<<"$late" | wc -l)" -eq 0 ]
}
