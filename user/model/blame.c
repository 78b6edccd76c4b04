/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/blame.h"

void ft_blame_init(struct ft_blame_table *t)
{
	*t = (struct ft_blame_table) {};
}

void ft_blame_deinit(struct ft_blame_table *t)
{
	free(t->procs);
	free(t->pairs);
	free(t->victims);
	free(t->files);
	*t = (struct ft_blame_table) {};
}

static struct ft_blame_proc *find_live(struct ft_blame_table *t, uint32_t tgid)
{
	for (size_t i = t->n; i-- > 0;)
		if (t->procs[i].tgid == tgid && !t->procs[i].gone)
			return &t->procs[i];
	return NULL;
}

static uint64_t pages_of(const struct ft_blame_row *r)
{
	return r->v.evicted + r->v.evicted_file;
}

const struct ft_blame_row *ft_blame_culprit(const struct ft_blame_table *t, uint32_t victim)
{
	const struct ft_blame_row *worst = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < t->n_pairs; i++) {
		const struct ft_blame_row *r = &t->pairs[i];
		uint64_t cost = r->v.stall_ns + ft_blame_part_of(t, r).stall_ns;

		if (r->key.victim != victim || ft_blame_unseen(r->key.evictor) != FT_UNSEEN_MAX ||
		    !pages_of(r))
			continue;
		if (worst && (cost < most || (cost == most && pages_of(r) <= pages_of(worst))))
			continue;
		worst = r;
		most = cost;
	}
	return worst;
}

static uint64_t cgroup_of(const struct ft_blame_table *t, uint32_t tgid)
{
	const struct ft_blame_proc *p = ft_blame_find(t, tgid);

	return p ? p->now.cgroup : 0;
}

static int by_stall(const void *a, const void *b)
{
	const struct ft_blame_cgroups *x = a, *y = b;
	uint64_t xs = x->v.stall_ns + x->part.stall_ns, ys = y->v.stall_ns + y->part.stall_ns;

	if (xs != ys)
		return xs < ys ? 1 : -1;
	return (x->v.evicted < y->v.evicted) - (x->v.evicted > y->v.evicted);
}

static void add_pair(struct ft_blame_cgroups *sum, const struct ft_blame *v,
		     const struct ft_blame_part *part)
{
	sum->v.evicted += v->evicted;
	sum->v.evicted_file += v->evicted_file;
	sum->v.evicted_shmem += v->evicted_shmem;
	sum->v.written += v->written;
	sum->v.returned += v->returned;
	sum->v.stall_ns += v->stall_ns;
	sum->part.returned += part->returned;
	sum->part.stall_ns += part->stall_ns;
}

size_t ft_blame_by_cgroup(const struct ft_blame_table *t, struct ft_blame_cgroups *out, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < t->n_pairs; i++) {
		const struct ft_blame_row *r = &t->pairs[i];
		struct ft_blame_part part = ft_blame_part_of(t, r);
		uint64_t evictor = cgroup_of(t, r->key.evictor),
			 victim = cgroup_of(t, r->key.victim);
		size_t at = 0;

		if (ft_blame_unseen(r->key.evictor) != FT_UNSEEN_MAX)
			continue; /* shared out among the others */
		while (at < found && (out[at].evictor != evictor || out[at].victim != victim))
			at++;
		if (at == n)
			continue;
		if (at == found)
			out[found++] = (struct ft_blame_cgroups) { evictor, victim, {}, {} };
		add_pair(&out[at], &r->v, &part);
	}
	if (found)
		qsort(out, found, sizeof(*out), by_stall);
	return found;
}

static struct ft_blame_proc *add_proc(struct ft_blame_table *t, uint32_t tgid)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 256;
		struct ft_blame_proc *v = realloc(t->procs, cap * sizeof(*v));

		if (!v)
			return NULL;
		t->procs = v;
		t->cap = cap;
	}
	t->procs[t->n] = (struct ft_blame_proc) { .tgid = tgid };
	return &t->procs[t->n++];
}

static bool of_interest(const struct ft_blame_proc *p)
{
	return p->now.majors || p->now.swap_faults || p->now.lost || p->now.took ||
	       p->now.lost_file || p->now.took_file || p->now.kswapd_wakes || p->behalf >= 1 ||
	       p->now.oom_kills;
}

/* Processes that ended and had no part in it. */
static void forget_gone(struct ft_blame_table *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n; i++)
		if (!t->procs[i].gone || of_interest(&t->procs[i]))
			t->procs[kept++] = t->procs[i];
	t->n = kept;
}

static int by_tgid(const void *a, const void *b)
{
	uint32_t x = ((const struct ft_proc_row *)a)->tgid,
		 y = ((const struct ft_proc_row *)b)->tgid;

	return (x > y) - (x < y);
}

