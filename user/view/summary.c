/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <inttypes.h>

#include "ft_names.h"
#include "view/view.h"

/* Rows in the order of their stall: what cost most comes first. */
static int next_row(const struct ft_summary *sum, const bool *done)
{
	int best = -1;
	uint64_t most = 0;

	for (int i = 0; i < FT_TYPE_MAX * FT_CAUSE_MAX; i++) {
		const struct ft_total *t = &sum->s.total[i / FT_CAUSE_MAX][i % FT_CAUSE_MAX];

		if (done[i] || !t->count || (best >= 0 && t->stall_ns <= most))
			continue;
		best = i;
		most = t->stall_ns;
	}
	return best;
}

/* The end of a row; of faults whose end was not seen nothing is known. */
static void write_stall(struct ft_buf *b, uint64_t ns, uint64_t count)
{
	if (ns)
		ft_buf_fmt(b, " %12.3f %10.3f\n", ns / 1e6, ns / 1e3 / count);
	else
		ft_buf_fmt(b, " %12s %10s\n", "-", "-");
}

/* Where causes were not looked for, those that are known all the same would mislead. */
static void write_types(struct ft_buf *b, const struct ft_summary *sum)
{
	ft_buf_fmt(b, "%-7s %10s %12s %10s\n", "TYPE", "COUNT", "STALL(ms)", "AVG(us)");
	for (int type = 0; type < FT_TYPE_MAX; type++) {
		uint64_t stall_ns = 0;

		if (!sum->faults[type])
			continue;
		for (int c = 0; c < FT_CAUSE_MAX; c++)
			stall_ns += sum->s.total[type][c].stall_ns;
		ft_buf_fmt(b, "%-7s %10" PRIu64, ft_type_name(type), sum->faults[type]);
		write_stall(b, stall_ns, sum->faults[type]);
	}
}

static void write_table(struct ft_buf *b, const struct ft_summary *sum)
{
	bool done[FT_TYPE_MAX * FT_CAUSE_MAX] = {};
	int i = next_row(sum, done);

	if (i < 0)
		return;
	if (sum->no_causes) {
		write_types(b, sum);
		return;
	}
	ft_buf_fmt(b, "%-7s %-10s %10s %12s %10s\n", "TYPE", "CAUSE", "COUNT", "STALL(ms)",
		   "AVG(us)");
	for (; i >= 0; i = next_row(sum, done)) {
		const struct ft_total *t = &sum->s.total[i / FT_CAUSE_MAX][i % FT_CAUSE_MAX];

		done[i] = true;
		ft_buf_fmt(b, "%-7s %-10s %10" PRIu64, ft_type_name(i / FT_CAUSE_MAX),
			   ft_cause_name(i % FT_CAUSE_MAX), (uint64_t)t->count);
		write_stall(b, t->stall_ns, t->count);
	}
}

static void write_losses(struct ft_buf *b, const struct ft_summary *sum)
{
	bool any = false;

	for (int l = 0; l < FT_LOSS_MAX; l++) {
		if (!sum->s.loss[l])
			continue;
		ft_buf_fmt(b, "Lost: %" PRIu64 " %s (%s)\n", (uint64_t)sum->s.loss[l],
			   ft_loss_name(l), ft_loss_help(l));
		any = true;
	}
	if (sum->s.misses)
		ft_buf_fmt(b,
			   "Missed: %" PRIu64
			   " runs of BPF programs that were busy (recursion_misses); "
			   "the faults are counted, some know less\n",
			   (uint64_t)sum->s.misses);
	if (!any)
		ft_buf_str(b, "Lost: nothing\n");
}

static void write_account(struct ft_buf *b, const struct ft_summary *sum)
{
	ft_buf_fmt(b,
		   "Kernel counted %" PRIu64 " minor + %" PRIu64
		   " major in these tasks; seen %" PRIu64 " + %" PRIu64,
		   sum->kernel_min, sum->kernel_maj, sum->seen_min, sum->seen_maj);
	if (sum->gup)
		ft_buf_fmt(b, "; gup %" PRIu64 " (%s)", sum->gup,
			   sum->s.gup_measured ? "measured: without an exception"
					       : "inferred: the rest, without an exception");
	if (sum->unexplained)
		ft_buf_fmt(b, "; unexplained %" PRId64, sum->unexplained);
	ft_buf_str(b, sum->s.counts_known ? "\n" : "; living tasks not read\n");
}

void ft_view_summary(struct ft_buf *b, const struct ft_summary *sum, bool verbose)
{
	uint64_t all = 0;

	for (int t = 0; t < FT_TYPE_MAX; t++)
		all += sum->faults[t];
	ft_buf_fmt(b, "\n%" PRIu64 " faults in %.3f s, %.3f ms stalled: ", all,
		   sum->duration_ns / 1e9, sum->stall_ns / 1e6);
	for (int t = 0; t < FT_TYPE_MAX; t++)
		ft_buf_fmt(b, "%s%" PRIu64 " %s", t ? ", " : "", sum->faults[t], ft_type_name(t));
	ft_buf_char(b, '\n');
	write_table(b, sum);
	write_losses(b, sum);
	if (sum->shown != all && verbose)
		ft_buf_fmt(b, "Shown: %" PRIu64 " of %" PRIu64 "\n", sum->shown, all);
	write_account(b, sum);
}
