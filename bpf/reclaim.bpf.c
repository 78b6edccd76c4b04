/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who waits in reclaim. The tracepoints bracket it in the task; none of their arguments is read:
 * they differ between kernels.
 */
#include "reclaim.bpf.h"

static __always_inline int reclaim_begin(bool memcg)
{
	struct ft_state *st = current_state(true);

	if (!st)
		return 0;
	if (memcg)
		st->thrash.memcg_begin = bpf_ktime_get_ns();
	else
		st->thrash.reclaim_begin = bpf_ktime_get_ns();
	return 0;
}

static __always_inline void reclaim_count(bool memcg, __u64 ns)
{
	struct ft_thrash_sums *s = thrash_sums();
	struct ft_thrash_proc *p = proc_current();

	if (!s || !p || !proc_inside(p))
		return;
	if (memcg) {
		add_to(p->memcg_reclaims, 1);
		add_to(p->memcg_reclaim_ns, ns);
		add_to(s->memcg_reclaims, 1);
		add_to(s->memcg_reclaim_ns, ns);
	} else {
		add_to(p->reclaims, 1);
		add_to(p->reclaim_ns, ns);
		add_to(s->reclaims, 1);
		add_to(s->reclaim_ns, ns);
	}
}

static __always_inline int reclaim_end(bool memcg)
{
	struct ft_state *st = current_state(false);
	__u64 ns;

	if (!st)
		return 0;
	ns = section_end(memcg ? &st->thrash.memcg_begin : &st->thrash.reclaim_begin);
	if (st->is_open && memcg)
		st->open.memcg_ns += ns;
	else if (st->is_open)
		st->open.reclaim_ns += ns;
	if (ft_knobs.out & FT_OUT_THRASH)
		reclaim_count(memcg, ns);
	return 0;
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int BPF_PROG(tp_btf__direct_reclaim_begin)
{
	return reclaim_begin(false);
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int BPF_PROG(tp_btf__direct_reclaim_end)
{
	return reclaim_end(false);
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int BPF_PROG(tp_btf__memcg_reclaim_begin)
{
	return reclaim_begin(true);
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int BPF_PROG(tp_btf__memcg_reclaim_end)
{
	return reclaim_end(true);
}

SEC("tp_btf/mm_compaction_begin")
int BPF_PROG(tp_btf__compaction_begin)
{
	struct ft_state *st = current_state(true);

	if (st)
		st->thrash.compaction_begin = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/mm_compaction_end")
int BPF_PROG(tp_btf__compaction_end)
{
	struct ft_state *st = current_state(false);
	__u64 ns;

	if (!st)
		return 0;
	ns = section_end(&st->thrash.compaction_begin);
	if (st->is_open)
		st->open.compaction_ns += ns;
	if (ft_knobs.out & FT_OUT_THRASH) {
		thrash_sum(compactions, 1);
		thrash_sum(compaction_ns, ns);
	}
	return 0;
}

static __always_inline bool in_section(const struct ft_state *st)
{
	return st->thrash.reclaim_begin || st->thrash.memcg_begin || st->thrash.compaction_begin;
}

/*
 * A task in a fault leaves the CPU, another comes back to it. Only for --breakdown: it runs at
 * every switch. Off the CPU within reclaim counts as reclaim.
 */
SEC("tp_btf/sched_switch")
int BPF_PROG(tp_btf__sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct ft_state *st = state_get(prev, false);

	if (st && st->is_open && !in_section(st))
		st->thrash.sleep_begin = bpf_ktime_get_ns();
	st = state_get(next, false);
	if (st && st->thrash.sleep_begin) {
		__u64 ns = section_end(&st->thrash.sleep_begin);

		if (st->is_open)
			st->open.wait_ns += ns;
	}
	return 0;
}

/* An allocation of the current task found little memory and woke kswapd. */
SEC("tp_btf/mm_vmscan_wakeup_kswapd")
int BPF_PROG(tp_btf__wakeup_kswapd)
{
	struct ft_thrash_sums *s = thrash_sums();
	struct ft_thrash_proc *p = proc_current();

	if (!s || !p)
		return 0;
	add_to(p->kswapd_wakes, 1);
	add_to(s->kswapd_wakes, 1);
	return 0;
}

static __always_inline struct ft_thrash_proc *victim_of(__u64 arg)
{
	struct task_struct *task = compat_victim_task(arg);
	__u32 pid = (__u32)arg;

	if (task)
		return proc_of(task, BPF_CORE_READ(task, tgid));
	return bpf_map_lookup_elem(&ft_procs, &pid);
}

SEC("tp_btf/mark_victim")
int BPF_PROG(tp_btf__mark_victim)
{
	struct ft_thrash_proc *p = victim_of(first_arg(ctx));

	if (p && !proc_inside(p))
		return 0;
	if (p)
		add_to(p->oom_kills, 1);
	thrash_sum(oom_kills, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
