/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bars: the look of bcc's print_log2_hist() and print_linear_hist(), so that eyes and scripts work.
 */
#include <inttypes.h>
#include <string.h>

#include "ft_names.h"
#include "view/hist.h"

#define NARROW 10
#define WIDE   20 /* from 2^32 units on numbers take more room, and stars less */

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	[FT_HIST_NSECS] = { "nsecs", 1 },
	[FT_HIST_USECS] = { "usecs", 1000 },
	[FT_HIST_MSECS] = { "msecs", 1000000 },
};

/* --- what is counted -------------------------------------------------------------------------- */

static void text_or_dash(struct ft_buf *b, const char *s)
{
	if (s)
		ft_buf_escaped(b, s, strlen(s));
	else
		ft_buf_char(b, '-');
}

static void write_part(struct ft_buf *b, const struct ft_hist_row *row, enum ft_hist_part part)
{
	const struct ft_group *g = row->key;

	ft_buf_fmt(b, "%s = ", ft_hist_part_name(part));
	switch (part) {
	case FT_HIST_PART_TYPE:
		ft_buf_str(b, ft_type_name(g->type));
		break;
	case FT_HIST_PART_CAUSE:
		ft_buf_str(b, ft_cause_name(g->cause));
		break;
	case FT_HIST_PART_ACCESS:
		ft_buf_str(b, ft_access_name(g->access));
		break;
	case FT_HIST_PART_COMM:
		ft_buf_escaped(b, g->comm, strnlen(g->comm, sizeof(g->comm)));
		break;
	case FT_HIST_PART_PID:
		ft_buf_fmt(b, "%u (", g->pid);
		text_or_dash(b, row->text.comm);
		ft_buf_char(b, ')');
		break;
	case FT_HIST_PART_CGROUP:
		text_or_dash(b, row->text.cgroup);
		if (!row->text.cgroup && g->cgroup)
			ft_buf_fmt(b, " (id %" PRIu64 ")", (uint64_t)g->cgroup);
		break;
	case FT_HIST_PART_CPU:
		ft_buf_u64(b, g->cpu);
		break;
	case FT_HIST_PART_MAPPING:
		text_or_dash(b, row->text.comm);
		ft_buf_fmt(b, "[%u] ", g->pid);
		/* fall through */
	default:
		text_or_dash(b, row->text.place);
	}
}

static void write_group(struct ft_buf *b, const struct ft_hist_look *look,
			const struct ft_hist_row *row)
{
	if (row->key->other) {
		ft_buf_str(b, "(other)\n");
		return;
	}
	for (size_t i = 0; i < look->n_parts; i++) {
		ft_buf_str(b, i ? ", " : "");
		write_part(b, row, look->parts[i]);
	}
	ft_buf_char(b, '\n');
}

/* --- bars ------------------------------------------------------------------------------------- */

struct bars {
	struct ft_buf *out;
	uint64_t most; /* faults in the fullest row */
	int width;     /* of numbers */
};

static struct bars begin_bars(struct ft_buf *b, const struct unit *unit, bool wide)
{
	int shift = wide ? WIDE - NARROW : 0;

	ft_buf_fmt(b, "%*s%-*s : count    distribution\n", 5 + shift, "", 19 + shift, unit->name);
	return (struct bars) { .out = b, .width = wide ? WIDE : NARROW };
}

static void write_bar(const struct bars *bars, uint64_t low, uint64_t high, uint64_t n)
{
	int full = bars->width == WIDE ? 20 : 40;
	int stars = bars->most ? (int)((double)n / (double)bars->most * full) : 0;

	ft_buf_fmt(bars->out, "%*" PRIu64 " -> %-*" PRIu64 " : %-8" PRIu64 " |", bars->width, low,
		   bars->width, high, n);
	for (int i = 0; i < full; i++)
		ft_buf_char(bars->out, i < stars ? '*' : ' ');
	ft_buf_str(bars->out, "|\n");
}

static void write_log2(struct ft_buf *b, const struct unit *unit, const struct ft_hist_row *row)
{
	uint64_t v[64];
	unsigned int n = ft_hist_row_log2(row, unit->ns, v), first = 0;
	struct bars bars = begin_bars(b, unit, n > 32);

	for (unsigned int i = 0; i < n; i++)
		if (v[i] > bars.most)
			bars.most = v[i];
	while (first < n && !v[first])
		first++;
	for (unsigned int i = first; i < n; i++)
		write_bar(&bars, i ? 1ULL << i : 0, i < 63 ? (2ULL << i) - 1 : UINT64_MAX, v[i]);
}

