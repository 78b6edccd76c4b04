/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/log.h"
#include "base/pidlist.h"
#include "cmd/cmd.h"
#include "cmd/filter.h"
#include "cmd/output.h"
#include "model/proctab.h"
#include "view/ps.h"

struct ps_opts {
	struct ft_pidlist pids;
	uint64_t uid;
	bool all, mb, kb, json, timestamp;
	const char *comm, *sort;
	uint64_t rows;
};

#define AT(member) offsetof(struct ps_opts, member)

static const struct ft_opt filter_opts[] = {
	{ "pid", 'p', "PID[,PID...]", "only these processes", ft_opt_pids, AT(pids), NULL },
	{ "uid", 'u', "USER", "only processes of this user (the real one), a name or an id",
	  ft_opt_user, AT(uid), NULL },
	{ "comm", 'n', "NAME", "only processes of exactly this name", ft_opt_str, AT(comm), NULL },
	{ "all", 'a', NULL, "kernel threads too; with INTERVAL also processes without faults",
	  ft_opt_flag, AT(all), NULL },
};

static const struct ft_opt look_opts[] = {
	{ "megabytes", 'm', NULL, "memory in MB with two decimals instead of pages", ft_opt_flag,
	  AT(mb), NULL },
	{ "kilobytes", 'k', NULL, "memory in KB instead of pages", ft_opt_flag, AT(kb), NULL },
	{ "sort", 's', "COLUMN", "largest first (names, PIDs: smallest); -COLUMN: the other way",
	  ft_opt_str, AT(sort), NULL },
	{ "rows", 'r', "N", "at most N processes", ft_opt_u64_pos, AT(rows), NULL },
	{ "timestamp", 'T', NULL, "with INTERVAL: the time before each table", ft_opt_flag,
	  AT(timestamp), NULL },
	{ "json", 'j', NULL, "a line of JSON per process, memory in pages", ft_opt_flag, AT(json),
	  NULL },
};

static const struct ft_opt_group filter_group = FT_OPT_GROUP("Which processes", filter_opts);
static const struct ft_opt_group look_group = FT_OPT_GROUP("How they are shown", look_opts);
static const struct ft_opt_group *const groups[] = { &filter_group, &look_group, NULL };

struct ps {
	struct ps_opts opt;
	uint64_t interval_ns, count;
	const struct ft_column *by;
	bool reverse;
	struct ft_table table;
	struct ft_buf out;
	struct ft_proctab now, before;
};

static bool keep(const struct ft_proc *p, const void *arg)
{
	const struct ps *ps = arg;
	const struct ps_opts *o = &ps->opt;
	bool idle = ps->interval_ns && !(p->min_rate > 0) && !(p->maj_rate > 0);

	if (o->uid != FT_UNKNOWN && p->uid != o->uid)
		return false;
	if (o->comm && strcmp(p->comm, o->comm) != 0)
		return false;
	return !idle || o->all || o->pids.n;
}

static int scan(struct ps *ps, struct ft_proctab *t)
{
	struct ft_proctab_scan how = {
		.root = "",
		.page_size = ps->table.page_size,
		.now_ns = ft_cmd_now_ns(),
		.pids = ps->opt.pids.n ? ps->opt.pids.v : NULL,
		.npids = ps->opt.pids.n,
		.kthreads = ps->opt.all || ps->opt.pids.n,
	};
	int err = ft_proctab_scan(t, &how);

	if (err)
		ft_err("cannot read /proc: %s", strerror(-err));
	return err;
}

/* Says which of the PIDs asked for are none, and keeps the others. The exit code. */
static int drop_missing(struct ps *ps)
{
	struct ft_pidlist *l = &ps->opt.pids;
	int code = FT_EXIT_OK;
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		int err = ft_filter_check_process(l->v[i]);

		if (err)
			code = err;
		else
			l->v[kept++] = l->v[i];
	}
	l->n = kept;
	return code;
}

static void print_time(struct ft_buf *out)
{
	time_t t = time(NULL);
	struct tm tm;
	char s[16];

	localtime_r(&t, &tm);
	if (strftime(s, sizeof(s), "%H:%M:%S", &tm))
		ft_buf_fmt(out, "%s\n", s);
}

/* Shows what the table now holds. The exit code. */
static int show(struct ps *ps)
{
	const struct ft_proctab *t = &ps->now;
	uint64_t interval = ps->interval_ns ? t->ts_ns - ps->before.ts_ns : 0;
	_cleanup_free_ struct ft_proc *rows = NULL;
	ssize_t n = ft_proctab_select(t, keep, ps, &rows);

	if (n < 0 ||
	    (ps->by && ft_table_sort(&ps->table, ps->by, ps->reverse, rows, n, sizeof(*rows)))) {
		ft_err("not enough memory for a table of %zu processes", t->n);
		return FT_EXIT_FAILURE;
	}
	if (ps->opt.rows && ps->opt.rows < (uint64_t)n)
		n = ps->opt.rows;
	if (ps->opt.json) {
		ft_view_ps_json(&ps->out, &ps->table, rows, n, t->ts_ns, interval);
	} else {
		if (ps->opt.timestamp)
			print_time(&ps->out);
		ft_view_ps_text(&ps->out, &ps->table, rows, n);
	}
	return ft_cmd_flush(&ps->out);
}

