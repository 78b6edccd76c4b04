/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who faults: faults summed by their user and kernel stacks, and the mappings that the code of
 * these stacks lies in. Stacks are kept under a hash of their addresses, not by bpf_get_stackid():
 * its map has one place per bucket, so that of 1000 stacks in 16384 buckets 30 would be lost. And
 * not by build-id (BPF_F_USER_BUILD_ID): that takes mmap_lock and reads files at every fault.
 * Instead the mapping of each address is sent once per process, when a stack is new.
 */
#ifndef FT_STACKS_BPF_H
#define FT_STACKS_BPF_H

#include "state.bpf.h"
#include "vma.bpf.h"

/*
 * The stacks themselves. Key: hash of the addresses; value: these. Written by stack_keep(), read
 * and removed by user/collect/stacks.c. When full, faults of new stacks are counted under (other)
 * and as stacks-full.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct ft_stack_trace);
} ft_stack_traces SEC(".maps");

/*
 * Faults by stacks, of one round. Per CPU. Written here, read and removed by user/collect/stacks.c
 * when the round is over. When full, faults of new stacks go to the key (other), made by user space
 * before the start, and are counted as stacks-full.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct ft_stack_key);
	__type(value, struct ft_stack_value);
} ft_stacks SEC(".maps");

/* The round that is counted. Key: 0. Begun by user/collect/stacks.c, `fresh` is counted here. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ft_stack_round);
} ft_stack_rounds SEC(".maps");

/*
 * The stacks of the fault being counted: too large for the stack. Per CPU; key: 0 user, 1 kernel. A
 * software event runs with preemption off, so nothing overwrites them meanwhile.
 */
#define STACK_USER   0
#define STACK_KERNEL 1
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct ft_stack_trace);
} ft_stack_now SEC(".maps");

/* What a CODE record was sent for. */
struct ft_code_key {
	__u64 start, end, pgoff;
	__u32 pid, space, file, pad;
};

/*
 * Mappings that were announced. Key: which; value: 1. Written and read by code_announce(). When
 * full, the one that was not met for the longest time is forgotten, and announced again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct ft_code_key);
	__type(value, __u32);
} ft_codes SEC(".maps");

#define STACK_LOST 1 /* not 0, and no hash: those are even */

/*
 * Keeps the stack in ft_stack_now[which]; its key, or STACK_LOST. Global: verified once. The test
 * of the knob is for kernels that verify it also where nothing calls it and its maps are not made.
 */
__noinline __u64 stack_keep(__u32 which)
{
	struct ft_stack_trace *t;
	__u64 h = ft_attached_ns; /* nobody can choose addresses with the hash of another's */

	if (!(ft_knobs.out & FT_OUT_STACKS))
		return 0;
	t = bpf_map_lookup_elem(&ft_stack_now, &which);
	if (!t)
		return STACK_LOST;
	for (int i = 0; i < FT_STACK_DEPTH && i < (int)t->n; i++) {
		h = (h ^ t->ip[i]) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 32;
	}
	h = (h | 3) ^ 1;
	if (bpf_map_lookup_elem(&ft_stack_traces, &h))
		return h;
	bpf_map_update_elem(&ft_stack_traces, &h, t, BPF_NOEXIST);
	return bpf_map_lookup_elem(&ft_stack_traces, &h) ? h : STACK_LOST;
}

/*
 * Reading user memory may fault (without frame pointers an address is anything), with page faults
 * disabled: `walking` tells fault_begin() that this is not the task's doing.
 */
static __always_inline __u64 stack_take(void *ctx, struct ft_state *st, __u32 which)
{
	struct ft_stack_trace *t = bpf_map_lookup_elem(&ft_stack_now, &which);
	long n;

	if (!t)
		return STACK_LOST;
	st->walking = 1;
	barrier();
	n = bpf_get_stack(ctx, t->ip, sizeof(t->ip), which == STACK_USER ? BPF_F_USER_STACK : 0);
	barrier();
	st->walking = 0;
	if (n <= 0)
		return 0;
	t->n = n / sizeof(*t->ip);
	return stack_keep(which);
}

