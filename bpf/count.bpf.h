/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sums instead of events: histograms by group. Nothing crosses per fault. */
#ifndef FT_COUNT_BPF_H
#define FT_COUNT_BPF_H

#include "filter.bpf.h"
#include "vma.bpf.h"
#include "ft_hist.h"

/*
 * Histograms of groups that are few by nature. Per CPU; key: ft_hist_few_index(). Written here,
 * read by user/collect/hist.c; the loader makes it ft_hist_few_size() large. Never full.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FT_HIST_FEW);
	__type(key, __u32);
	__type(value, struct ft_hist);
} ft_hist_few SEC(".maps");

/*
 * Histograms of all other groups. Per CPU; key: the group. Written here, read by
 * user/collect/hist.c; the size is an option. When full, a new group's faults go to the group
 * (other), made by user space before the start, and are counted as groups-full.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 512);
	__type(key, struct ft_group);
	__type(value, struct ft_hist);
} ft_hist_many SEC(".maps");

/* An empty histogram to insert: too large for the stack. Key: 0. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ft_hist);
} ft_hist_zero SEC(".maps");

/*
 * Adds to a counter of this CPU. `alone`, a constant: only programs of software events, which run
 * with preemption off, write it, and no exception of theirs; then it need not be atomic, which
 * costs as much as all the rest of counting.
 */
static __always_inline void add(__u64 *n, __u64 by, bool alone)
{
	if (alone)
		*(volatile __u64 *)n += by;
	else
		__sync_fetch_and_add(n, by);
}

static __always_inline void hist_add(struct ft_hist *h, __u64 latency, bool alone)
{
	__u32 b;

	if (latency == FT_UNKNOWN_NS) {
		__sync_fetch_and_add(&h->unknown, 1);
		return;
	}
	b = ft_hist_bucket(latency);
	if (b >= FT_HIST_BUCKETS)
		return;
	add(&h->bucket[b], 1, alone);
	add(&h->stall_ns, latency, alone);
	if (latency > h->max_ns)
		h->max_ns = latency;
	if (~latency > h->min_ns)
		h->min_ns = ~latency;
}

/* With --breakdown: what the latency went to. */
static __always_inline void parts_add(struct ft_hist *h, const struct ft_open *o, bool alone)
{
	add(&h->parts.reclaim_ns, o->reclaim_ns, alone);
	add(&h->parts.memcg_ns, o->memcg_ns, alone);
	add(&h->parts.compaction_ns, o->compaction_ns, alone);
	add(&h->parts.wait_ns, o->wait_ns, alone);
}

static __always_inline void group_fill(struct ft_group *g, int type, int cause, int access,
				       const struct ft_vma_slot *v)
{
	const __u32 by = ft_knobs.by;

	if (by & FT_BY_TYPE)
		g->type = type;
	if (by & FT_BY_CAUSE)
		g->cause = cause;
	if (by & FT_BY_ACCESS)
		g->access = access;
	if (by & (FT_BY_PID | FT_BY_MAPPING))
		g->pid = bpf_get_current_pid_tgid() >> 32;
	if (by & FT_BY_COMM)
		bpf_get_current_comm(g->comm, sizeof(g->comm));
	if (by & FT_BY_CPU)
		g->cpu = bpf_get_smp_processor_id();
	if (by & FT_BY_CGROUP)
		g->cgroup = current_cgroup();
	if ((by & (FT_BY_FILE | FT_BY_MAPPING)) && v) {
		g->file = v->file;
		if (!v->file) {
			g->vma_kind = v->kind;
			g->vma_bits = v->bits & (FT_VMA_HEAP | FT_VMA_IS_STACK | FT_VMA_VDSO);
		}
	}
}

#define E2BIG 7

/*
 * ft_hist_many is full: looking for room again takes locks. User space, which deletes the groups of
 * processes that ended, sets it to 0.
 */
__u32 ft_groups_full;

/* Not on the stack, which is short: compat.bpf.h. */
static const struct ft_group ft_group_other = { .other = 1 };

/* The histogram of `g`, made if it is new; that of (other) when there is no room. */
static __always_inline struct ft_hist *hist_of(const struct ft_group *g)
{
	struct ft_hist *h = bpf_map_lookup_elem(&ft_hist_many, g);
	__u32 zero = 0;

	if (h)
		return h;
	if (!ft_groups_full) {
		h = bpf_map_lookup_elem(&ft_hist_zero, &zero);
		if (h && bpf_map_update_elem(&ft_hist_many, g, h, BPF_NOEXIST) == -E2BIG)
			ft_groups_full = 1;
		h = bpf_map_lookup_elem(&ft_hist_many, g);
		if (h)
			return h;
	}
	lose(FT_LOSS_GROUPS_FULL);
	return bpf_map_lookup_elem(&ft_hist_many, &ft_group_other);
}

/* `hot`: the end of a fault that completed; those have their types, and so these histograms, alone.
 */
static __always_inline void count_hist(int type, int cause, int access, bool hot, __u64 latency,
				       const struct ft_vma_slot *v, const struct ft_open *o)
{
	const __u32 by = ft_knobs.by;
	struct ft_hist *h;

	if (by & ~FT_BY_FEW) {
		struct ft_group g = {};

		group_fill(&g, type, cause, access, v);
		h = hist_of(&g);
	} else {
		__u32 i = ft_hist_few_index(by, type, cause, access);

		h = bpf_map_lookup_elem(&ft_hist_few, &i);
	}
	if (h && hot && (by & FT_BY_TYPE))
		hist_add(h, latency, true);
	else if (h)
		hist_add(h, latency, false);
	if (ft_knobs.breakdown && h && latency != FT_UNKNOWN_NS)
		parts_add(h, o, hot && (by & FT_BY_TYPE));
}

#endif
