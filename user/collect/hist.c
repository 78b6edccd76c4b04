/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "collect/hist.h"

#define BATCH_BYTES (1UL << 20)
#define BATCH_LEAST 8 /* a bucket of the kernel's hash table must fit; see read_batch() */

static size_t value_size(const struct ft_hists *h)
{
	return (size_t)h->cpus * sizeof(struct ft_hist);
}

static int set_at_once(struct ft_hists *h, size_t n)
{
	size_t size = n * value_size(h);
	void *keys, *values;

	if (!size)
		return -EINVAL;
	keys = realloc(h->keys, n * sizeof(struct ft_group));
	if (!keys)
		return -ENOMEM;
	h->keys = keys;
	values = realloc(h->values, size);
	if (!values)
		return -ENOMEM;
	h->values = values;
	h->at_once = n;
	return 0;
}

int ft_hists_init(struct ft_hists *h, struct ft_tracer *t, uint32_t by)
{
	bool few = !(by & ~FT_BY_FEW);
	size_t n;
	int err;

	*h = (struct ft_hists) { .by = by, .tracer = t, .cpus = libbpf_num_possible_cpus() };
	if (h->cpus < 0)
		return h->cpus;
	h->fd = ft_tracer_map_fd(t, few ? "ft_hist_few" : "ft_hist_many");
	if (h->fd < 0)
		return h->fd;
	n = BATCH_BYTES / value_size(h);
	err = set_at_once(h, few ? 1 : n > BATCH_LEAST ? n : BATCH_LEAST);
	if (err)
		ft_hists_deinit(h);
	return err;
}

void ft_hists_deinit(struct ft_hists *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->v[i]->before);
		free(h->v[i]);
	}
	free(h->v);
	free(h->keys);
	free(h->values);
	ft_map64_deinit(&h->by_hash, NULL);
	*h = (struct ft_hists) { .fd = -1 };
}

/* FNV-1a; never 0, which is no key of a map64. */
static uint64_t hash_of(const struct ft_group *key)
{
	const unsigned char *p = (const unsigned char *)key;
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < sizeof(*key); i++)
		hash = (hash ^ p[i]) * 0x100000001b3ULL;
	return hash ? hash : 1;
}

static int append(struct ft_hists *h, struct ft_hist_group *g)
{
	if (h->n == h->room) {
		size_t room = h->room ? 2 * h->room : 64;
		struct ft_hist_group **v = realloc(h->v, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		h->v = v;
		h->room = room;
	}
	h->v[h->n++] = g;
	return 0;
}

/* The group of `key`, made if it is new. NULL without memory. */
static struct ft_hist_group *group_of(struct ft_hists *h, const struct ft_group *key)
{
	uint64_t hash = hash_of(key);
	struct ft_hist_group *first = ft_map64_get(&h->by_hash, hash), *g;

	for (g = first; g; g = g->chain)
		if (!memcmp(&g->key, key, sizeof(*key)))
			return g;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->key = *key;
	g->chain = first;
	if (append(h, g)) {
		free(g);
		return NULL;
	}
	return ft_map64_put(&h->by_hash, hash, g) ? NULL : g;
}

void ft_hist_add(struct ft_hist *sum, const struct ft_hist *h)
{
	sum->stall_ns += h->stall_ns;
	sum->unknown += h->unknown;
	sum->parts.reclaim_ns += h->parts.reclaim_ns;
	sum->parts.memcg_ns += h->parts.memcg_ns;
	sum->parts.compaction_ns += h->parts.compaction_ns;
	sum->parts.wait_ns += h->parts.wait_ns;
	if (h->min_ns > sum->min_ns)
		sum->min_ns = h->min_ns;
	if (h->max_ns > sum->max_ns)
		sum->max_ns = h->max_ns;
	for (size_t i = 0; i < FT_HIST_BUCKETS; i++)
		sum->bucket[i] += h->bucket[i];
}

static uint64_t count_of(const struct ft_hist *h)
{
	uint64_t n = h->unknown;

	for (size_t i = 0; i < FT_HIST_BUCKETS; i++)
		n += h->bucket[i];
	return n;
}

/* One histogram per CPU to one. */
static void sum_cpus(const struct ft_hists *h, const struct ft_hist *values, struct ft_hist *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (int i = 0; i < h->cpus; i++)
		ft_hist_add(sum, &values[i]);
}

/* One element as the kernel handed it over: `values` has one histogram per CPU. */
static int take(struct ft_hists *h, const struct ft_group *key, const struct ft_hist *values)
{
	struct ft_hist_group *g;
	int used = 0;

	while (used < h->cpus && !count_of(&values[used]))
		used++;
	if (used == h->cpus)
		return 0;
	g = group_of(h, key);
	if (!g)
		return -ENOMEM;
	sum_cpus(h, values, &g->now);
	return 0;
}

/* An array: few elements, and of them only those that can be in use. */
static int read_few(struct ft_hists *h)
{
	int err = 0;

	for (uint32_t i = 0; i < ft_hist_few_size(h->by) && !err; i++) {
		struct ft_group key = ft_hist_few_group(h->by, i);

		err = bpf_map_lookup_elem(h->fd, &i, h->values) ? -errno : take(h, &key, h->values);
	}
	return err;
}

static int take_many(struct ft_hists *h, size_t n)
{
	const struct ft_group *keys = h->keys;
	const char *values = h->values;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = take(h, &keys[i], (const void *)(values + i * value_size(h)));
	return err;
}

/*
 * Some tens of groups per call. Nothing is ever deleted, so no element is passed over or comes
 * twice. The kernel hands over whole buckets of its hash table; -ENOSPC says that one does not fit.
 * -EOPNOTSUPP without batches for this type of map (before 5.6).
 */
static int read_batch(struct ft_hists *h)
{
	uint32_t at, next;
	bool begun = false;
	int err;

	do {
		uint32_t n = (uint32_t)h->at_once;

		err = bpf_map_lookup_batch(h->fd, begun ? &at : NULL, &next, h->keys, h->values, &n,
					   NULL)
			      ? -errno
			      : 0;
		if (err == -ENOSPC) {
			err = set_at_once(h, 2 * h->at_once);
			continue;
		}
		if (err && err != -ENOENT)
			return !begun && (err == -EINVAL || err == -524 /* ENOTSUPP */)
				       ? -EOPNOTSUPP
				       : err;
		if (take_many(h, n))
			return -ENOMEM;
		at = next;
		begun = true;
	} while (!err);
	return err == -ENOENT ? 0 : err;
}

static int read_singly(struct ft_hists *h)
{
	struct ft_group key, next;
	bool begun = false;
	int err = 0;

	while (!err && !bpf_map_get_next_key(h->fd, begun ? &key : NULL, &next)) {
		key = next;
		begun = true;
		err = bpf_map_lookup_elem(h->fd, &key, h->values) ? -errno
								  : take(h, &key, h->values);
	}
	return err;
}

int ft_hists_read(struct ft_hists *h)
{
	int err = -EOPNOTSUPP;

	if (!(h->by & ~FT_BY_FEW))
		return read_few(h);
	if (!h->no_batch)
		err = read_batch(h);
	if (err != -EOPNOTSUPP)
		return err;
	h->no_batch = true;
	return read_singly(h);
}

int ft_hists_keep(struct ft_hists *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct ft_hist_group *g = h->v[i];

		if (g->gone)
			continue; /* its last faults are still to be shown */
		if (!g->before)
			g->before = malloc(sizeof(*g->before));
		if (!g->before)
			return -ENOMEM;
		*g->before = g->now;
	}
	return 0;
}

