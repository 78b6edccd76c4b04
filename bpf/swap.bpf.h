/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Eviction and return, added up in the kernel (FT_OUT_THRASH): who lost pages, who took them, who
 * needed them again. Here the maps and who is who; swap.bpf.c has the side of reclaim, return.bpf.h
 * that of the faults.
 *
 * Functions are static, not global: before 6.8 (2afae08c9dcb, "bpf: Validate global subprogs
 * lazily") a global one is verified even where nothing calls it, and these use maps that are made
 * for FT_OUT_THRASH alone.
 */
#ifndef FT_SWAP_BPF_H
#define FT_SWAP_BPF_H

#include "filter.bpf.h"
#include "ft_thrash.h"

/*
 * Processes. Key: tgid. Written by all of FT_OUT_THRASH, read by user/collect/thrash.c, which
 * removes those that ended. When full, a new process adds to key 0, made by user space before the
 * start. Not per CPU: a value is large, and a task adds to it rarely.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, struct ft_thrash_proc);
} ft_procs SEC(".maps") __weak;

/* A process to insert: too large for the stack. Per CPU; key: 0. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ft_thrash_proc);
} ft_proc_new SEC(".maps") __weak;

/* Who evicted whom. Read by user/collect/thrash.c. When full, a new pair adds to {0, 0}. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct ft_blame_key);
	__type(value, struct ft_blame);
} ft_blames SEC(".maps") __weak;

/*
 * The last eviction of each swap entry. Key: swap type << 56 | offset. Written by swap.bpf.c and by
 * the return; with FT_OUT_THRASH or knobs.evictions. Sized by user space for the swap there is;
 * when full, the oldest is forgotten.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct ft_eviction);
} ft_evictions SEC(".maps") __weak;

/*
 * What evictors are called, for knobs.evictions. Key: tgid. Written by swap.bpf.c, read by the
 * return. When full, the oldest is forgotten, and its evictions have a pid alone.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct ft_evictor);
} ft_evictors SEC(".maps") __weak;

/*
 * Pages of files and of shared memory that a major fault read. Key: file id << 32 | page. Value:
 * when. When full, the oldest is forgotten.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 131072);
	__type(key, __u64);
	__type(value, __u64);
} ft_file_pages SEC(".maps") __weak;

/*
 * Majors by file, faults on swapped pages by process and kind of memory (not by vma: the kernel
 * splits and merges them): room for four of each process. Read by user/collect/thrash.c. When full,
 * a new file adds to {0, 0, 0}, new memory to {0, 0, FT_RETURN_OTHER}.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, struct ft_return_key);
	__type(value, struct ft_return);
} ft_returns SEC(".maps") __weak;

/* Sums over all. Per CPU; key: 0. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ft_thrash_sums);
} ft_thrash SEC(".maps") __weak;

/* The interval that user space is in: worst_ns of a process is of one interval. */
extern __u64 ft_thrash_epoch;

#define add_to(field, n) __sync_fetch_and_add(&(field), (n))

static __always_inline struct ft_thrash_sums *thrash_sums(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&ft_thrash, &zero);
}

#define thrash_sum(name, n)                                                                        \
	do {                                                                                       \
		struct ft_thrash_sums *s_ = thrash_sums();                                         \
		if (s_)                                                                            \
			add_to(s_->name, (n));                                                     \
	} while (0)

#define PF_MEMALLOC 0x00000800
#define PF_KTHREAD  0x00200000

/*
 * The first argument of a tracepoint as a number: a global function takes no pointer, and the
 * verifier forgets no pointer that it has seen.
 */
static __always_inline __u64 first_arg(const __u64 *ctx)
{
	__u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), ctx);
	return v;
}

/* Whether `task` is in the cgroup that is asked for, or below it. */
static __always_inline bool task_inside(struct task_struct *task)
{
	struct cgroup *cg;

	if (!(ft_knobs.filters & FT_FILTER_CGROUP))
		return true;
	cg = task_cgroup(BPF_CORE_READ(task, cgroups));
	for (int i = 0; i < CGROUP_DEPTH && cg; i++) {
		struct cgroup_subsys_state *up;

		if (BPF_CORE_READ(cg, kn, id) == ft_knobs.cgroup)
			return true;
		up = BPF_CORE_READ(cg, self.parent);
		cg = up ? BPF_CORE_READ(up, cgroup) : NULL;
	}
	return false;
}

