/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/opt.h"
#include "base/version.h"

#define MAX_OPTS  96
#define FIRST_VAL 256 /* getopt values below are short letters */

enum { HELP, VERSION, QUIET, VERBOSE };

static const struct ft_opt common_opts[] = {
	[HELP] = { "help", 'h', NULL, "show this help and exit", NULL, 0, NULL },
	[VERSION] = { "version", 'V', NULL, "show the version and exit", NULL, 0, NULL },
	[QUIET] = { "quiet", 'q', NULL, "only data and errors: no banner, no summary", NULL, 0,
		    NULL },
	[VERBOSE] = { "verbose", 'v', NULL, "say more on stderr; twice for debugging", NULL, 0,
		      NULL },
};
const struct ft_opt_group ft_opt_common = FT_OPT_GROUP("Common", common_opts);

/* What getopt_long needs, built from the groups of one command. */
struct parser {
	struct option longs[MAX_OPTS + 1];
	const struct ft_opt *opt[MAX_OPTS];
	void *base[MAX_OPTS];
	char shorts[2 * MAX_OPTS + 3];
	int n;
};

static void add_group(struct parser *p, const struct ft_opt_group *g, void *base)
{
	size_t at = strlen(p->shorts);

	for (size_t i = 0; i < g->n && p->n < MAX_OPTS; i++, p->n++) {
		const struct ft_opt *o = &g->opts[i];

		p->opt[p->n] = o;
		p->base[p->n] = base;
		p->longs[p->n] =
			(struct option) { o->name, o->arg ? required_argument : no_argument, NULL,
					  FIRST_VAL + p->n };
		if (!o->letter)
			continue;
		p->shorts[at++] = o->letter;
		if (o->arg)
			p->shorts[at++] = ':';
		p->shorts[at] = '\0';
	}
}

static int find_opt(const struct parser *p, int c)
{
	if (c >= FIRST_VAL)
		return c - FIRST_VAL;
	for (int i = 0; i < p->n; i++)
		if (p->opt[i]->letter == c)
			return i;
	return -1;
}

static int apply_common(const struct ft_cmd *cmd, const struct ft_opt *o)
{
	struct ft_buf out;

	switch (o - common_opts) {
	case QUIET:
		ft_log_set_level(FT_LOG_ERR);
		return 0;
	case VERBOSE:
		ft_log_set_level(ft_log_level() + 1);
		return 0;
	case VERSION:
		ft_buf_init(&out, STDOUT_FILENO);
		ft_buf_str(&out, "faulttrace " FT_VERSION "\n");
		break;
	default:
		ft_buf_init(&out, STDOUT_FILENO);
		ft_opt_print_help(&out, cmd);
		break;
	}
	ft_buf_flush(&out);
	ft_buf_deinit(&out);
	return FT_OPT_HELP_SHOWN;
}

static int apply(const struct ft_opt *o, void *base)
{
	struct ft_buf why;
	int err;

	ft_buf_init(&why, -1);
	err = o->set(o, optarg, (char *)base + o->offset, &why);
	if (err)
		ft_err("--%s: '%s' is not %.*s", o->name, optarg ? optarg : "", (int)why.len,
		       why.data ? why.data : "valid");
	ft_buf_deinit(&why);
	return err ? -EINVAL : 0;
}

/* The long options that begin with what was given; their number. */
static int candidates(const struct parser *p, const char *given, struct ft_buf *list)
{
	size_t len = strcspn(given, "=");
	int n = 0;

	for (int i = 0; i < p->n; i++)
		if (!strncmp(p->opt[i]->name, given, len))
			ft_buf_fmt(list, "%s--%s", n++ ? ", " : "", p->opt[i]->name);
	return n;
}

/* getopt(3) leaves a short option in optopt, also of a long one the value, else 0. */
static int usage_error(const struct ft_cmd *cmd, const struct parser *p, int c, char **argv,
		       int operands)
{
	int i = find_opt(p, optopt);
	const char *hint = operands ? "; a program and its options go after '--'" : "";
	struct ft_buf list;

	ft_buf_init(&list, -1);
	if (c == ':' && i >= 0)
		ft_err("--%s needs an argument: %s", p->opt[i]->name, p->opt[i]->arg);
	else if (optopt >= FIRST_VAL && i < p->n)
		ft_err("--%s takes no value: '%s'", p->opt[i]->name, argv[optind - 1]);
	else if (optopt)
		ft_err("unknown option '-%c'; see 'faulttrace %s --help'%s", optopt, cmd->name,
		       hint);
	else if (candidates(p, argv[optind - 1] + 2, &list) > 1)
		ft_err("'%s' may be any of %.*s", argv[optind - 1], (int)list.len, list.data);
	else
		ft_err("unknown option '%s'; see 'faulttrace %s --help'%s", argv[optind - 1],
		       cmd->name, hint);
	ft_buf_deinit(&list);
	return -EINVAL;
}

