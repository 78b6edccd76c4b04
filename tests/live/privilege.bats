#!/usr/bin/env bats
# What privilege and which kernel it takes: without, one line that names what is missing and the
# remedy, and the right exit code.

load common

setup() {
	live_setup
	background sleep 100
	sleeper=$pid
}

# A copy that everyone may execute: the build folder may be closed.
public_copy() {
	dir=$(mktemp -d /tmp/faulttrace-test.XXXXXX)
	chmod 755 "$dir"
	install -m 755 "$FT" "$dir/ft"
}

teardown() {
	live_teardown
	[[ -z ${dir:-} ]] || rm -rf "$dir"
	[[ -z ${was_paranoid:-} ]] || echo "$was_paranoid" >"$paranoid"
}

# paranoid LEVEL: kernel.perf_event_paranoid for this test. Above 2 Debian's kernels give events to
# root alone.
paranoid=/proc/sys/kernel/perf_event_paranoid
paranoid() {
	was_paranoid=${was_paranoid:-$(<"$paranoid")}
	echo "$1" >"$paranoid"
}

nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)

# locked BYTES: as much may be locked from here on; before 5.11 the memory of maps counts as such.
locked() { prlimit --pid "$BASHPID" --memlock="$1" 2>/dev/null; }

@test "no privilege: which capabilities are missing, and how to grant them" {
	public_copy
	mistake 3 'CAP_BPF CAP_PERFMON CAP_SYS_PTRACE missing' 'sudo' 'setcap cap_bpf,cap_perfmon,cap_sys_ptrace+ep' \
		-- "${nobody[@]}" "$dir/ft" -p "$sleeper"
	mistake 3 'CAP_BPF CAP_PERFMON CAP_SYS_PTRACE missing' -- "${nobody[@]}" "$dir/ft" -- true
	mistake 3 ': CAP_SYS_PTRACE missing' -- setpriv --bounding-set=-sys_ptrace "$FT" -p "$sleeper"
	mistake 3 ': CAP_BPF CAP_PERFMON missing' -- \
		setpriv --bounding-set=-sys_admin,-bpf,-perfmon "$FT" -p "$sleeper"
	# Usage comes first: it can be mended without privilege.
	mistake 2 'no process has PID' -- "${nobody[@]}" "$dir/ft" -p 4999999
}

@test "the three capabilities are enough for another user" {
	public_copy
	paranoid 2
	locked unlimited || true
	caps=-all,+bpf,+perfmon,+sys_ptrace
	WL_STOP=1 WL_TRUTH=truth background "$WL/zero-fill"
	wl=$pid
	until_true 5 in_state "$wl" T
	background "${nobody[@]}" --inh-caps="$caps" --ambient-caps="$caps" "$dir/ft" -j -p "$wl" >ev 2>err
	ft=$pid
	until_true 20 grep -q '^Tracing' err || { cat err && return 1; }
	kill -CONT "$wl"
	wait "$ft"
	summary_is '.faults.minor >= 1009 and .unexplained == 0'
	[ "$(count_faults ".pid == $wl and .access == \"write\"")" -ge 1009 ]
	able page-table
	[ "$(count_faults ".pid == $wl and .cause == \"zero-fill\"")" -ge 1009 ]
}

@test "causes with what the hint says: setcap makes what is in /proc/self root's" {
	command -v setcap >/dev/null || needs setcap
	able page-table
	public_copy
	paranoid 2
	locked unlimited || true
	install -m 755 "$WL/zero-fill" "$dir/zero-fill"
	setcap cap_bpf,cap_perfmon,cap_sys_ptrace+ep "$dir/ft"
	WL_TRUTH=/dev/null "${nobody[@]}" "$dir/ft" -j -- "$dir/zero-fill" >ev 2>err || { cat err && return 1; }
	[ "$(count_faults '.cause == "zero-fill"')" -ge 1009 ]
	[ "$(count_faults '.cause == "unknown"')" -eq 0 ]
}

