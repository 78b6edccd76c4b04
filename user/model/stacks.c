/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/stacks.h"

#define NAMES_BYTES  (64UL << 20)
#define NAME_MAX_LEN 4096

static const char UNKNOWN[] = "[unknown]";

uint64_t ft_weight_of(enum ft_weight w, const struct ft_stack_value *v)
{
	switch (w) {
	case FT_WEIGHT_STALL:
		return v->stall_ns;
	case FT_WEIGHT_BYTES:
		return v->bytes;
	default:
		return v->count;
	}
}

int ft_stack_tree_init(struct ft_stack_tree *t, enum ft_weight w)
{
	*t = (struct ft_stack_tree) { .weight = w, .n = 1, .cap = 64 };
	ft_intern_init(&t->names, NAMES_BYTES);
	t->nodes = calloc(t->cap, sizeof(*t->nodes));
	return t->nodes ? 0 : -ENOMEM;
}

void ft_stack_tree_deinit(struct ft_stack_tree *t)
{
	free(t->nodes);
	ft_map64_deinit(&t->by_parent, NULL);
	ft_map64_deinit(&t->ids, NULL);
	ft_intern_deinit(&t->names);
	*t = (struct ft_stack_tree) {};
}

/* A number from 1 for an interned name; 0 without memory. */
static uint64_t id_of(struct ft_stack_tree *t, const char *name)
{
	uint64_t key = (uint64_t)(uintptr_t)name;
	uintptr_t id = (uintptr_t)ft_map64_get(&t->ids, key);

	if (id)
		return id;
	id = t->ids.n + 1;
	return ft_map64_put(&t->ids, key, (void *)id) ? 0 : id;
}

static int grow(struct ft_stack_tree *t)
{
	struct ft_stack_node *nodes;

	if (t->n < t->cap)
		return 0;
	if (t->cap >= UINT32_MAX / 2)
		return -ENOMEM;
	nodes = realloc(t->nodes, t->cap * 2 * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	t->nodes = nodes;
	t->cap *= 2;
	return 0;
}

/* The child of `parent` with that name, made if it is new; 0 without memory. */
static uint32_t child_of(struct ft_stack_tree *t, uint32_t parent, const char *raw, bool kernel)
{
	const char *name = ft_intern(&t->names, raw, strnlen(raw, NAME_MAX_LEN));
	uint64_t id = name ? id_of(t, name) : 0;
	uint64_t key = (uint64_t)parent << 32 | id << 1 | kernel;
	uintptr_t at;

	if (!id || id > INT32_MAX)
		return 0;
	at = (uintptr_t)ft_map64_get(&t->by_parent, key);
	if (at)
		return (uint32_t)at;
	if (grow(t) || ft_map64_put(&t->by_parent, key, (void *)t->n))
		return 0;
	at = t->n++;
	t->nodes[at] = (struct ft_stack_node) {
		.name = name,
		.kernel = kernel,
		.parent = parent,
		.next = t->nodes[parent].child,
	};
	t->nodes[parent].child = (uint32_t)at;
	t->nodes[parent].n_children++;
	return (uint32_t)at;
}

/* The function; where it has no name the place in the file. */
static const char *name_of(const struct ft_frame *f, char *tmp, size_t size)
{
	const char *dso = f->sym.dso, *slash = dso ? strrchr(dso, '/') : NULL;

	if (f->sym.name && *f->sym.name)
		return f->sym.name;
	if (!dso || *dso == '[')
		return UNKNOWN;
	snprintf(tmp, size, "%s+0x%" PRIx64, slash ? slash + 1 : dso, f->sym.offset);
	return tmp;
}

/* Descends from `at` along frames that are given leaf first. Unknown ones in a row are one. */
static uint32_t descend(struct ft_stack_tree *t, uint32_t at, const struct ft_frame *frames,
			size_t n)
{
	char tmp[NAME_MAX_LEN];
	const char *before = NULL;

	while (at && n--) {
		const char *name = name_of(&frames[n], tmp, sizeof(tmp));

		if (name != UNKNOWN || before != UNKNOWN)
			at = child_of(t, at, name, frames[n].kernel);
		before = name;
	}
	return at;
}

int ft_stack_tree_add(struct ft_stack_tree *t, const struct ft_stack *s)
{
	uint64_t weight = ft_weight_of(t->weight, &s->sum);
	uint32_t at;

	if (!weight)
		return 0;
	at = child_of(t, 0, s->other ? "(other)" : *s->comm ? s->comm : UNKNOWN, false);
	if (at && !s->n_user && !s->n_kernel && !s->other)
		at = child_of(t, at, UNKNOWN, false);
	at = at ? descend(t, at, s->user, s->n_user) : 0;
	at = at ? descend(t, at, s->kernel, s->n_kernel) : 0;
	if (!at)
		return -ENOMEM;
	t->nodes[at].self += weight;
	for (;; at = t->nodes[at].parent) {
		t->nodes[at].total += weight;
		if (!at)
			return 0;
	}
}

static int heavier(const void *a, const void *b, void *ctx)
{
	const struct ft_stack_node *nodes = ctx;
	const struct ft_stack_node *x = &nodes[*(const uint32_t *)a];
	const struct ft_stack_node *y = &nodes[*(const uint32_t *)b];

	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return strcmp(x->name, y->name) ?: (int)x->kernel - (int)y->kernel;
}

int ft_stack_tree_sort(struct ft_stack_tree *t)
{
	uint32_t *v = malloc(t->n * sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++) {
		uint32_t n = 0, last = 0;

		for (uint32_t c = t->nodes[i].child; c; c = t->nodes[c].next)
			v[n++] = c;
		qsort_r(v, n, sizeof(*v), heavier, t->nodes);
		while (n--) {
			t->nodes[v[n]].next = last;
			last = v[n];
		}
		t->nodes[i].child = last;
	}
	free(v);
	return 0;
}
