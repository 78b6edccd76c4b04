/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a finished fault to a record in the ring and to the totals. */
#ifndef FT_EMIT_BPF_H
#define FT_EMIT_BPF_H

#include "count.bpf.h"
#include "filter.bpf.h"
#include "pte.bpf.h"
#include "return.bpf.h"
#include "stacks.bpf.h"
#include "vma.bpf.h"

/*
 * Count and stall of all faults of traced tasks, shown or not. Per CPU; key: type * FT_CAUSE_MAX +
 * cause. Written by fault_finish(), read by the summary. Never full.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FT_TYPE_MAX *FT_CAUSE_MAX);
	__type(key, __u32);
	__type(value, struct ft_total);
} ft_totals SEC(".maps");

/* `hot`: types that complete are counted by the software event's program alone. */
static __always_inline void total_add(int type, int cause, bool hot, __u64 latency)
{
	__u32 key = type * FT_CAUSE_MAX + cause;
	struct ft_total *t = bpf_map_lookup_elem(&ft_totals, &key);

	if (!t)
		return;
	add(&t->count, 1, hot);
	if (latency != FT_UNKNOWN_NS)
		add(&t->stall_ns, latency, hot);
}

/* compat_read() on the hot path, BPF_CORE_READ() elsewhere; `hot` is a constant where it is
 * inlined. */
#define hot_read(hot, dst, src, field)                                                             \
	do {                                                                                       \
		if (hot)                                                                           \
			compat_read(dst, src, field);                                              \
		else                                                                               \
			BPF_CORE_READ_INTO(&(dst), src, field);                                    \
	} while (0)

/* The same for a field that is a pointer, and whose value is all that is wanted of it. */
#define hot_read_ptr(hot, dst, src, field)                                                         \
	do {                                                                                       \
		if (!(hot))                                                                        \
			BPF_CORE_READ_INTO(&(dst), src, field);                                    \
		else if (ft_knobs.cast)                                                            \
			compat_read_ptr(true, dst, src, field);                                    \
		else                                                                               \
			compat_read_ptr(false, dst, src, field);                                   \
	} while (0)

static __always_inline void fill_hdr(struct ft_hdr *h, __u16 kind, __u16 len, __u64 ts)
{
	h->kind = kind;
	h->len = len;
	h->cpu = bpf_get_smp_processor_id();
	h->ts_ns = ts;
}

static __always_inline bool same_comm(const char *a, const char *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

/* Sends a TASK record when the task is new or its comm, credentials, cgroup or parent changed. */
static __always_inline bool announce(struct ft_state *st, struct task_struct *task, bool hot,
				     __u64 pid_tgid)
{
	char comm[FT_COMM_LEN] __attribute__((aligned(8)));
	const struct cred *cred;
	struct css_set *cgroups;
	struct task_struct *parent;
	struct ft_task *r;

	if (hot && compat_has_task_btf()) {
		((__u64 *)comm)[0] = *(__u64 *)&task->comm[0];
		((__u64 *)comm)[1] = *(__u64 *)&task->comm[8];
	} else {
		bpf_get_current_comm(comm, sizeof(comm));
	}
	hot_read_ptr(hot, cred, task, cred);
	hot_read_ptr(hot, cgroups, task, cgroups);
	hot_read_ptr(hot, parent, task, real_parent);
	if (st->announced && st->cred == (__u64)cred && st->cgroups == (__u64)cgroups &&
	    st->parent == (__u64)parent && same_comm(st->comm, comm))
		return true;
	r = bpf_ringbuf_reserve(&ft_ring, sizeof(*r), 0);
	if (!r)
		return false;
	fill_hdr(&r->h, FT_KIND_TASK, sizeof(*r), bpf_ktime_get_ns());
	r->pid = pid_tgid >> 32;
	r->tid = (__u32)pid_tgid;
	r->ppid = BPF_CORE_READ(parent, tgid);
	r->uid = (__u32)bpf_get_current_uid_gid();
	r->cgroup = BPF_CORE_READ(task_cgroup(cgroups), kn, id);
	__builtin_memcpy(r->comm, comm, sizeof(r->comm));
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);

	st->cred = (__u64)cred;
	st->cgroups = (__u64)cgroups;
	st->parent = (__u64)parent;
	__builtin_memcpy(st->comm, comm, sizeof(st->comm));
	st->announced = 1;
	return true;
}

