#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Runs a command with swap, and in a memory cgroup if asked to, and takes
# everything down again, also when it fails or is interrupted. To be run, or
# sourced for its functions. Only what dash and busybox know.
#
#	swapbox.sh [-zk] [-s SWAP_MB] [-m LIMIT_MB] [-c PAGE_CLUSTER] COMMAND [ARGS...]
#
#	-z	a new zram device instead of a swap file
#	-k	let the kernel kill when the cgroup is out of memory
#	-s	size of the swap, default 256; 0: none
#	-m	run the command in a new memory cgroup with this limit
#	-c	/proc/sys/vm/page-cluster meanwhile, default 0: no readahead
#
# Needs root. Exits with the command's status; 77 if the kernel or the user
# cannot do what is asked for. The command finds its cgroup in WL_CGROUP.
# One runs at a time: /tmp/faulttrace-test-swapbox.lock, or SWAPBOX_LOCKED is
# set by someone who has locked it.

swapbox_name=faulttrace-test-$$
swapbox_on='' swapbox_file='' swapbox_zram='' swapbox_cgroup='' swapbox_cluster='' swapbox_pid=''
swapbox_waker=''

swapbox_skip()
{
	echo "swapbox: $*" >&2
	exit 77
}

# One at a time, or each would restore what the other had set. The lock is
# held by the shell alone, see swapbox_run.
swapbox_lock()
{
	[ -z "$SWAPBOX_LOCKED" ] || return 0 # whoever runs us holds it
	command -v flock >/dev/null || return 0
	# Not in TMPDIR: tests that run at the same time have one each.
	if [ -w /tmp ]; then
		exec 9>/tmp/faulttrace-test-swapbox.lock
	else
		exec 9>"${TMPDIR:-.}/faulttrace-test-swapbox.lock"
	fi
	flock 9
}

swapbox_cluster()
{
	swapbox_cluster=$(cat /proc/sys/vm/page-cluster)
	echo "$1" >/proc/sys/vm/page-cluster || swapbox_skip "cannot set page-cluster"
}

# Swap of others, if any, has a lower priority: ours is used. (busybox may know no priority.)
swapbox_swapon()
{
	mkswap "$1" >/dev/null || swapbox_skip "mkswap $1 failed"
	swapon -p 32767 "$1" 2>/dev/null || swapon "$1" || swapbox_skip "swapon $1 failed"
	swapbox_on=$1
}

swapbox_swap_file()
{
	for dir in "$WL_DIR" "$TMPDIR" /var/tmp /tmp .; do
		[ -w "$dir" ] || continue
		case $(stat -f -c %T "$dir") in tmpfs | ramfs) continue ;; esac
		swapbox_file=$(cd "$dir" && pwd)/$swapbox_name.swap
		break
	done
	[ -n "$swapbox_file" ] || swapbox_skip "no folder on a disk to write to (set WL_DIR)"
	(umask 077 && dd if=/dev/zero of="$swapbox_file" bs=1048576 count="$1" 2>/dev/null) ||
		swapbox_skip "cannot write $1 MB to $swapbox_file"
	swapbox_swapon "$swapbox_file"
}

swapbox_zram()
{
	[ -e /sys/class/zram-control/hot_add ] || swapbox_skip "no zram in this kernel"
	swapbox_zram=$(cat /sys/class/zram-control/hot_add) || swapbox_skip "cannot add a zram device"
	echo "${1}M" >"/sys/block/zram$swapbox_zram/disksize" || swapbox_skip "cannot size zram"
	swapbox_swapon "/dev/zram$swapbox_zram"
}

swapbox_cgroup()
{
	bytes=$(($1 * 1048576))
	if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
		swapbox_cgroup=/sys/fs/cgroup/memory/$swapbox_name
		limit=memory.limit_in_bytes
	elif grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
		grep -qw memory /sys/fs/cgroup/cgroup.subtree_control ||
			echo +memory >/sys/fs/cgroup/cgroup.subtree_control ||
			swapbox_skip "cannot enable the memory controller"
		swapbox_cgroup=/sys/fs/cgroup/$swapbox_name
		limit=memory.max
	else
		swapbox_skip "no memory cgroups"
	fi
	mkdir "$swapbox_cgroup" || { swapbox_cgroup=''; swapbox_skip "cannot make a cgroup"; }
	echo "$bytes" >"$swapbox_cgroup/$limit" || swapbox_skip "cannot set $limit"
	[ "$limit" = memory.max ] || [ -n "$2" ] || swapbox_no_oom
}

