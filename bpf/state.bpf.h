/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is remembered of a task between the beginning and the end of a fault, and between faults. */
#ifndef FT_STATE_BPF_H
#define FT_STATE_BPF_H

#include "compat.bpf.h"
#include "ft_classify.h"
#include "ft_thrash.h"
#include "knobs.bpf.h"

/* A fault that began and has not ended. What every fault needs is one cache line. */
struct ft_open {
	__u64 ts;
	__u64 addr;
	__u64 ip;
	__u32 maj_flt, min_flt; /* of the task at the beginning: their lower halves */
	__u64 pte;		/* the page-table entry as it was; see pte.bpf.h */
	__u64 nvcsw;		/* task->nvcsw at the beginning */
	__u64 read_bytes;	/* task->ioac.read_bytes at the beginning */
	__u32 error;		/* x86 error code */
	__u8 pte_kind;		/* enum ft_pte */
	__u8 mode;
	__u8 attempts; /* calls of handle_mm_fault(), where they are seen */
	__u8 no_table; /* there was no page table for the address: a huge page may come */
	/* With breakdown or FT_OUT_THRASH: see reclaim.bpf.c. */
	__u64 reclaim_ns, memcg_ns, compaction_ns, wait_ns;
	__u64 ustack, kstack; /* taken at the beginning: stack_begin() */
	__u8 failed;	      /* an attempt ended in an error: the next one is another fault's */
	__u8 pad[15];
};
_Static_assert(__builtin_offsetof(struct ft_open, reclaim_ns) == 64, "a cache line");
_Static_assert(sizeof(struct ft_open) == 128, "two cache lines");

/* A mapping seen before, trusted while mm and seq are the same. */
struct ft_vma_slot {
	__u64 start, end;
	__u64 pgoff;
	__u64 flags;
	__u32 file; /* id of its FILE record */
	__u16 bits; /* FT_VMA_* bits of ft_fault.known */
	__u8 kind;  /* enum ft_vma */
	__u8 uffd;  /* FT_UFFD_* */
};

enum ft_which {
	FT_WHICH_OPEN,
	FT_WHICH_NOFAULT,
	FT_WHICH_SIGNALLED,
	FT_WHICH_MAX,
};

/* Of the fault that waits for signal_deliver to say whether it is fatal. */
struct ft_pending {
	__u64 latency;
	__u32 end; /* enum ft_end */
	__u32 pad;
};

/* What finish() is to do. In memory: numbers from there are one path to the verifier. */
struct ft_finish {
	__u64 latency;
	__u32 which; /* enum ft_which */
	__u32 end;   /* enum ft_end */
	__u32 fatal; /* FT_KNOWN_FATAL, FT_FATAL */
	__u32 pad;
};

/* What a task does for FT_OUT_THRASH between two additions to its process: see swap.bpf.h. */
struct ft_thrash_task {
	__u64 added_ns; /* when last */
	__u64 stall_ns, pages;
	__u32 faults;
	__u32 victim; /* whose page was unmapped last in this task's reclaim, 0: nobody's */
	__u64 reclaim_begin, memcg_begin, compaction_begin, sleep_begin;
	__u64 epoch, wait_ns; /* an interval, and what it waited in it for pages that had gone */
	/* The fault that thrash_fault() is to count. */
	__u64 latency, read_bytes, entry, pgoff;
	struct ft_return_key where;
	__u8 end, cause, swapped, wake_pending;
};

