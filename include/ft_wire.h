/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What crosses from BPF to user space. Fixed-width fields, explicit padding, sizes asserted.
 * A record in the ring begins with struct ft_hdr; `len` is the whole record.
 */
#ifndef FT_WIRE_H
#define FT_WIRE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#include "ft_classify.h"
#include "ft_hist.h"

#define FT_COMM_LEN   16
#define FT_UNKNOWN_NS (~0ULL)

enum ft_kind {
	FT_KIND_FAULT = 1, /* struct ft_fault */
	FT_KIND_TASK = 2,  /* struct ft_task: who a tid is, before its first fault and on change */
	FT_KIND_EXIT = 3,  /* struct ft_task_exit: a traced task ended */
	FT_KIND_FILE = 4,  /* struct ft_file: the path behind a file id */
	FT_KIND_REFAULT =
		6,	  /* struct ft_refault: of a page that was seen to go; before its fault */
	FT_KIND_CODE = 5, /* struct ft_code: a mapping that holds code of a stack */
};

struct ft_hdr {
	__u16 kind, len;
	__u32 cpu;
	__u64 ts_ns; /* CLOCK_MONOTONIC; of a fault: its beginning */
};
_Static_assert(sizeof(struct ft_hdr) == 16, "wire ABI");

/* Which parts of a record are known. */
#define FT_KNOWN_VMA	 0x0001 /* vma_*, file, pgoff are from the kernel's own vma */
#define FT_KNOWN_IP_FILE 0x0002 /* ip_file, ip_off */
#define FT_KNOWN_SWAP	 0x0004 /* swap: the entry the page came from */
#define FT_KNOWN_FATAL	 0x0008 /* whether the signal was fatal */
#define FT_FATAL	 0x0010
#define FT_KNOWN_PTE	 0x0020
#define FT_KNOWN_RETRIES 0x0040
#define FT_IP_VDSO	 0x0080
#define FT_VMA_HEAP	 0x0100 /* within start_brk..brk: fs/proc/task_mmu.c, vma_is_initial_heap() */
#define FT_VMA_IS_STACK	 0x0200 /* holds mm->start_stack */
#define FT_VMA_VDSO	 0x0400 /* begins at mm->context.vdso */

/* One fault. Needs the TASK record of its tid and the FILE records of its file ids. */
struct ft_fault {
	struct ft_hdr h;
	__u64 addr;
	__u64 ip;
	__u64 latency_ns; /* FT_UNKNOWN_NS when the end was not seen */
	__u32 pid, tid;
	__u8 type, cause, access, mode;
	__u8 facts; /* FT_FACT_* */
	__u8 vma;   /* enum ft_vma */
	__u8 retries;
	__u8 pte;	 /* enum ft_pte */
	__u32 known;	 /* FT_KNOWN_*, … */
	__u32 vma_flags; /* low half of vm_flags */
	__u64 vma_start; /* without FT_KNOWN_VMA: the stamp of the address space */
	__u64 vma_end;
	__u64 vma_pgoff;     /* pages */
	__u32 file, ip_file; /* ids of FILE records, 0: none */
	__u64 ip_off;	     /* offset of ip in ip_file */
	__u64 swap;	     /* swap type << 56 | offset */
};
_Static_assert(sizeof(struct ft_fault) == 112, "wire ABI");

/*
 * What a fault's time went to, with --breakdown: parts that do not overlap; the rest of the latency
 * was the CPU's.
 */
struct ft_breakdown {
	__u64 reclaim_ns; /* direct reclaim for the machine */
	__u64 memcg_ns;	  /* … for a cgroup's limit */
	__u64 compaction_ns;
	__u64 wait_ns; /* off the CPU outside of these: I/O, locks, or others' turn */
};

/* A FAULT record with a tail, told from one without by its length. */
struct ft_fault_long {
	struct ft_fault f;
	struct ft_breakdown b;
};
_Static_assert(sizeof(struct ft_fault_long) == 144, "wire ABI");

/* NULL: not asked for. */
static inline const struct ft_breakdown *ft_fault_breakdown(const struct ft_fault *f)
{
	if (f->h.len != sizeof(struct ft_fault_long))
		return 0;
	return &((const struct ft_fault_long *)f)->b;
}