static __always_inline __u8 error_access(__u32 error)
{
	if (error & ERR_INSTR)
		return FT_ACCESS_EXEC;
	return error & ERR_WRITE ? FT_ACCESS_WRITE : FT_ACCESS_READ;
}

/* What the task did between the beginning of `o` and now. */
static __always_inline __u8 task_bits(struct task_struct *task, bool hot, const struct ft_open *o)
{
	__u64 nvcsw, read_bytes = 0;
	__u8 bits = 0;

	hot_read(hot, nvcsw, task, nvcsw);
	if (nvcsw != o->nvcsw)
		bits |= FT_FACT_SLEPT;
	if (compat_has_task_io()) {
		hot_read(hot, read_bytes, task, ioac.read_bytes);
		if (read_bytes != o->read_bytes)
			bits |= FT_FACT_IO;
	}
	return bits;
}

static __always_inline void facts_of(struct ft_facts *f, struct task_struct *task, bool hot,
				     const struct ft_open *o, __u8 end)
{
	f->end = end;
	f->vma = FT_VMA_UNKNOWN;
	f->access = error_access(o->error);
	f->mode = o->mode;
	f->pte = o->pte_kind;
	f->bits = ft_knobs.want_pte ? task_bits(task, hot, o) : 0;
	if (o->error & ERR_PRESENT)
		f->bits |= FT_FACT_PRESENT;
	if (compat_faults_complete())
		f->bits |= FT_FACT_COMPLETES;
	if (o->attempts)
		f->bits |= o->attempts == 1 ? FT_FACT_ONCE : FT_FACT_AGAIN;
	f->uffd = 0;
}

/* Facts that need the mapping. A huge page is looked for only where one can have been made. */
static __always_inline void facts_of_vma(struct ft_facts *f, struct mm_struct *mm, bool hot,
					 const struct ft_open *o, const struct ft_vma_slot *v)
{
	/* Whether the page was there is in the error code, or in the entry, or it is not known. */
	if (ft_knobs.entry_attempt && f->pte == FT_PTE_UNKNOWN && f->end <= FT_END_MAJOR)
		return;
	f->vma = v->kind;
	f->uffd = v->uffd;
	if (f->end <= FT_END_MAJOR && f->pte == FT_PTE_NONE && o->no_table &&
	    v->kind == FT_VMA_ANON && (o->addr & ~0x1fffffULL) >= v->start &&
	    (o->addr | 0x1fffffULL) < v->end) {
		pgd_t *pgd;

		hot_read_ptr(hot, pgd, mm, pgd);
		if (pte_of((__u64)pgd, o->addr).huge)
			f->bits |= FT_FACT_HUGE;
	}
}

static __always_inline void fill_places(struct ft_fault *r, const struct ft_open *o,
					const struct ft_vma_slot *v, const struct ft_vma_slot *code,
					const struct ft_state *st, struct mm_struct *mm)
{
	if (v) {
		r->known |= FT_KNOWN_VMA | (v->bits & ~VMA_UNNAMED);
		r->vma_flags = (__u32)v->flags;
		r->vma_start = v->start;
		r->vma_end = v->end;
		r->vma_pgoff = v->pgoff;
		r->file = v->file;
	} else {
		r->vma_flags = 0;
		r->vma_start = mm ? compat_mm_stamp(mm, st->mm) : 0;
		r->vma_end = r->vma_pgoff = 0;
		r->file = 0;
	}
	r->ip_file = 0;
	r->ip_off = 0;
	if (code) {
		r->known |= FT_KNOWN_IP_FILE;
		if (code->bits & FT_VMA_VDSO)
			r->known |= FT_IP_VDSO;
		r->ip_file = code->file;
		r->ip_off = o->ip - code->start + (code->pgoff << 12);
	}
}

