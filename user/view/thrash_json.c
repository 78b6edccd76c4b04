/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `thrash` and `thrash-report` of conventions.md: names are added to, never changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "enrich/event.h"
#include "enrich/statm.h"
#include "view/thrash.h"

static void u64_known(struct ft_json *j, const char *key, uint64_t v)
{
	if (v == FT_UNKNOWN)
		ft_json_null(j, key);
	else
		ft_json_u64(j, key, v);
}

static void pct(struct ft_json *j, const char *key, bool known, double v)
{
	if (known)
		ft_json_double(j, key, v, 2);
	else
		ft_json_null(j, key);
}

static void write_reading(struct ft_json *j, const struct ft_reading *r)
{
	pct(j, "psi_some_pct", r->psi_known, r->psi_some);
	pct(j, "psi_full_pct", r->psi_known, r->psi_full);
	ft_json_u64(j, "swapin_pages", r->swapin);
	ft_json_u64(j, "swapout_pages", r->swapout);
	ft_json_u64(j, "evicted", r->evicted);
	u64_known(j, "refault_anon", r->refault_anon);
	u64_known(j, "refault_file", r->refault_file);
	ft_json_u64(j, "majors", r->majors);
	ft_json_u64(j, "refault_majors", r->refaults);
	ft_json_u64(j, "file_refault_majors", r->file_refaults);
	ft_json_u64(j, "reclaims", r->reclaims);
	ft_json_u64(j, "reclaim_ns", r->reclaim_ns);
	ft_json_u64(j, "stall_ns", r->stall_ns);
	ft_json_u64(j, "refault_stall_ns", r->refault_ns);
	pct(j, "victim_pct", true, r->victim_pct);
}

void ft_view_thrash_line_json(struct ft_buf *b, const struct ft_thrash_line *l)
{
	struct ft_json j = ft_json_on(b);

	ft_json_open(&j, NULL, '{');
	ft_json_str(&j, "type", "thrash");
	ft_json_u64(&j, "ts_ns", l->ts_ns);
	ft_json_u64(&j, "interval_ns", l->r->interval_ns);
	ft_json_str(&j, "verdict", ft_verdict_name(l->verdict));
	write_reading(&j, l->r);
	u64_known(&j, "mem_available_bytes", ft_kernel_view_available(l->now));
	u64_known(&j, "swap_free_bytes", l->now->mem.swap_free);
	ft_json_close(&j, '}');
	ft_json_end_line(&j);
}

static void write_comm(struct ft_json *j, const char *key, const char *comm)
{
	ft_json_strn(j, key, comm, strnlen(comm, FT_COMM_LEN));
}

static void write_proc(struct ft_json *j, const struct ft_thrash_report *p,
		       const struct ft_blame_proc *proc)
{
	const struct ft_thrash_proc *v = &proc->now;

	ft_json_u64(j, "pid", proc->tgid);
	write_comm(j, "comm", v->comm);
	ft_json_str(j, "cgroup",
		    p->cgroups ? ft_cgroups_path(p->cgroups, v->cgroup, p->now->ts_ns) : NULL);
}

/* All processes with a value, largest first; to be freed. */
static const struct ft_blame_proc **
all_by(const struct ft_thrash_report *p, uint64_t (*value)(const struct ft_blame_proc *), size_t *n)
{
	const struct ft_blame_proc **v = calloc(p->t->n + 1, sizeof(*v));

	*n = v ? ft_blame_top(p->t, value, v, p->t->n) : 0;
	return v;
}

