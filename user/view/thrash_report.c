/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The report of `thrash`: the conclusion, its evidence, and who did what, by name. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "enrich/statm.h"
#include "ft_names.h"
#include "view/thrash_tables.h"
#include "view/wrap.h"

static void write_evidence(struct ft_buf *b, const struct ft_thrash_report *p)
{
	ft_buf_str(b, "\nEvidence (means over these intervals):\n");
	for (int i = 0; i < FT_RULE_MAX; i++) {
		const struct ft_evidence *e = &p->ev[i];

		if (i >= FT_RULE_COLD && p->verdict > FT_VERDICT_COLD_START)
			continue; /* decided before these were asked */
		if (e->known)
			ft_buf_fmt(b, "  %-3s %-15s %10.1f  (threshold %g)  %s\n",
				   e->holds ? "yes" : "no", ft_rule_name(i), e->value, e->threshold,
				   ft_rule_help(i));
		else
			ft_buf_fmt(b, "  -   %-15s          -  (threshold %g)  %s\n",
				   ft_rule_name(i), e->threshold, ft_rule_help(i));
	}
	if (!p->r->psi_known)
		ft_buf_str(b, "  PSI is not to be had here (psi=1 at boot): judged by the rest.\n");
	else if (p->now->psi_system)
		ft_buf_str(
			b,
			"  PSI is of the whole machine, and no evidence: a cgroup v1 has none.\n");
}

static void write_oom(struct ft_buf *b, const struct ft_thrash_report *p)
{
	const struct ft_blame_proc *top[16];
	size_t n = ft_blame_top(p->t, ft_blame_killed, top, 16);

	if (!p->t->sums.oom_kills)
		return;
	ft_buf_fmt(b, "Killed for lack of memory: %" PRIu64, (uint64_t)p->t->sums.oom_kills);
	for (size_t i = 0; i < n; i++) {
		ft_buf_str(b, i ? ", " : ": ");
		ft_view_thrash_named(b, top[i]);
	}
	ft_buf_char(b, '\n');
}

static uint64_t grown(uint64_t now, uint64_t before)
{
	return now == FT_UNKNOWN || before == FT_UNKNOWN ? 0 : now - before;
}

/* A sentence that is put together, to be wrapped. */
struct sentence {
	struct ft_buf text;
	const char *between;
};

static struct sentence begin_sentence(const char *first)
{
	struct sentence s = { .between = first };

	ft_buf_init(&s.text, -1);
	return s;
}

/* "N what, " when there are any. */
static void add_some(struct sentence *s, uint64_t n, const char *what)
{
	if (!n)
		return;
	ft_buf_fmt(&s->text, "%s%" PRIu64 " %s", s->between, n, what);
	s->between = ", ";
}

/* `nothing`: what it says when nothing was added; NULL: it is left out then. */
static void end_sentence(struct ft_buf *b, struct sentence *s, const char *bullet,
			 const char *nothing)
{
	if (!s->text.len && nothing)
		ft_buf_str(&s->text, nothing);
	if (s->text.len)
		ft_wrap(b, bullet, s->text.data, s->text.len);
	ft_buf_deinit(&s->text);
}

static void write_swapped(struct ft_buf *b, const struct ft_thrash_report *p)
{
	const struct ft_thrash_sums *s = &p->t->sums;
	const struct ft_vmstat *v = &p->now->vm, *o = &p->first->vm;
	uint64_t rest = ft_swapins_without_fault(p->first, p->now, s);
	struct sentence t = begin_sentence(", ");

	ft_buf_fmt(&t.text,
		   "Swapped out %" PRIu64 " pages (kernel: %" PRIu64 "), in %" PRIu64
		   " (kernel: %" PRIu64 " from devices",
		   (uint64_t)s->swapout_pages, grown(ft_vmstat_out(v), ft_vmstat_out(o)),
		   (uint64_t)s->swapin_pages, grown(v->pswpin, o->pswpin));
	add_some(&t, grown(v->swpin_zero, o->swpin_zero), "zero pages");
	add_some(&t, grown(v->zswpin, o->zswpin), "from zswap");
	ft_buf_fmt(&t.text, ")%s", p->scope ? "; the kernel's are of the whole machine" : "");
	if (rest != FT_UNKNOWN)
		add_some(&t, rest, "by read(), swapoff or get_user_pages");
	end_sentence(b, &t, "", NULL);
}

static void write_returned(struct ft_buf *b, const struct ft_thrash_sums *s)
{
	struct sentence t = begin_sentence("Of the pages that came back: ");

	add_some(&t, s->returned_known, "eviction known");
	add_some(&t, s->returned_clean,
		 "unchanged since they came back before (dropped without a write, by whom is not "
		 "seen)");
	add_some(&t, s->returned_old, "gone before the trace");
	end_sentence(b, &t, "", NULL);
}