/*
 * ft_classify() for BPF. Global, with facts as a scalar: verified once, and its many outcomes are
 * one unknown number to the caller instead of as many paths.
 */
__noinline int classify(__u64 packed)
{
	struct ft_facts f = {
		.end = packed,
		.access = packed >> 8,
		.mode = packed >> 16,
		.vma = packed >> 24,
		.pte = packed >> 32,
		.bits = packed >> 40,
		.uffd = packed >> 48,
	};

	return ft_classify(&f);
}

/* The upper bits of the number are not facts. */
#define FACTS_MASK ((1ULL << 56) - 1)

static __always_inline int classify_facts(struct ft_state *st)
{
	__u64 packed = *(const volatile __u64 *)&st->facts & FACTS_MASK;

	_Static_assert(__builtin_offsetof(struct ft_state, facts) % 8 == 0, "read as one number");
	_Static_assert(sizeof(struct ft_facts) == 7, "FACTS_MASK");
	/* ~: a state begins as zeros, which are facts, too. */
	if (st->classified != ~packed) {
		st->cause = classify(packed);
		st->classified = ~packed;
	}
	return st->cause;
}

/*
 * For knobs.evictions: says who had evicted the page of the fault `o` of the current task, if that
 * was seen. A lost record leaves the fault without this.
 */
static __always_inline void emit_refault(const struct ft_open *o)
{
	__u64 key = pte_swap(o->pte);
	struct ft_eviction *e = bpf_map_lookup_elem(&ft_evictions, &key);
	struct ft_evictor *name;
	struct ft_refault *r;
	__u32 evictor;

	if (!e || e->returned)
		return;
	e->returned = 1;
	r = bpf_ringbuf_reserve(&ft_ring, sizeof(*r), 0);
	if (!r)
		return;
	fill_hdr(&r->h, FT_KIND_REFAULT, sizeof(*r), o->ts);
	r->distance_ns = o->ts > e->ts ? o->ts - e->ts : 0;
	r->tid = (__u32)bpf_get_current_pid_tgid();
	r->evictor = evictor = e->evictor;
	name = bpf_map_lookup_elem(&ft_evictors, &evictor);
	if (name)
		__builtin_memcpy(r->comm, name->comm, sizeof(r->comm));
	else
		__builtin_memset(r->comm, 0, sizeof(r->comm));
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
}

/* bpf_get_current_pid_tgid(), on the hot path without a call. */
static __always_inline __u64 task_pid_tgid(struct task_struct *task, bool hot)
{
	__u32 tgid, tid;

	if (!hot)
		return bpf_get_current_pid_tgid();
	compat_read(tgid, task, tgid);
	compat_read(tid, task, pid);
	return (__u64)tgid << 32 | tid;
}

static __always_inline void emit_fault(struct ft_state *st, struct task_struct *task,
				       const struct ft_open *o, bool hot, int type, int cause,
				       __u64 latency, __u32 fatal, const struct ft_vma_slot *v,
				       struct mm_struct *mm)
{
	__u64 pid_tgid = task_pid_tgid(task, hot);
	const struct ft_vma_slot *code = NULL;
	const struct ft_facts *f = &st->facts;
	struct ft_fault_long *l = NULL;
	struct ft_fault *r = NULL;

