/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/thrash.h"
#include "enrich/statm.h"
#include "view/thrash.h"

#define HEADER_EVERY  20	   /* lines */
#define POLL_MS	      100	   /* how often names of files are taken from the ring */
#define SHORTEST_NS   100000000ULL /* an interval cut short is judged from this length on */
#define EVICTIONS_MIN 65536
#define EVICTIONS_MAX (1U << 20)
#define PAGES_MIN     (1U << 17)
#define PAGES_MAX     (1U << 18)
#define MAX_ASKED     (1U << 24)

#define AT(member) offsetof(struct thrash_opts, member)

static int set_threshold(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	return ft_threshold_set(dst, arg, why);
}

static const struct ft_opt thrash_opt[] = {
	{ "cgroup", 'c', "PATH", "judge this cgroup, with all below it, instead of the system",
	  ft_opt_str, AT(cgroup), NULL },
	{ "threshold", 0, "NAME=VALUE", "set a threshold of the verdict; see above for the names",
	  set_threshold, AT(thresholds), NULL },
	{ "by", 0, "WHOM", "the matrix of the report by pid (default) or by cgroup", ft_opt_word,
	  AT(by), "pid|cgroup" },
	{ "rows", 'r', "N", "rows of each table of the report (default 10)", ft_opt_u64_pos,
	  AT(rows), NULL },
	{ "evictions", 0, "N", "evicted pages to remember (default: all of swap, 64 K to 1 M)",
	  ft_opt_u64_pos, AT(evictions), NULL },
	{ "file-pages", 0, "N", "pages of files to remember (default: by memory, 128 K to 256 K)",
	  ft_opt_u64_pos, AT(pages), NULL },
	{ "processes", 0, "N", "how many processes are told apart (default 8192)", ft_opt_u64_pos,
	  AT(processes), NULL },
};

static const struct ft_opt_group thrash_group = FT_OPT_GROUP("What is judged", thrash_opt);
static const struct ft_opt_group *const groups[] = { &thrash_group, &ft_trace_group, NULL };

static int on_record(void *ctx, const struct ft_hdr *rec)
{
	struct thrash *t = ctx;

	if (rec->kind != FT_KIND_FILE)
		return 0;
	return ft_files_add(&t->files, (const struct ft_file *)rec) == -ENOMEM ? -ENOMEM : 0;
}

static int take_names(struct thrash *t, int timeout_ms)
{
	int n = t->trace.source->next(t->trace.source, on_record, t, timeout_ms);

	return n < 0 && n != -EINTR ? n : 0;
}

static void read_kernel(struct thrash *t)
{
	ft_kernel_view_read(&t->scope, ft_cmd_now_ns(), &t->now);
}

static int read_counts(struct thrash *t)
{
	struct ft_thrash_counts c;
	int err = ft_thrash_read(t->trace.tracer, &c);

	if (!err)
		err = ft_blame_update(&t->table, &c);
	ft_thrash_release(&c);
	if (err)
		ft_err("cannot read the counters: %s", strerror(-err));
	return err ? FT_EXIT_FAILURE : 0;
}

static void check_cgroup(struct thrash *t)
{
	if (!t->scope.cgroup || t->now.cg_known || t->gone_said)
		return;
	t->gone_said = true;
	ft_warn("cgroup %s is gone; its processes, if any are left, are followed on",
		t->scope.cgroup);
}

/* A report pushes the header out of sight, as do some lines. */
static void show_line(struct thrash *t, const struct ft_thrash_line *line)
{
	if (t->trace_opts.json) {
		ft_view_thrash_line_json(&t->trace.out, line);
		return;
	}
	if (t->lines == HEADER_EVERY) {
		ft_view_thrash_header(&t->trace.out);
		t->lines = 0;
	}
	ft_view_thrash_line(&t->trace.out, line);
	t->lines++;
}

