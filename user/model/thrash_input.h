/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's own counters, read at the end of each interval, and what both sides make together.
 */
#ifndef FT_MODEL_THRASH_INPUT_H
#define FT_MODEL_THRASH_INPUT_H

#include "enrich/memcg.h"
#include "enrich/psi.h"
#include "enrich/vmstat.h"
#include "model/blame.h"
#include "model/thrash.h"

struct ft_thrash_scope {
	const char *root;   /* "" here */
	const char *cgroup; /* directory in full; NULL: the whole system */
	const char *mount;  /* of the hierarchy that it is in */
	bool v1;
};

struct ft_kernel_view {
	uint64_t ts_ns;
	struct ft_psi psi;
	bool psi_known, psi_system; /* psi_system: of the machine although a cgroup is asked for */
	struct ft_vmstat vm;
	struct ft_memory mem;
	struct ft_memcg cg;
	struct ft_memcg limit; /* the one that binds it: its own, or that of one above it */
	bool limited;
	bool scoped;   /* a cgroup is asked for: what is not known of it is unknown */
	bool cg_known; /* false: none is asked for, or it is gone */
};

/* Never fails: what cannot be read is unknown. */
void ft_kernel_view_read(const struct ft_thrash_scope *s, uint64_t now_ns,
			 struct ft_kernel_view *v);

/*
 * The interval between two views, with what `t` counted in its last interval; `t` then knows what
 * was waited for files that nobody remembers.
 */
void ft_reading_make(const struct ft_kernel_view *before, const struct ft_kernel_view *now,
		     struct ft_blame_table *t, struct ft_reading *r);

/* Bytes that can still be had: of the cgroup's limit, or of the machine. FT_UNKNOWN: it is gone. */
uint64_t ft_kernel_view_available(const struct ft_kernel_view *v);

/*
 * Pages that the kernel read from swap devices between two views and no fault asked for: read() of
 * shared memory, swapoff, get_user_pages. FT_UNKNOWN where a cgroup is asked for.
 */
uint64_t ft_swapins_without_fault(const struct ft_kernel_view *first,
				  const struct ft_kernel_view *now, const struct ft_thrash_sums *s);

#endif
