/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Settings that user space hands to the BPF programs before they are loaded (read-only there). */
#ifndef FT_KNOBS_H
#define FT_KNOBS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* Which filters are on. */
#define FT_FILTER_TGID	 0x01 /* knobs.tgid alone */
#define FT_FILTER_TGIDS	 0x02 /* the map ft_targets */
#define FT_FILTER_TID	 0x04
#define FT_FILTER_UID	 0x08
#define FT_FILTER_COMM	 0x10
#define FT_FILTER_CGROUP 0x20

/* What a finished fault becomes. */
#define FT_OUT_STREAM 0x1 /* a record in the ring */
#define FT_OUT_HIST   0x2 /* a latency in a histogram */
#define FT_OUT_STACKS 0x4 /* a count with its stacks */
#define FT_OUT_THRASH 0x8 /* sums by process of what was evicted and came back */

#define FT_VMA_SLOW 2 /* want_vma: only of majors and of faults on swapped pages */

/* Numbers of a helper and of a type that no kernel has: compat_word(), bpf/compat.bpf.h. */
#define FT_CALL_CAST 0x66747263
#define FT_TYPE_CAST 0x66747274

struct ft_knobs {
	__u32 filters;	      /* FT_FILTER_* */
	__u32 out;	      /* FT_OUT_* */
	__u32 tgid, tid, uid; /* tgid with follow: the program, traced once it is executed */
	__u32 self;	      /* our own tgid: never traced */
	char comm[16];
	__u64 cgroup;	    /* inode of the cgroup; descendants match too */
	__u64 min_ns;	    /* shorter faults are not shown */
	__u32 types;	    /* bit mask of enum ft_type */
	__u32 causes;	    /* bit mask of enum ft_cause */
	__u32 accesses;	    /* bit mask of enum ft_access */
	__u32 modes;	    /* bit mask of enum ft_mode */
	__u32 by;	    /* FT_BY_*: groups of histograms */
	__u32 sample;	    /* show one fault in N; 0 and 1: all */
	__u8 task_storage;  /* task storage works; else the hash map */
	__u8 follow;	    /* children of traced processes are traced */
	__u8 cgroup_v1;	    /* identity by the v1 memory hierarchy */
	__u8 want_vma;	    /* look up the mapping: of each fault, or FT_VMA_SLOW */
	__u8 entry_attempt; /* a fault begins with handle_mm_fault(): there is no exception
			       tracepoint */
	__u8 want_pte;	    /* read the page-table entry: with want_vma, what a cause needs */
	__u8 breakdown;	    /* what a fault's time went to: accumulators of struct ft_open */
	__u8 cast;	    /* bpf_rdonly_cast() works; see compat_word() */
	__u8 want_all;	    /* types, causes, accesses, modes, min_ns, sample leave out nothing */
	__u8 evictions;	    /* remember what goes to swap, for FT_KIND_REFAULT */
	__u8 pad[2];
	__u64 far_ns;	  /* a page that was gone for longer is no sign of thrashing */
	__u64 wake_bytes; /* the reader is woken when this much waits in the ring */
};

#endif