static int by_tgid_live(const void *a, const void *b)
{
	const struct ft_blame_proc *x = a, *y = b;

	if (x->tgid != y->tgid)
		return (x->tgid > y->tgid) - (x->tgid < y->tgid);
	return y->gone - x->gone;
}

/* Both sides sorted by tgid: thousands of processes are matched in one pass. */
static int update_procs(struct ft_blame_table *t, struct ft_proc_row *rows, size_t n)
{
	size_t old = t->n, j = 0;

	if (n)
		qsort(rows, n, sizeof(*rows), by_tgid);
	if (old)
		qsort(t->procs, old, sizeof(*t->procs), by_tgid_live);
	for (size_t i = 0; i < n; i++) {
		struct ft_blame_proc *p = NULL;

		while (j < old && (t->procs[j].tgid < rows[i].tgid ||
				   (t->procs[j].tgid == rows[i].tgid && t->procs[j].gone)))
			j++;
		if (j < old && t->procs[j].tgid == rows[i].tgid)
			p = &t->procs[j];
		if (!p)
			p = add_proc(t, rows[i].tgid);
		if (!p)
			return -ENOMEM;
		p->now = rows[i].p;
		p->gone = rows[i].p.flags & FT_PROC_EXITED;
	}
	return 0;
}

static int by_cost(const void *a, const void *b)
{
	const struct ft_blame *x = &((const struct ft_blame_row *)a)->v;
	const struct ft_blame *y = &((const struct ft_blame_row *)b)->v;

	if (x->stall_ns != y->stall_ns)
		return x->stall_ns < y->stall_ns ? 1 : -1;
	return (x->evicted + x->evicted_file < y->evicted + y->evicted_file) -
	       (x->evicted + x->evicted_file > y->evicted + y->evicted_file);
}

static bool is_memory(const struct ft_return_row *r)
{
	return r->key.tgid || r->key.vma;
}

/* Files first, by re-faults, then memory, by stall. */
static int by_return(const void *a, const void *b)
{
	const struct ft_return_row *r = a, *s = b;
	const struct ft_return *x = &r->v, *y = &s->v;

	if (is_memory(r) != is_memory(s))
		return is_memory(r) - is_memory(s);
	if (is_memory(r) && x->stall_ns != y->stall_ns)
		return x->stall_ns < y->stall_ns ? 1 : -1;
	if (x->refaults != y->refaults)
		return x->refaults < y->refaults ? 1 : -1;
	return (x->faults < y->faults) - (x->faults > y->faults);
}

/* The two (other) are always there. */
static void take_returns(struct ft_blame_table *t, struct ft_return_row *rows, size_t n)
{
	size_t kept = 0, files = 0;

	for (size_t i = 0; i < n; i++) {
		if (!rows[i].v.faults)
			continue;
		files += !is_memory(&rows[i]);
		rows[kept++] = rows[i];
	}
	if (kept)
		qsort(rows, kept, sizeof(*rows), by_return);
	t->files = rows;
	t->n_files = files;
	t->mappings = kept ? rows + files : NULL;
	t->n_mappings = kept - files;
}

/* (other) is always there. */
static size_t without_empty(struct ft_blame_row *rows, size_t n)
{
	const struct ft_blame none = {};
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (memcmp(&rows[i].v, &none, sizeof(none)) != 0)
			rows[kept++] = rows[i];
	return kept;
}

struct claims {
	uint64_t pages, wakes;
};

/* What a process allocated in the interval, as far as it is seen, and how often it woke kswapd. */
static struct claims claims_of(const struct ft_blame_proc *p)
{
	if (ft_blame_is_kswapd(p))
		return (struct claims) {};
	return (struct claims) { p->now.pages - p->before.pages,
				 p->now.kswapd_wakes - p->before.kswapd_wakes };
}

/*
 * What kswapd took in this interval is shared out among those who allocated in it, and those who
 * woke it, half and half: only pages of faults are seen to be allocated, but whoever else does so
 * (read() above all) wakes it, too. Of a cgroup it is not known for whom in the machine it worked.
 */
static void share_kswapd(struct ft_blame_table *t)
{
	struct claims all = {};
	uint64_t took = 0;
	double each;

	for (size_t i = 0; i < t->n; i++) {
		const struct ft_blame_proc *p = &t->procs[i];
		struct claims c = claims_of(p);

		all.pages += c.pages;
		all.wakes += c.wakes;
		if (ft_blame_is_kswapd(p))
			took += ft_blame_took(p) - p->before.took - p->before.took_file;
	}
	if (t->scoped || !(all.pages || all.wakes))
		return;
	each = (double)took / ((all.pages ? 1 : 0) + (all.wakes ? 1 : 0));
	for (size_t i = 0; took && i < t->n; i++) {
		struct claims c = claims_of(&t->procs[i]);

		t->procs[i].behalf += each * ((double)c.pages / (double)(all.pages ?: 1) +
					      (double)c.wakes / (double)(all.wakes ?: 1));
	}
}

