/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes the man page (scdoc) and the completion (bash) while faulttrace is built, from the tables
 * that the program itself uses: commands, options, causes. Not installed.
 *
 * gen TEMPLATE: copies the template to stdout; a line that is a word of `sections` is replaced by
 * what stands for it, @VERSION@ anywhere by the version. Run in the top folder.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "cmd/cmd.h"
#include "ft_classify.h"
#include "ft_wire.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* --- scdoc ----------------------------------------------------------------------------------- */

/* Plain text: what scdoc would take for markup is escaped. */
static void text_n(struct ft_buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strchr("\\*_#[]|<>`", s[i]) || (i == 0 && strchr("-.+", s[i])))
			ft_buf_char(out, '\\');
		ft_buf_char(out, s[i]);
	}
}

static void text(struct ft_buf *out, const char *s)
{
	text_n(out, s, strlen(s));
}

/* One paragraph; one with indented lines (a table, an example) is kept as it is. */
static void paragraph(struct ft_buf *out, const char *s, size_t n)
{
	bool literal = *s == ' ' || memmem(s, n, "\n ", 2) || memmem(s, n, "\n\t", 2);

	if (literal)
		ft_buf_str(out, "```\n");
	for (const char *end = s + n, *eol; s < end; s = eol + 1) {
		eol = memchr(s, '\n', end - s);
		if (!eol)
			eol = end;
		if (literal)
			ft_buf_mem(out, s, eol - s);
		else
			text_n(out, s, eol - s);
		ft_buf_char(out, '\n');
	}
	ft_buf_str(out, literal ? "```\n\n" : "\n");
}

static void paragraphs(struct ft_buf *out, const char *s)
{
	while (*s) {
		const char *end = strstr(s, "\n\n");
		size_t n = end ? (size_t)(end - s) : strlen(s);

		paragraph(out, s, n);
		s += n;
		while (*s == '\n')
			s++;
	}
}

static void options(struct ft_buf *out, const struct ft_opt_group *g)
{
	for (const struct ft_opt *o = g->opts; o < g->opts + g->n; o++) {
		if (o->letter)
			ft_buf_fmt(out, "*-%c*, ", o->letter);
		ft_buf_fmt(out, "*--%s*", o->name);
		if (o->arg) {
			ft_buf_char(out, ' ');
			text(out, o->arg);
		}
		ft_buf_str(out, "\n\t");
		text(out, o->help);
		ft_buf_str(out, ".\n\n");
	}
}

/* How many commands take a group; what several take is written once. */
static int takers(const struct ft_opt_group *g)
{
	int n = 0;

	for (int c = 0; ft_cmds[c]; c++)
		for (int i = 0; ft_cmds[c]->groups && ft_cmds[c]->groups[i]; i++)
			n += ft_cmds[c]->groups[i] == g;
	return n;
}

static void commands(struct ft_buf *out)
{
	for (int c = 0; ft_cmds[c]; c++) {
		const struct ft_cmd *cmd = ft_cmds[c];

		/* scdoc takes a heading as it is. */
		ft_buf_fmt(out, "## faulttrace %s [OPTIONS] %s\n\n", cmd->name, cmd->args);
		paragraphs(out, cmd->text);
		for (int i = 0; cmd->groups && cmd->groups[i]; i++)
			if (takers(cmd->groups[i]) == 1)
				options(out, cmd->groups[i]);
		ft_buf_str(out, "See also");
		for (int i = 0; cmd->groups && cmd->groups[i]; i++)
			if (takers(cmd->groups[i]) > 1)
				ft_buf_fmt(out, " _%s_,", cmd->groups[i]->title);
		ft_buf_fmt(out, " _%s_ below.\n\n", ft_opt_common.title);
	}
}

static void shared_group(struct ft_buf *out, const struct ft_opt_group *g)
{
	ft_buf_fmt(out, "## %s\n\n", g->title);
	options(out, g);
}

static void shared_options(struct ft_buf *out)
{
	enum { MOST = 64 };
	const struct ft_opt_group *done[MOST];
	size_t n = 0, k;

	for (int c = 0; ft_cmds[c]; c++)
		for (int i = 0; ft_cmds[c]->groups && ft_cmds[c]->groups[i]; i++) {
			const struct ft_opt_group *g = ft_cmds[c]->groups[i];

			for (k = 0; k < n && done[k] != g; k++)
				;
			if (k < n || takers(g) < 2 || n == MOST)
				continue;
			done[n++] = g;
			shared_group(out, g);
		}
	shared_group(out, &ft_opt_common);
}

static void term(struct ft_buf *out, const char *name, const char *type, const char *what)
{
	ft_buf_fmt(out, "*%s*%s%s%s\n\t%s.\n\n", name, *type ? " (" : "", type, *type ? ")" : "",
		   what);
}

static void types(struct ft_buf *out)
{
#define FT_X(id, name, what) term(out, name, "", what);
	FT_TYPES(FT_X)
#undef FT_X
}