/* (other) is inside: who it stands for is not known. */
static __always_inline bool proc_inside(const struct ft_thrash_proc *p)
{
	return (p->flags & FT_PROC_INSIDE) || !p->comm[0];
}

static __always_inline void proc_describe(struct ft_thrash_proc *p, struct task_struct *task)
{
	struct cgroup *cg = task_cgroup(BPF_CORE_READ(task, cgroups));

	BPF_CORE_READ_INTO(&p->comm, task, group_leader, comm);
	p->cgroup = BPF_CORE_READ(cg, kn, id);
	p->threads = BPF_CORE_READ(task, signal, nr_threads);
	p->flags = (BPF_CORE_READ(task, flags) & PF_KTHREAD ? FT_PROC_KTHREAD : 0) |
		   (task_inside(task) ? FT_PROC_INSIDE : 0);
}

/* The record of the process of the task at `addr`, made if it is new. */
static __noinline __attribute__((unused)) int proc_make(__u64 addr)
{
	struct task_struct *task = (void *)addr;
	struct ft_thrash_proc *p;
	__u32 tgid, zero = 0;

	if (!(ft_knobs.out & FT_OUT_THRASH))
		return 0; /* compat.bpf.h, "global functions" */
	tgid = BPF_CORE_READ(task, tgid);
	p = bpf_map_lookup_elem(&ft_proc_new, &zero);
	if (!p)
		return 0;
	__builtin_memset(p, 0, sizeof(*p));
	proc_describe(p, task);
	if (bpf_map_update_elem(&ft_procs, &tgid, p, BPF_NOEXIST)) {
		thrash_sum(other, 1);
		return 0;
	}
	return 1;
}

static __always_inline struct ft_thrash_proc *proc_of(struct task_struct *task, __u32 tgid)
{
	struct ft_thrash_proc *p = bpf_map_lookup_elem(&ft_procs, &tgid);

	if (p)
		return p;
	if (!proc_make((__u64)task))
		tgid = 0;
	return bpf_map_lookup_elem(&ft_procs, &tgid);
}

static __always_inline struct ft_thrash_proc *proc_current(void)
{
	return proc_of(compat_task(), bpf_get_current_pid_tgid() >> 32);
}

/* Adds what the current task kept to its process. */
static __noinline __attribute__((unused)) int thrash_add(void)
{
	struct ft_thrash_sums *s;
	struct ft_thrash_task *t;
	struct ft_thrash_proc *p;
	struct ft_state *st;

	if (!(ft_knobs.out & FT_OUT_THRASH))
		return 0; /* compat.bpf.h, "global functions" */
	st = state_get(compat_current(), false);
	s = thrash_sums();
	if (!st || !s || !st->thrash.faults)
		return 0;
	t = &st->thrash;
	p = proc_current();
	if (!p)
		return 0;
	if (p->comm[0]) /* not (other): it may have another name by now, or another cgroup */
		proc_describe(p, compat_task());
	add_to(p->faults, t->faults);
	add_to(p->stall_ns, t->stall_ns);
	add_to(p->pages, t->pages);
	add_to(s->faults, t->faults);
	add_to(s->stall_ns, t->stall_ns);
	t->faults = 0;
	t->stall_ns = t->pages = 0;
	t->added_ns = bpf_ktime_get_ns();
	return 0;
}

/* A task ended. */
static __noinline __attribute__((unused)) int thrash_exit(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct ft_thrash_proc *p;

	if (!(ft_knobs.out & FT_OUT_THRASH))
		return 0; /* compat.bpf.h, "global functions" */
	thrash_add();
	p = bpf_map_lookup_elem(&ft_procs, &tgid);
	if (p && tgid && !BPF_CORE_READ(compat_task(), signal, live.counter))
		p->flags |= FT_PROC_EXITED;
	return 0;
}

static __always_inline struct ft_blame *blame_of(__u32 evictor, __u32 victim)
{
	struct ft_blame_key k = { evictor, victim }, other = {};
	struct ft_blame zero = {}, *b = bpf_map_lookup_elem(&ft_blames, &k);

	if (b)
		return b;
	bpf_map_update_elem(&ft_blames, &k, &zero, BPF_NOEXIST);
	b = bpf_map_lookup_elem(&ft_blames, &k);
	if (b)
		return b;
	thrash_sum(other, 1);
	bpf_map_update_elem(&ft_blames, &other, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&ft_blames, &other);
}

#endif
