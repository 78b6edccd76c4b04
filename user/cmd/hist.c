/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/trace.h"
#include "collect/hist.h"
#include "model/hist.h"
#include "view/hist.h"
#include "view/view.h"

#define TICK_MS	       20	     /* how long names may wait in the ring */
#define LOOK_NS	       1000000000ULL /* between looks at who the new groups are */
#define DEFAULT_GROUPS 512
#define MOST_GROUPS    65536

struct hist_opts {
	struct ft_hist_look look;
	uint64_t groups, rows;
	const char *sort;
	bool usecs, msecs, cumulative, table;
};

static int set_by(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	struct ft_hist_look *look = dst;
	size_t len;

	look->n_parts = 0;
	for (const char *p = arg;; p += len + 1) {
		unsigned int part = 0;
		size_t k = 0;

		len = strcspn(p, ",");
		while (part < FT_HIST_PART_MAX && (strlen(ft_hist_part_name(part)) != len ||
						   strncmp(ft_hist_part_name(part), p, len) != 0))
			part++;
		if (part == FT_HIST_PART_MAX) {
			ft_buf_str(why, "one or some of");
			for (part = 0; part < FT_HIST_PART_MAX; part++)
				ft_buf_fmt(why, "%s %s", part ? "," : "", ft_hist_part_name(part));
			return -EINVAL;
		}
		while (k < look->n_parts && look->parts[k] != part)
			k++;
		if (k == look->n_parts)
			look->parts[look->n_parts++] = part;
		if (!p[len])
			return 0;
	}
}

static int set_groups(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	uint64_t v;

	if (!ft_parse_u64(arg, &v) && v && v <= MOST_GROUPS) {
		*(uint64_t *)dst = v;
		return 0;
	}
	ft_buf_fmt(why, "a number from 1 to %d", MOST_GROUPS);
	return -EINVAL;
}

#define AT(member) offsetof(struct hist_opts, member)

static const struct ft_opt opts[] = {
	{ "by", 0, "PART[,PART...]", "a histogram for each of these (default: type)", set_by,
	  AT(look), "type|cause|comm|pid|cgroup|cpu|mapping|file|access" },
	{ "sort", 's', "COLUMN", "count, stall (default), avg, p50, p90, p99, max, or a part",
	  ft_opt_str, AT(sort), NULL },
	{ "rows", 'r', "N", "only the first N groups", ft_opt_u64_pos, AT(rows), NULL },
	{ "milliseconds", 'm', NULL, "latencies in ms (default: ns; in the table us)", ft_opt_flag,
	  AT(msecs), NULL },
	{ "microseconds", 0, NULL, "latencies in us", ft_opt_flag, AT(usecs), NULL },
	{ "linear", 0, NULL, "rows of equal width instead of powers of two", ft_opt_flag,
	  AT(look.linear), NULL },
	{ "table", 0, NULL, "a row of numbers per group instead of bars", ft_opt_flag, AT(table),
	  NULL },
	{ "cumulative", 0, NULL, "with INTERVAL: since the start, not since the last time",
	  ft_opt_flag, AT(cumulative), NULL },
	{ "breakdown", 0, NULL, "what the time went to: reclaim, compaction, waiting", ft_opt_flag,
	  AT(look.breakdown), NULL },
	{ "groups", 0, "N", "room for N groups, others go to (other) (default 512)", set_groups,
	  AT(groups), NULL },
};

static const struct ft_opt_group hist_group = FT_OPT_GROUP("Histograms", opts);
static const struct ft_opt_group *const groups[] = { &hist_group, &ft_filter_group, &ft_trace_group,
						     NULL };

struct hist {
	struct hist_opts o;
	struct ft_filter_opts filter;
	struct ft_trace_opts opts;
	struct ft_trace_want want;
	struct ft_trace trace;
	struct ft_groups names;
	struct ft_hists hists;
	struct ft_hist_rows rows;
	struct ft_hist_table table;
	const struct ft_column *sort_by;
	bool reverse;
	uint64_t interval_ns, times; /* operands; 0: none */
	uint64_t since_ns;	     /* begin of what is shown next */
	uint64_t shown_times, look_ns;
	bool whole; /* the last interval was not cut short */
};

