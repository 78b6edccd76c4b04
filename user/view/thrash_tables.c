/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tables of the report of `thrash`: victims, evictors, who evicts whom, files, mappings. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "enrich/event.h"
#include "view/thrash_tables.h"

void ft_view_thrash_named(struct ft_buf *b, const struct ft_blame_proc *p)
{
	ft_buf_escaped(b, p->now.comm, strnlen(p->now.comm, FT_COMM_LEN));
	ft_buf_fmt(b, " %u", p->tgid);
}

static void write_name(struct ft_buf *b, const struct ft_blame_table *t, uint32_t tgid)
{
	const struct ft_blame_proc *p = ft_blame_find(t, tgid);
	char num[16];
	size_t at = b->len;

	if (ft_blame_unseen(tgid) != FT_UNSEEN_MAX) {
		ft_buf_fmt(b, "(%s pages)", ft_unseen_name(tgid));
	} else if (!tgid) {
		ft_buf_str(b, "(other)");
	} else {
		const char *comm = p ? p->now.comm : "?";

		ft_buf_escaped(b, comm, strnlen(comm, FT_COMM_LEN));
		snprintf(num, sizeof(num), " %u", tgid);
		ft_buf_str(b, num);
	}
	while (b->len - at < 24)
		ft_buf_char(b, ' ');
}

static const char *cgroup_of(const struct ft_thrash_report *p, const struct ft_thrash_proc *proc)
{
	const char *path =
		p->cgroups ? ft_cgroups_path(p->cgroups, proc->cgroup, p->now->ts_ns) : NULL;

	return path ? path : "-";
}

static void write_ns(struct ft_buf *b, uint64_t ns)
{
	if (!ns)
		ft_buf_str(b, "         -");
	else if (ns < 1000000)
		ft_buf_fmt(b, " %7.1fus", (double)ns / 1e3);
	else if (ns < 1000000000)
		ft_buf_fmt(b, " %7.1fms", (double)ns / 1e6);
	else
		ft_buf_fmt(b, " %8.2fs", (double)ns / 1e9);
}

/* Up to p->rows of them; to be freed. */
static const struct ft_blame_proc **top_rows(const struct ft_thrash_report *p,
					     uint64_t (*value)(const struct ft_blame_proc *),
					     size_t *n)
{
	const struct ft_blame_proc **v;
	size_t rows = p->rows < p->t->n ? p->rows : p->t->n;

	v = calloc(rows + 1, sizeof(*v));
	*n = v ? ft_blame_top(p->t, value, v, rows) : 0;
	return v;
}

static void write_more(struct ft_buf *b, size_t all, size_t shown, const char *what)
{
	if (all > shown)
		ft_buf_fmt(b, "  %zu more%s (--rows)\n", all - shown, what);
}

static void write_victims(struct ft_buf *b, const struct ft_thrash_report *p)
{
	size_t n;
	_cleanup_free_ const struct ft_blame_proc **top = top_rows(p, ft_blame_stall, &n);

	if (!n)
		return;
	ft_buf_str(b, "\nVictims: who waited for pages that had gone\n"
		      "  PROCESS                    STALL(ms)   MAJORS REFAULTS  SWAPPED  GONE FOR"
		      "  CGROUP\n");
	for (size_t i = 0; i < n; i++) {
		const struct ft_thrash_proc *v = &top[i]->now;

		ft_buf_str(b, "  ");
		write_name(b, p->t, top[i]->tgid);
		ft_buf_fmt(b, " %11.1f %8" PRIu64 " %8" PRIu64 " %8" PRIu64,
			   (double)ft_blame_stall(top[i]) / 1e6, (uint64_t)v->majors,
			   (uint64_t)v->refaults, (uint64_t)v->swapin_pages);
		write_ns(b, ft_distance_p50(v->distance));
		ft_buf_str(b, "  ");
		ft_buf_escaped(b, cgroup_of(p, v), strlen(cgroup_of(p, v)));
		ft_buf_char(b, '\n');
	}
	write_more(b, ft_blame_count(p->t, ft_blame_stall), n, "");
}

