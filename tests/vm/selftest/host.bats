#!/usr/bin/env bats
# Runs on the host: the exit codes and outputs of `run`, on one kernel (VM_KERNEL, default 6.1).
# About one minute.

setup() {
	vm=$BATS_TEST_DIRNAME/..
	kernel=${VM_KERNEL:-6.1}
	export FT_BUILD=$BATS_TEST_TMPDIR/build
	mkdir -p "$FT_BUILD"
	out=$BATS_TEST_TMPDIR/out
}

guest() { run "$vm/run" "$kernel" --out "$out" --timeout 60 "$@"; }

@test "the command's status, arguments and files come back" {
	# shellcheck disable=SC2016
	guest -- bash -c 'echo "<$1>" >/out/sub; exit 7' name "a 'quoted' \$word"
	[ "$status" -eq 7 ]
	[ "$(cat "$out/sub")" = "<a 'quoted' \$word>" ]
	[ "$(cat "$out/status")" = 7 ]
	jq -e '.status == 7 and .boot > 0' "$out/timing"
	grep -q 'Linux version' "$out/dmesg"
}

@test "time that is up is 124 and leaves no qemu behind" {
	mark=ft.selftest=$$
	run "$vm/run" "$kernel" --out "$out" --timeout 12 --append "$mark" -- sleep 100
	[ "$status" -eq 124 ]
	run pgrep -f "$mark"
	[ "$status" -ne 0 ]
}

@test "a run that is ended leaves no qemu and no files behind" {
	mark=ft.selftest=$$
	"$vm/run" "$kernel" --out "$out" --append "$mark" -- sleep 100 >"$BATS_TEST_TMPDIR/console" 3>&- &
	pid=$!
	while ! grep -q FT-VM-START "$BATS_TEST_TMPDIR/console"; do sleep 0.2; done
	kill "$pid"
	run wait "$pid"
	sleep 1
	run pgrep -f "$mark"
	[ "$status" -ne 0 ]
	run grep -l "$mark" "$vm"/../../.cache/vm/run.*/ft/vm/command
	[ "$status" -ne 0 ]
}

@test "a kernel that panics is 125" {
	guest -- bash -c 'echo c >/proc/sysrq-trigger; sleep 10'
	[ "$status" -eq 125 ]
}

@test "a kernel that is not in the list is 125" {
	run "$vm/run" 2.4 -- true
	[ "$status" -eq 125 ]
	[[ $output == *"there are:"*6.1* ]]
}

@test "a kernel that cannot be had is 77" {
	FT_VM_KERNELS=$BATS_TEST_DIRNAME/kernels run "$vm/run" gone -- true
	[ "$status" -eq 77 ]
}

@test "the matrix fails for a kernel that is gone, a lacking ability and a failed test" {
	export FT_VM_KERNELS=$BATS_TEST_DIRNAME/kernels FT_VM_COMMAND=/ft/tests/vm/selftest/in-guest
	run "$vm/matrix" gone lacking
	[ "$status" -eq 1 ]
	[[ $output == *"FAILED gone: this kernel cannot be had"* ]]
	[[ $output == *"FAILED lacking: required ability btf=fexit/* is: absent"* ]]
	[[ ${lines[-1]} == "9 passed, 2 failed, 0 skipped" ]]
	FT_VM_COMMAND=false run "$vm/matrix" nobtf
	[ "$status" -eq 1 ]
	[[ $output == *"FAILED nobtf: status 1"* ]]
}

@test "little memory, hidden BTF and the old cgroups" {
	# shellcheck disable=SC2016
	guest --mem 256M --hide-btf --cgroup v1 -- bash -c \
		'ls /sys/kernel/btf | wc -l; wc -c <"$FT_BTF"; ls /sys/fs/cgroup; free -m'
	[ "$status" -eq 0 ]
	[[ $output == *memory*unified* ]]
	[ "$(sed -n 2p <<<"$output")" -eq 0 ]
	[ "$(sed -n 3p <<<"$output")" -gt 1000000 ]
}

@test "counting instructions: one CPU, and a clock" {
	guest --icount -- bash -c 'nproc; time sleep 1'
	[ "$status" -eq 0 ]
	[[ $output == *real*0m1.* ]]
}

@test "two nodes" {
	guest --numa -- ls /sys/devices/system/node
	[ "$status" -eq 0 ]
	[[ $output == *node1* ]]
}

@test "the BTF taken from the image is the BTF that the kernel shows" {
	guest -- cp /sys/kernel/btf/vmlinux /out/btf
	[ "$status" -eq 0 ]
	"$vm/../../vmlinux/btf-of" "$("$vm/fetch" "$kernel")/vmlinuz" >"$BATS_TEST_TMPDIR/btf"
	cmp "$out/btf" "$BATS_TEST_TMPDIR/btf"
}

@test "a cross build runs on arm64, dynamic and static" {
	sysroot=$("$vm/sysroot" arm64)
	for link in "" -static; do
		# shellcheck disable=SC2086
		clang --target=aarch64-linux-gnu --sysroot="$sysroot" -fuse-ld=lld $link \
			"$BATS_TEST_DIRNAME/hello.c" -o "$FT_BUILD/hello$link" \
			-lbpf -ldw -lelf -lcap-ng -lz -llzma -lbz2 -lzstd
	done
	kernel=arm64-newest
	guest -- bash -c 'hello && hello-static'
	[ "$status" -eq 0 ]
	[ "$(grep -c '^libdw 0' <<<"$output")" -eq 2 ]
}

@test "programs that grew or have no number are named" {
	printf '%s\n' '6.1 same 100' '6.1 less 100' '6.1 more 100' '6.1 zero 0' >"$BATS_TEST_TMPDIR/was"
	printf '%s\n' '6.1 same 110' '6.1 less 50' '6.1 more 111' '6.1 other 7' '6.12 same 9' >"$BATS_TEST_TMPDIR/is"
	run awk -f "$vm/insns.awk" "$BATS_TEST_TMPDIR/was" "$BATS_TEST_TMPDIR/is"
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} == 'GROWN 6.1: more: '*' 111 instructions, was 100' ]]
	[[ ${lines[1]} == 'NEW 6.1: other: '*' 7 instructions; no number is committed' ]]
	[[ ${lines[2]} == 'NEW 6.12: same: '* ]]
	run awk -f "$vm/insns.awk" /dev/null "$BATS_TEST_TMPDIR/is"
	[ "${#lines[@]}" -eq 5 ]
}
