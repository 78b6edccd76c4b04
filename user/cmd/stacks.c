/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/trace.h"
#include "collect/stacks.h"
#include "enrich/code.h"
#include "model/stacks.h"
#include "view/stacks.h"
#include "view/view.h"

#define TICK_MS	       20
#define DEFAULT_STACKS 16384
#define MAX_STACKS     (1UL << 18) /* about 300 MB */

struct stacks_opts {
	int weight; /* index in FT_WEIGHT_WORDS */
	bool folded, tree, delimited, major;
	double threshold;
	bool has_threshold;
	uint64_t max_stacks;
};

static int set_threshold(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	struct stacks_opts *o = dst;
	char *end;

	o->threshold = strtod(arg, &end);
	o->has_threshold = true;
	if (end > arg && (!*end || !strcmp(end, "%")) && o->threshold >= 0 && o->threshold <= 100)
		return 0;
	ft_buf_str(why, "a percentage from 0 to 100");
	return -EINVAL;
}

static int set_stacks(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	uint64_t *n = dst;

	if (!ft_parse_u64(arg, n) && *n && *n <= MAX_STACKS)
		return 0;
	ft_buf_fmt(why, "a number from 1 to %lu", MAX_STACKS);
	return -EINVAL;
}

#define AT(member) offsetof(struct stacks_opts, member)

static const struct ft_opt opts[] = {
	{ "weight", 'w', "WEIGHT", "what a stack weighs: its faults, their time, or memory",
	  ft_opt_word, AT(weight), FT_WEIGHT_WORDS },
	{ "major", 0, NULL, "only major faults: as --type major", ft_opt_flag, AT(major), NULL },
	{ "folded", 0, NULL, "a line per stack, for flamegraph.pl; always in a pipe", ft_opt_flag,
	  AT(folded), NULL },
	{ "tree", 0, NULL, "the tree of callers (on a terminal: always)", ft_opt_flag, AT(tree),
	  NULL },
	{ "delimited", 0, NULL, "folded: a frame '-' between user and kernel", ft_opt_flag,
	  AT(delimited), NULL },
	{ "threshold", 0, "PCT", "tree: sum up branches below this part of all (default 0.5)",
	  set_threshold, 0, NULL },
	{ "stacks", 0, "N", "room in the kernel for different stacks at a time (default 16384)",
	  set_stacks, AT(max_stacks), NULL },
};

static const struct ft_opt_group stacks_group = FT_OPT_GROUP("Stacks", opts);
static const struct ft_opt_group *const groups[] = { &ft_filter_group, &stacks_group,
						     &ft_trace_group, NULL };

struct stacks {
	struct ft_filter_opts filter;
	struct stacks_opts opt;
	struct ft_trace_opts opts;
	struct ft_trace trace;
	struct ft_enrich enrich;
	struct ft_codes codes;
	struct ft_stack_counts counts;
	struct ft_stack_tree tree;
	uint64_t shown;
	/* The stack at hand. */
	struct ft_frame user[FT_STACK_DEPTH], kernel[FT_STACK_DEPTH];
};

static int on_record(void *ctx, const struct ft_hdr *rec)
{
	struct stacks *s = ctx;

	return ft_codes_record(&s->codes, &s->enrich, rec);
}

/*
 * The stack of a fault in kernel mode that failed was taken in the exception, by a BPF program: up
 * to the exception these frames are ours.
 */
static void cut_exception(struct ft_stack *st)
{
	for (size_t i = 0; i < st->n_kernel; i++) {
		const char *name = st->kernel[i].sym.name;

		if (!name || strcmp(name, "asm_exc_page_fault"))
			continue;
		st->kernel += i + 1;
		st->n_kernel -= i + 1;
		return;
	}
}

/* Names the frames of `c`. The result holds until the next call. */
static struct ft_stack resolve(struct stacks *s, const struct ft_stack_count *c)
{
	const struct ft_stack_ips *user = ft_stack_counts_ips(&s->counts, c->key.ustack);
	const struct ft_stack_ips *kernel = ft_stack_counts_ips(&s->counts, c->key.kstack);
	struct ft_stack out = {
		.comm = c->key.comm,
		.pid = c->key.pid,
		.type = c->key.type,
		.cause = c->key.cause,
		.mode = c->key.mode,
		.other = c->key.other,
		.sum = c->sum,
		.user = s->user,
		.kernel = s->kernel,
		.n_user = user ? user->n : 0,
		.n_kernel = kernel ? kernel->n : 0,
	};

