/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <linux/membarrier.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "collect/stacks.h"
#include "collect/tracer.h"

#define BATCH 256 /* a batch holds at least one hash bucket: that many never meet in one */

/* Takes one element. 1: it is to be removed, 0: it is to stay, -errno ends the reading. */
typedef int (*take_fn)(struct ft_stack_counts *c, const void *key, const void *value);

struct reading {
	int fd;
	size_t key_size, value_size; /* of a per-CPU map: over all CPUs */
	char *keys, *values;
	take_fn take;
	struct ft_stack_counts *out;
};

/* Elements are removed afterwards: an iteration does not survive that. */
static int take(struct reading *r, const char *key, const char *value)
{
	struct ft_stack_counts *c = r->out;
	int remove = r->take(c, key, value);
	char *keys;

	if (remove <= 0)
		return remove;
	/* Grows at powers of two. */
	if (!(c->n_keys & (c->n_keys - 1))) {
		keys = realloc(c->keys, (c->n_keys ? c->n_keys * 2 : 1) * r->key_size);
		if (!keys)
			return -ENOMEM;
		c->keys = keys;
	}
	memcpy((char *)c->keys + c->n_keys++ * r->key_size, key, r->key_size);
	return 0;
}

/* -ENOTSUP when this kernel reads no batches of this map. */
static int read_batches(struct reading *r)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	__u32 at = 0; /* of a hash map a bucket's number */
	bool more = true, first = true;

	while (more) {
		__u32 n = BATCH;
		int err = bpf_map_lookup_batch(r->fd, first ? NULL : &at, &at, r->keys, r->values,
					       &n, &opts);

		if (err && errno != ENOENT)
			return first ? -ENOTSUP : -errno;
		more = !err;
		first = false;
		for (size_t i = 0; i < n; i++) {
			err = take(r, r->keys + i * r->key_size, r->values + i * r->value_size);
			if (err)
				return err;
		}
	}
	return 0;
}

static int read_singly(struct reading *r)
{
	const void *before = NULL;

	while (!bpf_map_get_next_key(r->fd, before, r->keys)) {
		int err = 0;

		before = r->keys;
		if (!bpf_map_lookup_elem(r->fd, r->keys, r->values))
			err = take(r, r->keys, r->values);
		if (err)
			return err;
	}
	return errno == ENOENT ? 0 : -errno;
}

static void remove_keys(struct reading *r)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	struct ft_stack_counts *c = r->out;
	__u32 n = (__u32)c->n_keys;

	if (n && bpf_map_delete_batch(r->fd, c->keys, &n, &opts))
		for (size_t i = 0; i < c->n_keys; i++)
			bpf_map_delete_elem(r->fd, (char *)c->keys + i * r->key_size);
	free(c->keys);
	c->keys = NULL;
	c->n_keys = 0;
}

static int read_map(struct ft_stack_counts *out, int fd, size_t key_size, size_t value_size,
		    take_fn fn)
{
	_cleanup_free_ char *keys = malloc(BATCH * key_size), *values = malloc(BATCH * value_size);
	struct reading r = { fd, key_size, value_size, keys, values, fn, out };
	int err;

	if (fd < 0)
		return fd;
	if (!keys || !values)
		return -ENOMEM;
	err = read_batches(&r);
	if (err == -ENOTSUP)
		err = read_singly(&r);
	if (!err)
		remove_keys(&r);
	return err;
}

static int take_count(struct ft_stack_counts *c, const void *key, const void *value)
{
	int cpus = libbpf_num_possible_cpus();
	const struct ft_stack_value *v = value;
	struct ft_stack_count *to;
	struct ft_stack_key k;

	memcpy(&k, key, sizeof(k));
	if (k.other || k.round != c->round)
		return 0;
	if (!(c->n & (c->n - 1))) {
		to = realloc(c->v, (c->n ? c->n * 2 : 1) * sizeof(*to));
		if (!to)
			return -ENOMEM;
		c->v = to;
	}
	to = &c->v[c->n];
	*to = (struct ft_stack_count) { .key = k };
	for (int i = 0; i < cpus; i++) {
		to->sum.count += v[i].count;
		to->sum.stall_ns += v[i].stall_ns;
		to->sum.bytes += v[i].bytes;
	}
	c->n += to->sum.count > 0;
	return 1;
}

