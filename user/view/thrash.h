/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A line per interval, and the report: verdict, evidence, victims, evictors, matrix, files,
 * mappings, advice.
 */
#ifndef FT_VIEW_THRASH_H
#define FT_VIEW_THRASH_H

#include "base/buf.h"
#include "enrich/cgroup.h"
#include "enrich/file.h"
#include "model/thrash_input.h"

/* One line. */
struct ft_thrash_line {
	uint64_t ts_ns;	   /* CLOCK_MONOTONIC, the end of the interval */
	uint64_t since_ns; /* … since the start of the trace */
	int64_t wall_ns;   /* CLOCK_REALTIME then; 0: seconds since the start are shown */
	const struct ft_reading *r;
	const struct ft_kernel_view *now;
	enum ft_verdict verdict;
};

/* Everything a report says. */
struct ft_thrash_report {
	enum ft_verdict verdict;
	bool last; /* at the end, not because it got worse */
	uint64_t since_ns;
	const struct ft_reading *r;	   /* of the intervals with this verdict */
	uint64_t intervals, all_intervals; /* with this verdict, of so many */
	const struct ft_spell *spells;	   /* of each verdict; NULL: not said */
	const struct ft_evidence *ev;
	const struct ft_blame_table *t;
	const struct ft_kernel_view *first, *now;
	const struct ft_files *files;
	struct ft_cgroups *cgroups;
	size_t rows;
	struct ft_thrash_forgotten forgotten;
	const uint64_t *losses; /* by enum ft_loss; NULL or all 0 before the end */
	const char *const *advice;
	size_t n_advice;
	bool by_cgroup;	   /* the matrix */
	const char *scope; /* the cgroup's path, or NULL */
};

void ft_view_thrash_header(struct ft_buf *b);
void ft_view_thrash_line(struct ft_buf *b, const struct ft_thrash_line *l);
void ft_view_thrash_report(struct ft_buf *b, const struct ft_thrash_report *p);

void ft_view_thrash_line_json(struct ft_buf *b, const struct ft_thrash_line *l);
void ft_view_thrash_report_json(struct ft_buf *b, const struct ft_thrash_report *p);

#endif