/* The fault that follows brings back a page whose eviction was seen; told by tid and ts_ns. */
struct ft_refault {
	struct ft_hdr h; /* ts_ns: as of the fault */
	__u64 distance_ns;
	__u32 tid, evictor;	/* evictor: a tgid */
	char comm[FT_COMM_LEN]; /* of the evictor, when it evicted; empty: forgotten */
};
_Static_assert(sizeof(struct ft_refault) == 48, "wire ABI");

struct ft_task {
	struct ft_hdr h;
	__u32 pid, tid, ppid, uid;
	__u64 cgroup; /* id (inode) of the memory cgroup, or of the v2 cgroup */
	char comm[FT_COMM_LEN];
};
_Static_assert(sizeof(struct ft_task) == 56, "wire ABI");

/* Counters of one task over the time it was traced. */
struct ft_counts {
	__u64 kernel_min, kernel_maj; /* growth of task->min_flt, maj_flt */
	__u64 seen_min, seen_maj;     /* of these, seen by the hooks */
	__u64 gup_min, gup_maj;	      /* … taken without an exception; 0 where not measured */
};

struct ft_task_exit {
	struct ft_hdr h;
	__u32 pid, tid;
	__u32 group_dead; /* the last thread of the process */
	__u32 pad;
	struct ft_counts counts;
};
_Static_assert(sizeof(struct ft_task_exit) == 80, "wire ABI");

#define FT_PATH_LEN 1024

/* Path components, leaf first, each NUL-terminated, as far as they fit. */
struct ft_file {
	struct ft_hdr h;
	__u32 id;
	__u32 dev; /* as the kernel's s_dev: major << 20 | minor */
	__u64 ino;
	__u32 flags; /* FT_FILE_* */
	__u32 names_len;
	char names[FT_PATH_LEN];
};
#define FT_FILE_DELETED	  0x1
#define FT_FILE_TRUNCATED 0x2 /* deeper or longer than what fits: the front is missing */
_Static_assert(sizeof(struct ft_file) == 40 + FT_PATH_LEN, "wire ABI");

/* Why something was not seen or not kept. X(id, name, description) */
#define FT_LOSSES(X)                                                                               \
	X(RING_FULL, "ring-full", "the ring buffer was full; the fault is counted, not shown")     \
	X(NO_STATE, "no-state", "no room for the task's state; the fault was not followed")        \
	X(NO_ENTRY, "no-entry", "a fault ended whose beginning was not seen")                      \
	X(NO_END, "no-end", "the kernel did not tell a fault's end; it is shown without latency")  \
	X(FILES_FULL, "files-full", "the ring had no room for a path (--buffer); it is unknown")   \
	X(VMA_RACE, "vma-race", "the mapping changed while it was read; completed from /proc")     \
	X(GROUPS_FULL, "groups-full", "no room for another group; counted under (other)")          \
	X(STACKS_FULL, "stacks-full", "no room for another stack; counted under (other)")          \
	X(SAMPLED, "sampled", "left out by --sample")

enum ft_loss {
#define FT_X(id, ...) FT_LOSS_##id,
	FT_LOSSES(FT_X)
#undef FT_X
		FT_LOSS_MAX
};

/* Count and stall of one (type, cause). Per CPU, index type * FT_CAUSE_MAX + cause. */
struct ft_total {
	__u64 count, stall_ns;
};

/* What faults are grouped by: bits of ft_knobs.by. A part that is not asked for is 0 in the key. */
#define FT_BY_TYPE    0x001
#define FT_BY_CAUSE   0x002
#define FT_BY_ACCESS  0x004
#define FT_BY_PID     0x008
#define FT_BY_COMM    0x010
#define FT_BY_CGROUP  0x020
#define FT_BY_CPU     0x040
#define FT_BY_FILE    0x080
#define FT_BY_MAPPING 0x100 /* the process and what it mapped: pid with file or vma_* */
/* These alone have so few values that a group is an index of ft_hist_few. */
#define FT_BY_FEW   (FT_BY_TYPE | FT_BY_CAUSE | FT_BY_ACCESS)
#define FT_HIST_FEW (FT_TYPE_MAX * FT_CAUSE_MAX * FT_ACCESS_MAX)

