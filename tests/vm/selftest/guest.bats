#!/usr/bin/env bats
# Runs in a guest: is it the machine that the tests of faulttrace expect?

mounted() { awk -v dir="$1" -v type="$2" '$2 == dir && $3 == type { f = 1 } END { exit !f }' /proc/mounts; }

@test "file systems are mounted" {
	mounted /sys/kernel/tracing tracefs
	mounted /sys/kernel/security securityfs
	mounted /sys/fs/bpf bpf
	mounted /tmp tmpfs
	mounted /ft ext4
	mounted / ext4
}

@test "files on disk can be written" {
	dd if=/dev/zero of=/root/file bs=1M count=64 status=none
	sync /root/file
}

@test "the kernel's BTF is there, or hidden and saved" {
	btf=${FT_BTF:-/sys/kernel/btf/vmlinux}
	[ "$(od -An -N 2 -t x1 "$btf" | tr -d ' ')" = 9feb ]
	if [ -n "$FT_BTF" ]; then
		[ ! -e /sys/kernel/btf/vmlinux ]
	fi
}

@test "memory pressure is measured" {
	grep -q '^full' /proc/pressure/memory
}

# As the tests make real swap traffic: more memory than the limit, on the prepared drive.
@test "a memory cgroup makes pages go to swap and come back" {
	grep -q "^$FT_SWAP_DEV" /proc/swaps || swapon "$FT_SWAP_DEV"
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		group=/sys/fs/cgroup/selftest limit=memory.max
	elif [ -d /sys/fs/cgroup/memory ]; then
		group=/sys/fs/cgroup/memory/selftest limit=memory.limit_in_bytes
	else
		skip "this kernel has no memory cgroup v1"
	fi
	mkdir "$group"
	echo 16M >"$group/$limit"
	# A buffer of 32 MB, filled twice; not with zeros, which newer kernels do not write out.
	bash -c 'echo $$ >"$1/cgroup.procs" && exec dd if=/dev/urandom of=/dev/null bs=32M count=2 \
		iflag=fullblock status=none' - "$group"
	rmdir "$group"
	[ "$(awk '$1 == "pswpout" { print $2 }' /proc/vmstat)" -gt 1000 ]
	[ "$(awk '$1 == "pswpin" { print $2 }' /proc/vmstat)" -gt 100 ]
}

@test "zram swaps" {
	[ -e /sys/block/zram0 ] || skip "no zram: the archive has no modules for this kernel"
	echo 64M >/sys/block/zram0/disksize
	mkswap /dev/zram0
	swapon -p 10 /dev/zram0
	grep -q zram0 /proc/swaps
	swapoff /dev/zram0
	echo 1 >/sys/block/zram0/reset
}

@test "page faults have software perf events" {
	[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -le 3 ]
	grep -q . /sys/kernel/tracing/available_events
}

@test "what is written to /out reaches the host" {
	uname -r >/out/guest-release
}
