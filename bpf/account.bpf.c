/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The accounts of tasks that live, read by user space at the end. */
#include "account.bpf.h"

/* Writes a struct ft_counts for each traced task that lives. Run by user space at the end. */
SEC("iter/task")
int iter__tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct ft_counts counts;
	struct ft_state *st;

	if (!task)
		return 0;
	st = state_get(task, false);
	if (!st || !st->based)
		return 0;
	task_counts(task, st, &counts);
	bpf_seq_write(ctx->meta->seq, &counts, sizeof(counts));
	return 0;
}

/*
 * The same of one task, where there are no iterators: run by user space with BPF_PROG_RUN for each
 * key of ft_states_hash.
 */
__u64 ft_task_counted;
struct ft_counts ft_counted;

SEC("raw_tp/ft_count_task")
int ft_count_task(void *ctx)
{
	struct task_struct *task = (void *)ft_task_counted;
	__u64 key = ft_task_counted;
	struct ft_state *st = bpf_map_lookup_elem(&ft_states_hash, &key);

	if (st && st->based)
		task_counts(task, st, &ft_counted);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