/*
 * Which address space of its pid the task is in. self_exec_id grows with each exec
 * (begin_new_exec(), fs/exec.c), the time of the start differs from one owner of a pid to the next.
 */
static __always_inline __u32 task_space(void)
{
	struct task_struct *task = compat_task();
	__u64 start = BPF_CORE_READ(task, group_leader, start_time);

	return (__u32)(start >> 12) + (__u32)BPF_CORE_READ(task, self_exec_id) * 0x9e3779b1U;
}

/* Sends the mapping in `found`, which holds `ip`, unless it is known. */
static __always_inline void code_send(struct ft_vma_found *found, __u64 ip, __u32 pid, __u32 space)
{
	struct ft_code_key *key = (void *)found->code_key;
	__u32 one = 1;
	struct ft_code *r;

	_Static_assert(sizeof(*key) == sizeof(found->code_key), "room");
	key->start = found->slot.start;
	key->end = found->slot.end;
	key->pgoff = found->slot.pgoff;
	key->pid = pid;
	key->space = space;
	key->file = found->slot.file;
	key->pad = 0;
	if (bpf_map_lookup_elem(&ft_codes, key))
		return;
	r = bpf_ringbuf_reserve(&ft_ring, sizeof(*r), 0);
	if (!r) {
		lose(FT_LOSS_RING_FULL);
		return;
	}
	r->h.kind = FT_KIND_CODE;
	r->h.len = sizeof(*r);
	r->h.cpu = bpf_get_smp_processor_id();
	r->h.ts_ns = bpf_ktime_get_ns();
	r->ip = ip;
	r->start = key->start;
	r->end = key->end;
	r->pgoff = key->pgoff;
	r->pid = pid;
	r->space = space;
	r->file = key->file;
	r->bits = found->slot.bits & FT_VMA_VDSO;
	bpf_ringbuf_submit(r, ring_flags(bpf_ktime_get_ns()));
	bpf_map_update_elem(&ft_codes, key, &one, BPF_ANY);
}

/*
 * Sends the mapping of the address at `i` of the user stack in ft_stack_now, unless it is that of
 * the address before. 0 past the last one. Global: verified once.
 */
__noinline int code_announce(__u32 i, __u32 pid, __u32 space)
{
	__u32 zero = 0, user = STACK_USER;
	struct ft_vma_found *found;
	struct ft_stack_trace *t;
	__u64 ip;

	if (!(ft_knobs.out & FT_OUT_STACKS))
		return 0;
	t = bpf_map_lookup_elem(&ft_stack_now, &user);
	found = bpf_map_lookup_elem(&ft_found, &zero);
	if (!t || !found || i >= FT_STACK_DEPTH || i >= t->n)
		return 0;
	ip = t->ip[i];
	if (i && ip - found->slot.start < found->slot.end - found->slot.start)
		return 1;
	found->slot.start = found->slot.end = 0;
	/* Without frame pointers an address may be data: that has no name. */
	if (vma_lookup(ip) && !(found->slot.bits & VMA_UNNAMED) && (found->slot.flags & VM_EXEC))
		code_send(found, ip, pid, space);
	return 1;
}

/*
 * Sends the mappings of the user stack in ft_stack_now that are not known. Little is kept over the
 * call, so that `i` stays in a register: compat.bpf.h, "bounds in memory".
 */
static __noinline int stack_announce(__u32 pid, __u32 space)
{
	for (__u32 i = 0; i < FT_STACK_DEPTH; i++)
		if (!code_announce(i, pid, space))
			break;
	return 0;
}

static const struct ft_stack_key ft_stack_other = { .other = 1 };

