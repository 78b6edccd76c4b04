/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A fault with everything that is known about it: what views show. */
#ifndef FT_EVENT_H
#define FT_EVENT_H

#include <stdbool.h>

#include "collect/source.h"
#include "enrich/cgroup.h"
#include "enrich/file.h"
#include "enrich/mapping.h"
#include "enrich/swaparea.h"
#include "enrich/symbol.h"
#include "enrich/task.h"

struct ft_event {
	const struct ft_fault *f;
	const struct ft_task_info *task; /* NULL: unknown */
	int cause;	    /* enum ft_cause: f->cause, completed where the mapping tells more */
	const char *kind;   /* "anon", "heap", "stack", "file", "shmem", …; NULL: unknown */
	const char *cgroup; /* path; NULL: unknown */
	bool has_vma;	    /* vma_* below hold */
	uint64_t vma_start, vma_end, vma_offset; /* offset: of vma_start in the file, bytes */
	char perms[5];				 /* "rw-p" */
	const char *path; /* of the mapped file; NULL: none or unknown; a stranger's */
	uint32_t dev;	  /* with path: s_dev, and inode */
	uint64_t ino;
	const struct ft_refault *refault; /* the page had been swapped out, and that was seen */
	/* Of a swap-in: where the page was, see enrich/swaparea.h; NULL: it is none. */
	const char *swap_kind, *swap_area; /* area: may be NULL */
	struct ft_sym sym;		   /* of the code; name and dso may be NULL */
};

/* "heap", "anon", "file" …: of an enum ft_vma with FT_VMA_* bits; NULL: unknown. */
const char *ft_vma_name(unsigned int vma, uint32_t bits);

#define FT_REFAULTS 64

struct ft_enrich {
	struct ft_tasks tasks;
	struct ft_files files;
	struct ft_cgroups cgroups;
	struct ft_symbols *symbols; /* NULL: symbols are not wanted */
	struct ft_swap_areas swap;
	struct ft_refault refaults[FT_REFAULTS]; /* by tid, until their fault comes */
	struct ft_mappings *mappings;		 /* for faults whose vma BPF could not read */
};

/* 0 or -ENOMEM. `symbols`: whether code addresses are named. */
int ft_enrich_init(struct ft_enrich *e, bool symbols);
void ft_enrich_deinit(struct ft_enrich *e);

/*
 * Takes a record. 1 when it is a fault: `out` is filled and holds until the next call. 0 when it
 * was taken note of. -ENOMEM, -EBADMSG.
 */
int ft_enrich_record(struct ft_enrich *e, const struct ft_hdr *rec, struct ft_event *out);

#endif