/*
 * Where the operands are, which were collected in argv[1] and after: moved to the end of our
 * arguments, so that they stand together, before the "--" of a program.
 */
static void place_operands(int argc, char **argv, int operands, int *rest, int *program)
{
	bool dashes = optind > 1 && !strcmp(argv[optind - 1], "--");
	int end = dashes ? optind - 1 : argc;

	*program = dashes ? optind : 0;
	*rest = operands || !dashes ? end - operands : *program;
	memmove(argv + end - operands, argv + 1, (size_t)operands * sizeof(*argv));
}

int ft_opt_parse(const struct ft_cmd *cmd, int argc, char **argv, void *const *bases, int *rest,
		 int *program)
{
	struct parser p = { .shorts = "-:" }; /* operands are handed over as option 1, in order */
	int c, operands = 0, err = 0;

	for (int i = 0; cmd->groups && cmd->groups[i]; i++)
		add_group(&p, cmd->groups[i], bases[i]);
	add_group(&p, &ft_opt_common, NULL);

	optind = 0; /* from the beginning, also after a bundle that was left half-read */
	opterr = 0;
	while (!err && (c = getopt_long(argc, argv, p.shorts, p.longs, NULL)) != -1) {
		int i = c == '?' || c == ':' ? -1 : find_opt(&p, c);

		if (c == 1)
			argv[++operands] = optarg;
		else if (i < 0)
			err = usage_error(cmd, &p, c, argv, operands);
		else if (!p.opt[i]->set)
			err = apply_common(cmd, p.opt[i]);
		else
			err = apply(p.opt[i], p.base[i]);
	}
	if (!err)
		place_operands(argc, argv, operands, rest, program);
	return err;
}

int ft_opt_interval(int argc, char **argv, int rest, int program, uint64_t *interval_ns,
		    uint64_t *count)
{
	int end = program ? program - 1 : argc;

	*interval_ns = *count = 0;
	if (rest < end &&
	    (ft_parse_duration(argv[rest], 1000000000, interval_ns) || !*interval_ns)) {
		ft_err("'%s' is not an interval; use seconds or a duration such as 500ms",
		       argv[rest]);
		return -EINVAL;
	}
	if (rest + 1 < end && (ft_parse_u64(argv[rest + 1], count) || !*count)) {
		ft_err("'%s' is not a count; use a number from 1", argv[rest + 1]);
		return -EINVAL;
	}
	if (rest + 2 < end) {
		ft_err("'%s' is one operand too many; a program goes after '--'", argv[rest + 2]);
		return -EINVAL;
	}
	return 0;
}

static void help_group(struct ft_buf *out, const struct ft_opt_group *g)
{
	ft_buf_fmt(out, "\n%s:\n", g->title);
	for (size_t i = 0; i < g->n; i++) {
		const struct ft_opt *o = &g->opts[i];
		size_t line = out->len;

		if (o->letter)
			ft_buf_fmt(out, "  -%c, --%s", o->letter, o->name);
		else
			ft_buf_fmt(out, "      --%s", o->name);
		if (o->arg)
			ft_buf_fmt(out, " %s", o->arg);
		ft_buf_char(out, ' ');
		ft_buf_pad_to(out, line, 32);
		ft_buf_fmt(out, "%s\n", o->help);
	}
}

static void help_commands(struct ft_buf *out, const struct ft_cmd *const *all)
{
	ft_buf_str(out, "\nCommands:\n");
	for (; *all; all++) {
		size_t line = out->len;

		ft_buf_fmt(out, "  %s ", (*all)->name);
		ft_buf_pad_to(out, line, 14);
		ft_buf_fmt(out, "%s\n", (*all)->summary);
	}
	ft_buf_str(out, "'faulttrace COMMAND --help' says more about one.\n");
}

void ft_opt_print_help(struct ft_buf *out, const struct ft_cmd *cmd)
{
	int fd = out->fd;

	/* Columns are measured from out->len: nothing may be written out half-way. */
	out->fd = -1;
	ft_buf_fmt(out, "Usage: faulttrace %s [OPTIONS]%s%s\n", cmd->all ? "[COMMAND]" : cmd->name,
		   *cmd->args ? " " : "", cmd->args);
	if (cmd->all)
		help_commands(out, cmd->all);
	ft_buf_fmt(out, "\n%s%s%s\n", cmd->all ? cmd->name : "", cmd->all ? ":\n" : "", cmd->text);
	for (int i = 0; cmd->groups && cmd->groups[i]; i++)
		help_group(out, cmd->groups[i]);
	help_group(out, &ft_opt_common);
	out->fd = fd;
}
