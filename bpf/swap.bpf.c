/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The side of reclaim: whose page is unmapped by whom, and which swap entry it is written to. The
 * two come in this order for a page, in one task: try_to_unmap(), then pageout(), both under
 * shrink_folio_list(), mm/vmscan.c.
 */
#include "swap.bpf.h"

__u64 ft_thrash_epoch;

#define MM_FILEPAGES  0
#define MM_SWAPENTS   2
#define MM_SHMEMPAGES 3

/* SWP_TYPE_SHIFT, include/linux/swapops.h: BITS_PER_XA_VALUE - MAX_SWAPFILES_SHIFT. */
#define SWP_TYPE_SHIFT 58

#define MAPPING_ANON 1 /* PAGE_MAPPING_ANON: a bit of folio->mapping */

/* A page of `mm` was unmapped by the current task's reclaim. Global: verified once. */
__weak __noinline int page_taken(__u64 mm_addr, int member)
{
	struct mm_struct *mm = (void *)mm_addr;
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct ft_thrash_sums *s = thrash_sums();
	struct task_struct *owner = BPF_CORE_READ(mm, owner);
	struct ft_thrash_proc *taker, *loser;
	struct ft_state *st;
	struct ft_blame *b;
	__u32 victim;

	if (!s)
		return 0;
	if (!owner) { /* it is exiting */
		add_to(s->victim_unknown, 1);
		return 0;
	}
	victim = BPF_CORE_READ(owner, tgid);
	taker = proc_current();
	loser = proc_of(owner, victim);
	if (!taker || !loser || !(proc_inside(taker) || proc_inside(loser)))
		return 0;
	b = blame_of(pid_tgid >> 32, victim);
	if (!b)
		return 0;
	if (member == MM_FILEPAGES) {
		add_to(taker->took_file, 1);
		add_to(loser->lost_file, 1);
		add_to(s->evicted_file, 1);
		add_to(b->evicted_file, 1);
		return 0;
	}
	add_to(taker->took, 1);
	add_to(loser->lost, 1);
	add_to(s->evicted, 1);
	add_to(b->evicted, 1);
	if (member == MM_SHMEMPAGES) {
		add_to(s->evicted_shmem, 1);
		add_to(b->evicted_shmem, 1);
	}
	st = state_get(compat_current(), true);
	if (st)
		st->thrash.victim = victim;
	return 0;
}

/*
 * A counter of an address space changed. Within reclaim (PF_MEMALLOC: kswapd, direct and memcg
 * reclaim, MADV_PAGEOUT) the mappings of a page become swap entries one by one, or vanish when it
 * is a file's or shared memory; elsewhere reclaim has no part in it.
 */
SEC("tp_btf/rss_stat")
int BPF_PROG(tp_btf__rss_stat, struct mm_struct *mm, int member)
{
	struct task_struct *task;
	__u32 flags;

	if (member != MM_SWAPENTS && member != MM_FILEPAGES && member != MM_SHMEMPAGES)
		return 0;
	task = compat_current();
	compat_read(flags, task, flags);
	if (!(flags & PF_MEMALLOC) || !ft_attached_ns)
		return 0;
	return page_taken(first_arg(ctx), member);
}

static __always_inline __u64 entry_of(struct folio *folio)
{
	__u64 entry = compat_swap_entry(folio);

	return (entry >> SWP_TYPE_SHIFT) << 56 | (entry & ((1ULL << 56) - 1));
}

/* swap_writeout() frees the slot instead of writing when no page table holds it any more. */
static __always_inline bool in_swap_cache(struct folio *folio)
{
	return compat_page_flags(folio) & 1ULL << bpf_core_enum_value(enum pageflags, PG_swapcache);
}

/* The pages of a folio that goes, the first under `key`. `s`: for FT_OUT_THRASH. */
struct gone {
	__u64 key;
	struct ft_eviction e;
	struct ft_thrash_sums *s;
};

static __noinline long remember(__u32 nth, struct gone *g)
{
	__u64 entry = g->key + nth;

	if (!(ft_knobs.out & FT_OUT_THRASH)) {
		bpf_map_update_elem(&ft_evictions, &entry, &g->e, BPF_ANY);
	} else if (bpf_map_update_elem(&ft_evictions, &entry, &g->e, BPF_EXIST)) {
		bpf_map_update_elem(&ft_evictions, &entry, &g->e, BPF_ANY);
		add_to(g->s->remembered, 1);
	}
	return 0;
}

#define FOLIO_PAGES_MAX 512

/*
 * `loop`: compat.bpf.h, "loops". The verifier goes through 512 rounds of the other one. Before
 * 5.12 it does not take every order that the compiler gives a loop's parts: the body is a call.
 */
