/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What comes back: faults on pages that had gone, for FT_OUT_THRASH.
 *
 * A fault on a swapped page says by itself which entry it came from (the page-table entry, see
 * pte.bpf.h), how long it took and how much was read for it (task->ioac): no hook on the way in is
 * needed. A minor fault on anything else costs three additions to the task's own state.
 */
#ifndef FT_RETURN_BPF_H
#define FT_RETURN_BPF_H

#include "pte.bpf.h"
#include "swap.bpf.h"
#include "ft_hist.h"

/* A thread waited for a page that had gone. Two that set the worst at once may lose one's. */
static __always_inline void wait_add(struct ft_thrash_task *t, struct ft_thrash_proc *p,
				     struct ft_thrash_sums *s, __u64 latency)
{
	__u64 epoch = ft_thrash_epoch;

	add_to(s->refault_ns, latency);
	add_to(p->refault_ns, latency);
	if (t->epoch != epoch)
		t->wait_ns = 0;
	t->epoch = epoch;
	t->wait_ns += latency;
	if (p->epoch != epoch || t->wait_ns > p->worst_ns)
		p->worst_ns = t->wait_ns;
	p->epoch = epoch;
}

static __always_inline void distance_add(struct ft_thrash_proc *p, __u64 ns)
{
	__u64 b = ft_hist_log2(ns / 1000 | 1);

	barrier_var(b); /* compared in all its bits: compat.bpf.h, "bounds in memory" */
	if (b >= FT_DISTANCES)
		b = FT_DISTANCES - 1;
	add_to(p->distance[b], 1);
}

/*
 * The fault brought back the page of a swap entry: who had evicted it, and when? True when that
 * makes it a re-fault.
 */
static __always_inline bool swap_return(struct ft_thrash_task *t, struct ft_thrash_proc *p,
					struct ft_thrash_sums *s, __u32 victim)
{
	__u64 now = bpf_ktime_get_ns(), gone,
	      latency = t->latency != FT_UNKNOWN_NS ? t->latency : 0;
	struct ft_eviction *e = bpf_map_lookup_elem(&ft_evictions, &t->entry);
	struct ft_blame *b;
	bool again = false;
	__u32 evictor;

	wait_add(t, p, s, latency);
	if (!e) {
		struct ft_eviction back = { .ts = now, .returned = 1 };

		add_to(s->returned_old, 1);
		if (!bpf_map_update_elem(&ft_evictions, &t->entry, &back, BPF_NOEXIST))
			add_to(s->remembered, 1);
		return false;
	}
	gone = now - latency - e->ts;
	if ((__s64)gone < 0)
		gone = 0; /* evicted while this fault was under way */
	evictor = e->evictor;
	if (e->returned) {
		evictor = FT_EVICTOR_CLEAN;
		add_to(s->returned_clean, 1);
	} else {
		add_to(s->returned_known, 1);
	}
	e->ts = now;
	e->returned = 1;
	if (t->end == FT_END_MAJOR) {
		if (gone > ft_knobs.far_ns) {
			add_to(s->far, 1);
		} else {
			again = true;
			add_to(p->refaults, 1);
			add_to(s->refaults, 1);
		}
		if (evictor != FT_EVICTOR_CLEAN)
			distance_add(p, gone);
	}
	b = blame_of(evictor, victim);
	if (b) {
		add_to(b->returned, 1);
		add_to(b->stall_ns, latency);
	}
	return again;
}

/*
 * How long ago a major fault read this page of a file or of shared memory, in ns: it was gone for
 * less. FT_UNKNOWN_NS: not in this trace, or it is forgotten.
 */
