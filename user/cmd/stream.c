/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/trace.h"
#include "enrich/event.h"
#include "view/view.h"

#define TICK_MS 20 /* how old a line may get before it is shown */

struct stream_opts {
	bool breakdown;
};

static const struct ft_opt stream_opt[] = {
	{ "breakdown", 0, NULL, "what each fault's time went to: reclaim, compaction, waiting",
	  ft_opt_flag, offsetof(struct stream_opts, breakdown), NULL },
};

static const struct ft_opt_group stream_group = FT_OPT_GROUP("What is shown", stream_opt);
static const struct ft_opt_group *const groups[] = { &ft_filter_group, &ft_trace_group,
						     &stream_group, NULL };

struct stream {
	struct ft_filter_opts filter;
	struct ft_trace_opts opts;
	struct stream_opts more;
	struct ft_trace trace;
	struct ft_enrich enrich;
	struct ft_view_config config;
	const struct ft_view *view;
	uint64_t shown;
};

static int on_record(void *ctx, const struct ft_hdr *rec)
{
	struct stream *s = ctx;
	struct ft_event ev;
	int n = ft_enrich_record(&s->enrich, rec, &ev);

	if (n <= 0)
		return n;
	s->view->event(&s->config, &ev);
	s->shown++;
	return 0;
}

/* Reads until the end. 0 or -errno. */
static int follow(struct stream *s)
{
	for (;;) {
		bool over = ft_trace_over(&s->trace);
		int n = s->trace.source->next(s->trace.source, on_record, s, over ? 0 : TICK_MS);

		if (n < 0 && n != -EINTR)
			return n;
		ft_buf_flush(&s->trace.out);
		if (over)
			return 0;
	}
}

static void show_summary(struct stream *s, const struct ft_snapshot *snap)
{
	struct ft_summary sum;

	ft_summary_make(&sum, snap, ft_cmd_now_ns() - s->trace.start_ns, s->shown);
	ft_trace_show_summary(&s->trace, &sum);
}

static int trace_it(struct stream *s)
{
	struct ft_snapshot snap;
	struct timespec wall;
	int err = ft_trace_start(&s->trace);

	if (err)
		return err;
	ft_symbols_ask_kernel(s->enrich.symbols, ft_tracer_ksym, s->trace.tracer);
	clock_gettime(CLOCK_REALTIME, &wall);
	s->config = (struct ft_view_config) {
		.out = &s->trace.out,
		.start_ns = s->trace.start_ns,
		.wall_ns =
			(int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec - (int64_t)ft_cmd_now_ns(),
		.wall_clock = s->opts.wall_clock,
	};
	s->view = s->opts.json ? &ft_view_jsonl : &ft_view_stream;
	s->view->open(&s->config);
	err = follow(s);
	if (err) {
		ft_err("cannot read the ring buffer: %s", strerror(-err));
		return FT_EXIT_FAILURE;
	}
	err = ft_trace_stop(&s->trace, &snap);
	/* What was under way when the hooks went is in the ring. */
	while (!err && s->trace.source->next(s->trace.source, on_record, s, 0) > 0)
		;
	if (!err)
		show_summary(s, &snap);
	return err;
}

#define EVICTIONS_MIN 4096
#define EVICTIONS_MAX (1U << 18)

static int check_operands(int argc, char **argv, int rest, int program)
{
	bool none = rest == argc || rest == program;

	if (none && program < argc)
		return 0;
	for (int i = 0; !none && ft_cmds[i]; i++)
		if (!strcmp(ft_cmds[i]->name, argv[rest])) {
			ft_err("'%s' is a command, which comes first: 'faulttrace %s [OPTIONS]'",
			       argv[rest], argv[rest]);
			return -EINVAL;
		}
	if (none)
		ft_err("no program after '--'");
	else
		ft_err("'%s' is no command and no option; a program goes after '--'", argv[rest]);
	return -EINVAL;
}

static int run_stream(const struct ft_cmd *cmd, int argc, char **argv)
{
	struct ft_trace_want want = { .out = FT_OUT_STREAM, .cause = true };
	struct stream s = {};
	void *const bases[] = { &s.filter, &s.opts, &s.more };
	int rest, program, err = ft_opt_parse(cmd, argc, argv, bases, &rest, &program);

	if (err)
		return err == FT_OPT_HELP_SHOWN ? FT_EXIT_OK : FT_EXIT_USAGE;
	if (check_operands(argc, argv, rest, program))
		return FT_EXIT_USAGE;
	s.opts.quiet = ft_log_level() < FT_LOG_WARN;
	want.breakdown = s.more.breakdown;
	want.evictions = s.opts.json; /* no column has them */
	want.max_evictions = want.evictions ? ft_trace_swap_room(EVICTIONS_MIN, EVICTIONS_MAX) : 0;
	if (ft_enrich_init(&s.enrich, true)) {
		ft_err("out of memory");
		return FT_EXIT_FAILURE;
	}
	err = ft_trace_open(&s.trace, &s.filter, &s.opts, program ? argv + program : NULL, &want);
	if (!err)
		err = trace_it(&s);
	if (ft_cmd_flush(&s.trace.out))
		err = err ? err : FT_EXIT_FAILURE;
	if (!err)
		err = ft_trace_exit_code(&s.trace);
	ft_trace_close(&s.trace);
	ft_enrich_deinit(&s.enrich);
	return err;
}

const struct ft_cmd ft_cmd_stream = {
	.name = "stream",
	.args = "[-- PROGRAM ARGS...]",
	.summary = "a line per fault, live (the default command)",
	.text = "Prints one line for each page fault while it happens: when, who, its type (as "
		"the\n"
		"kernel accounts it), its cause, the access, how long it took, the address, the\n"
		"mapping and offset it lies in, and the code that touched it. At the end, on "
		"stderr:\n"
		"counts and stall by cause, what was lost, and the account against the kernel's "
		"own\n"
		"counters. With -j, a swap-in also says what kind of device it came from, how "
		"long the\n"
		"page was gone, and who had evicted it.",
	.groups = groups,
	.run = run_stream,
};
