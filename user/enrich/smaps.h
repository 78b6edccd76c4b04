/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* /proc/PID/smaps: what each mapping holds. Format: show_smap(), fs/proc/task_mmu.c. */
#ifndef FT_SMAPS_H
#define FT_SMAPS_H

#include <stdbool.h>

#include "base/maps.h"

/* Values in KB. X(id, key in the file) */
#define FT_SMAPS_FIELDS(X)                                                                         \
	X(SIZE, "Size")                                                                            \
	X(PAGE_SIZE, "KernelPageSize")                                                             \
	X(RSS, "Rss")                                                                              \
	X(PSS, "Pss")                                                                              \
	X(SHARED_DIRTY, "Shared_Dirty")                                                            \
	X(PRIVATE_DIRTY, "Private_Dirty")                                                          \
	X(ANON_HUGE, "AnonHugePages")                                                              \
	X(SHMEM_HUGE, "ShmemPmdMapped")                                                            \
	X(FILE_HUGE, "FilePmdMapped")                                                              \
	X(SHARED_HUGETLB, "Shared_Hugetlb")                                                        \
	X(PRIVATE_HUGETLB, "Private_Hugetlb")                                                      \
	X(SWAP, "Swap")                                                                            \
	X(KSM, "KSM")

enum ft_smap_field {
#define FT_X(id, key) FT_SMAP_##id,
	FT_SMAPS_FIELDS(FT_X)
#undef FT_X
		FT_SMAP_MAX
};

struct ft_smap {
	uint64_t kb[FT_SMAP_MAX]; /* UINT64_MAX where this kernel has no such line */
	const char *vm_flags;	  /* "rd wr mr mw me ac", or NULL; see ft_smap_flag() */
	uint64_t pkey;		  /* protection key; 0 is the one every thread may use */
	bool thp_never;		  /* THPeligible is 0: no huge page of any size */
};

struct ft_smaps {
	struct ft_maps maps; /* as maps would have it */
	struct ft_smap *v;   /* of maps.v[i], what v[i] holds */
	bool only_maps;	     /* no smaps in this kernel (CONFIG_PROC_PAGE_MONITOR): no values */
};

/* As ft_maps_parse(): owns `text`, also on error. 0, -EINVAL, -ENOMEM. */
int ft_smaps_parse(char *text, size_t len, struct ft_smaps *out);
/*
 * smaps of a process, or its maps with every value unknown where the kernel has no smaps. 0,
 * -ESRCH, -EACCES (it takes the right to trace the process), -EINVAL, -ENOMEM.
 */
int ft_smaps_read(const char *root, pid_t pid, struct ft_smaps *out);
void ft_smaps_deinit(struct ft_smaps *m);

/* What the mapping at `addr` holds, or NULL where nothing is mapped. */
const struct ft_smap *ft_smaps_find(const struct ft_smaps *m, uint64_t addr);

/* Whether VmFlags has the two-letter flag ("gd": grows down). False when VmFlags are unknown. */
bool ft_smap_flag(const struct ft_smap *m, const char *flag);

/* Transparent huge pages of all sorts; UINT64_MAX when unknown. */
uint64_t ft_smap_thp_kb(const struct ft_smap *m);
/* Pages of hugetlbfs, which are in no other field; UINT64_MAX when unknown. */
uint64_t ft_smap_hugetlb_kb(const struct ft_smap *m);

#endif
