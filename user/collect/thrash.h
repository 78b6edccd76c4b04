/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads what the kernel side adds up about eviction and return: include/ft_thrash.h. */
#ifndef FT_COLLECT_THRASH_H
#define FT_COLLECT_THRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ft_thrash.h"

struct ft_tracer;

struct ft_proc_row {
	uint32_t tgid; /* 0: (other) */
	struct ft_thrash_proc p;
};

struct ft_blame_row {
	struct ft_blame_key key;
	struct ft_blame v;
};

struct ft_return_row {
	struct ft_return_key key;
	struct ft_return v;
};

/* One reading: everything since the start of the trace. */
struct ft_thrash_counts {
	struct ft_thrash_sums sums;
	struct ft_proc_row *procs;
	struct ft_blame_row *blames;
	struct ft_return_row *returns;
	size_t n_procs, n_blames, n_returns;
	uint64_t epoch;	 /* the interval that ends with it */
	bool pages_full; /* the map of pages that majors read forgets */
};

/* 0 or -errno; release it either way. Processes that ended are in it for the last time. */
int ft_thrash_read(struct ft_tracer *t, struct ft_thrash_counts *c);
void ft_thrash_release(struct ft_thrash_counts *c);

/* What the kernel side forgot for lack of room: what it remembered less what is there. */
struct ft_thrash_forgotten {
	uint64_t evictions, pages;
};
struct ft_thrash_forgotten ft_thrash_forgotten(struct ft_tracer *t, const struct ft_thrash_sums *s);

#endif
