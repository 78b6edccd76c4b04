/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel counted for traced tasks, and what of it was seen: the two sides of the account.
 */
#ifndef FT_ACCOUNT_BPF_H
#define FT_ACCOUNT_BPF_H

#include "state.bpf.h"

/* Sums over the traced tasks that ended. Per CPU; key: 0. Read for the reconciliation. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ft_counts);
} ft_exited SEC(".maps") __weak;

/* What the kernel counted for `task` since it was first seen, and what was seen of it. */
static __always_inline void task_counts(struct task_struct *task, const struct ft_state *st,
					struct ft_counts *c)
{
	c->gup_min = st->gup_min;
	c->gup_maj = st->gup_maj;
	c->seen_min = st->seen_min;
	c->seen_maj = st->seen_maj;
	c->kernel_min = BPF_CORE_READ(task, min_flt) - st->base_min;
	c->kernel_maj = BPF_CORE_READ(task, maj_flt) - st->base_maj;
}

static __always_inline void count_exited(const struct ft_counts *c)
{
	__u32 zero = 0;
	struct ft_counts *sum = bpf_map_lookup_elem(&ft_exited, &zero);

	if (!sum)
		return;
	__sync_fetch_and_add(&sum->kernel_min, c->kernel_min);
	__sync_fetch_and_add(&sum->kernel_maj, c->kernel_maj);
	__sync_fetch_and_add(&sum->gup_min, c->gup_min);
	__sync_fetch_and_add(&sum->gup_maj, c->gup_maj);
	__sync_fetch_and_add(&sum->seen_min, c->seen_min);
	__sync_fetch_and_add(&sum->seen_maj, c->seen_maj);
}

/* The account begins anew. */
static __always_inline void state_rebase(struct ft_state *st, const struct ft_counts *c)
{
	st->base_min += c->kernel_min;
	st->base_maj += c->kernel_maj;
	st->seen_min = st->seen_maj = st->gup_min = st->gup_maj = 0;
}

/*
 * A task that is not wanted now, but may have been: by its user, name or cgroup, which change. What
 * was counted until here is its account; a new one begins should it be wanted again.
 */
static __always_inline void account_close(struct task_struct *task)
{
	struct ft_counts counts;
	struct ft_state *st;

	if (!(ft_knobs.filters & (FT_FILTER_UID | FT_FILTER_COMM | FT_FILTER_CGROUP)))
		return;
	st = state_get(task, false);
	if (!st || !st->based)
		return;
	task_counts(task, st, &counts);
	count_exited(&counts);
	state_rebase(st, &counts);
	st->based = 0;
}

#endif