/* In the order in which a fault needs it. */
struct ft_state {
	/* One cache line, with the 8 bytes before it: struct bpf_local_storage_data. */
	/* Of the fault being finished: here and not on the stack, so that the verifier does not
	 * follow each combination of bits as a path of its own. */
	struct ft_facts facts;
	__u8 walking; /* its stack is being read: faults of that are ours, see stacks.bpf.h */
	__u64 classified;
	__u32 cause; /* of `classified`: faults come in rows of the same facts */
	__u32 last;  /* which data slot was used last */
	__u32 is_open;
	__u32 waiting; /* `signalled` waits for its delivery: `sig` */
	__u64 seen_min, seen_maj;
	__u16 based;
	__u16 exited; /* its account is closed: see account_late() */
	__u32 seq;
	union {
		struct {
			struct ft_open open;	/* the fault under way */
			struct ft_open nofault; /* one with page faults disabled */
			struct ft_open signalled;
		};
		struct ft_open opens[FT_WHICH_MAX];
	};
	__u64 mm; /* with seq: of the slots */
	struct ft_vma_slot data[2], code;
	/* Identity, as last announced by a TASK record. */
	__u64 cred, cgroups, parent;
	char comm[FT_COMM_LEN];
	__u32 announced;
	__u32 pad;
	/* The kernel's counters when the task was first seen; what was seen since is above. */
	__u64 base_min, base_maj;
	__u64 gup_min, gup_maj; /* without an exception, where handle_mm_fault() is hooked */
	struct ft_pending sig;
	struct ft_finish finish;
	struct ft_thrash_task thrash;
};
_Static_assert(__builtin_offsetof(struct ft_state, open) == 56, "a cache line");

/*
 * When all hooks were attached, 0 until then: faults are followed from this moment on, and a task
 * that started later is traced from its beginning.
 */
extern __u64 ft_attached_ns;

/* Task state. Key: the task. Writer and reader: the programs in its context. Never full. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct ft_state);
} ft_states SEC(".maps") __weak;

/*
 * The same where there is no task storage (before 5.11). Key: the task (a tid can change in exec).
 * Entries leave with their task;
 * when full, the fault is not followed and counted as no-state.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct ft_state);
} ft_states_hash SEC(".maps") __weak;

/* A value to insert: too large for the stack. Key: 0. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ft_state);
} ft_state_zero SEC(".maps") __weak;

/* The state of `task`, or NULL. With `create` it is made. */
static __always_inline struct ft_state *state_get(struct task_struct *task, bool create)
{
	__u64 key = (__u64)task;
	struct ft_state *st;
	__u32 zero = 0;

	if (ft_knobs.task_storage)
		return bpf_task_storage_get(&ft_states, task, NULL,
					    create ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	st = bpf_map_lookup_elem(&ft_states_hash, &key);
	if (st || !create)
		return st;
	st = bpf_map_lookup_elem(&ft_state_zero, &zero);
	if (!st)
		return NULL;
	bpf_map_update_elem(&ft_states_hash, &key, st, BPF_NOEXIST);
	return bpf_map_lookup_elem(&ft_states_hash, &key);
}

/*
 * The counters of the current task: one that was there before us starts at what they are now, one
 * that began later is counted from its beginning. True when this call set them to what they are
 * now.
 */
static __always_inline bool state_base(struct ft_state *st)
{
	struct task_struct *task;

	if (st->based || st->exited)
		return false;
	task = compat_task();
	st->based = 1;
	/* What a task is can change, and it may be wanted only from now on. */
	if (!(ft_knobs.filters & (FT_FILTER_UID | FT_FILTER_COMM | FT_FILTER_CGROUP)) &&
	    BPF_CORE_READ(task, start_time) >= ft_attached_ns)
		return false;
	st->base_min = BPF_CORE_READ(task, min_flt);
	st->base_maj = BPF_CORE_READ(task, maj_flt);
	return true;
}

static __always_inline void state_drop(struct task_struct *task)
{
	__u64 key = (__u64)task;

	if (!ft_knobs.task_storage)
		bpf_map_delete_elem(&ft_states_hash, &key);
}

/* Counters of what was not seen or kept. Per CPU; key: enum ft_loss. Never full. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FT_LOSS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} ft_losses SEC(".maps") __weak;

static __always_inline void lose(enum ft_loss why)
{
	__u32 key = why;
	__u64 *n = bpf_map_lookup_elem(&ft_losses, &key);

	if (n)
		__sync_fetch_and_add(n, 1);
}

#endif