/* How long the worst victim's pages were gone. */
static void write_distances(struct ft_buf *b, const struct ft_thrash_report *p)
{
	const struct ft_blame_proc *top[1];
	uint64_t most = 0;
	int first = FT_DISTANCES, last = -1;
	const __u64 *d;

	if (!ft_blame_top(p->t, ft_blame_stall, top, 1))
		return;
	d = top[0]->now.distance;
	for (int i = 0; i < FT_DISTANCES; i++) {
		if (!d[i])
			continue;
		first = i < first ? i : first;
		last = i;
		most = d[i] > most ? d[i] : most;
	}
	if (last < 0)
		return;
	ft_buf_str(b, "\nHow long the pages of ");
	ft_buf_escaped(b, top[0]->now.comm, strnlen(top[0]->now.comm, FT_COMM_LEN));
	ft_buf_fmt(b, " %u were gone\n     usecs               : count    distribution\n",
		   top[0]->tgid);
	for (int i = first; i <= last; i++) {
		int stars = (int)(d[i] * 40 / most);

		ft_buf_fmt(b, "%10lld -> %-10lld : %-8" PRIu64 " |%.*s%*s|\n", i ? 1LL << i : 0,
			   (2LL << i) - 1, (uint64_t)d[i], stars,
			   "****************************************", 40 - stars, "");
	}
}

static uint64_t wakes(const struct ft_blame_proc *p)
{
	return p->now.flags & FT_PROC_KTHREAD ? 0 : p->now.kswapd_wakes;
}

/* kswapd acts for others: below its row. */
static void write_behalf(struct ft_buf *b, const struct ft_thrash_report *p)
{
	const struct ft_blame_proc *top[5];
	size_t n = ft_blame_top(p->t, ft_blame_behalf, top, 5);
	double all = 0;

	for (size_t i = 0; i < p->t->n; i++)
		all += p->t->procs[i].behalf;
	if (n)
		ft_buf_str(b, "    for those who allocated in faults, or woke it, meanwhile: ");
	else
		ft_buf_fmt(b, "    for whom is not known%s\n",
			   p->t->scoped ? " of one cgroup alone" : "");
	for (size_t i = 0; i < n; i++) {
		ft_buf_str(b, i ? ", " : "");
		ft_view_thrash_named(b, top[i]);
		ft_buf_fmt(b, " (%.0f %%)", top[i]->behalf * 100 / all);
	}
	ft_buf_str(b, n ? "\n" : "");
	n = ft_blame_top(p->t, wakes, top, 3);
	if (n)
		ft_buf_str(b, "    woken by: ");
	for (size_t i = 0; i < n; i++) {
		ft_buf_str(b, i ? ", " : "");
		ft_view_thrash_named(b, top[i]);
		ft_buf_fmt(b, " (%" PRIu64 " times)", (uint64_t)top[i]->now.kswapd_wakes);
	}
	ft_buf_str(b, n ? "\n" : "");
}

static void write_evictors(struct ft_buf *b, const struct ft_thrash_report *p)
{
	size_t n;
	_cleanup_free_ const struct ft_blame_proc **top = top_rows(p, ft_blame_took, &n);

	if (!n)
		return;
	ft_buf_str(b,
		   "\nEvictors: whose allocations made reclaim take pages\n"
		   "  PROCESS                        ANON     FILE  WRITTEN ALLOCATED  RECLAIM(ms)"
		   " CGROUP\n");
	for (size_t i = 0; i < n; i++) {
		const struct ft_thrash_proc *v = &top[i]->now;

		ft_buf_str(b, "  ");
		write_name(b, p->t, top[i]->tgid);
		ft_buf_fmt(b, " %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %9" PRIu64 " %12.1f ",
			   (uint64_t)v->took, (uint64_t)v->took_file, (uint64_t)v->wrote,
			   (uint64_t)v->pages, (v->reclaim_ns + v->memcg_reclaim_ns) / 1e6);
		ft_buf_escaped(b, cgroup_of(p, v), strlen(cgroup_of(p, v)));
		ft_buf_char(b, '\n');
		if (ft_blame_is_kswapd(top[i]))
			write_behalf(b, p);
	}
	write_more(b, ft_blame_count(p->t, ft_blame_took), n, "");
}

