/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "collect/iter.h"
#include "collect/skel.h"
#include "collect/thrash.h"
#include "collect/tracer.h"
#include "collect/tracer_priv.h"

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
static int read_batches(int map, struct rows *r)
{
	_cleanup_free_ char *keys = malloc(BATCH * r->key), *values = malloc(BATCH * r->value);
	__u32 at = 0, next = 0, count;
	bool first = true;
	int err = 0;

	if (!keys || !values)
		return -ENOMEM;
	while (!err) {
		count = BATCH;
		err = bpf_map_lookup_batch(map, first ? NULL : &at, &next, keys, values, &count,
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

/* Adds the rows that `data` begins with; what is left of one stays in front. Bytes left, -errno. */
static ssize_t take_rows(struct rows *r, char *data, size_t size)
{
	size_t row = r->key + r->value, at = 0;

	for (; size - at >= row; at += row)
		if (add_row(r, data + at, data + at + r->key))
			return -ENOMEM;
	memmove(data, data + at, size - at);
	return (ssize_t)(size - at);
}

/* bpf/rows.bpf.c */
static int read_iterator(int iter, struct rows *r)
{
	const size_t size = BATCH * (r->key + r->value);
	_cleanup_free_ char *data = malloc(size);
	ssize_t got, left = 0;

	if (!data)
		return -ENOMEM;
	while ((got = read(iter, data + left, size - (size_t)left)) > 0) {
		left = take_rows(r, data, (size_t)(left + got));
		if (left < 0)
			return (int)left;
	}
	return got < 0 ? -errno : 0;
}

/* The rows of a map, by its iterator where there are iterators. */
static int read_rows(struct ft_tracer *t, const char *map, const struct bpf_program *prog,
		     struct rows *r)
{
	int fd = ft_tracer_map_fd(t, map);
	_cleanup_fd_ int iter = -1;

	if (fd < 0)
		return fd;
	iter = ft_iter_open(prog, fd);
	if (iter == -ENOENT)
		return read_batches(fd, r);
	return iter < 0 ? iter : read_iterator(iter, r);
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
	const struct faulttrace_bpf *skel = ft_tracer_skel(t);
	int fd, err;

	err = read_rows(t, "ft_procs", skel->progs.iter__procs, &procs);
	if (!err)
		err = read_rows(t, "ft_blames", skel->progs.iter__blames, &blames);
	if (!err)
		err = read_rows(t, "ft_returns", skel->progs.iter__returns, &returns);
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
		remove_ended(ft_tracer_map_fd(t, "ft_procs"), c);
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