/* --- one interval ----------------------------------------------------------------------------- */

static int on_record(void *ctx, const struct ft_hdr *rec)
{
	return ft_groups_record(ctx, rec);
}

/* Takes the names that wait in the ring, or comes back after `timeout_ms`. 0 or -errno. */
static int drain(struct hist *h, int timeout_ms)
{
	int n = h->trace.source->next(h->trace.source, on_record, &h->names, timeout_ms);

	return n < 0 && n != -EINTR ? n : 0;
}

static void write_time(struct hist *h, uint64_t now)
{
	time_t t = time(NULL);
	struct tm tm;

	if (!h->interval_ns && !h->opts.wall_clock)
		return;
	if (!h->opts.wall_clock) {
		ft_buf_fmt(&h->trace.out, "%.3f s\n", (double)(now - h->trace.start_ns) / 1e9);
		return;
	}
	localtime_r(&t, &tm);
	ft_buf_fmt(&h->trace.out, "%02d:%02d:%02d\n", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void write_rows(struct hist *h, uint64_t now)
{
	struct ft_buf *out = &h->trace.out;

	if (h->opts.json) {
		ft_view_hist_json(out, &h->o.look, &h->rows, now, now - h->since_ns);
		return;
	}
	if (h->shown_times)
		ft_buf_char(out, '\n');
	write_time(h, now);
	if (h->o.table)
		ft_view_hist_table(out, &h->table, &h->rows);
	else
		ft_view_hist_text(out, &h->o.look, &h->rows);
}

static bool process_ended(void *ctx, const struct ft_group *key)
{
	return ft_groups_ended(ctx, key);
}

/* The next interval begins. Who ended has been shown, and makes room for who comes. */
static int begin_next(struct hist *h)
{
	if (h->want.by & (FT_BY_PID | FT_BY_MAPPING))
		ft_hists_forget(&h->hists, process_ended, &h->names);
	return ft_hists_keep(&h->hists);
}

/*
 * Reads and shows what happened since the last time; an interval that the `end` cut short only when
 * something was in it. 0 or FT_EXIT_*.
 */
static int show(struct hist *h, bool end)
{
	uint64_t now = ft_cmd_now_ns();
	int err = ft_hists_read(&h->hists);

	if (!err)
		err = ft_hist_rows_name(&h->hists, &h->names, now);
	if (!err)
		err = drain(h, 0);
	if (!err)
		err = ft_hist_rows_make(&h->rows, &h->hists, &h->names);
	if (!err)
		err = ft_table_sort(&h->table.table, h->sort_by, h->reverse, h->rows.v,
				    h->rows.n - h->rows.has_other, sizeof(*h->rows.v));
	if (err) {
		ft_err("cannot read the histograms: %s", strerror(-err));
		return FT_EXIT_FAILURE;
	}
	if (h->o.rows)
		ft_hist_rows_limit(&h->rows, h->o.rows);
	if (h->rows.n || !end || h->whole || !h->shown_times)
		write_rows(h, now);
	h->shown_times++;
	h->look_ns = now;
	if (!h->o.cumulative) {
		h->since_ns = now;
		err = h->interval_ns && !end ? begin_next(h) : 0;
	}
	ft_buf_flush(&h->trace.out);
	if (err)
		ft_err("not enough memory for %zu groups", h->hists.n);
	return err ? FT_EXIT_FAILURE : 0;
}

static void mark(void *ctx, const struct ft_group *key)
{
	struct hist *h = ctx;

	ft_groups_mark(&h->names, key, h->look_ns);
}

/* Names of processes and cgroups, while they are there. */
static int look(struct hist *h)
{
	int err;

	h->look_ns = ft_cmd_now_ns();
	ft_groups_begin(&h->names);
	err = ft_hists_keys(&h->hists, mark, h);
	return err ? err : ft_groups_end(&h->names);
}

/* --- the course ------------------------------------------------------------------------------- */

static int tick_ms(uint64_t next_ns)
{
	uint64_t now = ft_cmd_now_ns(), ms;

	if (now >= next_ns)
		return 0;
	ms = (next_ns - now + 999999) / 1000000;
	return ms < TICK_MS ? (int)ms : TICK_MS;
}

/* Runs until the end, of which the last interval is not yet shown. 0 or FT_EXIT_*. */
static int follow(struct hist *h)
{
	uint64_t next_ns = h->interval_ns ? h->since_ns + h->interval_ns : UINT64_MAX;
	int err = 0;

	while (!err && !ft_trace_over(&h->trace)) {
		err = drain(h, tick_ms(next_ns));
		if (!err && ft_cmd_now_ns() - h->look_ns >= LOOK_NS)
			err = look(h);
		if (err) {
			ft_err("cannot read what the kernel counted: %s", strerror(-err));
			return FT_EXIT_FAILURE;
		}
		if (ft_cmd_now_ns() < next_ns)
			continue;
		/* The last one is shown when all is over: it then lacks nothing of the account. */
		h->whole = h->shown_times + 1 == h->times;
		if (h->whole)
			return 0;
		err = show(h, false);
		if (err)
			return err;
		/* From the boundary, not from now: nothing drifts. A missed one is left out. */
		do
			next_ns += h->interval_ns;
		while (next_ns <= ft_cmd_now_ns());
	}
	return err ? FT_EXIT_FAILURE : 0;
}

static void show_summary(struct hist *h, const struct ft_snapshot *snap)
{
	struct ft_summary sum;

	ft_summary_make(&sum, snap, ft_cmd_now_ns() - h->trace.start_ns, ft_hists_count(&h->hists));
	sum.no_causes = !h->filter.causes && !(h->want.by & FT_BY_CAUSE);
	ft_trace_show_summary(&h->trace, &sum);
}

static int trace_it(struct hist *h)
{
	struct ft_snapshot snap;
	int err = ft_trace_start(&h->trace);

	if (err)
		return err;
	h->since_ns = h->look_ns = h->trace.start_ns;
	err = follow(h);
	if (err)
		return err;
	/* The terminal has written "^C" where the first line would begin. */
	if (ft_cmd_stopped() && isatty(STDERR_FILENO))
		fputc('\n', stderr);
	err = ft_trace_stop(&h->trace, &snap);
	if (err)
		return err;
	err = show(h, true);
	if (!err)
		show_summary(h, &snap);
	return err;
}

/* --- options ---------------------------------------------------------------------------------- */

static int unknown_column(const struct hist *h)
{
	struct ft_buf names;

	ft_buf_init(&names, -1);
	ft_column_list(&names, &h->table.table);
	ft_err("--sort: there is no column '%s'; there are %.*s", h->o.sort, (int)names.len,
	       names.data ? names.data : "");
	ft_buf_deinit(&names);
	return -EINVAL;
}

static int check(struct hist *h)
{
	struct ft_hist_look *look = &h->o.look;

	if (h->o.msecs && h->o.usecs) {
		ft_err("-m and --microseconds are two units for the same latencies: give one of "
		       "them");
		return -EINVAL;
	}
	if (h->o.cumulative && !h->interval_ns) {
		ft_err("--cumulative needs an INTERVAL: 'faulttrace hist --cumulative 1'");
		return -EINVAL;
	}
	if (h->o.msecs)
		look->unit = FT_HIST_MSECS;
	else if (h->o.usecs)
		look->unit = FT_HIST_USECS;
	for (size_t i = 0; i < look->n_parts; i++)
		h->want.by |= ft_hist_part_bit(look->parts[i]);
	h->want.out = FT_OUT_HIST;
	h->want.breakdown = look->breakdown;
	h->want.max_groups = h->o.groups + 1; /* and (other) */
	ft_view_hist_columns(&h->table, look);
	if (ft_table_parse_sort(&h->table.table, h->o.sort, &h->sort_by, &h->reverse))
		return unknown_column(h);
	return 0;
}

static int parse(struct hist *h, const struct ft_cmd *cmd, int argc, char **argv, int *program)
{
	void *const bases[] = { &h->o, &h->filter, &h->opts };
	int rest, err;

	h->o = (struct hist_opts) { .groups = DEFAULT_GROUPS, .sort = "stall" };
	h->o.look.parts[0] = FT_HIST_PART_TYPE;
	h->o.look.n_parts = 1;
	err = ft_opt_parse(cmd, argc, argv, bases, &rest, program);
	if (!err)
		err = ft_opt_interval(argc, argv, rest, *program, &h->interval_ns, &h->times);
	if (!err && *program == argc) {
		ft_err("no program after '--'");
		return -EINVAL;
	}
	return err ? err : check(h);
}

static int run_hist(const struct ft_cmd *cmd, int argc, char **argv)
{
	struct hist h = {};
	int program, err = parse(&h, cmd, argc, argv, &program);

	if (err)
		return err == FT_OPT_HELP_SHOWN ? FT_EXIT_OK : FT_EXIT_USAGE;
	h.opts.quiet = ft_log_level() < FT_LOG_WARN;
	if (h.want.by & (FT_BY_FILE | FT_BY_MAPPING))
		ft_info("--by file and mapping: the kernel looks up what is mapped, at every "
			"fault");
	ft_groups_init(&h.names, "");
	err = ft_trace_open(&h.trace, &h.filter, &h.opts, program ? argv + program : NULL, &h.want);
	if (!err && ft_hists_init(&h.hists, h.trace.tracer, h.want.by)) {
		ft_err("not enough memory to read histograms");
		err = FT_EXIT_FAILURE;
	}
	if (!err)
		err = trace_it(&h);
	if (ft_cmd_flush(&h.trace.out))
		err = err ? err : FT_EXIT_FAILURE;
	if (!err)
		err = ft_trace_exit_code(&h.trace);
	ft_trace_close(&h.trace);
	ft_hists_deinit(&h.hists);
	ft_hist_rows_deinit(&h.rows);
	ft_groups_deinit(&h.names);
	return err;
}

const struct ft_cmd ft_cmd_hist = {
	.name = "hist",
	.args = "[INTERVAL [COUNT]] [-- PROGRAM ARGS...]",
	.summary = "latency histograms and counts, by type, cause, process, file, ...",
	.text = "Counts all faults in the kernel, where a fault costs one addition, and shows\n"
		"for each group of --by how long they took: until Ctrl-C, the end of the\n"
		"program or -d, or every INTERVAL (seconds, or a duration such as 500ms),\n"
		"COUNT times. Each interval stands for itself and is a difference of two\n"
		"readings: no fault is lost between them or counted twice.\n"
		"\n"
		"--by takes type (the default), cause, comm (the thread's name), pid, cgroup,\n"
		"cpu, mapping, file, access, and combinations: '--by comm,cause'. 'file' is\n"
		"what is mapped, in all processes: a path, or [heap], [stack], [anon], ...;\n"
		"'mapping' is the same by process. All anonymous mappings of a process are\n"
		"one, since the kernel merges and splits them as they grow. What is mapped\n"
		"comes from the kernel's own mapping at the time of the fault, not from /proc\n"
		"afterwards, so it holds for processes that are gone by now; looking it up\n"
		"costs each fault more. '-' is unknown: nothing is mapped there, or the name\n"
		"was lost.\n"
		"\n"
		"The kernel counts in 16 buckets per power of two, so that percentiles, upper\n"
		"bounds of their bucket, are at most 1/16 too high; the bars fold them to\n"
		"powers of two. The maximum of an interval is exact if it is a new one since\n"
		"the start, else it is the bound of the highest bucket. Faults whose end has\n"
		"no time (an EFAULT in a system call) are counted, without a latency.\n"
		"\n"
		"--breakdown splits the time of each group: direct reclaim, reclaim for a "
		"cgroup's\n"
		"limit, compaction, waiting off the CPU (for I/O, locks, or its turn), and the\n"
		"rest, on the CPU. It follows every switch of tasks meanwhile.\n"
		"\n"
		"A group takes 8 KB per CPU. When --groups are not enough, faults of further\n"
		"groups are counted in (other) and as groups-full, so that the sum is right\n"
		"all the same. With INTERVAL, processes that ended make room for others.",
	.groups = groups,
	.run = run_hist,
};
