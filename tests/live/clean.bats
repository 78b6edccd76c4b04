#!/usr/bin/env bats
# Nothing stays behind: not in the kernel, not on disk, no process, no memory.

load common

setup() { live_setup; }

# ids PID: the BPF programs, maps and links that a process holds, as "prog 12".
ids() {
	cat /proc/"$1"/fdinfo/* 2>/dev/null | sed -n 's/^\(prog\|map\|link\)_id:[[:space:]]*/\1 /p' | sort -u
}

# left FILE: those of them that the kernel still has.
left() {
	local kind
	for kind in prog map link; do
		# shellcheck disable=SC2046 # numbers
		"$HELP/bpfids" "$kind" $(sed -n "s/^$kind //p" "$1")
	done
}
none_left() { [[ -z $(left "$1") ]]; }

# holds_objects OPTION…: faulttrace runs in the background ($ft), its ids are in the file held.
holds_objects() {
	background "$FT" -j -o ev "$@" 2>err
	ft=$pid
	until_true 20 grep -q '^Tracing' err
	ids "$ft" >held
	[[ $(grep -c ^prog held) -ge 5 && $(grep -c ^map held) -ge 4 ]] || { cat held && return 1; }
	[[ $(left held | wc -l) -eq $(wc -l <held) ]]
}

@test "no program, map or link stays in the kernel after Ctrl-C" {
	holds_objects -a
	kill -INT "$ft"
	wait "$ft"
	until_true 10 none_left held
}

@test "no program, map or link stays in the kernel after kill -9" {
	holds_objects -a
	kill -KILL "$ft"
	wait "$ft" || true
	until_true 10 none_left held
}

@test "nothing is pinned" {
	holds_objects -a
	run ! grep -rq . /sys/fs/bpf/ft_* /sys/fs/bpf/faulttrace*
	[ -z "$(find /sys/fs/bpf -name '*faulttrace*' -o -name 'ft_*' 2>/dev/null)" ]
	kill -INT "$ft"
	wait "$ft"
}

@test "no process stays behind, and no file" {
	before=$(ls)
	"$FT" -q -o ev -- sh -c 'sleep 0.1 & true'
	"$FT" -q -o ev -d 200ms -- sh -c 'echo $$ >mark; exec sleep 60' || true
	ended "$(cat mark)"
	rm -f ev mark
	[ "$(ls)" = "$before" ]
}

@test "a program that was not let go does not run" {
	run -2 "$FT" -p $$ -- touch mark
	run -1 "$FT" -o /nonexistent/x -- touch mark
	[ ! -e mark ]
}

@test "the capabilities that are no longer needed are dropped" {
	background sleep 100
	sleeper=$pid
	holds_objects -p "$sleeper"
	caps=$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$ft/status")
	# Of BPF, PERFMON, SYS_PTRACE, DAC_READ_SEARCH and KILL no more than these.
	(((16#$caps & ~((1 << 39) | (1 << 38) | (1 << 19) | (1 << 2) | (1 << 5))) == 0))
	kill -INT "$ft"
	wait "$ft"
}

@test "the program keeps its capabilities" {
	run -0 "$FT" -q -o ev -- sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status
	[ "$output" = "$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)" ]
}

@test "no descriptor of ours is open in the program" {
	run -0 "$FT" -q -o ev -- sh -c 'ls -l /proc/self/fd'
	[[ $output != *bpf* && $output != *anon_inode* && $output != *perf_event* ]]
}

# The same sources under ASan and UBSan, with leaks counted; see live.mk.
sanitized() {
	san=$(dirname -- "$FT")/san/faulttrace
	"$san" --version >/dev/null 2>&1 || needs sanitizers
	export ASAN_OPTIONS=detect_leaks=1:exitcode=99 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
}

@test "no leak and no undefined behaviour: a program, text and JSON" {
	sanitized
	WL_TRUTH=truth "$san" -o out -- "$WL/fork-exec" 21
	WL_TRUTH=truth "$san" -q -j -o ev -- "$WL/fork-exec" 21
	truth_holds
	WL_TRUTH=truth "$san" -q -j -o ev -- "$WL/churn" 21
	truth_holds
	account_closes
}

@test "no leak and no undefined behaviour: a running process, the whole system" {
	sanitized
	background sleep 100
	"$san" -q -o ev -d 200ms -p "$pid"
	"$san" -q -o ev -d 500ms -a
}

@test "no leak and no undefined behaviour: mistakes" {
	sanitized
	run -2 "$san" -p 4999999
	run -2 "$san" --cause x
	run -2 "$san" -- /nonexistent
	run -1 "$san" -o /nonexistent/x -- true
	run -5 "$san" --btf /etc/passwd -- true
	run -3 setpriv --bounding-set=-sys_ptrace "$san" -- true
	run -1 bash -c "'$san' -q -- true >/dev/full"
}
