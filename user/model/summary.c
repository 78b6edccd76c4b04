/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "model/summary.h"

static void reconcile(struct ft_summary *sum)
{
	const struct ft_counts *c = &sum->s.counts;
	int64_t rest;

	sum->kernel_min = c->kernel_min;
	sum->kernel_maj = c->kernel_maj;
	sum->seen_min = c->seen_min;
	sum->seen_maj = c->seen_maj;
	rest = (int64_t)(c->kernel_min + c->kernel_maj) - (int64_t)(c->seen_min + c->seen_maj) -
	       (int64_t)sum->s.loss[FT_LOSS_NO_ENTRY];
	if (sum->s.gup_measured) {
		sum->gup = c->gup_min + c->gup_maj;
		sum->unexplained = rest - (int64_t)sum->gup;
		/* Only fexit sees them, and the kernel says how often it was skipped. */
		if (sum->unexplained > 0 && (uint64_t)sum->unexplained <= sum->s.misses) {
			sum->gup += (uint64_t)sum->unexplained;
			sum->unexplained = 0;
		}
	} else {
		sum->gup = rest > 0 ? (uint64_t)rest : 0;
		sum->unexplained = rest < 0 ? rest : 0;
	}
}

void ft_summary_make(struct ft_summary *sum, const struct ft_snapshot *s, uint64_t duration_ns,
		     uint64_t shown)
{
	*sum = (struct ft_summary) { .s = *s, .duration_ns = duration_ns, .shown = shown };
	for (int t = 0; t < FT_TYPE_MAX; t++) {
		for (int c = 0; c < FT_CAUSE_MAX; c++) {
			sum->faults[t] += s->total[t][c].count;
			sum->stall_ns += s->total[t][c].stall_ns;
		}
	}
	reconcile(sum);
}