	for (size_t i = 0; i < out.n_user; i++)
		ft_codes_frame(&s->codes, &s->enrich, c->key.pid, c->key.space, user->ip[i],
			       !i && c->key.mode == FT_MODE_USER, &s->user[i]);
	for (size_t i = 0; i < out.n_kernel; i++)
		ft_codes_kernel_frame(&s->enrich, kernel->ip[i], !i, &s->kernel[i]);
	if (c->key.type == FT_TYPE_INVALID)
		cut_exception(&out);
	return out;
}

static int by_weight(const void *a, const void *b, void *ctx)
{
	const struct stacks *s = ctx;
	uint64_t x = ft_weight_of(s->opt.weight, &((const struct ft_stack_count *)a)->sum);
	uint64_t y = ft_weight_of(s->opt.weight, &((const struct ft_stack_count *)b)->sum);

	return x < y ? 1 : x > y ? -1 : 0;
}

static void write_json(struct stacks *s)
{
	qsort_r(s->counts.v, s->counts.n, sizeof(*s->counts.v), by_weight, s);
	for (size_t i = 0; i < s->counts.n; i++) {
		struct ft_stack st = resolve(s, &s->counts.v[i]);

		ft_view_stack_json(&s->trace.out, &st);
	}
}

/* What one round counted. 0 or -ENOMEM. */
static int take_round(struct stacks *s)
{
	int err = 0;

	for (size_t i = 0; i < s->counts.n; i++)
		s->shown += s->counts.v[i].sum.count;
	if (s->opts.json) {
		write_json(s);
		return 0;
	}
	for (size_t i = 0; i < s->counts.n && !err; i++) {
		struct ft_stack st = resolve(s, &s->counts.v[i]);

		err = ft_stack_tree_add(&s->tree, &st);
	}
	return err;
}

static int write_tree(struct stacks *s)
{
	bool folded = s->opt.folded || (!s->opt.tree && !isatty(s->trace.out.fd));
	int err = ft_stack_tree_sort(&s->tree);

	if (err)
		return err;
	if (folded)
		ft_view_folded(&s->trace.out, &s->tree, s->opt.delimited);
	else
		ft_view_stack_tree(&s->trace.out, &s->tree, s->opt.threshold);
	return 0;
}

/* 0, or FT_EXIT_* after it was reported. */
static int failed(const char *what, int err)
{
	if (err)
		ft_err("cannot read the %s: %s", what, strerror(-err));
	return err ? FT_EXIT_FAILURE : 0;
}

static int read_ring(struct stacks *s, int timeout_ms)
{
	int n = s->trace.source->next(s->trace.source, on_record, s, timeout_ms);

	return n == -EINTR ? 0 : n;
}

/* Ends the round when it is time, and takes it with all mappings that it needs. 0 or -errno. */
static int turn(struct stacks *s)
{
	int ended = ft_stack_counts_turn(&s->counts, s->trace.tracer,
					 s->opt.max_stacks ?: DEFAULT_STACKS);
	int err;

	if (ended <= 0)
		return ended;
	while ((err = read_ring(s, 0)) > 0)
		;
	if (!err)
		err = take_round(s);
	ft_codes_age(&s->codes);
	return err;
}

/* Until the end. 0 or FT_EXIT_*. */
static int follow(struct stacks *s)
{
	for (;;) {
		bool over = ft_trace_over(&s->trace);
		int n = read_ring(s, over ? 0 : TICK_MS);

		if (n < 0)
			return failed("ring buffer", n);
		n = over ? 0 : turn(s);
		if (n)
			return failed("stacks", n);
		ft_buf_flush(&s->trace.out);
		if (over)
			return 0;
	}
}

static void show_summary(struct stacks *s, const struct ft_snapshot *snap)
{
	struct ft_summary sum;

	ft_summary_make(&sum, snap, ft_cmd_now_ns() - s->trace.start_ns, s->shown);
	ft_trace_show_summary(&s->trace, &sum);
}

static int show(struct stacks *s, const struct ft_snapshot *snap)
{
	int err = ft_stack_counts_read(&s->counts, s->trace.tracer);

	if (!err)
		err = take_round(s);
	if (!err && !s->opts.json)
		err = write_tree(s);
	if (err)
		return failed("stacks", err);
	err = ft_cmd_flush(&s->trace.out);
	show_summary(s, snap);
	return err;
}

static int trace_it(struct stacks *s)
{
	struct ft_snapshot snap;
	int err = ft_trace_start(&s->trace);

	ft_symbols_ask_kernel(s->enrich.symbols, ft_tracer_ksym, s->trace.tracer);
	if (!err)
		err = follow(s);
	if (!err)
		err = ft_trace_stop(&s->trace, &snap);
	while (!err && read_ring(s, 0) > 0)
		;
	return err ? err : show(s, &snap);
}