/* The end of an interval: a line, and a report when it got worse. 0 or FT_EXIT_*. */
static int end_interval(struct thrash *t)
{
	struct ft_evidence ev[FT_RULE_MAX];
	struct ft_reading r;
	struct ft_thrash_line line = { .r = &r, .now = &t->now };
	int err = read_counts(t);

	if (err)
		return err;
	t->before = t->now;
	read_kernel(t);
	if (t->now.mem.swap_total && t->now.mem.swap_free < t->swap_least)
		t->swap_least = t->now.mem.swap_free;
	check_cgroup(t);
	ft_reading_make(&t->before, &t->now, &t->table, &r);
	line.verdict = ft_thrash_verdict(&r, &t->opt.thresholds, ev);
	line.ts_ns = t->now.ts_ns;
	line.since_ns = t->now.ts_ns - t->trace.start_ns;
	line.wall_ns = t->trace_opts.wall_clock ? t->wall_ns + (int64_t)line.ts_ns : 0;
	ft_blame_judged(&t->table, line.verdict);
	ft_reading_add(&t->spells[line.verdict].sum, &r);
	t->spells[line.verdict].n++;
	t->intervals++;
	show_line(t, &line);
	ft_thrash_learn_cgroups(t);
	if (line.verdict >= FT_VERDICT_PRESSURE)
		ft_thrash_remember_bad(t);
	if (ft_alarm_next(&t->alarm, line.verdict) && line.verdict >= FT_VERDICT_PRESSURE) {
		ft_thrash_write_report(t, line.verdict, false);
		t->lines = HEADER_EVERY;
	}
	return ft_cmd_flush(&t->trace.out);
}

static int follow(struct thrash *t)
{
	uint64_t next = t->trace.start_ns + t->interval_ns, now;
	int err = 0;

	while (!err && !ft_trace_over(&t->trace) && (!t->count || t->intervals < t->count)) {
		now = ft_cmd_now_ns();
		if (now >= next) {
			err = end_interval(t);
			next += t->interval_ns;
			if (next <= now)
				next = now + t->interval_ns;
			continue;
		}
		if (take_names(t, next - now < POLL_MS * 1000000ULL
					  ? (int)((next - now) / 1000000) + 1
					  : POLL_MS)) {
			ft_err("cannot read the ring buffer");
			return FT_EXIT_FAILURE;
		}
	}
	return err;
}

/* What is left when it ends: the rest of an interval, the counters as they are in the end. */
static int finish(struct thrash *t)
{
	struct ft_snapshot snap;
	int err;

	/* The terminal has written "^C" where the next line would begin. */
	if (ft_cmd_stopped() && isatty(STDERR_FILENO))
		fputc('\n', stderr);
	if (!t->intervals || ft_cmd_now_ns() - t->now.ts_ns >= SHORTEST_NS) {
		err = end_interval(t);
	} else {
		err = read_counts(t);
		read_kernel(t);
	}
	if (!err)
		err = ft_trace_stop(&t->trace, &snap);
	if (err)
		return err;
	take_names(t, 0);
	t->forgotten = ft_thrash_forgotten(t->trace.tracer, &t->table.sums);
	memcpy(t->losses, snap.loss, sizeof(t->losses));
	ft_thrash_write_report(t, ft_thrash_overall(t->spells), true);
	err = ft_cmd_flush(&t->trace.out);
	if (err)
		return err;
	ft_thrash_show_summary(t, &snap);
	return ft_cmd_flush(&t->trace.out);
}

/* The kernel's counters as they are when counting begins. */
static void begin(void *ctx)
{
	struct thrash *t = ctx;
	struct timespec wall;

	read_kernel(t);
	t->first = t->now;
	clock_gettime(CLOCK_REALTIME, &wall);
	t->wall_ns = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec - (int64_t)ft_cmd_now_ns();
}

static int trace_it(struct thrash *t)
{
	int err;

	t->trace.attached = begin;
	t->trace.ctx = t;
	err = ft_trace_start(&t->trace);
	if (err)
		return err;
	if (!t->first.psi_known)
		ft_warn("PSI is not to be had here (boot with psi=1): the verdict uses the rest");
	else if (t->first.psi_system)
		ft_warn("a cgroup v1 has no PSI of its own: that of the whole system is shown, and "
			"is no evidence");
	if (!t->trace_opts.json)
		ft_view_thrash_header(&t->trace.out);
	err = ft_cmd_flush(&t->trace.out);
	if (!err)
		err = follow(t);
	return err ? err : finish(t);
}

static int set_scope(struct thrash *t)
{
	uint64_t id;
	const char *path;

	ft_cgroups_init(&t->cgroups, "");
	t->scope = (struct ft_thrash_scope) { .root = "",
					      .mount = t->cgroups.root,
					      .v1 = t->cgroups.v1 };
	if (!t->opt.cgroup)
		return 0;
	if (ft_cgroups_id(&t->cgroups, t->opt.cgroup, &id))
		return 0; /* the filter says so */
	path = ft_cgroups_path(&t->cgroups, id, ft_cmd_now_ns());
	snprintf(t->dir, sizeof(t->dir), "%s%s", t->cgroups.root, path ? path : "");
	t->scope.cgroup = t->dir;
	t->filter.cgroup = t->opt.cgroup;
	return 0;
}