@test "events for root alone: kernel.perf_event_paranoid and its value are named" {
	public_copy
	paranoid 3
	caps=-all,+bpf,+perfmon,+sys_ptrace
	some=("${nobody[@]}" --inh-caps="$caps" --ambient-caps="$caps")
	! timeout 30 "${some[@]}" "$dir/ft" -o /dev/null -d 10ms 2>/dev/null || needs debian-paranoid
	mistake 3 'kernel.perf_event_paranoid 3' 'sysctl kernel.perf_event_paranoid=2' -- "${some[@]}" "$dir/ft" -d 10ms
	run -3 "${some[@]}" "$dir/ft" doctor
	grep -qF 'cure: sysctl kernel.perf_event_paranoid=2, or run as root' <<<"$output"
}

@test "memory that counts as locked: what would help" {
	public_copy
	paranoid 2
	caps=-all,+bpf,+perfmon,+sys_ptrace
	some=("${nobody[@]}" --inh-caps="$caps" --ambient-caps="$caps")
	locked 16777216 || needs memlock
	! timeout 30 "${some[@]}" "$dir/ft" -o /dev/null -d 10ms 2>/dev/null || needs memlock
	mistake 3 'ulimit -l' 'CAP_SYS_RESOURCE' -- "${some[@]}" "$dir/ft" -d 10ms
	locked 0
	mistake 3 'ulimit -l' 'CAP_SYS_RESOURCE' -- "${some[@]}" "$dir/ft" -d 10ms
	run -3 "${some[@]}" "$dir/ft" doctor
	grep -qF 'cure: raise the limit of locked memory' <<<"$output"
}

# Numbers of the namespace are other processes' to the kernel: nothing is better than a stranger's faults.
@test "a PID namespace: refused, with the remedy" {
	command -v unshare >/dev/null || needs unshare
	mistake 4 "docker run --pid=host" -- unshare -pf --mount-proc "$FT" -- true
	mistake 4 "docker run --pid=host" -- unshare -pf --mount-proc "$FT" thrash -d 100ms
	run -4 unshare -pf --mount-proc "$FT" doctor
	[[ $output == *"why: in a PID namespace"*"cure: run it in the host's"* ]]
	run -4 unshare -pf --mount-proc "$FT" doctor -j
	jq -es '.[0].works == false and any(.ability == "entry" and .state == "refused")' <<<"$output"
}

@test "few open files: the soft limit is raised, the program keeps its own" {
	run -0 --separate-stderr prlimit --nofile=24:4096 "$FT" -q -o ev -- sh -c 'ulimit -Sn; ulimit -Hn'
	[ "$output" = $'24\n4096' ]
	[ -z "$stderr" ]
	for most in 12 24 40; do
		mistake 1 'too many open files' 'ulimit -n' -- prlimit --nofile="$most:$most" "$FT" -q -o ev -- true
	done
}

@test "lockdown that hides the kernel's memory: what would help" {
	[[ -d /sys/kernel/security ]] || needs securityfs
	mkdir lockdown
	echo 'none integrity [confidentiality]' >lockdown/lockdown
	mistake 4 'locked down (confidentiality)' 'lockdown=integrity' -- \
		unshare -m sh -c 'mount --bind lockdown /sys/kernel/security && exec "$0" "$@"' "$FT" -p "$sleeper"
}

@test "no BTF: what would help" {
	[[ -e /sys/kernel/btf/vmlinux ]] || needs btf
	mkdir none
	mistake 4 'no BTF in /sys/kernel/btf/vmlinux' '--btf FILE' CONFIG_DEBUG_INFO_BTF -- \
		unshare -m sh -c 'mount --bind none /sys/kernel/btf && exec "$0" "$@"' "$FT" -p "$sleeper"
}

@test "--btf with a file that is none" {
	mistake 5 '--btf: /nonexistent' 'No such file' 'running kernel' -- "$FT" --btf /nonexistent -- true
	mistake 5 '--btf: /etc/passwd' 'no kernel types' -- "$FT" --btf /etc/passwd -- true
	mistake 5 '--btf: /dev/null' 'no kernel types' -- "$FT" --btf /dev/null -- true
	head -c 1000 /sys/kernel/btf/vmlinux >cut || needs btf
	mistake 5 '--btf: cut' 'no kernel types' -- "$FT" --btf cut -- true
}