# Where reclaim fails for a moment (all pages were just used, or are being written), a v1 cgroup
# kills: a limit of some ten MB meets that every few minutes. Instead the task waits, until it is
# let try again: raising the limit, be it by a page, wakes it.
swapbox_no_oom()
{
	echo 1 >"$swapbox_cgroup/memory.oom_control" 2>/dev/null || return 0
	(
		trap - EXIT INT TERM HUP
		while kill -0 $$ 2>/dev/null; do
			sleep 0.05 2>/dev/null || sleep 1
			grep -q '^under_oom 1' "$swapbox_cgroup/memory.oom_control" 2>/dev/null || continue
			bytes=$((bytes + 4096))
			echo "$bytes" >"$swapbox_cgroup/$limit"
		done
	) 9>&- &
	swapbox_waker=$!
}

# In the background and waited for, since a shell runs traps only between commands.
swapbox_run()
{
	(
		if [ -n "$swapbox_cgroup" ]; then
			# $$ is the outer shell even here; a new shell knows itself.
			export WL_CGROUP="$swapbox_cgroup"
			exec sh -c 'echo $$ >"$WL_CGROUP/cgroup.procs" && exec "$@"' sh "$@"
		fi
		exec "$@"
	) 9>&- &
	swapbox_pid=$!
	wait "$swapbox_pid"
	swapbox_status=$?
	swapbox_pid=
	return "$swapbox_status"
}

swapbox_rmdir()
{
	tries=10
	while ! rmdir "$swapbox_cgroup" 2>/dev/null; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || break
		sleep 0.2 2>/dev/null || sleep 1
	done
	[ -d "$swapbox_cgroup" ] || return 0
	echo "swapbox: $swapbox_cgroup stays behind (tasks: $(cat "$swapbox_cgroup/cgroup.procs"))" >&2
}

swapbox_teardown()
{
	trap '' INT TERM HUP
	if [ -n "$swapbox_pid" ]; then
		kill "$swapbox_pid" 2>/dev/null
		wait "$swapbox_pid" 2>/dev/null
	fi
	[ -z "$swapbox_waker" ] || kill "$swapbox_waker" 2>/dev/null
	[ -z "$swapbox_cgroup" ] || swapbox_rmdir
	[ -z "$swapbox_on" ] || swapoff "$swapbox_on"
	[ -z "$swapbox_file" ] || rm -f "$swapbox_file"
	if [ -n "$swapbox_zram" ]; then
		echo 1 >"/sys/block/zram$swapbox_zram/reset"
		echo "$swapbox_zram" >/sys/class/zram-control/hot_remove
	fi
	[ -z "$swapbox_cluster" ] || echo "$swapbox_cluster" >/proc/sys/vm/page-cluster
	swapbox_on='' swapbox_file='' swapbox_zram='' swapbox_cgroup='' swapbox_cluster='' swapbox_pid=''
	swapbox_waker=''
}

swapbox_trap()
{
	trap swapbox_teardown EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
}

swapbox_main()
{
	zram='' kill='' size=256 limit_mb='' cluster=0
	while getopts zks:m:c: opt; do
		case $opt in
		z) zram=1 ;;
		k) kill=1 ;;
		s) size=$OPTARG ;;
		m) limit_mb=$OPTARG ;;
		c) cluster=$OPTARG ;;
		*) sed -n 's/^#\t\(swapbox.sh .*\)/usage: \1/p' "$0" >&2; exit 2 ;;
		esac
	done
	shift $((OPTIND - 1))
	[ $# -gt 0 ] || { echo "swapbox: no command" >&2; exit 2; }
	[ "$(id -u)" = 0 ] || swapbox_skip "swap needs root"
	swapbox_trap
	swapbox_lock
	swapbox_cluster "$cluster"
	if [ "$size" -eq 0 ]; then :; elif [ -n "$zram" ]; then swapbox_zram "$size"; else swapbox_swap_file "$size"; fi
	[ -z "$limit_mb" ] || swapbox_cgroup "$limit_mb" "$kill"
	swapbox_run "$@"
}

case $0 in
*swapbox.sh) swapbox_main "$@" ;;
esac
