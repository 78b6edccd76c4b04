/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdbool.h>
#include <string.h>

#include "view/stacks.h"

struct folded {
	struct ft_buf *out;
	const struct ft_stack_tree *t;
	bool delimited;
	struct ft_buf path; /* from the comm to the node at hand */
	struct ft_buf tmp;
	uint64_t weight; /* of the lines so far */
};

/*
 * A name that ends in a space and digits would be read as two weights by flamegraph.pl: its last
 * space is escaped, too.
 */
static size_t number_space(const char *s, size_t n)
{
	size_t i = n;

	while (i && strchr("0123456789.", s[i - 1]))
		i--;
	return i && i < n && s[i - 1] == ' ' ? i - 1 : n;
}

static void write_name(struct folded *f, const char *name)
{
	struct ft_buf *tmp = &f->tmp;
	size_t space;

	tmp->len = 0;
	ft_buf_escaped(tmp, name, strlen(name));
	space = number_space(tmp->data, tmp->len);
	for (size_t i = 0; i < tmp->len; i++) {
		if (tmp->data[i] == ';')
			ft_buf_str(&f->path, "\\x3b");
		else if (i == space)
			ft_buf_str(&f->path, "\\x20");
		else
			ft_buf_char(&f->path, tmp->data[i]);
	}
}

/* In microseconds, so rounded that the sum of all lines is the stall's. */
static uint64_t scaled(struct folded *f, uint64_t self)
{
	uint64_t before = f->weight;

	f->weight += self;
	return f->t->weight == FT_WEIGHT_STALL ? f->weight / 1000 - before / 1000 : self;
}

static void walk(struct folded *f, uint32_t at)
{
	const struct ft_stack_node *node = &f->t->nodes[at];
	const size_t len = f->path.len;

	if (node->parent) {
		ft_buf_char(&f->path, ';');
		if (f->delimited && node->kernel && !f->t->nodes[node->parent].kernel)
			ft_buf_str(&f->path, "-;");
	}
	write_name(f, node->name);
	if (node->self) {
		uint64_t weight = scaled(f, node->self);

		if (weight) {
			ft_buf_mem(f->out, f->path.data, f->path.len);
			ft_buf_char(f->out, ' ');
			ft_buf_u64(f->out, weight);
			ft_buf_char(f->out, '\n');
		}
	}
	for (uint32_t c = node->child; c; c = f->t->nodes[c].next)
		walk(f, c);
	f->path.len = len;
}

void ft_view_folded(struct ft_buf *out, const struct ft_stack_tree *t, bool delimited)
{
	struct folded f = { .out = out, .t = t, .delimited = delimited };

	ft_buf_init(&f.path, -1);
	ft_buf_init(&f.tmp, -1);
	for (uint32_t c = t->nodes[0].child; c; c = t->nodes[c].next)
		walk(&f, c);
	ft_buf_deinit(&f.path);
	ft_buf_deinit(&f.tmp);
}
