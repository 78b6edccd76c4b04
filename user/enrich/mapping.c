/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "enrich/mapping.h"
#include "enrich/mapping_table.h"

#define PROCESSES 4096
#define BYTES	  (64UL << 20)
#define TABLES	  4
#define BUCKETS	  4096
#define REST	  19 /* one part reading, 19 parts not: 5 % */

struct process {
	pid_t pid;
	struct process *next;		   /* of the bucket */
	struct process *newer, *older;	   /* by last use */
	struct ft_mapping_table t[TABLES]; /* the newest first */
	uint64_t not_before_ns;		   /* of the next read */
	uint64_t latest_ns, latest;	   /* its stamp when an event last told */
	size_t bytes;
};

struct ft_mappings {
	char *root;
	uint64_t (*now_ns)(void);
	size_t max_processes, max_bytes;
	struct process *buckets[BUCKETS];
	struct process *newest, *oldest;
	struct ft_mappings_stats stats;
};

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

struct ft_mappings *ft_mappings_create(const struct ft_mappings_config *config)
{
	static const struct ft_mappings_config defaults;
	const struct ft_mappings_config *c = config ? config : &defaults;
	struct ft_mappings *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->root = strdup(c->root ? c->root : "");
	if (!m->root) {
		free(m);
		return NULL;
	}
	m->now_ns = c->now_ns ? c->now_ns : monotonic;
	m->max_processes = c->processes ? c->processes : PROCESSES;
	m->max_bytes = c->bytes ? c->bytes : BYTES;
	return m;
}

static struct process **place_of(struct ft_mappings *m, pid_t pid)
{
	struct process **p = &m->buckets[(uint32_t)pid % BUCKETS];

	while (*p && (*p)->pid != pid)
		p = &(*p)->next;
	return p;
}

static void unlink_use(struct ft_mappings *m, struct process *p)
{
	*(p->newer ? &p->newer->older : &m->newest) = p->older;
	*(p->older ? &p->older->newer : &m->oldest) = p->newer;
}

static void link_newest(struct ft_mappings *m, struct process *p)
{
	p->newer = NULL;
	p->older = m->newest;
	*(m->newest ? &m->newest->newer : &m->oldest) = p;
	m->newest = p;
}

static void drop_table(struct ft_mappings *m, struct process *p, struct ft_mapping_table *t)
{
	p->bytes -= t->bytes;
	m->stats.bytes -= t->bytes;
	ft_mapping_table_deinit(t);
}

static void drop_process(struct ft_mappings *m, struct process *p)
{
	for (int i = 0; i < TABLES; i++)
		drop_table(m, p, &p->t[i]);
	*place_of(m, p->pid) = p->next;
	unlink_use(m, p);
	free(p);
	m->stats.processes--;
}

void ft_mappings_destroy(struct ft_mappings *m)
{
	if (!m)
		return;
	while (m->newest)
		drop_process(m, m->newest);
	free(m->root);
	free(m);
}

void ft_mappings_forget(struct ft_mappings *m, pid_t pid)
{
	struct process *p = *place_of(m, pid);

	if (p)
		drop_process(m, p);
}

static struct process *process_of(struct ft_mappings *m, pid_t pid)
{
	struct process **place = place_of(m, pid), *p = *place;

	if (p == m->newest && p)
		return p;
	if (p) {
		unlink_use(m, p);
	} else {
		p = calloc(1, sizeof(*p));
		if (!p)
			return NULL;
		p->pid = pid;
		p->next = NULL;
		*place = p;
		m->stats.processes++;
	}
	link_newest(m, p);
	if (m->stats.processes > m->max_processes)
		drop_process(m, m->oldest);
	return p;
}

static void heard(struct process *p, uint64_t stamp, uint64_t at_ns)
{
	if (at_ns < p->latest_ns)
		return;
	p->latest_ns = at_ns;
	p->latest = stamp;
}

/* What an event tells about tables that wait to be confirmed. */
static void confirm(struct process *p, uint64_t stamp, uint64_t ts_ns)
{
	if (!stamp)
		return;
	heard(p, stamp, ts_ns);
	for (int i = 0; i < TABLES; i++) {
		struct ft_mapping_table *t = &p->t[i];

		if (!t->used || t->sure || !t->stamp)
			continue;
		if (ts_ns >= t->end_ns) {
			t->sure = t->stamp == stamp;
		} else if (ts_ns <= t->begin_ns && ts_ns > t->since_ns) {
			/* The last one before the read is the one to wait for. */
			t->stamp = stamp;
			t->since_ns = ts_ns;
		}
	}
}

static struct ft_mapping_table *table_of(struct process *p, uint64_t stamp)
{
	for (int i = 0; i < TABLES; i++) {
		if (p->t[i].used && p->t[i].stamp == stamp)
			return &p->t[i];
	}
	return NULL;
}

/* An empty slot at the front; the oldest table goes when all are used. */
static struct ft_mapping_table *new_slot(struct ft_mappings *m, struct process *p)
{
	int i = 0;

	while (i < TABLES - 1 && p->t[i].used)
		i++;
	drop_table(m, p, &p->t[i]);
	memmove(p->t + 1, p->t, i * sizeof(*p->t));
	memset(p->t, 0, sizeof(*p->t));
	return &p->t[0];
}

static void count_bytes(struct ft_mappings *m, struct process *p, size_t more)
{
	p->bytes += more;
	m->stats.bytes += more;
	while (m->stats.bytes > m->max_bytes && m->oldest != p)
		drop_process(m, m->oldest);
}

