/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps of FT_OUT_THRASH as rows, key and value, for user space. Not by system calls: while one
 * of these has a map in hand (bpf_disable_instrumentation()), its CPU gets no software event, also
 * when it is preempted there, and in a crowd it waits long for its next turn.
 */
#include "swap.bpf.h"

#define ROWS(name, key_type, value_type)                                                           \
	SEC("iter/bpf_map_elem")                                                                   \
	int iter__##name(struct bpf_iter__bpf_map_elem *ctx)                                       \
	{                                                                                          \
		struct seq_file *seq = ctx->meta->seq;                                             \
		void *key = ctx->key, *value = ctx->value;                                         \
                                                                                                   \
		if (!key || !value)                                                                \
			return 0;                                                                  \
		bpf_seq_write(seq, key, sizeof(key_type));                                         \
		bpf_seq_write(seq, value, sizeof(value_type));                                     \
		return 0;                                                                          \
	}

ROWS(procs, __u32, struct ft_thrash_proc)
ROWS(blames, struct ft_blame_key, struct ft_blame)
ROWS(returns, struct ft_return_key, struct ft_return)
