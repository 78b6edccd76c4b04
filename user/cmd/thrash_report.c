/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reports of `thrash`: what goes into them, and when it was worst. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/output.h"
#include "cmd/thrash.h"
#include "enrich/statm.h"
#include "model/advice.h"
#include "view/thrash.h"
#include "view/view.h"

#define DEFAULT_ROWS 10

static int read_swappiness(void)
{
	char text[32];

	return ft_proc_read("", "proc/sys/vm/swappiness", text, sizeof(text)) > 0 ? atoi(text) : -1;
}

/*
 * The memory cgroup that matters: the one asked for, else the worst victim's, or the one above it
 * whose limit binds it.
 */
static bool find_limit(struct thrash *t, char *at, size_t size, struct ft_memcg *m)
{
	const struct ft_blame_proc *worst;
	char dir[FT_PROC_PATH_MAX];
	const char *path;

	if (t->scope.cgroup) {
		snprintf(dir, sizeof(dir), "%s", t->scope.cgroup);
	} else {
		if (!ft_blame_top(&t->table, ft_blame_stall, &worst, 1))
			return false;
		path = ft_cgroups_path(&t->cgroups, worst->now.cgroup, t->now.ts_ns);
		if (!path)
			return false;
		snprintf(dir, sizeof(dir), "%s%s", t->cgroups.root, path);
	}
	return ft_memcg_tightest(t->cgroups.root, dir, t->cgroups.v1, at, size, m);
}

void ft_thrash_learn_cgroups(struct thrash *t)
{
	for (size_t i = 0; i < t->table.n; i++) {
		const struct ft_blame_proc *p = &t->table.procs[i];

		if (!p->gone && (ft_blame_stall(p) || ft_blame_took(p)))
			ft_cgroups_path(&t->cgroups, p->now.cgroup, t->now.ts_ns);
	}
}

void ft_thrash_remember_bad(struct thrash *t)
{
	char dir[FT_PROC_PATH_MAX];
	struct ft_memcg m;

	if (!find_limit(t, dir, sizeof(dir), &m)) {
		if (!t->bad_limited &&
		    (!t->bad.ts_ns || t->now.mem.available <= t->bad.mem.available))
			t->bad = t->now;
		return;
	}
	/* As it was when it was fullest: the processes may have ended just before the reading. */
	if (t->bad_limited && !strcmp(dir, t->bad_dir) && m.usage < t->bad_limit.usage)
		return;
	t->bad = t->now;
	t->bad_limit = m;
	t->bad_limited = true;
	memcpy(t->bad_dir, dir, sizeof(dir));
}

void ft_thrash_write_report(struct thrash *t, enum ft_verdict v, bool last)
{
	struct ft_evidence ev[FT_RULE_MAX];
	struct ft_advice advice;
	const struct ft_advice_facts facts = {
		.verdict = v,
		.r = &t->spells[v].sum,
		.t = &t->table,
		.now = &t->bad,
		.cgroup = t->bad_dir,
		.limit = t->bad_limited ? &t->bad_limit : NULL,
		.limit_reclaims = t->bad_limited ? ft_advice_reclaims(&t->table, &t->cgroups,
								      t->bad_dir, t->now.ts_ns)
						 : 0,
		.swappiness = read_swappiness(),
		.swap_least = t->swap_least,
	};
	const struct ft_thrash_report p = {
		.verdict = v,
		.last = last,
		.since_ns = t->now.ts_ns - t->trace.start_ns,
		.r = &t->spells[v].sum,
		.intervals = t->spells[v].n,
		.all_intervals = t->intervals,
		.spells = t->spells,
		.ev = ev,
		.t = &t->table,
		.first = &t->first,
		.now = &t->now,
		.files = &t->files,
		.cgroups = &t->cgroups,
		.rows = t->opt.rows ?: DEFAULT_ROWS,
		.forgotten = t->forgotten,
		.losses = t->losses,
		.advice = advice.v,
		.by_cgroup = t->opt.by == 1,
		.scope = t->scope.cgroup,
	};
	struct ft_thrash_report full = p;

	ft_thrash_verdict(&t->spells[v].sum, &t->opt.thresholds, ev);
	ft_advice_make(&advice, &facts);
	full.n_advice = advice.n;
	if (t->trace_opts.json)
		ft_view_thrash_report_json(&t->trace.out, &full);
	else
		ft_view_thrash_report(&t->trace.out, &full);
}

void ft_thrash_show_summary(struct thrash *t, const struct ft_snapshot *snap)
{
	struct ft_summary sum;

	ft_summary_make(&sum, snap, ft_cmd_now_ns() - t->trace.start_ns, 0);
	for (int type = 0; type < FT_TYPE_MAX; type++)
		sum.shown += sum.faults[type];
	sum.no_causes = true; /* only majors and swap-ins have one */
	ft_trace_show_summary(&t->trace, &sum);
}
