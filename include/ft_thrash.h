/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel side adds up about eviction and return (FT_OUT_THRASH). Counters only grow; an
 * interval is the difference of two readings. "Page" is 4 KB.
 */
#ifndef FT_THRASH_H
#define FT_THRASH_H

#include "ft_wire.h"

/* Distances in powers of two of microseconds: bucket b holds 2^b … 2^(b+1)-1 us, the last the rest.
 */
#define FT_DISTANCES 40

#define FT_PROC_KTHREAD 0x1
#define FT_PROC_EXITED	0x2 /* its last thread is gone: nothing of it grows any more */
#define FT_PROC_INSIDE	0x4 /* in the cgroup that is asked for, or none is */

/* One process, by tgid; tgid 0 is (other): all that found no room. */
struct ft_thrash_proc {
	char comm[FT_COMM_LEN]; /* of the first thread */
	__u64 cgroup;
	__u32 flags;   /* FT_PROC_* */
	__u32 threads; /* when it was last added to */
	/* Its faults. Added in portions: up to FT_PROC_BATCH of them may be missing. */
	__u64 faults, stall_ns;
	__u64 pages; /* anonymous pages they filled, and pages they read in */
	/* As the one who waits. */
	__u64 majors, major_ns;
	__u64 swap_faults;  /* on a page that had been swapped out, major or not */
	__u64 swapin_pages; /* read from a swap device by them, read-ahead included */
	__u64 refaults;	    /* majors on a page whose eviction, or earlier read, was seen */
	__u64 refault_ns;   /* latency of these, and of all other faults on swapped pages */
	__u64 worst_ns; /* the same of the one thread that waited most in the interval `epoch` */
	__u64 epoch;
	__u64 file_majors, file_refaults;
	__u64 file_major_ns, file_refault_ns;
	__u64 reclaims, reclaim_ns; /* direct reclaim by its threads, in faults or not */
	__u64 memcg_reclaims, memcg_reclaim_ns;
	__u64 kswapd_wakes;
	__u64 oom_kills; /* it was chosen when memory was out */
	/* As the one who loses pages, and as the one whose reclaim takes them. */
	__u64 lost, lost_file;
	__u64 took, took_file;
	__u64 wrote;		      /* pages that its reclaim wrote to swap */
	__u64 distance[FT_DISTANCES]; /* of the majors among the re-faults on swapped pages */
};

#define FT_PROC_BATCH 64

/* Evictor and victim, both tgids. */
struct ft_blame_key {
	__u32 evictor, victim;
};
/*
 * Evictors that are not a process: of pages that came back, and by whom they had been taken was
 * not seen: unchanged ones, dropped without a write; of shared memory, whose entries no page table
 * holds; of files. X(id, in place of a tgid, name)
 */
#define FT_UNSEEN(X)                                                                               \
	X(CLEAN, 0xfffffff0u, "unchanged")                                                         \
	X(SHMEM, 0xfffffff1u, "shared")                                                            \
	X(FILE, 0xfffffff2u, "file")

enum ft_unseen {
#define FT_X(id, ...) FT_UNSEEN_##id,
	FT_UNSEEN(FT_X)
#undef FT_X
		FT_UNSEEN_MAX
};

enum {
#define FT_X(id, number, ...) FT_EVICTOR_##id = number,
	FT_UNSEEN(FT_X)
#undef FT_X
};

struct ft_blame {
	__u64 evicted;	     /* mappings taken of pages that go to swap: of a page each */
	__u64 evicted_shmem; /* … of these, of shared memory */
	__u64 evicted_file;  /* the same of files */
	__u64 written;	     /* of the anonymous ones, written to swap: the others were unchanged */
	__u64 returned;	     /* pages that the victim touched again */
	__u64 stall_ns;	     /* what that cost it */
};

/* An eviction, by swap type << 56 | offset. */
struct ft_eviction {
	__u64 ts; /* of the eviction, or of the return */
	__u32 evictor;
	__u32 victim;	/* 0: unknown */
	__u32 returned; /* the page is back, the slot still holds it */
	__u32 pad;
};

struct ft_evictor {
	char comm[FT_COMM_LEN];
};

/* What a page that came back belongs to: memory of a process, or, with tgid and vma 0, a file. */
struct ft_return_key {
	__u32 tgid;
	__u32 file; /* id of a FILE record; 0: none, or unknown */
	__u32 vma;  /* enum ft_vma | FT_VMA_HEAP | FT_VMA_IS_STACK */
};
/* In ft_return_key.vma, with tgid 0: all memory that found no room. Of files it is {0, 0, 0}. */
#define FT_RETURN_OTHER 0xffffffffu

struct ft_return {
	__u64 faults; /* on pages that had been swapped out; of a file: majors */
	__u64 majors;
	__u64 refaults; /* as in ft_thrash_proc */
	__u64 stall_ns;
};

/* The whole system (or cgroup), in one element per CPU. X(name) */
#define FT_THRASH_SUMS(X)                                                                          \
	X(faults)                                                                                  \
	X(majors)                                                                                  \
	X(stall_ns)                                                                                \
	X(swap_faults)                                                                             \
	X(shmem_faults) /* majors that read shared memory from swap: not among swap_faults */      \
	X(shmem_refaults)                                                                          \
	X(swapin_pages)	 /* = pswpin, less what swapoff and get_user_pages read */                 \
	X(swapout_pages) /* = pswpout + swpout_zero + zswpout */                                   \
	X(swapout_void)	 /* given to swap when nobody needed them any more: not written */         \
	X(swapout_shmem) /* of these, of shared memory */                                          \
	X(evicted)                                                                                 \
	X(evicted_shmem)                                                                           \
	X(evicted_file)                                                                            \
	X(refaults)                                                                                \
	X(refault_ns)                                                                              \
	X(returned_known) /* the eviction was found */                                             \
	X(returned_clean) /* … was of an unchanged page: no write, evictor not seen */           \
	X(returned_old)	  /* evicted before the trace, or forgotten */                             \
	X(far)		  /* re-faults after more than the far threshold */                        \
	X(file_majors)                                                                             \
	X(file_refaults)                                                                           \
	X(remembered)	    /* new entries of the map of evictions */                              \
	X(pages_remembered) /* … of the map of pages that majors read */                         \
	X(victim_unknown)                                                                          \
	X(reclaims)                                                                                \
	X(reclaim_ns)                                                                              \
	X(memcg_reclaims)                                                                          \
	X(memcg_reclaim_ns)                                                                        \
	X(kswapd_wakes)                                                                            \
	X(compactions)                                                                             \
	X(compaction_ns)                                                                           \
	X(oom_kills)                                                                               \
	X(other) /* additions to (other) for lack of room */

struct ft_thrash_sums {
#define FT_X(name) __u64 name;
	FT_THRASH_SUMS(FT_X)
#undef FT_X
};

#endif
