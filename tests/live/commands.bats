#!/usr/bin/env bats
# Every tracing command loads its programs, attaches them, and ends with an account. What a kernel
# lacks for one of them is met here first.

load common

setup() {
	live_setup
	btf=()
	[[ ! ${FT_BTF-} ]] || btf=(--btf "$FT_BTF")
}

# ends COMMAND [OPTION]…: with 0, after it traced.
ends() {
	"$FT" "$@" "${btf[@]}" -d 1 -o out 2>err || { cat err && "$FT" "$@" -vv "${btf[@]}" -d 1 -o out 2>&1 |
		grep -B 6 -A 1 -E '^faulttrace: processed [0-9]+ insns|BPF program load failed' | cut -c 1-200 && return 1; }
}

@test "stream" { ends stream; }
@test "stream: of a user and a name" { ends stream -u 0 -n bash; }
@test "hist" { ends hist; }
@test "hist: by process, cause and mapping" { ends hist --by pid,cause,mapping; }
@test "hist: by cgroup, file and CPU" { ends hist --by cgroup,file,cpu; }
@test "stacks" { ends stacks; }
@test "thrash" { ends thrash; }

@test "--btf FILE: where the kernel has no types of its own" {
	cp "${FT_BTF:-/sys/kernel/btf/vmlinux}" types || needs btf
	mkdir none
	WL_TRUTH=truth unshare -m sh -c 'mount --bind none /sys/kernel/btf && exec "$@"' - \
		"$FT" --btf types -q -j -o ev -- "$WL/zero-fill" 101
	truth_holds
	account_closes
}
