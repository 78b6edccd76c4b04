/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Time that a task spends in reclaim and compaction: in its open fault (for the breakdown of its
 * latency) and in all (for its process).
 */
#ifndef FT_RECLAIM_BPF_H
#define FT_RECLAIM_BPF_H

#include "swap.bpf.h"

static __always_inline struct ft_state *current_state(bool create)
{
	return state_get(compat_current(), create);
}

/* The time since `*begin`, which is cleared; 0 when the beginning was not seen. */
static __always_inline __u64 section_end(__u64 *begin)
{
	__u64 ns = *begin ? bpf_ktime_get_ns() - *begin : 0;

	*begin = 0;
	return ns;
}

#endif