static int parse(struct thrash *t, const struct ft_cmd *cmd, int argc, char **argv)
{
	void *bases[] = { &t->opt, &t->trace_opts };
	int rest, program, err;

	t->opt.thresholds = ft_thresholds_default;
	t->swap_least = FT_UNKNOWN;
	err = ft_opt_parse(cmd, argc, argv, bases, &rest, &program);
	if (err)
		return err;
	if (program) {
		ft_err("thrash looks at what runs already: it takes no program");
		return -EINVAL;
	}
	err = ft_opt_interval(argc, argv, rest, program, &t->interval_ns, &t->count);
	if (!t->interval_ns)
		t->interval_ns = 1000000000;
	return err;
}

/* Room for every page of files that memory can hold, within bounds. */
static size_t page_room(void)
{
	struct ft_memory m;
	uint64_t pages = ft_memory_read("", &m) || m.total == FT_UNKNOWN ? 0 : m.total / 4096;

	if (pages < PAGES_MIN)
		return PAGES_MIN;
	return pages < PAGES_MAX ? pages : PAGES_MAX;
}

static int run_thrash(const struct ft_cmd *cmd, int argc, char **argv)
{
	struct thrash *t = calloc(1, sizeof(*t));
	struct ft_trace_want want = { .out = FT_OUT_THRASH };
	int err;

	if (!t)
		return FT_EXIT_FAILURE;
	err = parse(t, cmd, argc, argv);
	if (err) {
		free(t);
		return err == FT_OPT_HELP_SHOWN ? FT_EXIT_OK : FT_EXIT_USAGE;
	}
	t->trace_opts.quiet = ft_log_level() < FT_LOG_WARN;
	set_scope(t);
	t->filter.cgroup = t->opt.cgroup;
	ft_blame_init(&t->table);
	t->table.scoped = t->opt.cgroup;
	want.far_ns = (uint64_t)(t->opt.thresholds.distance * 1e9);
	want.max_evictions = t->opt.evictions
				     ? (t->opt.evictions < MAX_ASKED ? t->opt.evictions : MAX_ASKED)
				     : ft_trace_swap_room(EVICTIONS_MIN, EVICTIONS_MAX);
	want.max_processes = t->opt.processes;
	want.max_pages =
		t->opt.pages ? (t->opt.pages < MAX_ASKED ? t->opt.pages : MAX_ASKED) : page_room();
	err = ft_trace_open(&t->trace, &t->filter, &t->trace_opts, NULL, &want);
	if (!err)
		err = trace_it(t);
	ft_trace_close(&t->trace);
	ft_blame_deinit(&t->table);
	ft_files_deinit(&t->files);
	ft_cgroups_deinit(&t->cgroups);
	free(t);
	return err;
}

#define FT_X(id, name, value, unit, help) "\n  " name " (" #value unit "): " help

const struct ft_cmd ft_cmd_thrash = {
	.name = "thrash",
	.args = "[INTERVAL [COUNT]]",
	.summary = "is it thrashing, why, and who evicts whom",
	.text = "Prints a line per interval (default 1 s): the pressure on memory, pages in and "
		"out of\n"
		"swap, re-faults as the kernel counts them, majors, the time in direct reclaim and "
		"the\n"
		"time that the worst process waited for pages that had gone (its worst thread, or "
		"the\n"
		"mean of its threads if that is more), both as a share of the interval, what "
		"memory "
		"and\n"
		"swap are left, and a verdict. When the verdict gets worse, and at the end, a "
		"report:\n"
		"the evidence, the victims, the evictors, the matrix of who evicted whose pages, "
		"the\n"
		"files that are read again, the memory (heap, stack ...) that comes back from "
		"swap, "
		"and\n"
		"what would help.\n\n"
		"THRASHING: someone loses much of the time, because pages go and come, and those "
		"that\n"
		"come are those that went. PRESSURE: reclaim costs time, but what it takes is not "
		"needed\n"
		"again. COLD START: pages are read for the first time. HEALTHY: none of these.\n\n"
		"Thresholds, with their defaults, for --threshold NAME=VALUE:" FT_THRESHOLDS(FT_X),
	.groups = groups,
	.run = run_thrash,
};