static void write_linear(struct ft_buf *b, const struct unit *unit, const struct ft_hist_row *row)
{
	struct ft_hist_linear lin;
	struct bars bars;

	ft_hist_row_linear(row, unit->ns, &lin);
	bars = begin_bars(b, unit, lin.rest_to >> 32);
	bars.most = lin.rest;
	for (unsigned int i = 0; i < lin.n; i++)
		if (lin.v[i] > bars.most)
			bars.most = lin.v[i];
	for (unsigned int i = 0; i < lin.n; i++) {
		uint64_t low = lin.from + i * lin.step;

		write_bar(&bars, low, low + lin.step - 1, lin.v[i]);
	}
	if (lin.rest)
		write_bar(&bars, lin.from + lin.n * lin.step, lin.rest_to, lin.rest);
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* From us on with decimals: 0.7 us is not 0. */
static void write_value(struct ft_buf *b, const struct unit *unit, const char *what, uint64_t ns)
{
	ft_buf_str(b, what);
	if (ns == FT_UNKNOWN_NS)
		ft_buf_char(b, '-');
	else if (unit->ns == 1)
		ft_buf_u64(b, ns);
	else
		ft_buf_fmt(b, "%.3f", (double)ns / (double)unit->ns);
}

static void write_numbers(struct ft_buf *b, const struct unit *unit, const struct ft_hist_row *row)
{
	if (row->unknown == row->count) {
		ft_buf_fmt(b, "count: %" PRIu64 " (without a latency)\n", row->count);
		return;
	}
	/* bcc's words, on a line of their own. */
	write_value(b, unit, "avg = ", ft_hist_row_average(row));
	ft_buf_fmt(b, " %s", unit->name);
	write_value(b, unit, ", total: ", row->stall_ns);
	ft_buf_fmt(b, " %s, count: %" PRIu64, unit->name, row->count);
	if (row->unknown)
		ft_buf_fmt(b, " (%" PRIu64 " without a latency)", row->unknown);
	ft_buf_char(b, '\n');
	write_value(b, unit, "p50 = ", row->p50_ns);
	write_value(b, unit, ", p90: ", row->p90_ns);
	write_value(b, unit, ", p99: ", row->p99_ns);
	write_value(b, unit, ", max: ", row->max_ns);
	ft_buf_fmt(b, " %s\n", unit->name);
}

/* What the total went to: parts that are not zero. */
static void write_shares(struct ft_buf *b, const struct unit *unit, const struct ft_hist_row *row)
{
	static const char *const names[] = {
#define FT_X(id, name, header) name,
		FT_HIST_SHARES(FT_X)
#undef FT_X
	};

	for (int i = 0; row->stall_ns && i < FT_HIST_SHARE_MAX; i++) {
		uint64_t ns = row->share_ns[i];

		if (!ns)
			continue;
		ft_buf_fmt(b, "  %5.1f %% %-16s ", (double)ns * 100 / (double)row->stall_ns,
			   names[i]);
		write_value(b, unit, "", ns);
		ft_buf_fmt(b, " %s\n", unit->name);
	}
}

static void write_hidden(struct ft_buf *b, const struct ft_hist_rows *rows)
{
	if (rows->hidden)
		ft_buf_fmt(b, "\n%zu more groups: %" PRIu64 " faults, %.3f ms stalled\n",
			   rows->hidden, rows->hidden_count, (double)rows->hidden_stall_ns / 1e6);
}

void ft_view_hist_text(struct ft_buf *out, const struct ft_hist_look *look,
		       const struct ft_hist_rows *rows)
{
	const struct unit *unit = &units[look->unit];

	for (size_t i = 0; i < rows->n; i++) {
		const struct ft_hist_row *row = &rows->v[i];

		if (i)
			ft_buf_char(out, '\n');
		write_group(out, look, row);
		if (row->unknown == row->count)
			; /* nothing to draw */
		else if (look->linear)
			write_linear(out, unit, row);
		else
			write_log2(out, unit, row);
		write_numbers(out, unit, row);
		if (look->breakdown)
			write_shares(out, unit, row);
	}
	write_hidden(out, rows);
	if (!rows->n)
		ft_buf_str(out, "no faults\n");
}

void ft_view_hist_table(struct ft_buf *out, struct ft_hist_table *t,
			const struct ft_hist_rows *rows)
{
	if (rows->n) {
		ft_table_fit(&t->table, rows->v, rows->n, sizeof(*rows->v));
		ft_table_header(out, &t->table);
	}
	for (size_t i = 0; i < rows->n; i++)
		ft_table_row(out, &t->table, &rows->v[i]);
	write_hidden(out, rows);
	if (!rows->n)
		ft_buf_str(out, "no faults\n");
}
