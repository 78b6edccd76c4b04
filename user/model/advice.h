/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What would help, said only where the numbers say so. */
#ifndef FT_MODEL_ADVICE_H
#define FT_MODEL_ADVICE_H

#include <stddef.h>

#include "enrich/cgroup.h"
#include "model/thrash_input.h"

#define FT_ADVICE_MAX 8
#define FT_ADVICE_LEN 256

struct ft_advice {
	char text[FT_ADVICE_MAX][FT_ADVICE_LEN];
	const char *v[FT_ADVICE_MAX];
	size_t n;
};

struct ft_advice_facts {
	enum ft_verdict verdict;
	const struct ft_reading *r; /* of the intervals with this verdict */
	const struct ft_blame_table *t;
	const struct ft_kernel_view *now;
	/* The memory cgroup that the trace, or the worst victim, is in; NULL: none with a limit. */
	const char *cgroup;
	const struct ft_memcg *limit;
	uint64_t limit_reclaims; /* by processes in it, or below it */
	int swappiness;		 /* -1: unknown */
	uint64_t swap_least;	 /* the least that was free; FT_UNKNOWN */
};

/* Reclaims to stay below the limit of `dir`: by the processes in it and below it. */
uint64_t ft_advice_reclaims(const struct ft_blame_table *t, struct ft_cgroups *c, const char *dir,
			    uint64_t now_ns);

void ft_advice_make(struct ft_advice *a, const struct ft_advice_facts *f);

#endif
