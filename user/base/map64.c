/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "base/map64.h"

/* Fibonacci hashing: the high bits of the product are well mixed. */
static size_t home(const struct ft_map64 *m, uint64_t key)
{
	return (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 32) & (m->cap - 1);
}

/* The slot that holds `key`, or the empty one where it belongs. The table is never full. */
static struct ft_map64_slot *slot_of(const struct ft_map64 *m, uint64_t key)
{
	size_t i = home(m, key);

	while (m->v[i].key && m->v[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return &m->v[i];
}

void *ft_map64_get(const struct ft_map64 *m, uint64_t key)
{
	return m->cap ? slot_of(m, key)->value : NULL;
}

static int grow(struct ft_map64 *m)
{
	struct ft_map64 big = { .cap = m->cap ? m->cap * 2 : 64, .n = m->n };

	big.v = calloc(big.cap, sizeof(*big.v));
	if (!big.v)
		return -ENOMEM;
	for (size_t i = 0; i < m->cap; i++)
		if (m->v[i].key)
			*slot_of(&big, m->v[i].key) = m->v[i];
	free(m->v);
	*m = big;
	return 0;
}

int ft_map64_put(struct ft_map64 *m, uint64_t key, void *value)
{
	struct ft_map64_slot *s;

	if ((m->n + 1) * 4 > m->cap * 3) {
		int err = grow(m);

		if (err)
			return err;
	}
	s = slot_of(m, key);
	if (!s->key)
		m->n++;
	*s = (struct ft_map64_slot) { key, value };
	return 0;
}

void *ft_map64_del(struct ft_map64 *m, uint64_t key)
{
	struct ft_map64_slot *gap = m->cap ? slot_of(m, key) : NULL;
	void *value;

	if (!gap || !gap->key)
		return NULL;
	value = gap->value;
	m->n--;
	/* What follows in the cluster moves up unless that would put it before its home. */
	for (size_t i = gap - m->v;;) {
		size_t hole = gap - m->v;

		i = (i + 1) & (m->cap - 1);
		if (!m->v[i].key)
			break;
		if (((i - home(m, m->v[i].key)) & (m->cap - 1)) < ((i - hole) & (m->cap - 1)))
			continue;
		*gap = m->v[i];
		gap = &m->v[i];
	}
	*gap = (struct ft_map64_slot) { 0 };
	return value;
}

void ft_map64_deinit(struct ft_map64 *m, void (*release)(void *))
{
	for (size_t i = 0; release && i < m->cap; i++)
		if (m->v[i].key)
			release(m->v[i].value);
	free(m->v);
	*m = (struct ft_map64) {};
}