/* A table of rates per interval. The exit code. */
static int run_intervals(struct ps *ps)
{
	uint64_t when = ps->now.ts_ns;
	int code = FT_EXIT_OK;

	ft_cmd_catch_stop();
	for (uint64_t i = 0; !code && !ps->out.err && (!ps->count || i < ps->count); i++) {
		struct ft_proctab oldest = ps->before;

		ps->before = ps->now;
		ps->now = oldest;
		when += ps->interval_ns;
		if (!ft_cmd_sleep_until(when))
			break;
		if (scan(ps, &ps->now))
			return FT_EXIT_FAILURE;
		ft_proctab_rates(&ps->now, &ps->before);
		if (i && !ps->opt.json)
			ft_buf_char(&ps->out, '\n');
		code = show(ps);
	}
	return code;
}

/* What is there is shown, also when one of the PIDs is not. */
static int run(struct ps *ps)
{
	int missing = drop_missing(ps), code;

	if (missing && !ps->opt.pids.n)
		return missing;
	if (scan(ps, &ps->now))
		return FT_EXIT_FAILURE;
	code = ps->interval_ns ? run_intervals(ps) : show(ps);
	return code ? code : missing;
}

static int unknown_column(const struct ps *ps)
{
	struct ft_buf names;

	ft_buf_init(&names, -1);
	ft_column_list(&names, &ps->table);
	ft_err("--sort: there is no column '%s'; there are %.*s", ps->opt.sort, (int)names.len,
	       names.data ? names.data : "");
	ft_buf_deinit(&names);
	return -EINVAL;
}

static int parse(struct ps *ps, const struct ft_cmd *cmd, int argc, char **argv)
{
	void *bases[] = { &ps->opt, &ps->opt };
	const char *sort;
	int rest, program, err;

	ps->opt.uid = FT_UNKNOWN;
	err = ft_opt_parse(cmd, argc, argv, bases, &rest, &program);
	if (err)
		return err;
	if (program) {
		ft_err("ps shows what runs already; to run a program use 'faulttrace mem -- "
		       "PROGRAM'");
		return -EINVAL;
	}
	err = ft_opt_interval(argc, argv, rest, program, &ps->interval_ns, &ps->count);
	if (err)
		return err;
	if (ps->opt.mb && ps->opt.kb) {
		ft_err("-m and -k are two units for one column: give one of them");
		return -EINVAL;
	}
	ft_view_ps_init(&ps->table, ps->interval_ns,
			ps->opt.mb   ? FT_UNIT_MB
			: ps->opt.kb ? FT_UNIT_KB
				     : FT_UNIT_PAGES,
			sysconf(_SC_PAGESIZE));
	sort = ps->opt.sort ? ps->opt.sort : ps->interval_ns ? "majflt_per_s" : NULL;
	if (sort && ft_table_parse_sort(&ps->table, sort, &ps->by, &ps->reverse))
		return unknown_column(ps);
	return 0;
}

static int ps_main(const struct ft_cmd *cmd, int argc, char **argv)
{
	struct ps ps = { 0 };
	int err = parse(&ps, cmd, argc, argv), code;

	if (err)
		return err == FT_OPT_HELP_SHOWN ? FT_EXIT_OK : FT_EXIT_USAGE;
	ft_buf_init(&ps.out, STDOUT_FILENO);
	code = run(&ps);
	ft_buf_deinit(&ps.out);
	ft_proctab_deinit(&ps.now);
	ft_proctab_deinit(&ps.before);
	return code;
}

const struct ft_cmd ft_cmd_ps = {
	.name = "ps",
	.args = "[INTERVAL [COUNT]]",
	.summary = "table of all processes: faults, memory, swap, page tables",
	.text = "One row per process: its minor and major faults since it began, its address\n"
		"space, what of it is in RAM, of that the files and shared memory, what is\n"
		"swapped out, and what its page tables take; memory in pages (-k, -m: KB, MB).\n"
		"The values are those of /proc/PID/stat, statm and status; '-' where the\n"
		"kernel has none (kernel threads and zombies have no memory). No BPF, no\n"
		"privilege.\n"
		"\n"
		"With INTERVAL (seconds, or a duration such as 500ms) a table per interval\n"
		"shows the faults per second of the processes that had any, most major faults\n"
		"first. What a process did between the last table and its end is not seen.",
	.groups = groups,
	.run = ps_main,
};