/* Reading is work in proportion to what changes: a process that never rests is left alone. */
static void rest_after(struct process *p, uint64_t begin_ns, uint64_t end_ns)
{
	p->not_before_ns = end_ns + REST * (end_ns - begin_ns);
}

/* Reads the table and keeps it as one of the last stamp that an event told. */
static int read_table(struct ft_mappings *m, struct process *p)
{
	struct ft_mapping_table t = { .stamp = p->latest, .since_ns = p->latest_ns }, *old;
	int err;

	t.begin_ns = m->now_ns();
	err = ft_mapping_table_read(&t, m->root, p->pid);
	t.end_ns = m->now_ns();
	rest_after(p, t.begin_ns, t.end_ns);
	m->stats.reads++;
	/* Without a line: it is ending, and has no address space any more. */
	if (!err && !t.maps.n)
		err = -ESRCH;
	if (err) {
		ft_mapping_table_deinit(&t);
		return err;
	}
	old = table_of(p, t.stamp);
	if (old)
		drop_table(m, p, old);
	*new_slot(m, p) = t;
	count_bytes(m, p, t.bytes);
	return 0;
}

static int fill(struct ft_mapping_info *out, const struct ft_map *map)
{
	if (!map)
		return -EFAULT;
	*out = (struct ft_mapping_info) {
		.start = map->start,
		.end = map->end,
		.offset = map->offset,
		.dev = (uint64_t)map->major << 20 | map->minor,
		.ino = map->ino,
		.perms = map->perms,
		.kind = ft_map_kind(map),
		.path = map->path,
	};
	return 0;
}

/* Was the process heard of with another stamp after that time? Then `stamp` does not come back. */
static bool is_over(const struct process *p, uint64_t stamp, uint64_t ts_ns)
{
	return p->latest != stamp && p->latest_ns >= ts_ns;
}

/* The answer of the table of `stamp`. -ENODATA: there is none that could tell. */
static int from_table(struct process *p, uint64_t stamp, uint64_t addr, struct ft_mapping_info *out)
{
	const struct ft_mapping_table *t = stamp ? table_of(p, stamp) : NULL;
	const struct ft_map *map = t ? ft_maps_find(&t->maps, addr) : NULL;
	int err;

	if (!t || (!t->sure && is_over(p, stamp, t->end_ns)))
		return -ENODATA;
	err = fill(out, map);
	return t->sure ? err : -EAGAIN;
}

static bool same_map(const struct ft_map *a, const struct ft_map *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       a->ino == b->ino && a->major == b->major && a->minor == b->minor &&
	       a->perms == b->perms && !strcmp(a->path, b->path);
}

/* No table of the event's stamp: do the last one before it and the first one after it agree? */
static void guess(struct process *p, uint64_t addr, uint64_t ts_ns, struct ft_mapping_info *out)
{
	const struct ft_map *before = NULL, *after = NULL;

	for (int i = 0; i < TABLES; i++) {
		const struct ft_mapping_table *t = &p->t[i];

		if (t->used && t->begin_ns > ts_ns)
			after = ft_maps_find(&t->maps, addr);
		else if (t->used && t->end_ns <= ts_ns && !before)
			before = ft_maps_find(&t->maps, addr);
	}
	if (before && after && same_map(before, after))
		fill(out, after);
}

/* Without a stamp: what the table says that was read after the event, or now. */
static int without_stamp(struct ft_mappings *m, struct process *p, uint64_t addr, uint64_t ts_ns,
			 struct ft_mapping_info *out)
{
	struct ft_mapping_table *t = &p->t[0];

	if ((!t->used || t->begin_ns < ts_ns) && m->now_ns() >= p->not_before_ns)
		read_table(m, p);
	if (!t->used)
		return -ESRCH;
	fill(out, ft_maps_find(&t->maps, addr));
	return -EAGAIN;
}

static int refresh(struct ft_mappings *m, struct process *p, uint64_t stamp, uint64_t ts_ns)
{
	if (m->now_ns() < p->not_before_ns || (is_over(p, stamp, ts_ns) && table_of(p, p->latest)))
		return -ESTALE;
	return read_table(m, p);
}

int ft_mappings_lookup(struct ft_mappings *m, pid_t pid, uint64_t addr, uint64_t stamp,
		       uint64_t ts_ns, struct ft_mapping_info *out)
{
	struct process *p = process_of(m, pid);
	int err, read_err;

	*out = (struct ft_mapping_info) { .path = "", .kind = "" };
	if (!p)
		return -ENOMEM;
	if (!stamp)
		return without_stamp(m, p, addr, ts_ns, out);
	confirm(p, stamp, ts_ns);
	err = from_table(p, stamp, addr, out);
	if (err != -ENODATA) {
		m->stats.hits++;
		m->stats.unconfirmed += err == -EAGAIN;
		return err;
	}
	read_err = refresh(m, p, stamp, ts_ns);
	if (read_err == -ENOMEM)
		return read_err;
	err = from_table(p, stamp, addr, out);
	if (err != -ENODATA) {
		m->stats.unconfirmed += err == -EAGAIN;
		return err;
	}
	if (!p->t[0].used) {
		m->stats.unknown++;
		return read_err && read_err != -ESTALE ? -ESRCH : -ESTALE;
	}
	m->stats.stale++;
	guess(p, addr, ts_ns, out);
	return -ESTALE;
}

void ft_mappings_note(struct ft_mappings *m, pid_t pid, uint64_t stamp, uint64_t ts_ns)
{
	struct process *p = *place_of(m, pid);

	if (p)
		confirm(p, stamp, ts_ns);
}

void ft_mappings_stats(const struct ft_mappings *m, struct ft_mappings_stats *out)
{
	*out = m->stats;
}