static __always_inline void remember_all(struct gone *g, __u32 n, bool loop)
{
	if (loop) {
		bpf_loop(n < FOLIO_PAGES_MAX ? n : FOLIO_PAGES_MAX, remember, g, 0);
		return;
	}
	for (__u32 i = 0; i < FOLIO_PAGES_MAX && i < n; i++)
		remember(i, g);
}

static __always_inline bool same_name(const struct ft_evictor *a, const struct ft_evictor *b)
{
	const __u64 *x = (const __u64 *)a->comm, *y = (const __u64 *)b->comm;

	return x[0] == y[0] && x[1] == y[1];
}

/* The page at `addr` was given to its swap device; for knobs.evictions. */
static __always_inline int page_noted(__u64 addr, bool loop)
{
	struct folio *folio = (void *)addr;
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct gone g = { .key = entry_of(folio),
			  .e = { .ts = bpf_ktime_get_ns(), .evictor = tgid } };
	struct ft_evictor now __attribute__((aligned(8))) = {}, *name;

	if (!ft_knobs.evictions || (ft_knobs.out & FT_OUT_THRASH))
		return 0; /* compat.bpf.h, "global functions" */
	if (!in_swap_cache(folio))
		return 0;
	BPF_CORE_READ_INTO(&now.comm, compat_task(), group_leader, comm);
	name = bpf_map_lookup_elem(&ft_evictors, &tgid);
	if (!name || !same_name(name, &now))
		bpf_map_update_elem(&ft_evictors, &tgid, &now, BPF_ANY);
	remember_all(&g, compat_folio_pages(folio), loop);
	return 0;
}

/* The same for FT_OUT_THRASH. */
static __always_inline int page_written(__u64 addr, bool loop)
{
	struct folio *folio = (void *)addr;
	struct gone g = { .key = entry_of(folio),
			  .e = { .ts = bpf_ktime_get_ns(),
				 .evictor = bpf_get_current_pid_tgid() >> 32 } };
	struct ft_thrash_sums *s;
	struct ft_thrash_proc *taker;
	struct ft_state *st;
	__u32 n = compat_folio_pages(folio);
	bool shmem;

	if (!(ft_knobs.out & FT_OUT_THRASH))
		return 0; /* compat.bpf.h, "global functions" */
	st = state_get(compat_current(), true);
	s = thrash_sums();
	taker = proc_current();
	if (!st || !s || !taker)
		return 0;
	if (!in_swap_cache(folio)) {
		add_to(s->swapout_void, n);
		return 0;
	}
	shmem = !((__u64)BPF_CORE_READ((struct page *)folio, mapping) & MAPPING_ANON);
	g.e.victim = st->thrash.victim;
	st->thrash.victim = 0;
	if (!proc_inside(taker)) {
		struct ft_thrash_proc *loser = bpf_map_lookup_elem(&ft_procs, &g.e.victim);

		if (!g.e.victim || !loser || !proc_inside(loser))
			return 0;
	}
	add_to(taker->wrote, n);
	add_to(s->swapout_pages, n);
	if (shmem) { /* no page table will name the entry: it is not remembered */
		add_to(s->swapout_shmem, n);
		return 0;
	}
	if (g.e.victim) {
		struct ft_blame *b = blame_of(g.e.evictor, g.e.victim);

		if (b)
			add_to(b->written, n);
	}
	g.s = s;
	remember_all(&g, n, loop);
	return 0;
}

/* Global: their stack, and verified by themselves. */
__weak __noinline int folio_noted(__u64 addr)
{
	return page_noted(addr, true);
}

__weak __noinline int folio_written(__u64 addr)
{
	return page_written(addr, true);
}

__weak __noinline int old_page_noted(__u64 addr)
{
	return page_noted(addr, false);
}

__weak __noinline int old_page_written(__u64 addr)
{
	return page_written(addr, false);
}

SEC("tp_btf/mm_vmscan_write_folio")
int BPF_PROG(tp_btf__mm_vmscan_write_folio, struct folio *folio)
{
	if (!ft_attached_ns)
		return 0;
	return ft_knobs.out & FT_OUT_THRASH ? folio_written(first_arg(ctx))
					    : folio_noted(first_arg(ctx));
}

/* Its name before pages became folios: compat.bpf.h. */
SEC("tp_btf/mm_vmscan_writepage")
int BPF_PROG(tp_btf__mm_vmscan_writepage, struct page *page)
{
	if (!ft_attached_ns)
		return 0;
	return ft_knobs.out & FT_OUT_THRASH ? old_page_written(first_arg(ctx))
					    : old_page_noted(first_arg(ctx));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