int ft_blame_update(struct ft_blame_table *t, struct ft_thrash_counts *c)
{
	int err;

	forget_gone(t);
	for (size_t i = 0; i < t->n; i++) {
		t->procs[i].before = t->procs[i].now;
		t->procs[i].guess_now_ns = 0;
	}
	err = update_procs(t, c->procs, c->n_procs);
	share_kswapd(t);
	free(c->procs);
	free(t->pairs);
	free(t->files);
	t->pairs = c->blames;
	t->n_pairs = without_empty(c->blames, c->n_blames);
	take_returns(t, c->returns, c->n_returns);
	if (t->n_pairs)
		qsort(t->pairs, t->n_pairs, sizeof(*t->pairs), by_cost);
	if (!err)
		err = ft_blame_sum_victims(t);
	t->before = t->sums;
	t->sums = c->sums;
	t->epoch = c->epoch;
	t->pages_full = c->pages_full;
	*c = (struct ft_thrash_counts) {};
	return err;
}

const struct ft_blame_proc *ft_blame_find(const struct ft_blame_table *t, uint32_t tgid)
{
	const struct ft_blame_proc *live = find_live((struct ft_blame_table *)t, tgid);

	if (live)
		return live;
	for (size_t i = t->n; i-- > 0;)
		if (t->procs[i].tgid == tgid)
			return &t->procs[i];
	return NULL;
}

uint64_t ft_blame_wait(const struct ft_blame_table *t, const struct ft_blame_proc *p)
{
	uint64_t all = p->now.refault_ns - p->before.refault_ns + p->guess_now_ns;
	uint64_t mean = all / (p->now.threads ?: 1);
	uint64_t worst = p->now.epoch == t->epoch ? p->now.worst_ns : 0;

	return worst > mean ? worst : mean;
}

uint64_t ft_blame_worst(const struct ft_blame_table *t)
{
	uint64_t worst = 0;

	for (size_t i = 0; i < t->n; i++) {
		uint64_t wait = ft_blame_wait(t, &t->procs[i]);

		if (t->procs[i].now.flags & FT_PROC_INSIDE && wait > worst)
			worst = wait;
	}
	return worst;
}

void ft_blame_guess_files(struct ft_blame_table *t, double share)
{
	for (size_t i = 0; i < t->n; i++) {
		struct ft_blame_proc *p = &t->procs[i];
		uint64_t all = p->now.file_major_ns - p->before.file_major_ns;
		uint64_t seen = p->now.file_refault_ns - p->before.file_refault_ns;

		p->guess_now_ns = all > seen ? (uint64_t)((double)(all - seen) * share) : 0;
		p->guess_ns += p->guess_now_ns;
	}
}

void ft_blame_judged(struct ft_blame_table *t, enum ft_verdict v)
{
	for (size_t i = 0; i < t->n; i++)
		t->procs[i].waited_ns[v] += ft_blame_wait(t, &t->procs[i]);
}

uint64_t ft_blame_took(const struct ft_blame_proc *p)
{
	return p->now.took + p->now.took_file;
}

uint64_t ft_blame_stall(const struct ft_blame_proc *p)
{
	return p->now.refault_ns + p->guess_ns;
}

uint64_t ft_blame_behalf(const struct ft_blame_proc *p)
{
	return (uint64_t)p->behalf;
}

uint64_t ft_blame_killed(const struct ft_blame_proc *p)
{
	return p->now.oom_kills;
}

bool ft_blame_is_kswapd(const struct ft_blame_proc *p)
{
	return p->now.flags & FT_PROC_KTHREAD && !strncmp(p->now.comm, "kswapd", 6);
}

size_t ft_blame_top(const struct ft_blame_table *t, uint64_t (*value)(const struct ft_blame_proc *),
		    const struct ft_blame_proc **out, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < t->n; i++) {
		size_t at;

		if (!value(&t->procs[i]))
			continue;
		for (at = found; at && value(out[at - 1]) < value(&t->procs[i]); at--)
			if (at < n)
				out[at] = out[at - 1];
		if (at < n)
			out[at] = &t->procs[i];
		if (found < n)
			found++;
	}
	return found;
}

size_t ft_blame_count(const struct ft_blame_table *t,
		      uint64_t (*value)(const struct ft_blame_proc *))
{
	size_t found = 0;

	for (size_t i = 0; i < t->n; i++)
		found += value(&t->procs[i]) != 0;
	return found;
}

uint64_t ft_distance_p50(const __u64 *distance)
{
	uint64_t all = 0, sum = 0;

	for (int b = 0; b < FT_DISTANCES; b++)
		all += distance[b];
	for (int b = 0; b < FT_DISTANCES; b++) {
		sum += distance[b];
		if (sum * 2 >= all && all)
			return (3ULL << b) * 500; /* 1.5 * 2^b us */
	}
	return 0;
}