/*
 * The sum of `k`, made if it is new; NULL when there is no room. `fresh`: its user stack is that in
 * ft_stack_now.
 */
static __always_inline struct ft_stack_value *stack_of(struct ft_stack_key *k, bool fresh)
{
	struct ft_stack_value zero = {}, *v;
	struct ft_stack_round *round;
	__u32 first = 0;

	round = bpf_map_lookup_elem(&ft_stack_rounds, &first);
	if (!round)
		return NULL;
	k->round = round->n;
	v = bpf_map_lookup_elem(&ft_stacks, k);
	if (v)
		return v;
	bpf_map_update_elem(&ft_stacks, k, &zero, BPF_NOEXIST);
	v = bpf_map_lookup_elem(&ft_stacks, k);
	if (!v)
		return NULL;
	__sync_fetch_and_add(&round->fresh, 1);
	if (fresh && k->ustack)
		stack_announce(k->pid, k->space);
	return v;
}

static __always_inline struct ft_stack_value *stack_other(void)
{

	lose(FT_LOSS_STACKS_FULL);
	return bpf_map_lookup_elem(&ft_stacks, &ft_stack_other);
}

#define INVALID_BIT(id, name, type, help)                                                          \
	| (FT_TYPE_##type == FT_TYPE_INVALID ? 1U << FT_CAUSE_##id : 0)

/*
 * A fault in kernel mode that does not complete is noticed when its stack is gone. So where only
 * such faults are wanted the stacks are taken at the beginning; with others it would cost all of
 * them twice.
 */
static __always_inline void stack_begin(void *ctx, struct ft_state *st, struct ft_open *o)
{
	const __u32 completed = 1U << FT_TYPE_MINOR | 1U << FT_TYPE_MAJOR;

	if (!(ft_knobs.out & FT_OUT_STACKS))
		return;
	o->ustack = o->kstack = 0;
	if (o->mode != FT_MODE_KERNEL ||
	    ((ft_knobs.types & completed) && (ft_knobs.causes & ~(0 FT_CAUSES(INVALID_BIT)))))
		return;
	o->kstack = stack_take(ctx, st, STACK_KERNEL);
	o->ustack = stack_take(ctx, st, STACK_USER);
	if (o->ustack)
		stack_announce(bpf_get_current_pid_tgid() >> 32, task_space());
}

/*
 * `hot`: `ctx` is the software event's. Its registers are those of the exception, so that the user
 * stack, and in kernel mode the kernel stack, are the faulting code's. Elsewhere the user stack is
 * that of the last entry into the kernel, which for a fault in user mode is the fault.
 */
static __always_inline void count_stacks(void *ctx, struct ft_state *st, const struct ft_open *o,
					 bool hot, int type, int cause, __u64 latency, __u64 bytes)
{
	struct ft_stack_key k = { .type = type, .cause = cause, .mode = o->mode };
	struct ft_stack_value *v = NULL;

	k.pid = bpf_get_current_pid_tgid() >> 32;
	k.space = task_space();
	bpf_get_current_comm(k.comm, sizeof(k.comm));
	if (hot && k.mode == FT_MODE_KERNEL)
		k.kstack = stack_take(ctx, st, STACK_KERNEL);
	else
		k.kstack = k.mode == FT_MODE_KERNEL ? o->kstack : 0;
	if (hot || k.mode == FT_MODE_USER)
		k.ustack = stack_take(ctx, st, STACK_USER);
	else
		k.ustack = o->ustack;
	if (k.ustack != STACK_LOST && k.kstack != STACK_LOST)
		v = stack_of(&k, hot || k.mode == FT_MODE_USER);
	if (!v)
		v = stack_other();
	if (!v)
		return;
	__sync_fetch_and_add(&v->count, 1);
	__sync_fetch_and_add(&v->bytes, bytes);
	if (latency != FT_UNKNOWN_NS)
		__sync_fetch_and_add(&v->stall_ns, latency);
}

#endif
