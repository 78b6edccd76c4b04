/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "base/procfs.h"
#include "enrich/statm.h"
#include "model/thrash_input.h"

static void read_psi(const struct ft_thrash_scope *s, struct ft_kernel_view *v)
{
	char path[FT_PROC_PATH_MAX];

	if (s->cgroup && !s->v1) {
		snprintf(path, sizeof(path), "%s/memory.pressure",
			 s->cgroup + (s->cgroup[0] == '/'));
		v->psi_known = !ft_psi_read(s->root, path, &v->psi);
		return;
	}
	v->psi_known = !ft_psi_read(s->root, "proc/pressure/memory", &v->psi);
	v->psi_system = s->cgroup;
}

void ft_kernel_view_read(const struct ft_thrash_scope *s, uint64_t now_ns, struct ft_kernel_view *v)
{
	char at[FT_PROC_PATH_MAX];

	*v = (struct ft_kernel_view) { .ts_ns = now_ns, .scoped = s->cgroup };
	read_psi(s, v);
	if (ft_vmstat_read(s->root, &v->vm))
		memset(&v->vm, 0xff, sizeof(v->vm));
	if (ft_memory_read(s->root, &v->mem))
		v->mem = (struct ft_memory) { FT_UNKNOWN, FT_UNKNOWN, FT_UNKNOWN, FT_UNKNOWN,
					      FT_UNKNOWN, FT_UNKNOWN, false,	  false };
	v->cg_known = s->cgroup && !ft_memcg_read(s->cgroup, s->v1, &v->cg);
	v->limited = v->cg_known &&
		     ft_memcg_tightest(s->mount, s->cgroup, s->v1, at, sizeof(at), &v->limit);
}

static uint64_t grown(uint64_t now, uint64_t before)
{
	return now == FT_UNKNOWN || before == FT_UNKNOWN || now < before ? FT_UNKNOWN
									 : now - before;
}

static double share(uint64_t us, uint64_t interval_ns)
{
	double pct = interval_ns ? (double)us * 1e5 / (double)interval_ns : 0;

	return pct > 100 ? 100 : pct;
}

static uint64_t or_traced(uint64_t kernel, uint64_t traced)
{
	return kernel == FT_UNKNOWN ? traced : kernel;
}

/* The kernel's own counters of an interval: of the cgroup that is asked for, or of the machine. */
static void read_kernel(const struct ft_kernel_view *before, const struct ft_kernel_view *now,
			struct ft_reading *r)
{
	uint64_t lru = FT_UNKNOWN;

	r->scoped = before->cg_known && now->cg_known;
	r->refault_anon = r->refault_file = FT_UNKNOWN;
	if (r->scoped) {
		r->refault_anon = grown(now->cg.refault_anon, before->cg.refault_anon);
		r->refault_file = grown(now->cg.refault_file, before->cg.refault_file);
		lru = now->cg.file_lru;
	} else if (!now->scoped) {
		r->refault_anon = grown(now->vm.refault_anon, before->vm.refault_anon);
		r->refault_file = grown(now->vm.refault_file, before->vm.refault_file);
		r->swapin = or_traced(grown(ft_vmstat_in(&now->vm), ft_vmstat_in(&before->vm)),
				      r->swapin);
		r->swapout = or_traced(grown(ft_vmstat_out(&now->vm), ft_vmstat_out(&before->vm)),
				       r->swapout);
		lru = now->mem.file_lru;
	}
	r->file_lru = lru == FT_UNKNOWN ? lru : lru / 4096;
	r->psi_known = before->psi_known && now->psi_known;
	r->psi_system = now->psi_system;
	if (!r->psi_known)
		return;
	r->psi_some = share(now->psi.some_us - before->psi.some_us, r->interval_ns);
	r->psi_full = share(now->psi.full_us - before->psi.full_us, r->interval_ns);
}

/* Of the majors on files that were not seen to return, the share that did, as the kernel says. */
static double files_unseen(const struct ft_reading *r)
{
	uint64_t fresh = r->file_majors - r->file_refaults, more;

	if (!(r->scoped || r->file_full) || r->refault_file == FT_UNKNOWN || !fresh ||
	    r->file_majors < r->file_refaults || r->refault_file <= r->file_refaults)
		return 0;
	more = r->refault_file - r->file_refaults;
	return more < fresh ? (double)more / (double)fresh : 1;
}

void ft_reading_make(const struct ft_kernel_view *before, const struct ft_kernel_view *now,
		     struct ft_blame_table *t, struct ft_reading *r)
{
	const struct ft_thrash_sums *a = &t->before, *b = &t->sums;

	*r = (struct ft_reading) {
		.interval_ns = now->ts_ns - before->ts_ns,
		.swapin = b->swapin_pages - a->swapin_pages,
		.swapout = b->swapout_pages - a->swapout_pages,
		.evicted = b->evicted - a->evicted,
		.evicted_file = b->evicted_file - a->evicted_file,
		.swapin_old = b->returned_old - a->returned_old,
		.majors = b->majors - a->majors,
		.file_majors = b->file_majors - a->file_majors,
		.refaults = b->refaults - a->refaults,
		.file_refaults = b->file_refaults - a->file_refaults,
		.file_full = t->pages_full,
		.reclaims = b->reclaims - a->reclaims + b->memcg_reclaims - a->memcg_reclaims,
		.reclaim_ns =
			b->reclaim_ns - a->reclaim_ns + b->memcg_reclaim_ns - a->memcg_reclaim_ns,
		.stall_ns = b->stall_ns - a->stall_ns,
		.refault_ns = b->refault_ns - a->refault_ns,
	};
	/* Faults that took no I/O (zero pages, zswap) are swap-ins, too. */
	if (b->swap_faults - a->swap_faults > r->swapin)
		r->swapin = b->swap_faults - a->swap_faults;
	read_kernel(before, now, r);
	ft_blame_guess_files(t, files_unseen(r));
	r->victim_pct = share(ft_blame_worst(t) / 1000, r->interval_ns);
}

uint64_t ft_kernel_view_available(const struct ft_kernel_view *v)
{
	uint64_t left;

	if (v->scoped && !v->cg_known)
		return FT_UNKNOWN;
	if (!v->limited)
		return v->mem.available;
	left = v->limit.limit > v->limit.usage ? v->limit.limit - v->limit.usage : 0;
	return left < v->mem.available ? left : v->mem.available;
}

static uint64_t or_none(uint64_t n)
{
	return n == FT_UNKNOWN ? 0 : n;
}

uint64_t ft_swapins_without_fault(const struct ft_kernel_view *first,
				  const struct ft_kernel_view *now, const struct ft_thrash_sums *s)
{
	uint64_t all = grown(now->vm.pswpin, first->vm.pswpin);
	uint64_t free_of_io = or_none(grown(now->vm.swpin_zero, first->vm.swpin_zero)) +
			      or_none(grown(now->vm.zswpin, first->vm.zswpin));
	uint64_t faults = s->swap_faults + s->shmem_faults, seen = s->swapin_pages;

	if (now->scoped || all == FT_UNKNOWN)
		return FT_UNKNOWN;
	/* zram may be read without a bio: no task is charged with the pages, before 6.2. */
	if (faults > free_of_io && faults - free_of_io > seen)
		seen = faults - free_of_io;
	return all > seen ? all - seen : 0;
}
