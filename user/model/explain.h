/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everything that is known about one address of one process, and what follows from it. */
#ifndef FT_EXPLAIN_H
#define FT_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "enrich/backing.h"
#include "enrich/elfinfo.h"
#include "enrich/machine.h"
#include "enrich/pagemap.h"
#include "enrich/smaps.h"
#include "enrich/statm.h"
#include "model/predict.h"
#include "model/vaddr.h"

struct ft_explain {
	pid_t pid;
	uint64_t addr;
	struct ft_stat stat;
	struct ft_machine machine;
	struct ft_elfinfo elf;
	struct ft_vaddr_layout layout;
	struct ft_vaddr_split split;
	enum ft_vaddr_half half;

	struct ft_smaps smaps;
	int smaps_err; /* -EACCES: no mapping, no entry, no prediction for the user half */
	const struct ft_map *map, *below, *above; /* NULL: none */
	const struct ft_smap *smap;		  /* of `map` */

	/* 0: `entry` is known; -ENODATA: pagemap leaves out such mappings (VM_PFNMAP) */
	int pagemap_err;
	struct ft_pagemap entry;
	enum ft_tri zero_page; /* the entry maps the kernel's page of zeros */
	int page_shift;	       /* of the mapping's pages: larger in hugetlbfs */
	int entry_shift;       /* of what the entry maps: larger of a huge page */
	int kpage_err;	       /* 0: `kpageflags`, `kpagecount` are known */
	uint64_t kpageflags, kpagecount;
	char swap_device[512]; /* "": not known */
	bool swap_device_sure;
	struct ft_backing backing;
	uint64_t stack_limit; /* bytes; UINT64_MAX: no limit, or not known */

	struct ft_predict_in in;
	struct ft_prediction prediction[FT_ACCESS_MAX];
};

/* The process, its mappings and the machine: what finding a symbol needs. 0; -ESRCH, -errno. */
int ft_explain_open(struct ft_explain *e, const char *root, pid_t pid);
/* All of it for one address. 0 or -errno; what is not permitted is marked in the fields above. */
int ft_explain_address(struct ft_explain *e, const char *root, uint64_t addr);
void ft_explain_close(struct ft_explain *e);

#endif