/* Whether pages that nobody saw taken are enough of those that came back to be worth estimates. */
static bool estimates(const struct ft_blame_table *t)
{
	uint64_t unseen = t->sums.returned_clean + t->sums.shmem_refaults + t->sums.file_refaults;

	return unseen * 100 >= t->sums.returned_known && unseen;
}

static void write_pair(struct ft_buf *b, const struct ft_thrash_report *p,
		       const struct ft_blame_row *r, bool est)
{
	struct ft_blame_part part = ft_blame_part_of(p->t, r);
	size_t end;

	ft_buf_str(b, "  ");
	write_name(b, p->t, r->key.evictor);
	ft_buf_fmt(b, " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10.1f", (uint64_t)r->v.evicted,
		   (uint64_t)r->v.evicted_file, (uint64_t)r->v.returned,
		   (double)r->v.stall_ns / 1e6);
	if (est)
		ft_buf_fmt(b, " %9" PRIu64 " %10.1f", part.returned, (double)part.stall_ns / 1e6);
	ft_buf_str(b, "  ");
	if (r->key.evictor == r->key.victim && r->key.victim) {
		ft_buf_str(b, "itself\n");
		return;
	}
	write_name(b, p->t, r->key.victim);
	for (end = b->len; end && b->data[end - 1] == ' ';)
		end--;
	b->len = end;
	ft_buf_char(b, '\n');
}

static void write_matrix(struct ft_buf *b, const struct ft_thrash_report *p)
{
	bool est = estimates(p->t);
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < p->t->n_pairs; i++) {
		const struct ft_blame_row *r = &p->t->pairs[i];

		if (ft_blame_unseen(r->key.evictor) != FT_UNSEEN_MAX && !est)
			continue; /* the account has their number */
		if (shown == p->rows * 2) {
			more++;
			continue;
		}
		if (!shown++)
			ft_buf_fmt(
				b,
				"\nWho evicts whom%s\n"
				"  EVICTOR                      ANON     FILE RETURNED  STALL(ms)%s"
				"  VICTIM\n",
				est ? "; ~ is an estimate: the part of pages that nobody saw taken"
				    : "",
				est ? " ~RETURNED ~STALL(ms)" : "");
		write_pair(b, p, r, est);
	}
	write_more(b, shown + more, shown, " pairs");
}

static void write_cgroup(struct ft_buf *b, const struct ft_thrash_report *p, uint64_t id)
{
	const char *path = ft_cgroups_path(p->cgroups, id, p->now->ts_ns);
	char number[32];
	size_t at = b->len;

	/* One that is gone has no name any more. */
	snprintf(number, sizeof(number), "(cgroup %" PRIu64 ")", id);
	path = path ? path : number;
	ft_buf_escaped(b, path, strlen(path));
	while (b->len - at < 40)
		ft_buf_char(b, ' ');
}

static void write_cgroup_matrix(struct ft_buf *b, const struct ft_thrash_report *p)
{
	_cleanup_free_ struct ft_blame_cgroups *rows = calloc(p->t->n_pairs + 1, sizeof(*rows));
	size_t n = rows ? ft_blame_by_cgroup(p->t, rows, p->t->n_pairs) : 0;
	size_t shown = n < p->rows * 2 ? n : p->rows * 2;

	if (!n)
		return;
	ft_buf_str(b,
		   "\nWhich cgroup evicts which; ~ is an estimate, of pages that nobody saw taken\n"
		   "      ANON     FILE RETURNED    STALL(ms) ~RETURNED   ~STALL(ms)  EVICTOR"
		   "                                  VICTIM\n");
	for (size_t i = 0; i < shown; i++) {
		const struct ft_blame_cgroups *r = &rows[i];

		ft_buf_fmt(b,
			   "  %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %12.1f %9" PRIu64 " %12.1f  ",
			   (uint64_t)r->v.evicted, (uint64_t)r->v.evicted_file,
			   (uint64_t)r->v.returned, (double)r->v.stall_ns / 1e6, r->part.returned,
			   (double)r->part.stall_ns / 1e6);
		write_cgroup(b, p, r->evictor);
		ft_buf_char(b, ' ');
		write_cgroup(b, p, r->victim);
		ft_buf_str(b, r->evictor == r->victim ? " its own\n" : "\n");
	}
	write_more(b, n, shown, " pairs");
}