/* At the end: whatever round it is of. */
static int take_rest(struct ft_stack_counts *c, const void *key, const void *value)
{
	size_t n = c->n;
	int err;

	c->round = ((const struct ft_stack_key *)key)->round;
	if (!((const struct ft_stack_key *)key)->other)
		return take_count(c, key, value);
	err = take_count(c, &(const struct ft_stack_key) { .round = c->round }, value);
	if (err > 0 && c->n > n)
		c->v[n].key.other = 1;
	return err;
}

static int take_trace(struct ft_stack_counts *c, const void *key, const void *value)
{
	const struct ft_stack_trace *t = value;
	size_t n = t->n < FT_STACK_DEPTH ? t->n : FT_STACK_DEPTH;
	struct ft_stack_ips *ips = malloc(sizeof(*ips) + n * sizeof(*ips->ip));
	__u64 id;

	if (!ips)
		return -ENOMEM;
	memcpy(&id, key, sizeof(id));
	ips->n = (uint32_t)n;
	memcpy(ips->ip, t->ip, n * sizeof(*ips->ip));
	free(ft_map64_del(&c->ips, id)); /* the fallback may meet an element twice */
	if (!ft_map64_put(&c->ips, id, ips))
		return 1;
	free(ips);
	return -ENOMEM;
}

/*
 * The traces first: one that is added after them is of a key that is read in the next round, or,
 * when the programs have ended, is not added any more.
 */
static int read_maps(struct ft_stack_counts *c, const struct ft_tracer *t, take_fn fn)
{
	int cpus = libbpf_num_possible_cpus(), err;

	if (cpus < 0)
		return cpus;
	ft_map64_deinit(&c->ips_before, free);
	c->ips_before = c->ips;
	c->ips = (struct ft_map64) {};
	c->n = 0;
	err = read_map(c, ft_tracer_map_fd(t, "ft_stack_traces"), sizeof(__u64),
		       sizeof(struct ft_stack_trace), take_trace);
	if (err)
		return err;
	return read_map(c, ft_tracer_map_fd(t, "ft_stacks"), sizeof(struct ft_stack_key),
			(size_t)cpus * sizeof(struct ft_stack_value), fn);
}

/* Waits until no program runs that began before. */
static void wait_for_programs(void)
{
	const struct timespec while_any_runs = { .tv_nsec = 50000000 };

	/* synchronize_rcu(), kernel/sched/membarrier.c; not with nohz_full. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		nanosleep(&while_any_runs, NULL);
}

int ft_stack_counts_turn(struct ft_stack_counts *c, const struct ft_tracer *t, size_t room)
{
	int fd = ft_tracer_map_fd(t, "ft_stack_rounds"), err;
	struct ft_stack_round round;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(fd, &zero, &round))
		return -errno;
	if (round.fresh < room / 4)
		return 0;
	c->round = round.n;
	round = (struct ft_stack_round) { .n = round.n + 1 };
	if (bpf_map_update_elem(fd, &zero, &round, BPF_ANY))
		return -errno;
	wait_for_programs();
	err = read_maps(c, t, take_count);
	return err ? err : 1;
}

int ft_stack_counts_read(struct ft_stack_counts *c, const struct ft_tracer *t)
{
	return read_maps(c, t, take_rest);
}

void ft_stack_counts_deinit(struct ft_stack_counts *c)
{
	ft_map64_deinit(&c->ips, free);
	ft_map64_deinit(&c->ips_before, free);
	free(c->keys);
	free(c->v);
	*c = (struct ft_stack_counts) {};
}

const struct ft_stack_ips *ft_stack_counts_ips(const struct ft_stack_counts *c, uint64_t id)
{
	const struct ft_stack_ips *ips = id ? ft_map64_get(&c->ips, id) : NULL;

	return ips || !id ? ips : ft_map64_get(&c->ips_before, id);
}