static void write_victims(struct ft_json *j, const struct ft_thrash_report *p)
{
	size_t n;
	_cleanup_free_ const struct ft_blame_proc **top = all_by(p, ft_blame_stall, &n);

	ft_json_open(j, "victims", '[');
	for (size_t i = 0; i < n; i++) {
		const struct ft_thrash_proc *v = &top[i]->now;
		uint64_t p50 = ft_distance_p50(v->distance);

		ft_json_open(j, NULL, '{');
		write_proc(j, p, top[i]);
		ft_json_u64(j, "stall_ns", ft_blame_stall(top[i]));
		ft_json_u64(j, "file_stall_estimate_ns", top[i]->guess_ns);
		ft_json_u64(j, "fault_stall_ns", v->stall_ns);
		ft_json_u64(j, "major_stall_ns", v->major_ns);
		ft_json_u64(j, "faults", v->faults);
		ft_json_u64(j, "majors", v->majors);
		ft_json_u64(j, "refaults", v->refaults);
		ft_json_u64(j, "swap_faults", v->swap_faults);
		ft_json_u64(j, "swapin_pages", v->swapin_pages);
		ft_json_u64(j, "file_majors", v->file_majors);
		ft_json_u64(j, "file_refaults", v->file_refaults);
		ft_json_u64(j, "lost", v->lost);
		ft_json_u64(j, "lost_file", v->lost_file);
		u64_known(j, "distance_p50_ns", p50 ? p50 : FT_UNKNOWN);
		ft_json_open(j, "distances", '[');
		for (int b = 0; b < FT_DISTANCES; b++) {
			if (!v->distance[b])
				continue;
			ft_json_open(j, NULL, '[');
			ft_json_u64(j, NULL, b ? (1ULL << b) * 1000 : 0);
			ft_json_u64(j, NULL, (2ULL << b) * 1000 - 1);
			ft_json_u64(j, NULL, v->distance[b]);
			ft_json_close(j, ']');
		}
		ft_json_close(j, ']');
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
}

/* For whom a kswapd worked; null of others, who work for themselves, and with a scope: unknown. */
static void write_behalf(struct ft_json *j, const struct ft_thrash_report *p,
			 const struct ft_blame_proc *kswapd)
{
	const struct ft_blame_proc *top[10];
	size_t n;

	if (!ft_blame_is_kswapd(kswapd) || p->t->scoped) {
		ft_json_null(j, "on_behalf_of");
		return;
	}
	n = ft_blame_top(p->t, ft_blame_behalf, top, 10);
	ft_json_open(j, "on_behalf_of", '[');
	for (size_t i = 0; i < n; i++) {
		ft_json_open(j, NULL, '{');
		write_proc(j, p, top[i]);
		ft_json_u64(j, "evicted_estimate", ft_blame_behalf(top[i]));
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
}

static void write_evictors(struct ft_json *j, const struct ft_thrash_report *p)
{
	size_t n;
	_cleanup_free_ const struct ft_blame_proc **top = all_by(p, ft_blame_took, &n);

	ft_json_open(j, "evictors", '[');
	for (size_t i = 0; i < n; i++) {
		const struct ft_thrash_proc *v = &top[i]->now;

		ft_json_open(j, NULL, '{');
		write_proc(j, p, top[i]);
		ft_json_u64(j, "evicted", v->took + v->took_file);
		ft_json_u64(j, "evicted_anon", v->took);
		ft_json_u64(j, "evicted_file", v->took_file);
		ft_json_u64(j, "swapout_pages", v->wrote);
		ft_json_u64(j, "allocated_pages", v->pages);
		ft_json_u64(j, "reclaim_ns", v->reclaim_ns + v->memcg_reclaim_ns);
		ft_json_u64(j, "kswapd_wakes", v->kswapd_wakes);
		ft_json_bool(j, "kernel_thread", v->flags & FT_PROC_KTHREAD);
		write_behalf(j, p, top[i]);
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
}

static uint64_t allocated(const struct ft_blame_proc *p)
{
	return p->now.pages;
}

static void write_allocators(struct ft_json *j, const struct ft_thrash_report *p)
{
	const struct ft_blame_proc *top[10];
	size_t n = ft_blame_top(p->t, allocated, top, 10);

	ft_json_open(j, "allocators", '[');
	for (size_t i = 0; i < n; i++) {
		ft_json_open(j, NULL, '{');
		write_proc(j, p, top[i]);
		ft_json_u64(j, "allocated_pages", top[i]->now.pages);
		ft_json_u64(j, "kswapd_wakes", top[i]->now.kswapd_wakes);
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
}

static void write_party(struct ft_json *j, const struct ft_thrash_report *p, const char *pid,
			const char *comm, uint32_t tgid)
{
	const struct ft_blame_proc *proc = ft_blame_find(p->t, tgid);

	char text[32];

	if (ft_blame_unseen(tgid) != FT_UNSEEN_MAX || !tgid) {
		snprintf(text, sizeof(text), "(%s)", tgid ? ft_unseen_name(tgid) : "other");
		ft_json_null(j, pid);
		ft_json_str(j, comm, text);
		return;
	}
	ft_json_u64(j, pid, tgid);
	if (proc)
		write_comm(j, comm, proc->now.comm);
	else
		ft_json_null(j, comm);
}

static void write_blame(struct ft_json *j, const struct ft_thrash_report *p)
{
	ft_json_open(j, "blame", '[');
	for (size_t i = 0; i < p->t->n_pairs; i++) {
		const struct ft_blame_row *r = &p->t->pairs[i];
		struct ft_blame_part part = ft_blame_part_of(p->t, r);

		ft_json_open(j, NULL, '{');
		write_party(j, p, "evictor_pid", "evictor_comm", r->key.evictor);
		write_party(j, p, "victim_pid", "victim_comm", r->key.victim);
		ft_json_u64(j, "evicted", r->v.evicted);
		ft_json_u64(j, "evicted_shmem", r->v.evicted_shmem);
		ft_json_u64(j, "evicted_file", r->v.evicted_file);
		ft_json_u64(j, "written", r->v.written);
		ft_json_u64(j, "returned", r->v.returned);
		ft_json_u64(j, "stall_ns", r->v.stall_ns);
		ft_json_u64(j, "unchanged_returned_estimate", part.returned);
		ft_json_u64(j, "unchanged_stall_estimate_ns", part.stall_ns);
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
}

/* Always there, whatever --by says: names are null for a cgroup that is gone. */
static void write_cgroups(struct ft_json *j, const struct ft_thrash_report *p)
{
	_cleanup_free_ struct ft_blame_cgroups *rows = calloc(p->t->n_pairs + 1, sizeof(*rows));
	size_t n = rows ? ft_blame_by_cgroup(p->t, rows, p->t->n_pairs) : 0;

	ft_json_open(j, "cgroup_blame", '[');
	for (size_t i = 0; i < n; i++) {
		const struct ft_blame_cgroups *r = &rows[i];

		ft_json_open(j, NULL, '{');
		ft_json_u64(j, "evictor_cgroup_id", r->evictor);
		ft_json_str(j, "evictor_cgroup",
			    ft_cgroups_path(p->cgroups, r->evictor, p->now->ts_ns));
		ft_json_u64(j, "victim_cgroup_id", r->victim);
		ft_json_str(j, "victim_cgroup",
			    ft_cgroups_path(p->cgroups, r->victim, p->now->ts_ns));
		ft_json_u64(j, "evicted", r->v.evicted);
		ft_json_u64(j, "evicted_file", r->v.evicted_file);
		ft_json_u64(j, "returned", r->v.returned);
		ft_json_u64(j, "stall_ns", r->v.stall_ns);
		ft_json_u64(j, "unchanged_returned_estimate", r->part.returned);
		ft_json_u64(j, "unchanged_stall_estimate_ns", r->part.stall_ns);
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
}

static void write_files(struct ft_json *j, const struct ft_thrash_report *p)
{
	ft_json_open(j, "files", '[');
	for (size_t i = 0; i < p->t->n_files; i++) {
		const struct ft_return_row *r = &p->t->files[i];
		const struct ft_file_info *f = ft_files_find(p->files, r->key.file);

		ft_json_open(j, NULL, '{');
		ft_json_str(j, "path", f ? f->path : NULL);
		ft_json_u64(j, "majors", r->v.majors);
		ft_json_u64(j, "refaults", r->v.refaults);
		ft_json_u64(j, "stall_ns", r->v.stall_ns);
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
}

/* All of them: they add up to swap_faults + shmem_faults of the sums. */
static void write_mappings(struct ft_json *j, const struct ft_thrash_report *p)
{
	ft_json_open(j, "mappings", '[');
	for (size_t i = 0; i < p->t->n_mappings; i++) {
		const struct ft_return_row *r = &p->t->mappings[i];
		const struct ft_file_info *f = ft_files_find(p->files, r->key.file);

		ft_json_open(j, NULL, '{');
		write_party(j, p, "pid", "comm", r->key.tgid);
		ft_json_str(j, "vma_kind",
			    r->key.tgid ? ft_vma_name(r->key.vma & 0xff, r->key.vma & ~0xffU)
					: NULL);
		ft_json_str(j, "path", f ? f->path : NULL);
		ft_json_u64(j, "pages", r->v.faults);
		ft_json_u64(j, "majors", r->v.majors);
		ft_json_u64(j, "refaults", r->v.refaults);
		ft_json_u64(j, "stall_ns", r->v.stall_ns);
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
}

static void write_oom(struct ft_json *j, const struct ft_thrash_report *p)
{
	size_t n;
	_cleanup_free_ const struct ft_blame_proc **top = all_by(p, ft_blame_killed, &n);

	ft_json_open(j, "oom_victims", '[');
	for (size_t i = 0; i < n; i++) {
		ft_json_open(j, NULL, '{');
		write_proc(j, p, top[i]);
		ft_json_u64(j, "kills", top[i]->now.oom_kills);
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
}

static void write_sums(struct ft_json *j, const struct ft_thrash_report *p)
{
	const struct ft_thrash_sums *s = &p->t->sums;

	ft_json_open(j, "sums", '{');
#define FT_X(name) ft_json_u64(j, #name, s->name);
	FT_THRASH_SUMS(FT_X)
#undef FT_X
	ft_json_u64(j, "forgotten", p->forgotten.evictions);
	ft_json_u64(j, "pages_forgotten", p->forgotten.pages);
	ft_json_close(j, '}');
}

static void kernel_u64(struct ft_json *j, const char *key, uint64_t now, uint64_t before)
{
	u64_known(j, key, now == FT_UNKNOWN || before == FT_UNKNOWN ? FT_UNKNOWN : now - before);
}

/* What the kernel counted on the whole machine over the trace. */
static void write_kernel(struct ft_json *j, const struct ft_thrash_report *p)
{
	const struct ft_vmstat *n = &p->now->vm, *o = &p->first->vm;

	ft_json_open(j, "kernel", '{');
	kernel_u64(j, "pswpin", n->pswpin, o->pswpin);
	kernel_u64(j, "pswpout", n->pswpout, o->pswpout);
	kernel_u64(j, "swpin_zero", n->swpin_zero, o->swpin_zero);
	kernel_u64(j, "swpout_zero", n->swpout_zero, o->swpout_zero);
	kernel_u64(j, "zswpin", n->zswpin, o->zswpin);
	kernel_u64(j, "zswpout", n->zswpout, o->zswpout);
	kernel_u64(j, "zswpwb", n->zswpwb, o->zswpwb);
	u64_known(j, "swapin_without_fault",
		  ft_swapins_without_fault(p->first, p->now, &p->t->sums));
	kernel_u64(j, "pgmajfault", n->pgmajfault, o->pgmajfault);
	kernel_u64(j, "workingset_refault_anon", n->refault_anon, o->refault_anon);
	kernel_u64(j, "workingset_refault_file", n->refault_file, o->refault_file);
	ft_json_close(j, '}');
}

static void write_evidence(struct ft_json *j, const struct ft_thrash_report *p)
{
	ft_json_open(j, "evidence", '[');
	for (int i = 0; i < FT_RULE_MAX; i++) {
		const struct ft_evidence *e = &p->ev[i];

		ft_json_open(j, NULL, '{');
		ft_json_str(j, "rule", ft_rule_name(i));
		pct(j, "value", e->known, e->value);
		ft_json_double(j, "threshold", e->threshold, 2);
		if (e->known)
			ft_json_bool(j, "holds", e->holds);
		else
			ft_json_null(j, "holds");
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
}

void ft_view_thrash_report_json(struct ft_buf *b, const struct ft_thrash_report *p)
{
	struct ft_json j = ft_json_on(b);

	ft_json_open(&j, NULL, '{');
	ft_json_str(&j, "type", "thrash-report");
	ft_json_u64(&j, "ts_ns", p->now->ts_ns);
	ft_json_str(&j, "verdict", ft_verdict_name(p->verdict));
	ft_json_bool(&j, "last", p->last);
	ft_json_u64(&j, "intervals", p->intervals);
	ft_json_u64(&j, "all_intervals", p->all_intervals);
	ft_json_open(&j, "verdicts", '{');
	for (int v = 0; p->spells && v < FT_VERDICT_MAX; v++)
		ft_json_u64(&j, ft_verdict_name(v), p->spells[v].n);
	ft_json_close(&j, '}');
	ft_json_str(&j, "scope", p->scope);
	ft_json_str(&j, "psi",
		    !p->r->psi_known		      ? NULL
		    : p->scope && !p->now->psi_system ? "cgroup"
						      : "system");
	write_evidence(&j, p);
	write_victims(&j, p);
	write_evictors(&j, p);
	write_allocators(&j, p);
	write_blame(&j, p);
	write_cgroups(&j, p);
	write_files(&j, p);
	write_mappings(&j, p);
	write_oom(&j, p);
	ft_json_open(&j, "advice", '[');
	for (size_t i = 0; i < p->n_advice; i++)
		ft_json_str(&j, NULL, p->advice[i]);
	ft_json_close(&j, ']');
	write_sums(&j, p);
	write_kernel(&j, p);
	ft_json_close(&j, '}');
	ft_json_end_line(&j);
}
