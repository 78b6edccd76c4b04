/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ring to user space, and when its reader is woken. */
#ifndef FT_RING_BPF_H
#define FT_RING_BPF_H

#include "compat.bpf.h"
#include "state.bpf.h"

/*
 * Records of ft_wire.h. Writer: all programs; reader: user/collect/ring.c. When full, the record is
 * not written and counted as ring-full. The size is set by the loader.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 * 1024 * 1024);
} ft_ring SEC(".maps");

__u64 ft_last_look, ft_last_wake;

#define RING_LOOK_NS   50000	/* 6 KB of records at the fastest */
#define RING_WAKE_NS   1000000	/* a wake-up is an interrupt */
#define RING_SILENT_NS 20000000 /* for as long the reader may sleep */

/*
 * Flags for bpf_ringbuf_submit(). The reader looks by itself every few milliseconds; it is woken
 * when much is waiting, and by the first record after a silence.
 */
static __always_inline __u64 ring_flags(__u64 now)
{
	__s64 since = now - ft_last_look; /* negative: a fault that began long ago */

	if (since < RING_LOOK_NS)
		return BPF_RB_NO_WAKEUP;
	ft_last_look = now;
	if (since < RING_SILENT_NS &&
	    (now - ft_last_wake < RING_WAKE_NS ||
	     bpf_ringbuf_query(&ft_ring, BPF_RB_AVAIL_DATA) < ft_knobs.wake_bytes))
		return BPF_RB_NO_WAKEUP;
	ft_last_wake = now;
	return BPF_RB_FORCE_WAKEUP;
}

#endif