#define MANY_MAJORS 100

/* Once read is no news, unless it was much. */
static bool file_counts(const struct ft_return_row *r)
{
	return r->v.refaults || r->v.majors >= MANY_MAJORS;
}

static void write_files(struct ft_buf *b, const struct ft_thrash_report *p)
{
	size_t shown = 0, all = 0;

	for (size_t i = 0; i < p->t->n_files; i++) {
		const struct ft_return_row *r = &p->t->files[i];
		const struct ft_file_info *f = ft_files_find(p->files, r->key.file);
		const char *path = f ? f->path : "(unknown)";

		if (!file_counts(r) || all++ >= p->rows)
			continue;
		if (!shown++)
			ft_buf_str(b, "\nFiles read by major faults\n"
				      "    MAJORS  AGAIN    STALL(ms)  FILE\n");
		ft_buf_fmt(b, "  %8" PRIu64 " %6" PRIu64 " %12.1f  ", (uint64_t)r->v.majors,
			   (uint64_t)r->v.refaults, r->v.stall_ns / 1e6);
		ft_buf_escaped(b, path, strlen(path));
		ft_buf_char(b, '\n');
	}
	write_more(b, all, shown, "");
}

/* "[heap]", "[file] /lib/libc.so.6": of that, the pages that the process has changed. */
static void write_mapping(struct ft_buf *b, const struct ft_thrash_report *p,
			  const struct ft_return_key *key)
{
	const struct ft_file_info *f = ft_files_find(p->files, key->file);
	const char *kind = ft_vma_name(key->vma & 0xff, key->vma & ~0xffU);

	if (key->vma == FT_RETURN_OTHER)
		kind = "any";
	ft_buf_fmt(b, "[%s]", kind ? kind : "unknown");
	if (!f)
		return;
	ft_buf_char(b, ' ');
	ft_buf_escaped(b, f->path, strlen(f->path));
}

static void write_mappings(struct ft_buf *b, const struct ft_thrash_report *p)
{
	if (p->t->n_mappings)
		ft_buf_str(b, "\nMemory that came back from swap\n"
			      "     PAGES  MAJORS   AGAIN    STALL(ms)  PROCESS                  "
			      "MAPPING\n");
	for (size_t i = 0; i < p->t->n_mappings && i < p->rows; i++) {
		const struct ft_return_row *r = &p->t->mappings[i];

		ft_buf_fmt(b, "  %8" PRIu64 " %7" PRIu64 " %7" PRIu64 " %12.1f  ",
			   (uint64_t)r->v.faults, (uint64_t)r->v.majors, (uint64_t)r->v.refaults,
			   (double)r->v.stall_ns / 1e6);
		write_name(b, p->t, r->key.tgid);
		ft_buf_char(b, ' ');
		write_mapping(b, p, &r->key);
		ft_buf_char(b, '\n');
	}
	write_more(b, p->t->n_mappings, p->rows, "");
}

void ft_view_thrash_tables(struct ft_buf *b, const struct ft_thrash_report *p)
{
	write_victims(b, p);
	if (p->last)
		write_distances(b, p);
	write_evictors(b, p);
	if (p->by_cgroup)
		write_cgroup_matrix(b, p);
	else
		write_matrix(b, p);
	write_files(b, p);
	write_mappings(b, p);
}
