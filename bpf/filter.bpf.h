/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose faults are traced, and which of them are shown. */
#ifndef FT_FILTER_BPF_H
#define FT_FILTER_BPF_H

#include "state.bpf.h"

/*
 * Traced processes. Key: tgid; value: 1. Written by user space before the start; the program that
 * we start by task_rename when it is executed, its children by sched_wakeup_new; removed when the
 * process is gone. When full, the child is not traced and counted as no-state.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u32);
} ft_targets SEC(".maps") __weak;

/*
 * First test of every program: by numbers alone. Before all hooks are attached nothing is wanted: a
 * fault must not be followed by some of them.
 */
static __always_inline bool wanted_pid(__u64 pid_tgid)
{
	__u32 tgid = pid_tgid >> 32, tid = pid_tgid;

	if (!ft_attached_ns)
		return false;
	if ((ft_knobs.filters & FT_FILTER_TGID) && tgid != ft_knobs.tgid)
		return false;
	if ((ft_knobs.filters & FT_FILTER_TID) && tid != ft_knobs.tid)
		return false;
	if ((ft_knobs.filters & FT_FILTER_TGIDS) && !bpf_map_lookup_elem(&ft_targets, &tgid))
		return false;
	return tgid != ft_knobs.self;
}

/*
 * The part of wanted_pid() that all faults of the machine pay for: no call, and one look at the
 * task, from compat_current().
 */
static __always_inline bool wanted_process(struct task_struct *task)
{
	__u32 tgid;

	compat_read(tgid, task, tgid);
	return ft_knobs.filters & FT_FILTER_TGID ? tgid == ft_knobs.tgid : tgid != ft_knobs.self;
}

/* … and the rest of it. `filters` here and below: the knob, which the hot path reads once. */
static __always_inline bool wanted_thread(struct task_struct *task, __u32 filters)
{
	__u32 id;

	if (!ft_attached_ns)
		return false;
	if (filters & FT_FILTER_TID) {
		compat_read(id, task, pid);
		if (id != ft_knobs.tid)
			return false;
	}
	if (!(filters & FT_FILTER_TGIDS))
		return true;
	compat_read(id, task, tgid);
	return bpf_map_lookup_elem(&ft_targets, &id);
}

static __always_inline bool wanted_comm(void)
{
	__u64 comm[2] = {};
	const volatile __u64 *want = (const volatile __u64 *)ft_knobs.comm;

	bpf_get_current_comm(comm, sizeof(comm));
	return comm[0] == want[0] && comm[1] == want[1];
}

/* The task's cgroup in the hierarchy that accounts memory. */
static __always_inline struct cgroup *task_cgroup(struct css_set *set)
{
	if (ft_knobs.cgroup_v1)
		return BPF_CORE_READ(set, subsys[memory_cgrp_id], cgroup);
	return BPF_CORE_READ(set, dfl_cgrp);
}

/* The id of the current task's cgroup. */
static __always_inline __u64 current_cgroup(void)
{
	struct task_struct *task = compat_task();
	struct cgroup *cg = task_cgroup(BPF_CORE_READ(task, cgroups));

	return BPF_CORE_READ(cg, kn, id);
}

#define CGROUP_DEPTH 16

/* Whether the current task is in the wanted cgroup or below it. Global: verified once. */
__weak __noinline int cgroup_below(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct cgroup *cg = task_cgroup(BPF_CORE_READ(task, cgroups));

	for (int i = 0; i < CGROUP_DEPTH && cg; i++) {
		struct cgroup_subsys_state *up;

		if (BPF_CORE_READ(cg, kn, id) == ft_knobs.cgroup)
			return 1;
		up = BPF_CORE_READ(cg, self.parent);
		cg = up ? BPF_CORE_READ(up, cgroup) : NULL;
	}
	return 0;
}

/* Second test, before any state is made: by what the task is. */
static __always_inline bool wanted_task(__u32 filters)
{
	if ((filters & FT_FILTER_UID) && (__u32)bpf_get_current_uid_gid() != ft_knobs.uid)
		return false;
	if ((filters & FT_FILTER_COMM) && !wanted_comm())
		return false;
	return !(filters & FT_FILTER_CGROUP) || cgroup_below();
}

/* Last test, when the fault has ended, without knobs.want_all: by what it was. */
static __always_inline bool wanted_fault(int type, int cause, int access, int mode, __u64 latency)
{
	return (ft_knobs.types & 1U << (type & 31)) && (ft_knobs.causes & 1U << (cause & 31)) &&
	       (ft_knobs.accesses & 1U << (access & 31)) && (ft_knobs.modes & 1U << (mode & 31)) &&
	       latency >= ft_knobs.min_ns && (!ft_knobs.min_ns || latency != FT_UNKNOWN_NS);
}

#endif
