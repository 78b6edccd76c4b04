/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "collect/thrash.h"
#include "collect/tracer.h"

#define BATCH 512

static uint32_t map_entries(int fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.max_entries;
}

/* A map's elements as rows of key, padding and value; `at` is the value's offset in a row. */
struct rows {
	size_t key, value, row, at;
	char *v;
	size_t n, cap;
};

static int add_row(struct rows *r, const char *key, const char *value)
{
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 64;
		char *v = realloc(r->v, cap * r->row);

		if (!v)
			return -ENOMEM;
		r->v = v;
		r->cap = cap;
	}
	memset(r->v + r->n * r->row, 0, r->row);
	memcpy(r->v + r->n * r->row, key, r->key);
	memcpy(r->v + r->n * r->row + r->at, value, r->value);
	r->n++;
	return 0;
}

/* In batches (bpf_map_lookup_batch, since 5.6). A row that moves meanwhile may be there twice. */
static int read_rows(int fd, struct rows *r)
{
	_cleanup_free_ char *keys = malloc(BATCH * r->key), *values = malloc(BATCH * r->value);
	__u32 at = 0, next = 0, count;
	bool first = true;
	int err = 0;

	if (fd < 0)
		return fd;
	if (!keys || !values)
		return -ENOMEM;
	while (!err) {
		count = BATCH;
		err = bpf_map_lookup_batch(fd, first ? NULL : &at, &next, keys, values, &count,
					   NULL)
			      ? -errno
			      : 0;
		if (err && err != -ENOENT)
			return err;
		for (__u32 i = 0; i < count; i++)
			if (add_row(r, keys + i * r->key, values + i * r->value))
				return -ENOMEM;
		at = next;
		first = false;
	}
	return 0;
}

static int read_sums(struct ft_tracer *t, struct ft_thrash_sums *s)
{
	int fd = ft_tracer_map_fd(t, "ft_thrash"), cpus = libbpf_num_possible_cpus();
	const size_t n = sizeof(*s) / sizeof(__u64);
	_cleanup_free_ __u64 *v = cpus > 0 ? calloc((size_t)cpus * n, sizeof(*v)) : NULL;
	__u32 zero = 0;

	if (fd < 0 || !v)
		return fd < 0 ? fd : -ENOMEM;
	if (bpf_map_lookup_elem(fd, &zero, v))
		return -errno;
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < (size_t)cpus * n; i++)
		((__u64 *)s)[i % n] += v[i];
	return 0;
}

#define ROWS(type, key, value)                                                                     \
	{                                                                                          \
		sizeof(((type *)0)->key), sizeof(((type *)0)->value), sizeof(type),                \
			offsetof(type, value), NULL, 0, 0                                          \
	}

/* What ended is in this reading for the last time: a process with its number would be another. */
static void remove_ended(int fd, const struct ft_thrash_counts *c)
{
	for (size_t i = 0; i < c->n_procs; i++)
		if (c->procs[i].p.flags & FT_PROC_EXITED)
			bpf_map_delete_elem(fd, &c->procs[i].tgid);
}

int ft_thrash_read(struct ft_tracer *t, struct ft_thrash_counts *c)
{
	struct rows procs = ROWS(struct ft_proc_row, tgid, p);
	struct rows blames = ROWS(struct ft_blame_row, key, v);
	struct rows returns = ROWS(struct ft_return_row, key, v);
	int fd = ft_tracer_map_fd(t, "ft_procs"), err;

	err = read_rows(fd, &procs);
	if (!err)
		err = read_rows(ft_tracer_map_fd(t, "ft_blames"), &blames);
	if (!err)
		err = read_rows(ft_tracer_map_fd(t, "ft_returns"), &returns);
	*c = (struct ft_thrash_counts) {
		.procs = (struct ft_proc_row *)procs.v,
		.blames = (struct ft_blame_row *)blames.v,
		.returns = (struct ft_return_row *)returns.v,
		.n_procs = procs.n,
		.n_blames = blames.n,
		.n_returns = returns.n,
	};
	if (!err)
		err = read_sums(t, &c->sums);
	if (!err)
		remove_ended(fd, c);
	fd = ft_tracer_map_fd(t, "ft_file_pages");
	c->pages_full = fd >= 0 && c->sums.pages_remembered >= map_entries(fd) / 4 * 3;
	c->epoch = ft_tracer_next_epoch(t);
	return err;
}

void ft_thrash_release(struct ft_thrash_counts *c)
{
	free(c->procs);
	free(c->blames);
	free(c->returns);
	*c = (struct ft_thrash_counts) {};
}

/* What a map has no more of `added` keys. */
static uint64_t forgotten(int fd, uint64_t added)
{
	uint64_t there = 0, key, next, max = fd >= 0 ? map_entries(fd) : 0;
	bool first = true;

	/* An LRU map forgets a little before it is full: its free elements are kept per CPU. */
	if (added < max * 3 / 4)
		return 0;
	for (; there < max && !bpf_map_get_next_key(fd, first ? NULL : &key, &next); there++) {
		key = next;
		first = false;
	}
	return added > there ? added - there : 0;
}

struct ft_thrash_forgotten ft_thrash_forgotten(struct ft_tracer *t, const struct ft_thrash_sums *s)
{
	return (struct ft_thrash_forgotten) {
		.evictions = forgotten(ft_tracer_map_fd(t, "ft_evictions"), s->remembered),
		.pages = forgotten(ft_tracer_map_fd(t, "ft_file_pages"), s->pages_remembered),
	};
}
