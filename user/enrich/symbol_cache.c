/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "enrich/symbol_cache.h"

#define FIRST	  1024
#define HITS_MAX  (256U * 1024) /* 6 MiB */
#define SEENS_MAX (64U * 1024)	/* 3.5 MiB */

/* The finalizer of splitmix64: offsets differ in few low bits. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static size_t hit_slot(const struct ft_sym_hits *h, uint32_t file, uint64_t off)
{
	size_t i = mix(off ^ (uint64_t)file << 40) & (h->cap - 1);

	while (h->v[i].file && (h->v[i].off != off || h->v[i].file != file))
		i = (i + 1) & (h->cap - 1);
	return i;
}

struct ft_sym_hit *ft_sym_hits_find(const struct ft_sym_hits *h, uint32_t file, uint64_t off)
{
	struct ft_sym_hit *hit;

	if (!h->cap)
		return NULL;
	hit = &h->v[hit_slot(h, file, off)];
	return hit->file ? hit : NULL;
}

static int hits_room(struct ft_sym_hits *h)
{
	struct ft_sym_hits to = { .cap = h->cap ? h->cap * 2 : FIRST, .n = h->n };

	if (h->n * 4 < h->cap * 3)
		return 0;
	if (to.cap > HITS_MAX) {
		memset(h->v, 0, h->cap * sizeof(*h->v));
		h->n = 0;
		return 0;
	}
	to.v = calloc(to.cap, sizeof(*to.v));
	if (!to.v)
		return -ENOMEM;
	for (size_t i = 0; i < h->cap; i++) {
		if (h->v[i].file)
			to.v[hit_slot(&to, h->v[i].file, h->v[i].off)] = h->v[i];
	}
	free(h->v);
	*h = to;
	return 0;
}

int ft_sym_hits_add(struct ft_sym_hits *h, const struct ft_sym_hit *hit)
{
	if (hits_room(h))
		return -ENOMEM;
	h->v[hit_slot(h, hit->file, hit->off)] = *hit;
	h->n++;
	return 0;
}

void ft_sym_hits_deinit(struct ft_sym_hits *h)
{
	free(h->v);
	*h = (struct ft_sym_hits) { 0 };
}

static size_t seen_slot(const struct ft_sym_seens *s, pid_t pid, uint64_t dev, uint64_t ino,
			uint64_t map_start)
{
	size_t i = mix(ino ^ dev << 44 ^ map_start << 8 ^ (uint64_t)pid << 32) & (s->cap - 1);

	while (s->v[i].pid && (s->v[i].pid != pid || s->v[i].ino != ino ||
			       s->v[i].map_start != map_start || s->v[i].dev != dev))
		i = (i + 1) & (s->cap - 1);
	return i;
}

struct ft_sym_seen *ft_sym_seens_find(const struct ft_sym_seens *s, pid_t pid, uint64_t dev,
				      uint64_t ino, uint64_t map_start)
{
	struct ft_sym_seen *seen;

	if (!s->cap)
		return NULL;
	seen = &s->v[seen_slot(s, pid, dev, ino, map_start)];
	return seen->pid ? seen : NULL;
}

static int seens_room(struct ft_sym_seens *s)
{
	struct ft_sym_seens to = { .cap = s->cap ? s->cap * 2 : FIRST, .n = s->n };

	if (s->n * 4 < s->cap * 3)
		return 0;
	if (to.cap > SEENS_MAX) {
		memset(s->v, 0, s->cap * sizeof(*s->v));
		s->n = 0;
		return 0;
	}
	to.v = calloc(to.cap, sizeof(*to.v));
	if (!to.v)
		return -ENOMEM;
	for (size_t i = 0; i < s->cap; i++) {
		const struct ft_sym_seen *o = &s->v[i];

		if (o->pid)
			to.v[seen_slot(&to, o->pid, o->dev, o->ino, o->map_start)] = *o;
	}
	free(s->v);
	*s = to;
	return 0;
}

struct ft_sym_seen *ft_sym_seens_add(struct ft_sym_seens *s, const struct ft_sym_seen *seen)
{
	size_t i;

	if (seens_room(s))
		return NULL;
	i = seen_slot(s, seen->pid, seen->dev, seen->ino, seen->map_start);
	s->v[i] = *seen;
	s->n++;
	return &s->v[i];
}

void ft_sym_seens_rename(struct ft_sym_seens *s, uint32_t from, uint32_t to)
{
	for (size_t i = 0; i < s->cap; i++) {
		if (s->v[i].pid && s->v[i].file == from)
			s->v[i].file = to;
	}
}

void ft_sym_seens_deinit(struct ft_sym_seens *s)
{
	free(s->v);
	*s = (struct ft_sym_seens) { 0 };
}
