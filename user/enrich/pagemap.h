/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * /proc/PID/pagemap and /proc/kpageflags: what the page tables and the kernel's page say.
 * Source: Documentation/admin-guide/mm/pagemap.rst; pte_to_pagemap_entry(), fs/proc/task_mmu.c.
 */
#ifndef FT_PAGEMAP_H
#define FT_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct ft_pagemap {
	bool present, swapped; /* swapped: not present, and the entry says why (see special) */
	bool file;	 /* page of a file or of shared memory; never of swapped anonymous memory */
	bool guard;	 /* MADV_GUARD_INSTALL; told since 6.15 */
	bool uffd_wp;	 /* write-protected by userfaultfd, since 5.13 */
	bool exclusive;	 /* mapped exactly once, since 4.2 */
	bool soft_dirty; /* written since clear_refs was told to watch (or not supported: false) */
	/* Frame and swap place are shown to CAP_SYS_ADMIN only: else the kernel writes 0. */
	bool frame_known;
	uint64_t frame;		/* when present */
	unsigned int swap_type; /* when swapped */
	uint64_t swap_offset;	/* in pages */
	/*
	 * A swap type beyond all real ones: a migration entry, a marker, poison, device memory.
	 * Known only when the frame is.
	 */
	bool special;
};

void ft_pagemap_decode(uint64_t entry, struct ft_pagemap *out);

/*
 * The entries of `n` pages from that of `addr` on. 0; -ESRCH, -EACCES (the right to trace it);
 * -ENOENT: this kernel has no pagemap; -ERANGE: past the end of the address space.
 */
int ft_pagemap_read(const char *root, pid_t pid, uint64_t addr, uint64_t page_size, size_t n,
		    uint64_t *entries);

/*
 * Whether one entry of a higher table maps the page of `addr` (a huge page), asked with
 * PAGEMAP_SCAN (6.7). 1, 0, or -errno: the kernel does not tell.
 */
int ft_pagemap_is_huge(const char *root, pid_t pid, uint64_t addr, uint64_t page_size);

/* Flags of a frame from /proc/kpageflags. 0, -EACCES without privilege, -ENOENT. */
int ft_kpageflags_read(const char *root, uint64_t frame, uint64_t *flags);
/* Processes that map it, from /proc/kpagecount. The same. */
int ft_kpagecount_read(const char *root, uint64_t frame, uint64_t *count);

/* include/uapi/linux/kernel-page-flags.h. X(bit, name) */
#define FT_KPF(X)                                                                                  \
	X(LOCKED, 0, "locked")                                                                     \
	X(ERROR, 1, "error")                                                                       \
	X(REFERENCED, 2, "referenced")                                                             \
	X(UPTODATE, 3, "uptodate")                                                                 \
	X(DIRTY, 4, "dirty")                                                                       \
	X(LRU, 5, "lru")                                                                           \
	X(ACTIVE, 6, "active")                                                                     \
	X(SLAB, 7, "slab")                                                                         \
	X(WRITEBACK, 8, "writeback")                                                               \
	X(RECLAIM, 9, "reclaim")                                                                   \
	X(BUDDY, 10, "buddy")                                                                      \
	X(MMAP, 11, "mapped")                                                                      \
	X(ANON, 12, "anon")                                                                        \
	X(SWAPCACHE, 13, "swapcache")                                                              \
	X(SWAPBACKED, 14, "swapbacked")                                                            \
	X(COMPOUND_HEAD, 15, "compound-head")                                                      \
	X(COMPOUND_TAIL, 16, "compound-tail")                                                      \
	X(HUGE, 17, "hugetlb")                                                                     \
	X(UNEVICTABLE, 18, "unevictable")                                                          \
	X(HWPOISON, 19, "hwpoison")                                                                \
	X(NOPAGE, 20, "no-page")                                                                   \
	X(KSM, 21, "ksm")                                                                          \
	X(THP, 22, "thp")                                                                          \
	X(OFFLINE, 23, "offline")                                                                  \
	X(ZERO_PAGE, 24, "zero-page")                                                              \
	X(IDLE, 25, "idle")                                                                        \
	X(PGTABLE, 26, "page-table")

enum ft_kpf {
#define FT_X(id, bit, name) FT_KPF_##id = bit,
	FT_KPF(FT_X)
#undef FT_X
};

/* Calls `emit` with the name of each flag that is set. */
void ft_kpageflags_names(uint64_t flags, void (*emit)(void *arg, const char *name), void *arg);

/*
 * The swap area of a type. /proc/swaps lists areas in the order of types but does not print them,
 * and leaves out those that are off: with one area the answer is sure, with several `*sure` is
 * false. 0, -ENOENT. `name` is as /proc/swaps has it (escaped by the kernel).
 */
int ft_swap_device(const char *root, unsigned int type, char *name, size_t size, bool *sure);

#endif