struct ft_group {
	__u8 type, cause, access;
	__u8 other; /* 1: the group of all that found no room; everything else is 0 */
	__u32 pid;
	__u32 cpu;
	__u32 file; /* id of a FILE record */
	__u64 cgroup;
	/*
	 * With FT_BY_FILE and FT_BY_MAPPING: what kind of memory it is, where no file is behind it.
	 * Not which mapping: the kernel merges and splits anonymous ones as they grow, so that one
	 * heap would be hundreds of groups.
	 */
	__u32 vma_bits; /* FT_VMA_* of ft_fault.known */
	__u8 vma_kind;	/* enum ft_vma */
	__u8 pad[3];
	char comm[FT_COMM_LEN];
};
_Static_assert(sizeof(struct ft_group) == 48, "wire ABI");

/* Elements of ft_hist_few: as many as there are groups by these parts. */
static inline __u32 ft_hist_few_size(__u32 by)
{
	return (by & FT_BY_TYPE ? FT_TYPE_MAX : 1) * (by & FT_BY_CAUSE ? FT_CAUSE_MAX : 1) *
	       (by & FT_BY_ACCESS ? FT_ACCESS_MAX : 1);
}

static inline __u32 ft_hist_few_index(__u32 by, __u32 type, __u32 cause, __u32 access)
{
	__u32 i = by & FT_BY_TYPE ? type : 0;

	if (by & FT_BY_CAUSE)
		i = i * FT_CAUSE_MAX + cause;
	if (by & FT_BY_ACCESS)
		i = i * FT_ACCESS_MAX + access;
	return i;
}

/* The group of an element: ft_hist_few_index() turned round. */
static inline struct ft_group ft_hist_few_group(__u32 by, __u32 i)
{
	struct ft_group g = {};

	if (by & FT_BY_ACCESS) {
		g.access = i % FT_ACCESS_MAX;
		i /= FT_ACCESS_MAX;
	}
	if (by & FT_BY_CAUSE) {
		g.cause = i % FT_CAUSE_MAX;
		i /= FT_CAUSE_MAX;
	}
	g.type = i;
	return g;
}

/* Counters only grow; an interval is the difference of two readings. The count is the buckets' sum.
 */
struct ft_hist {
	__u64 stall_ns;
	__u64 unknown;	      /* faults whose latency is not known: in no bucket */
	__u64 min_ns, max_ns; /* since the start; min_ns is stored inverted, so that 0 means none */
	struct ft_breakdown parts; /* of stall_ns, with --breakdown */
	__u64 bucket[FT_HIST_BUCKETS];
};

#define FT_STACK_DEPTH 127

/* A stack: addresses, leaf first; unused ones are 0. In ft_stack_traces, under a hash of itself. */
struct ft_stack_trace {
	__u64 n;
	__u64 ip[FT_STACK_DEPTH];
};
_Static_assert(sizeof(struct ft_stack_trace) == 1024, "wire ABI");

/* Faults with the same stacks, in ft_stacks. */
struct ft_stack_key {
	__u64 ustack, kstack; /* keys of ft_stack_traces; 0: none, or it could not be walked */
	__u32 pid;
	__u32 space; /* which address space of the pid: another one after exec, and of its next
			owner */
	__u8 type, cause, mode;
	__u8 other; /* 1: all that found no room; everything else is 0 */
	char comm[FT_COMM_LEN];
	__u32 round; /* ft_stack_round.n when it was counted; of (other) 0 */
};
_Static_assert(sizeof(struct ft_stack_key) == 48, "wire ABI");

struct ft_stack_value {
	__u64 count, stall_ns,
		bytes; /* bytes: what the faults mapped, a page or a huge page each */
};

/* Sums are collected in rounds while counting goes on: user space ends one, and then reads it. */
struct ft_stack_round {
	__u32 n;
	__u32 fresh; /* different stacks of this round so far */
};

/* A mapping that an address of a stack lies in, before or soon after its first such stack. */
struct ft_code {
	struct ft_hdr h;
	__u64 ip; /* an address in it that was met */
	__u64 start, end;
	__u64 pgoff;	  /* pages */
	__u32 pid, space; /* as in ft_stack_key */
	__u32 file;	  /* id of a FILE record; 0: no file */
	__u32 bits;	  /* FT_VMA_VDSO */
};
_Static_assert(sizeof(struct ft_code) == 64, "wire ABI");

#endif
