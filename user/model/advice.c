/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "enrich/statm.h"
#include "model/advice.h"

#define MB(bytes) ((double)(bytes) / (1 << 20))

__attribute__((format(printf, 2, 3))) static void say(struct ft_advice *a, const char *fmt, ...)
{
	va_list ap;

	if (a->n == FT_ADVICE_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(a->text[a->n], FT_ADVICE_LEN, fmt, ap);
	va_end(ap);
	a->v[a->n] = a->text[a->n];
	a->n++;
}

static bool at_limit(const struct ft_advice_facts *f)
{
	const struct ft_memcg *m = f->limit;

	return m && m->limit != FT_UNKNOWN && m->usage != FT_UNKNOWN &&
	       m->usage >= m->limit / 100 * 90;
}

static void say_room(struct ft_advice *a, const struct ft_advice_facts *f)
{
	const struct ft_memory *m = &f->now->mem;

	if (at_limit(f) && f->limit_reclaims)
		say(a,
		    "a limit too low on cgroup %s: %.0f of %.0f MB used, %llu reclaims to stay "
		    "below it; the machine has %.0f MB available",
		    f->cgroup, MB(f->limit->usage), MB(f->limit->limit),
		    (unsigned long long)f->limit_reclaims, MB(m->available));
	else if (m->available != FT_UNKNOWN && m->total != FT_UNKNOWN &&
		 m->available < m->total / 10 && f->t->sums.evicted)
		say(a,
		    "too little RAM for these working sets: %.0f of %.0f MB available, %llu pages "
		    "came back that had been swapped out",
		    MB(m->available), MB(m->total), (unsigned long long)f->t->sums.swap_faults);
}

/* Pages of files that are read again and again while memory that is not used stays. */
static void say_files(struct ft_advice *a, const struct ft_advice_facts *f)
{
	const struct ft_memory *m = &f->now->mem;

	if (f->r->file_refaults * 2 < f->r->majors || !f->r->file_refaults)
		return;
	say(a,
	    "file working set > cache: %llu majors on pages of files that had been read before; "
	    "the files are named below",
	    (unsigned long long)f->r->file_refaults);
	if (!f->limit && !f->r->swapout && m->swap_free != FT_UNKNOWN &&
	    m->anon_lru != FT_UNKNOWN && m->swap_free > m->anon_lru / 4 &&
	    m->anon_lru > m->total / 4 && f->swappiness >= 0 && f->swappiness < 30)
		say(a,
		    "swappiness is %d: nothing was swapped out while files were evicted; a higher "
		    "vm.swappiness lets the %.0f MB of anonymous memory share the burden",
		    f->swappiness, MB(m->anon_lru));
}

static void say_full(struct ft_advice *a, const struct ft_advice_facts *f)
{
	const struct ft_memory *m = &f->now->mem;

	if (m->swap_total != FT_UNKNOWN && m->swap_total && f->swap_least < m->swap_total / 20)
		say(a, "%s is full: %.1f of %.0f MB left", m->zram && !m->disk ? "zram" : "swap",
		    MB(f->swap_least), MB(m->swap_total));
}

static void say_swap(struct ft_advice *a, const struct ft_advice_facts *f)
{
	const struct ft_memory *m = &f->now->mem;
	uint64_t majors = f->r->majors - f->r->file_majors;
	double each = majors ? (double)f->r->refault_ns / (double)majors : 0;

	if (m->disk && !m->zram && majors && each > 100000 &&
	    f->r->refaults - f->r->file_refaults > f->r->majors / 2)
		say(a, "zram would help: a page from disk takes %.0f us on average", each / 1000);
	if (m->swap_total == 0 && f->r->file_refaults)
		say(a, "there is no swap: only pages of files can be evicted, program code too");
}

/* One takes another's pages, and hardly waits itself. */
static void say_neighbour(struct ft_advice *a, const struct ft_advice_facts *f)
{
	const struct ft_blame_proc *victim, *who;
	const struct ft_blame_row *r;
	uint64_t lost, took;

	if (!ft_blame_top(f->t, ft_blame_stall, &victim, 1))
		return;
	r = ft_blame_culprit(f->t, victim->tgid);
	who = r ? ft_blame_find(f->t, r->key.evictor) : NULL;
	if (!who || who == victim || ft_blame_is_kswapd(who))
		return;
	lost = victim->now.lost + victim->now.lost_file;
	took = r->v.evicted + r->v.evicted_file;
	if (took * 2 < lost || ft_blame_stall(who) > ft_blame_stall(victim) / 4)
		return;
	say(a,
	    "a limit of its own for %.16s %u: it took %.0f %% of the pages that %.16s %u lost, and "
	    "hardly waits itself",
	    who->now.comm, who->tgid, (double)took * 100 / (double)lost, victim->now.comm,
	    victim->tgid);
}

uint64_t ft_advice_reclaims(const struct ft_blame_table *t, struct ft_cgroups *c, const char *dir,
			    uint64_t now_ns)
{
	size_t len = strlen(dir), root = strlen(c->root);
	uint64_t n = 0;

	if (len < root)
		return 0;
	dir += root;
	len -= root;
	for (size_t i = 0; i < t->n; i++) {
		const struct ft_thrash_proc *p = &t->procs[i].now;
		const char *path = p->memcg_reclaims ? ft_cgroups_path(c, p->cgroup, now_ns) : NULL;

		if (path && !strncmp(path, dir, len) && (!path[len] || path[len] == '/'))
			n += p->memcg_reclaims;
	}
	return n;
}

void ft_advice_make(struct ft_advice *a, const struct ft_advice_facts *f)
{
	a->n = 0;
	if (f->verdict < FT_VERDICT_PRESSURE)
		return;
	if (f->verdict == FT_VERDICT_THRASHING)
		say_neighbour(a, f);
	say_room(a, f);
	say_full(a, f);
	if (f->verdict != FT_VERDICT_THRASHING)
		return;
	say_files(a, f);
	say_swap(a, f);
}