static __always_inline __u64 read_before(const struct ft_thrash_task *t, struct ft_thrash_sums *s,
					 __u64 latency)
{
	__u64 key = (__u64)t->where.file << 32 | (__u32)t->pgoff, now = bpf_ktime_get_ns(), gone;
	__u64 *then;

	if (!t->where.file)
		return FT_UNKNOWN_NS;
	then = bpf_map_lookup_elem(&ft_file_pages, &key);
	if (!then) {
		if (!bpf_map_update_elem(&ft_file_pages, &key, &now, BPF_NOEXIST))
			add_to(s->pages_remembered, 1);
		return FT_UNKNOWN_NS;
	}
	gone = now - latency - *then;
	*then = now;
	return (__s64)gone < 0 ? 0 : gone;
}

/* A major on a page that had been there, by whom it was taken is not seen. */
static __always_inline void unseen_return(struct ft_thrash_task *t, struct ft_thrash_proc *p,
					  struct ft_thrash_sums *s, __u32 evictor, __u32 victim)
{
	__u64 latency = t->latency != FT_UNKNOWN_NS ? t->latency : 0;
	struct ft_blame *b = blame_of(evictor, victim);

	add_to(p->refaults, 1);
	add_to(s->refaults, 1);
	wait_add(t, p, s, latency);
	if (b) {
		add_to(b->returned, 1);
		add_to(b->stall_ns, latency);
	}
}

/*
 * A major on shared memory in swap: it had been evicted, whoever did it. True when that was not
 * long ago, as far as is known.
 */
static __always_inline bool shmem_return(struct ft_thrash_task *t, struct ft_thrash_proc *p,
					 struct ft_thrash_sums *s, __u32 victim)
{
	__u64 latency = t->latency != FT_UNKNOWN_NS ? t->latency : 0;
	__u64 gone = read_before(t, s, latency);

	add_to(s->shmem_faults, 1);
	if (gone != FT_UNKNOWN_NS && gone > ft_knobs.far_ns) {
		add_to(s->far, 1);
		return false;
	}
	add_to(s->shmem_refaults, 1);
	if (gone != FT_UNKNOWN_NS)
		distance_add(p, gone);
	unseen_return(t, p, s, FT_EVICTOR_SHMEM, victim);
	return true;
}

/*
 * A major on a page of a file. True when it was read before in this trace, and not long ago: it had
 * been dropped meanwhile.
 */
static __always_inline bool file_return(struct ft_thrash_task *t, struct ft_thrash_proc *p,
					struct ft_thrash_sums *s, __u32 victim)
{
	__u64 latency = t->latency != FT_UNKNOWN_NS ? t->latency : 0;
	__u64 gone = read_before(t, s, latency);

	add_to(p->file_majors, 1);
	add_to(s->file_majors, 1);
	add_to(p->file_major_ns, latency);
	if (gone == FT_UNKNOWN_NS)
		return false;
	if (gone > ft_knobs.far_ns) {
		add_to(s->far, 1);
		return false;
	}
	add_to(p->file_refaults, 1);
	add_to(s->file_refaults, 1);
	add_to(p->file_refault_ns, latency);
	distance_add(p, gone);
	unseen_return(t, p, s, FT_EVICTOR_FILE, victim);
	return true;
}

/* The fault at t->where is over. */
static __always_inline void return_add(struct ft_thrash_task *t, struct ft_thrash_sums *s,
				       bool again)
{
	struct ft_return zero = {}, *r = bpf_map_lookup_elem(&ft_returns, &t->where);

	if (!r) {
		bpf_map_update_elem(&ft_returns, &t->where, &zero, BPF_NOEXIST);
		r = bpf_map_lookup_elem(&ft_returns, &t->where);
	}
	if (!r) {
		add_to(s->other, 1);
		t->where.vma = t->where.tgid ? FT_RETURN_OTHER : 0;
		t->where.tgid = t->where.file = 0;
		r = bpf_map_lookup_elem(&ft_returns, &t->where);
	}
	if (!r)
		return;
	add_to(r->faults, 1);
	add_to(r->majors, t->end == FT_END_MAJOR);
	add_to(r->refaults, again);
	if (t->latency != FT_UNKNOWN_NS)
		add_to(r->stall_ns, t->latency);
}