uint64_t ft_hists_count(const struct ft_hists *h)
{
	uint64_t n = h->past;

	for (size_t i = 0; i < h->n; i++)
		n += count_of(&h->v[i]->now);
	return n;
}

/* From here a group of the same key is another one. */
static void unlink_hash(struct ft_hists *h, struct ft_hist_group *g)
{
	uint64_t hash = hash_of(&g->key);
	struct ft_hist_group *at = ft_map64_get(&h->by_hash, hash);

	if (at != g) {
		while (at->chain != g)
			at = at->chain;
		at->chain = g->chain;
	} else if (g->chain) {
		ft_map64_put(&h->by_hash, hash, g->chain); /* in place: needs no memory */
	} else {
		ft_map64_del(&h->by_hash, hash);
	}
}

/* Reads `g` for the last time and deletes it; in one step where the kernel can (5.14). */
static bool delete_group(struct ft_hists *h, struct ft_hist_group *g)
{
	if (bpf_map_lookup_and_delete_elem(h->fd, &g->key, h->values)) {
		if (bpf_map_lookup_elem(h->fd, &g->key, h->values) ||
		    bpf_map_delete_elem(h->fd, &g->key))
			return false;
	}
	sum_cpus(h, h->values, &g->now);
	unlink_hash(h, g);
	g->gone = true;
	return true;
}

void ft_hists_forget(struct ft_hists *h, bool (*over)(void *ctx, const struct ft_group *key),
		     void *ctx)
{
	bool room = false;
	size_t left = 0;

	for (size_t i = 0; i < h->n; i++) {
		struct ft_hist_group *g = h->v[i];
		bool idle = g->before && !memcmp(&g->now, g->before, sizeof(g->now));

		if (g->gone) {
			h->past += count_of(&g->now);
			free(g->before);
			free(g);
			continue;
		}
		if (idle && !g->key.other && over(ctx, &g->key))
			room = delete_group(h, g) || room;
		h->v[left++] = g;
	}
	h->n = left;
	if (room)
		ft_tracer_groups_freed(h->tracer);
}

int ft_hists_keys(const struct ft_hists *h, void (*fn)(void *ctx, const struct ft_group *key),
		  void *ctx)
{
	struct ft_group key, next;
	bool begun = false;

	if (!(h->by & ~FT_BY_FEW))
		return 0;
	while (!bpf_map_get_next_key(h->fd, begun ? &key : NULL, &next)) {
		key = next;
		begun = true;
		fn(ctx, &key);
	}
	return errno == ENOENT ? 0 : -errno;
}