	if (mm && o->mode == FT_MODE_USER && ft_knobs.want_vma)
		code = vma_code(st, mm, o->ip);
	if (ft_knobs.evictions && f->pte == FT_PTE_SWAP)
		emit_refault(o);
	if (!announce(st, task, hot, pid_tgid))
		; /* counted below */
	else if (ft_knobs.breakdown)
		r = (void *)(l = bpf_ringbuf_reserve(&ft_ring, sizeof(*l), 0));
	else
		r = bpf_ringbuf_reserve(&ft_ring, sizeof(*r), 0);
	if (!r) {
		lose(FT_LOSS_RING_FULL);
		return;
	}
	fill_hdr(&r->h, FT_KIND_FAULT, ft_knobs.breakdown ? sizeof(*l) : sizeof(*r), o->ts);
	if (ft_knobs.breakdown && l) {
		l->b.reclaim_ns = o->reclaim_ns;
		l->b.memcg_ns = o->memcg_ns;
		l->b.compaction_ns = o->compaction_ns;
		l->b.wait_ns = o->wait_ns;
	}
	r->addr = o->addr;
	r->ip = o->ip;
	r->latency_ns = latency;
	r->pid = pid_tgid >> 32;
	r->tid = (__u32)pid_tgid;
	r->type = type;
	r->cause = cause;
	r->access = f->access;
	r->mode = f->mode;
	r->facts = f->bits;
	r->vma = f->vma;
	r->retries = o->attempts ? o->attempts - 1 : 0;
	r->pte = f->pte;
	r->known = fatal | (o->attempts ? FT_KNOWN_RETRIES : 0);
	r->swap = 0;
	if (f->pte == FT_PTE_SWAP) {
		r->known |= FT_KNOWN_SWAP;
		r->swap = pte_swap(o->pte);
	}
	fill_places(r, o, v, code, st, mm);
	bpf_ringbuf_submit(r, ring_flags(o->ts));
}

/* What one fault mapped, for --weight bytes: nothing when it did not complete. */
static __always_inline __u64 fault_bytes(const struct ft_state *st)
{
	if (st->facts.end > FT_END_MAJOR)
		return 0;
	return st->facts.bits & FT_FACT_HUGE || st->facts.vma == FT_VMA_HUGETLB ? 2 << 20 : 4096;
}

/*
 * The one end of every fault: facts, classification, totals, filters, and what is asked for.
 * `ctx` is the program's context, for stacks. `task` is the current one: with `hot`, a constant,
 * from compat_current(), else from compat_task(); see hot_read(). `fatal`: FT_KNOWN_FATAL and
 * FT_FATAL as far as known.
 */
static __always_inline int fault_finish(void *ctx, struct ft_state *st, struct task_struct *task,
					struct ft_open *o, bool hot, __u64 latency, __u32 end,
					__u32 fatal)
{
	const __u32 out = ft_knobs.out;
	struct ft_facts *f = &st->facts;
	struct ft_vma_slot *v = NULL;
	struct mm_struct *mm = NULL;
	int type, cause;

	facts_of(f, task, hot, o, end);
	if (ft_knobs.want_vma &&
	    (ft_knobs.want_vma != FT_VMA_SLOW || end != FT_END_MINOR || f->pte == FT_PTE_SWAP))
		hot_read_ptr(hot, mm, task, mm);
	if (mm) {
		vma_refresh(st, mm, hot);
		if (end != FT_END_MAPERR)
			v = vma_data(st, mm, o->addr);
		if (v)
			facts_of_vma(f, mm, hot, o, v);
		else if (end <= FT_END_MAJOR)
			lose(FT_LOSS_VMA_RACE); /* it completed: there is a mapping */
	}
	type = ft_classify_type(end);
	/* Without the page-table entry a fault that completed has no cause, and none is shown. */
	cause = hot && !ft_knobs.want_pte ? FT_CAUSE_UNKNOWN : classify_facts(st);
	total_add(type, cause, hot, latency);
	if (!ft_knobs.want_all) {
		if (!wanted_fault(type, cause, f->access, f->mode, latency))
			return 0;
		if (ft_knobs.sample > 1 && bpf_get_prandom_u32() % ft_knobs.sample) {
			lose(FT_LOSS_SAMPLED);
			return 0;
		}
	}
	if (out & FT_OUT_HIST)
		count_hist(type, cause, f->access, hot, latency, v, o);
	if (out & FT_OUT_STACKS)
		count_stacks(ctx, st, o, hot, type, cause, latency, fault_bytes(st));
	if (out & FT_OUT_THRASH)
		count_thrash(st, o, cause, latency, v);
	if (out & FT_OUT_STREAM)
		emit_fault(st, task, o, hot, type, cause, latency, fatal, v, mm);
	return 0;
}

#endif
