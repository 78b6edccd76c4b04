/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pages that came back and nobody saw taken are shared out among those who took such pages. */
#include <errno.h>
#include <stdlib.h>

#include "model/blame.h"

enum ft_unseen ft_blame_unseen(uint32_t evictor)
{
	switch (evictor) {
#define FT_X(id, number, ...)                                                                      \
	case number:                                                                               \
		return FT_UNSEEN_##id;
		FT_UNSEEN(FT_X)
#undef FT_X
	default:
		return FT_UNSEEN_MAX;
	}
}

const char *ft_unseen_name(uint32_t evictor)
{
	static const char *const names[] = {
#define FT_X(id, number, name) name,
		FT_UNSEEN(FT_X)
#undef FT_X
	};
	enum ft_unseen kind = ft_blame_unseen(evictor);

	return kind == FT_UNSEEN_MAX ? NULL : names[kind];
}

static uint64_t taken(const struct ft_blame *v, enum ft_unseen kind)
{
	uint64_t seen = v->written + v->evicted_shmem;

	switch (kind) {
	case FT_UNSEEN_CLEAN:
		return v->evicted > seen ? v->evicted - seen : 0;
	case FT_UNSEEN_SHMEM:
		return v->evicted_shmem;
	case FT_UNSEEN_FILE:
		return v->evicted_file;
	default:
		return 0;
	}
}

static void add_row(struct ft_blame_victim *sum, const struct ft_blame_row *r)
{
	enum ft_unseen kind = ft_blame_unseen(r->key.evictor);

	if (kind != FT_UNSEEN_MAX) {
		sum->back[kind].returned += r->v.returned;
		sum->back[kind].stall_ns += r->v.stall_ns;
		return;
	}
	for (int k = 0; k < FT_UNSEEN_MAX; k++)
		sum->taken[k] += taken(&r->v, k);
}

static int by_tgid(const void *a, const void *b)
{
	uint32_t x = ((const struct ft_blame_victim *)a)->tgid;
	uint32_t y = ((const struct ft_blame_victim *)b)->tgid;

	return (x > y) - (x < y);
}

/* One element for each pair, sorted, then those of one victim made one. */
int ft_blame_sum_victims(struct ft_blame_table *t)
{
	struct ft_blame_victim *v = calloc(t->n_pairs + 1, sizeof(*v));
	size_t n = 0;

	free(t->victims);
	t->victims = v;
	t->n_victims = 0;
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_pairs; i++) {
		v[i].tgid = t->pairs[i].key.victim;
		add_row(&v[i], &t->pairs[i]);
	}
	qsort(v, t->n_pairs, sizeof(*v), by_tgid);
	for (size_t i = 0; i < t->n_pairs; i++) {
		if (!n || v[n - 1].tgid != v[i].tgid) {
			v[n++] = v[i];
			continue;
		}
		for (int k = 0; k < FT_UNSEEN_MAX; k++) {
			v[n - 1].taken[k] += v[i].taken[k];
			v[n - 1].back[k].returned += v[i].back[k].returned;
			v[n - 1].back[k].stall_ns += v[i].back[k].stall_ns;
		}
	}
	t->n_victims = n;
	return 0;
}

struct ft_blame_part ft_blame_part_kind(const struct ft_blame_table *t,
					const struct ft_blame_row *r, enum ft_unseen kind)
{
	const struct ft_blame_victim key = { .tgid = r->key.victim }, *v = NULL;
	double share;

	if (t->n_victims && ft_blame_unseen(r->key.evictor) == FT_UNSEEN_MAX)
		v = bsearch(&key, t->victims, t->n_victims, sizeof(*v), by_tgid);
	if (!v || !v->taken[kind])
		return (struct ft_blame_part) {};
	share = (double)taken(&r->v, kind) / (double)v->taken[kind];
	return (struct ft_blame_part) {
		.returned = (uint64_t)((double)v->back[kind].returned * share),
		.stall_ns = (uint64_t)((double)v->back[kind].stall_ns * share),
	};
}

struct ft_blame_part ft_blame_part_of(const struct ft_blame_table *t, const struct ft_blame_row *r)
{
	struct ft_blame_part sum = {};

	for (int k = 0; k < FT_UNSEEN_MAX; k++) {
		struct ft_blame_part part = ft_blame_part_kind(t, r, k);

		sum.returned += part.returned;
		sum.stall_ns += part.stall_ns;
	}
	return sum;
}
