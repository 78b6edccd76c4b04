/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a task leaves when it ends: its account, and word for user space to forget it. */
#ifndef FT_EXIT_BPF_H
#define FT_EXIT_BPF_H

#include "account.bpf.h"
#include "emit.bpf.h"

static __always_inline void emit_exit(__u64 pid_tgid, bool group_dead, const struct ft_counts *c)
{
	struct ft_task_exit *r = bpf_ringbuf_reserve(&ft_ring, sizeof(*r), 0);

	if (!r)
		return; /* user space looks for vanished processes by itself, too */
	fill_hdr(&r->h, FT_KIND_EXIT, sizeof(*r), bpf_ktime_get_ns());
	r->pid = pid_tgid >> 32;
	r->tid = (__u32)pid_tgid;
	r->group_dead = group_dead;
	r->pad = 0;
	r->counts = *c;
	bpf_ringbuf_submit(r, ring_flags(r->h.ts_ns));
}

/* What the process was called in the end, for groups by process: no other record names them. */
static __always_inline void emit_last_name(struct task_struct *task, __u32 tgid)
{
	struct ft_task *r = bpf_ringbuf_reserve(&ft_ring, sizeof(*r), 0);

	if (!r)
		return; /* it is called what user space last read, or nothing */
	fill_hdr(&r->h, FT_KIND_TASK, sizeof(*r), bpf_ktime_get_ns());
	r->pid = r->tid = tgid;
	r->ppid = BPF_CORE_READ(task, real_parent, tgid);
	r->uid = (__u32)bpf_get_current_uid_gid();
	r->cgroup = current_cgroup();
	__builtin_memset(r->comm, 0, sizeof(r->comm));
	BPF_CORE_READ_STR_INTO(&r->comm, task, group_leader, comm);
	bpf_ringbuf_submit(r, ring_flags(r->h.ts_ns));
}

/* What the task leaves. A function of its own: its stack must not be in the way of finish()'s. */
static __noinline int exit_account(__u32 group_dead)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct task_struct *task = compat_current();
	struct ft_state *st = state_get(task, false);
	struct ft_counts counts;

	if (group_dead && (ft_knobs.by & (FT_BY_PID | FT_BY_MAPPING)))
		emit_last_name(task, pid_tgid >> 32);
	if (!st)
		return 0;
	st->exited = 1;
	task_counts(task, st, &counts);
	count_exited(&counts);
	state_rebase(st, &counts);
	st->based = 0;
	st->announced = 0; /* user space forgets it now: a later fault says again who it is */
	if (ft_knobs.out & FT_OUT_STREAM)
		emit_exit(pid_tgid, group_dead, &counts);
	/* Without its memory it cannot fault any more: compat.bpf.h, "the end of a task". */
	if (!BPF_CORE_READ(task, mm))
		state_drop(task);
	return 0;
}

/*
 * A fault of the current task at `addr` has completed after its exit was accounted: compat.bpf.h,
 * "the end of a task". Such a task is not `based`, so that the common way does not ask. Each fault
 * is added by itself; st->seen_* of this are ignored.
 */
static __noinline int account_late(struct ft_state *st, __u64 addr)
{
	struct task_struct *task = compat_task();
	struct ft_counts counts;

	if (!st->exited || !st->is_open || st->open.addr != addr)
		return 0;
	task_counts(task, st, &counts);
	counts.seen_maj = (__u32)BPF_CORE_READ(task, maj_flt) != st->open.maj_flt;
	counts.seen_min = !counts.seen_maj;
	count_exited(&counts);
	state_rebase(st, &counts);
	return 1;
}

/*
 * The task is gone: the account of one whose exit went unseen (compat.bpf.h, "programs that are
 * skipped"), and what came after the exit of any other.
 */
static __always_inline void late_exit(struct task_struct *task, __u64 pid_tgid, bool group_dead)
{
	struct ft_state *st = state_get(task, false);
	struct ft_counts counts;

	if (!st || (!st->based && !st->exited))
		return;
	task_counts(task, st, &counts);
	if (st->exited) {
		counts.seen_min = counts.seen_maj = 0; /* account_late() has counted them */
		if (st->is_open) /* nobody ends it: without a signal it was fixed up */
			total_add(FT_TYPE_INVALID, FT_CAUSE_EFAULT, false, FT_UNKNOWN_NS);
	}
	count_exited(&counts);
	if ((ft_knobs.out & FT_OUT_STREAM) && (!st->exited || st->announced))
		emit_exit(pid_tgid, group_dead, &counts);
	state_drop(task);
}

#endif