/* The fault described in the current task's state was major, or on a swapped page. */
static __noinline __attribute__((unused)) int thrash_fault(void)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct ft_thrash_sums *s;
	struct ft_thrash_task *t;
	struct ft_thrash_proc *p;
	struct ft_state *st;
	bool again = false;
	__u64 pages;

	if (!(ft_knobs.out & FT_OUT_THRASH))
		return 0; /* compat.bpf.h, "global functions" */
	st = state_get(compat_current(), false);
	s = thrash_sums();
	if (!st || !s)
		return 0;
	t = &st->thrash;
	p = proc_current();
	if (!p)
		return 0;
	pages = t->read_bytes >> 12;
	if (!pages && t->end == FT_END_MAJOR && (t->swapped || t->cause == FT_CAUSE_SWAP_IN) &&
	    compat_reads_without_bio())
		pages = 1;
	t->pages += pages;
	if (t->end == FT_END_MAJOR) {
		add_to(p->majors, 1);
		add_to(s->majors, 1);
		if (t->latency != FT_UNKNOWN_NS)
			add_to(p->major_ns, t->latency);
	}
	if (t->swapped || t->cause == FT_CAUSE_SWAP_IN) {
		add_to(p->swapin_pages, pages);
		add_to(s->swapin_pages, pages);
	}
	if (t->swapped) {
		add_to(p->swap_faults, 1);
		add_to(s->swap_faults, 1);
		again = swap_return(t, p, s, pid_tgid >> 32);
	} else if (t->cause == FT_CAUSE_SWAP_IN) {
		again = shmem_return(t, p, s, pid_tgid >> 32);
	} else if (t->cause == FT_CAUSE_FILE_READ) {
		again = file_return(t, p, s, pid_tgid >> 32);
		t->where.tgid = t->where.vma = 0;
	} else {
		return 0;
	}
	return_add(t, s, again);
	return 0;
}

static __always_inline __u64 io_since(const struct ft_open *o)
{
	if (!compat_has_task_io())
		return 0;
	return BPF_CORE_READ(compat_task(), ioac.read_bytes) - o->read_bytes;
}

/* A fault ended. `v`: its mapping, where it was looked up. */
static __always_inline void count_thrash(struct ft_state *st, const struct ft_open *o, int cause,
					 __u64 latency, const struct ft_vma_slot *v)
{
	struct ft_thrash_task *t = &st->thrash;
	const struct ft_facts *f = &st->facts;

	t->faults++;
	if (latency != FT_UNKNOWN_NS)
		t->stall_ns += latency;
	if (f->end <= FT_END_MAJOR && f->pte == FT_PTE_NONE && f->access == FT_ACCESS_WRITE) {
		struct task_struct *task = compat_task();

		t->pages++;
		if (o->no_table && pte_of((__u64)BPF_CORE_READ(task, mm, pgd), o->addr).huge)
			t->pages += 511;
	}
	if (f->end == FT_END_MAJOR || f->pte == FT_PTE_SWAP) {
		t->latency = latency;
		t->end = f->end;
		t->cause = cause;
		t->swapped = f->pte == FT_PTE_SWAP;
		t->entry = pte_swap(o->pte);
		t->read_bytes = io_since(o);
		t->where.tgid = bpf_get_current_pid_tgid() >> 32;
		t->where.file = v ? v->file : 0;
		t->where.vma = v ? v->kind | (v->bits & (FT_VMA_HEAP | FT_VMA_IS_STACK)) : 0;
		t->pgoff = v ? v->pgoff + ((o->addr - v->start) >> 12) : 0;
		thrash_fault();
	}
	if (t->faults >= FT_PROC_BATCH || o->ts - t->added_ns > 50000000)
		thrash_add();
}

#endif