static void write_lost(struct ft_buf *b, const struct ft_thrash_report *p)
{
	const struct ft_thrash_sums *s = &p->t->sums;
	struct sentence t = begin_sentence("");

	add_some(&t, p->forgotten.evictions, "evictions forgotten (--evictions)");
	add_some(&t, p->forgotten.pages, "pages of files forgotten (--file-pages)");
	add_some(&t, s->other, "additions to (other) (--processes)");
	add_some(&t, s->victim_unknown, "victims unknown");
	for (int i = 0; p->losses && i < FT_LOSS_MAX; i++)
		add_some(&t, p->losses[i], ft_loss_name(i));
	end_sentence(b, &t, "Lost: ", "nothing");
}

static void write_account(struct ft_buf *b, const struct ft_thrash_report *p)
{
	const struct ft_thrash_sums *s = &p->t->sums;

	ft_buf_char(b, '\n');
	write_swapped(b, p);
	write_returned(b, s);
	if (s->swapout_void)
		ft_buf_fmt(b,
			   "Given to swap when nobody needed them any more, not written: %" PRIu64
			   "\n",
			   (uint64_t)s->swapout_void);
	if (s->swapout_shmem)
		ft_buf_fmt(b, "Shared memory swapped out: %" PRIu64 " pages\n",
			   (uint64_t)s->swapout_shmem);
	write_oom(b, p);
	if (s->compactions)
		ft_buf_fmt(b, "Compaction: %" PRIu64 " times, %.1f ms\n", (uint64_t)s->compactions,
			   s->compaction_ns / 1e6);
	write_lost(b, p);
}

static void write_culprit(struct ft_buf *b, const struct ft_thrash_report *p,
			  const struct ft_blame_proc *victim)
{
	const struct ft_blame_row *r = ft_blame_culprit(p->t, victim->tgid);
	const struct ft_blame_proc *who = r ? ft_blame_find(p->t, r->key.evictor) : NULL, *behind;

	if (!who)
		return;
	ft_buf_str(b, "  Evictor  ");
	if (who == victim)
		ft_buf_str(b, "the same process");
	else
		ft_view_thrash_named(b, who);
	ft_buf_fmt(b, ": %" PRIu64 " of the %" PRIu64 " pages that it lost\n",
		   (uint64_t)(r->v.evicted + r->v.evicted_file),
		   (uint64_t)(victim->now.lost + victim->now.lost_file));
	if (!ft_blame_is_kswapd(who) || !ft_blame_top(p->t, ft_blame_behalf, &behind, 1))
		return;
	ft_buf_str(b, "           for ");
	ft_view_thrash_named(b, behind);
	ft_buf_str(b, ", by what it allocated in faults and how often it woke it\n");
}

#define WORTH_NAMING_NS 10000000

/* What there is to know, in a few lines. */
static void write_conclusion(struct ft_buf *b, const struct ft_thrash_report *p)
{
	const struct ft_blame_proc *victim;
	double share;

	if (p->verdict >= FT_VERDICT_PRESSURE && ft_blame_top(p->t, ft_blame_stall, &victim, 1) &&
	    ft_blame_stall(victim) >= WORTH_NAMING_NS) {
		ft_buf_str(b, "  Victim   ");
		ft_view_thrash_named(b, victim);
		ft_buf_fmt(b, ": waited %.2f s for pages that had gone",
			   (double)ft_blame_stall(victim) / 1e9);
		share = p->r->interval_ns ? (double)victim->waited_ns[p->verdict] * 100 /
						    (double)p->r->interval_ns
					  : 0;
		if (share >= 0.5)
			ft_buf_fmt(b, ", %.0f %% of these intervals", share < 100 ? share : 100);
		ft_buf_char(b, '\n');
		write_culprit(b, p, victim);
	}
	for (size_t i = 0; i < p->n_advice; i++) {
		struct ft_buf text;

		ft_buf_init(&text, -1);
		ft_buf_escaped(&text, p->advice[i], strlen(p->advice[i]));
		ft_wrap(b, i ? "         - " : "  Remedy - ", text.data, text.len);
		ft_buf_deinit(&text);
	}
}

/* What was worse for a while. */
static void write_worse(struct ft_buf *b, const struct ft_thrash_report *p)
{
	const char *before = "; was ";

	for (int v = FT_VERDICT_MAX - 1; p->spells && v > (int)p->verdict; v--) {
		if (!p->spells[v].n)
			continue;
		ft_buf_fmt(b, "%s%s for %" PRIu64, before, ft_verdict_name(v), p->spells[v].n);
		before = ", ";
	}
}

void ft_view_thrash_report(struct ft_buf *b, const struct ft_thrash_report *p)
{
	ft_buf_fmt(b, "\n%s: %s for %" PRIu64 " of %" PRIu64 " intervals",
		   p->last ? "Report" : "Worse", ft_verdict_name(p->verdict), p->intervals,
		   p->all_intervals);
	write_worse(b, p);
	if (p->scope) {
		ft_buf_str(b, " in ");
		ft_buf_escaped(b, p->scope, strlen(p->scope));
	}
	ft_buf_char(b, '\n');
	write_conclusion(b, p);
	write_evidence(b, p);
	ft_view_thrash_tables(b, p);
	write_account(b, p);
	ft_buf_char(b, '\n');
}