/* 0, or FT_EXIT_* after the mistake was reported. */
static int check_opts(struct stacks *s, int argc, char **argv, int rest, int program)
{
	if (rest < argc && rest != program)
		ft_err("'%s' is no option; a program goes after '--'", argv[rest]);
	else if (program == argc)
		ft_err("no program after '--'");
	else if (s->opt.folded + s->opt.tree + s->opts.json > 1)
		ft_err("--folded, --tree and -j are three forms of one thing: give one of them");
	else if (s->opt.major && s->filter.types)
		ft_err("--major is --type major: give one of them");
	else
		return 0;
	return FT_EXIT_USAGE;
}

static int run(struct stacks *s, char **argv)
{
	const struct ft_trace_want want = {
		.out = FT_OUT_STACKS,
		.cause = true,
		.max_stacks = s->opt.max_stacks,
	};
	int err = ft_trace_open(&s->trace, &s->filter, &s->opts, argv, &want);

	if (!err)
		err = trace_it(s);
	if (ft_cmd_flush(&s->trace.out))
		err = err ? err : FT_EXIT_FAILURE;
	if (!err)
		err = ft_trace_exit_code(&s->trace);
	ft_trace_close(&s->trace);
	return err;
}

static int run_stacks(const struct ft_cmd *cmd, int argc, char **argv)
{
	_cleanup_free_ struct stacks *s = calloc(1, sizeof(*s));
	void *const bases[] = { &s->filter, &s->opt, &s->opts };
	int rest, program, err;

	if (!s) {
		ft_err("out of memory");
		return FT_EXIT_FAILURE;
	}
	err = ft_opt_parse(cmd, argc, argv, bases, &rest, &program);
	if (err)
		return err == FT_OPT_HELP_SHOWN ? FT_EXIT_OK : FT_EXIT_USAGE;
	err = check_opts(s, argc, argv, rest, program);
	if (err)
		return err;
	if (s->opt.major)
		s->filter.types = 1U << FT_TYPE_MAJOR;
	if (!s->opt.has_threshold)
		s->opt.threshold = 0.5;
	s->opts.quiet = ft_log_level() < FT_LOG_WARN;
	/* Opens kallsyms, which takes a privilege that is dropped later. */
	if (ft_enrich_init(&s->enrich, true) || ft_stack_tree_init(&s->tree, s->opt.weight)) {
		ft_err("out of memory");
		return FT_EXIT_FAILURE;
	}
	err = run(s, program ? argv + program : NULL);
	ft_stack_tree_deinit(&s->tree);
	ft_stack_counts_deinit(&s->counts);
	ft_codes_deinit(&s->codes);
	ft_enrich_deinit(&s->enrich);
	return err;
}

const struct ft_cmd ft_cmd_stacks = {
	.name = "stacks",
	.args = "[-- PROGRAM ARGS...]",
	.summary = "who faults: user and kernel stacks, as a tree or folded",
	.text = "Sums faults by the stack of the code that faulted, in the kernel, until Ctrl-C, "
		"the\n"
		"end of the time or of the program. A stack weighs its faults, their time (stall) "
		"or\n"
		"the memory that they mapped (a page each, 2 MB each for huge pages). On a "
		"terminal it\n"
		"is a tree of callers with percentages; elsewhere a line per stack, folded for\n"
		"flamegraph.pl and speedscope: comm;root;...;leaf WEIGHT, stall in microseconds. "
		"All\n"
		"filters act before a stack is walked. Code of one name is one line, whichever "
		"process\n"
		"ran it; the kernel's part is there when the kernel touched user memory.\n"
		"\n"
		"Stacks are walked by frame pointers. Code that is compiled without them (GCC and\n"
		"clang need -fno-omit-frame-pointer; so do many distributions' libraries) breaks "
		"the\n"
		"chain: callers are missing, often the one above such code, and an address that "
		"lies\n"
		"in no code is [unknown]. The leaf, which is where the fault was, is always "
		"right.\n"
		"Addresses are named by the mappings that the kernel had at the fault, so "
		"processes\n"
		"that ended are named too; a file without symbols gives FILE+OFFSET.\n"
		"\n"
		"A fault in kernel mode that failed (efault) is noticed when its stack is gone: it "
		"is\n"
		"[unknown] under its command.",
	.groups = groups,
	.run = run_stacks,
};
