/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `thrash` is made of: thrash.c follows the intervals, thrash_report.c says what they came to.
 */
#ifndef FT_CMD_THRASH_H
#define FT_CMD_THRASH_H

#include "base/procfs.h"
#include "cmd/trace.h"
#include "collect/thrash.h"
#include "enrich/cgroup.h"
#include "enrich/file.h"
#include "model/blame.h"
#include "model/thrash.h"
#include "model/thrash_input.h"

struct thrash_opts {
	const char *cgroup;
	struct ft_thresholds thresholds;
	uint64_t rows, evictions, processes, pages;
	int by; /* index in "pid|cgroup" */
};

struct thrash {
	struct thrash_opts opt;
	struct ft_trace_opts trace_opts;
	struct ft_filter_opts filter;
	struct ft_trace trace;
	struct ft_thrash_scope scope;
	char dir[FT_PROC_PATH_MAX]; /* of the cgroup */
	struct ft_cgroups cgroups;
	struct ft_files files;
	struct ft_blame_table table;
	struct ft_kernel_view first, before, now;
	/* As it was in the last interval that was bad: at the end swap and cgroup may be gone. */
	struct ft_kernel_view bad;
	struct ft_memcg bad_limit;
	char bad_dir[FT_PROC_PATH_MAX];
	bool bad_limited;
	struct ft_spell spells[FT_VERDICT_MAX];
	struct ft_alarm alarm;
	unsigned int lines; /* since the last header */
	uint64_t interval_ns, count, intervals;
	struct ft_thrash_forgotten forgotten;
	uint64_t losses[FT_LOSS_MAX];
	uint64_t swap_least; /* free, while there was swap */
	int64_t wall_ns;
	bool gone_said;
};

/* While they are there: a cgroup may have come and gone when the report wants its name. */
void ft_thrash_learn_cgroups(struct thrash *t);
/* The interval that has just ended was bad: how it was then. */
void ft_thrash_remember_bad(struct thrash *t);
void ft_thrash_write_report(struct thrash *t, enum ft_verdict v, bool last);
void ft_thrash_show_summary(struct thrash *t, const struct ft_snapshot *snap);

#endif
