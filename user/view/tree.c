/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tree of callers:
 *
 *	PERCENT        COUNT  STACK (callers above)
 *	100.00%         1604  server
 *	                      | main
 *	 62.90%         1009  |-- parse
 *	                      |   read_line
 *	 37.10%          595  `-- store
 *
 * Numbers stand where they differ from the line above.
 */
#include <stdio.h>
#include <string.h>

#include "view/stacks.h"

struct tree {
	struct ft_buf *out;
	const struct ft_stack_tree *t;
	uint64_t least; /* weight of what is shown by itself */
	struct ft_buf prefix;
};

#define NUMBERS 22 /* width of percent and weight */

static void write_weight(struct tree *v, uint64_t weight)
{
	double all = (double)v->t->nodes[0].total;

	ft_buf_fmt(v->out, "%6.2f%% ", all > 0 ? 100.0 * (double)weight / all : 0);
	switch (v->t->weight) {
	case FT_WEIGHT_STALL:
		ft_buf_fmt(v->out, "%12.3f  ", (double)weight / 1e6);
		break;
	case FT_WEIGHT_BYTES:
		ft_buf_fmt(v->out, "%12lu  ", (unsigned long)(weight >> 10));
		break;
	default:
		ft_buf_fmt(v->out, "%12lu  ", (unsigned long)weight);
	}
}

static void write_line(struct tree *v, const char *branch, const char *name, bool kernel)
{
	ft_buf_mem(v->out, v->prefix.data, v->prefix.len);
	ft_buf_str(v->out, branch);
	ft_buf_escaped(v->out, name, strlen(name));
	ft_buf_str(v->out, kernel ? " [k]\n" : "\n");
}

static void children(struct tree *v, const struct ft_stack_node *node);

/* An item of a list, with what is below it. */
static void branch(struct tree *v, const struct ft_stack_node *node, bool last)
{
	size_t len = v->prefix.len;

	write_weight(v, node->total);
	write_line(v, last ? "`-- " : "|-- ", node->name, node->kernel);
	ft_buf_str(&v->prefix, last ? "    " : "|   ");
	children(v, node);
	v->prefix.len = len;
}

static void summed(struct tree *v, uint64_t weight, const char *what, bool last)
{
	write_weight(v, weight);
	write_line(v, last ? "`-- " : "|-- ", what, false);
}

/* Heaviest first, so those that are shown come first. */
static size_t shown(const struct tree *v, const struct ft_stack_node *node, uint64_t *rest)
{
	size_t n = 0;

	*rest = 0;
	for (uint32_t c = node->child; c; c = v->t->nodes[c].next) {
		if (v->t->nodes[c].total >= v->least)
			n++;
		else
			*rest += v->t->nodes[c].total;
	}
	return n;
}

static void children(struct tree *v, const struct ft_stack_node *node)
{
	uint64_t rest, self = node->self;
	size_t n = shown(v, node, &rest);
	uint32_t c = node->child;

	if (!c)
		return;
	if (n == 1 && !rest && !self) {
		ft_buf_fmt(v->out, "%*s", NUMBERS, "");
		write_line(v, "", v->t->nodes[c].name, v->t->nodes[c].kernel);
		children(v, &v->t->nodes[c]);
		return;
	}
	for (size_t i = 1; i <= n; i++, c = v->t->nodes[c].next)
		branch(v, &v->t->nodes[c], i == n && !rest && !self);
	if (self)
		summed(v, self, "[here]", !rest);
	if (rest) {
		char what[48];

		snprintf(what, sizeof(what), "[%zu smaller]", node->n_children - n);
		summed(v, rest, what, true);
	}
}

void ft_view_stack_tree(struct ft_buf *out, const struct ft_stack_tree *t, double threshold)
{
	static const char *const headers[] = { "COUNT", "STALL(ms)", "KB" };
	struct tree v = { .out = out, .t = t };
	uint64_t rest;
	size_t n;

	v.least = (uint64_t)((double)t->nodes[0].total * threshold / 100.0);
	ft_buf_init(&v.prefix, -1);
	ft_buf_fmt(out, "PERCENT %12s  STACK (callers above)\n", headers[t->weight]);
	n = shown(&v, &t->nodes[0], &rest);
	for (uint32_t c = t->nodes[0].child; n--; c = t->nodes[c].next) {
		const struct ft_stack_node *comm = &t->nodes[c];

		write_weight(&v, comm->total);
		write_line(&v, "", comm->name, false);
		children(&v, comm);
	}
	if (rest) {
		write_weight(&v, rest);
		write_line(&v, "", "[smaller commands]", false);
	}
	ft_buf_deinit(&v.prefix);
}