static void causes(struct ft_buf *out)
{
	static const char *const type_name[] = {
#define FT_X(id, name, what) name,
		FT_TYPES(FT_X)
#undef FT_X
	};
#define FT_X(id, name, type, what)                                                                 \
	term(out, name, FT_CAUSE_##id == FT_CAUSE_UNKNOWN ? "" : type_name[FT_TYPE_##type], what);
	FT_CAUSES(FT_X)
#undef FT_X
}

static void losses(struct ft_buf *out)
{
#define FT_X(id, name, what) term(out, name, "", what);
	FT_LOSSES(FT_X)
#undef FT_X
}

/* What the objects of -j hold: no table of the program has it, tests/unit/docs.sh holds it to the
 * code. */
static void json(struct ft_buf *out)
{
	FILE *in = fopen("user/share/json.scd", "r");
	char line[1024];

	if (!in) {
		perror("user/share/json.scd");
		exit(1);
	}
	while (fgets(line, sizeof(line), in))
		ft_buf_str(out, line);
	fclose(in);
}

/* --- bash ------------------------------------------------------------------------------------ */

typedef void (*option_fn)(struct ft_buf *out, const struct ft_cmd *cmd, const struct ft_opt *o);

static void each_option(struct ft_buf *out, const struct ft_cmd *cmd, option_fn fn)
{
	for (int i = 0; cmd->groups && cmd->groups[i]; i++)
		for (size_t k = 0; k < cmd->groups[i]->n; k++)
			fn(out, cmd, &cmd->groups[i]->opts[k]);
	for (size_t k = 0; k < ft_opt_common.n; k++)
		fn(out, cmd, &ft_opt_common.opts[k]);
}

static void bash_name(struct ft_buf *out, const struct ft_cmd *cmd, const struct ft_opt *o)
{
	(void)cmd;
	if (o->letter)
		ft_buf_fmt(out, " -%c", o->letter);
	ft_buf_fmt(out, " --%s", o->name);
}

/* The table's words are ours: they hold no quote. */
static void entry(struct ft_buf *out, const struct ft_cmd *cmd, const struct ft_opt *o,
		  const char *value)
{
	if (!value)
		return;
	ft_buf_fmt(out, "\t['%s --%s']='%s'\n", cmd->name, o->name, value);
	if (o->letter)
		ft_buf_fmt(out, "\t['%s -%c']='%s'\n", cmd->name, o->letter, value);
}

static void bash_arg(struct ft_buf *out, const struct ft_cmd *cmd, const struct ft_opt *o)
{
	entry(out, cmd, o, o->arg);
}

static void bash_words(struct ft_buf *out, const struct ft_cmd *cmd, const struct ft_opt *o)
{
	static const char every_cause[] =
#define FT_X(id, name, ...) name "|"
		FT_CAUSES(FT_X)
#undef FT_X
		;

	/* Too many for --help, which sends to the manual: hence without `words`. */
	entry(out, cmd, o, o->words || strcmp(o->name, "cause") ? o->words : every_cause);
}

static void bash_tables(struct ft_buf *out)
{
	ft_buf_str(out, "_faulttrace_commands='");
	for (int c = 0; ft_cmds[c]; c++)
		ft_buf_fmt(out, "%s%s", c ? " " : "", ft_cmds[c]->name);
	ft_buf_str(out, "'\ndeclare -gA _faulttrace_options=(\n");
	for (int c = 0; ft_cmds[c]; c++) {
		ft_buf_fmt(out, "\t[%s]='", ft_cmds[c]->name);
		each_option(out, ft_cmds[c], bash_name);
		ft_buf_str(out, "'\n");
	}
	ft_buf_str(out, ")\ndeclare -gA _faulttrace_args=(\n");
	for (int c = 0; ft_cmds[c]; c++)
		each_option(out, ft_cmds[c], bash_arg);
	ft_buf_str(out, ")\ndeclare -gA _faulttrace_words=(\n");
	for (int c = 0; ft_cmds[c]; c++)
		each_option(out, ft_cmds[c], bash_words);
	ft_buf_str(out, ")\n");
}

/* --- templates ------------------------------------------------------------------------------- */

static const struct {
	const char *mark;
	void (*write)(struct ft_buf *out);
} sections[] = {
	{ "@COMMANDS@\n", commands },  { "@OPTIONS@\n", shared_options }, { "@TYPES@\n", types },
	{ "@CAUSES@\n", causes },      { "@LOSSES@\n", losses },	  { "@JSON@\n", json },
	{ "@TABLES@\n", bash_tables },
};

static void expand(struct ft_buf *out, const char *line)
{
	const char *at = strstr(line, "@VERSION@");

	for (size_t i = 0; i < COUNT(sections); i++)
		if (!strcmp(line, sections[i].mark)) {
			sections[i].write(out);
			return;
		}
	if (at) {
		ft_buf_mem(out, line, at - line);
		ft_buf_str(out, FT_VERSION);
		line = at + strlen("@VERSION@");
	}
	ft_buf_str(out, line);
}

int main(int argc, char **argv)
{
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
	struct ft_buf out;
	char *line = NULL;
	size_t cap = 0;
	int err;

	if (!in) {
		fprintf(stderr, "usage: gen TEMPLATE\n");
		return 2;
	}
	ft_buf_init(&out, STDOUT_FILENO);
	while (getline(&line, &cap, in) > 0)
		expand(&out, line);
	err = ft_buf_flush(&out);
	ft_buf_deinit(&out);
	free(line);
	fclose(in);
	return err ? 1 : 0;
}
