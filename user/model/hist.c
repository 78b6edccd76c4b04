/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "model/hist.h"

#define LINEAR_ROWS 16

const char *ft_hist_part_name(unsigned int part)
{
	static const char *const names[] = {
#define FT_X(id, name, help) name,
		FT_HIST_PARTS(FT_X)
#undef FT_X
	};

	return part < FT_HIST_PART_MAX ? names[part] : "unknown";
}

uint32_t ft_hist_part_bit(enum ft_hist_part part)
{
	static const uint32_t bits[] = {
#define FT_X(id, name, help) FT_BY_##id,
		FT_HIST_PARTS(FT_X)
#undef FT_X
	};

	return bits[part];
}

static uint64_t known(const struct ft_hist_row *row)
{
	return row->count - row->unknown;
}

uint64_t ft_hist_row_percentile(const struct ft_hist_row *row, unsigned int percent)
{
	uint64_t rank = known(row) / 100 * percent + (known(row) % 100 * percent + 99) / 100;
	uint64_t below = 0;

	for (unsigned int i = row->first; known(row) && i <= row->last; i++) {
		below += ft_hist_row_bucket(row, i);
		if (below >= rank)
			return ft_hist_high(i) < row->max_ns ? ft_hist_high(i) : row->max_ns;
	}
	return FT_UNKNOWN_NS;
}

uint64_t ft_hist_row_average(const struct ft_hist_row *row)
{
	return known(row) ? row->stall_ns / known(row) : FT_UNKNOWN_NS;
}

/*
 * `now` has the extremes since the start. One that lies in this interval's outermost bucket is in
 * it, or bounds it more closely than the bucket does.
 */
static void fill_extremes(struct ft_hist_row *row)
{
	uint64_t min = ~row->now->min_ns, max = row->now->max_ns;

	row->min_ns = ft_hist_bucket(min) == row->first ? min : ft_hist_low(row->first);
	row->max_ns = ft_hist_bucket(max) == row->last ? max : ft_hist_high(row->last);
}

static void fill_shares(struct ft_hist_row *row)
{
	static const struct ft_breakdown none;
	const struct ft_breakdown *now = &row->now->parts,
				  *before = row->before ? &row->before->parts : &none;
	uint64_t sum = 0;

	row->share_ns[FT_HIST_SHARE_RECLAIM] = now->reclaim_ns - before->reclaim_ns;
	row->share_ns[FT_HIST_SHARE_MEMCG] = now->memcg_ns - before->memcg_ns;
	row->share_ns[FT_HIST_SHARE_COMPACTION] = now->compaction_ns - before->compaction_ns;
	row->share_ns[FT_HIST_SHARE_WAIT] = now->wait_ns - before->wait_ns;
	for (int i = 0; i < FT_HIST_SHARE_REST; i++)
		sum += row->share_ns[i];
	/* Each reading sees counters that go on: one may be ahead of another by a fault. */
	row->share_ns[FT_HIST_SHARE_REST] = row->stall_ns > sum ? row->stall_ns - sum : 0;
}

bool ft_hist_row_fill(struct ft_hist_row *row, const struct ft_group *key,
		      const struct ft_hist *now, const struct ft_hist *before)
{
	*row = (struct ft_hist_row) { .key = key, .now = now, .before = before };
	row->min_ns = row->max_ns = FT_UNKNOWN_NS;
	row->stall_ns = now->stall_ns - (before ? before->stall_ns : 0);
	row->unknown = now->unknown - (before ? before->unknown : 0);
	for (unsigned int i = 0; i < FT_HIST_BUCKETS; i++) {
		uint64_t n = ft_hist_row_bucket(row, i);

		if (!n)
			continue;
		if (!row->count)
			row->first = i;
		row->last = i;
		row->count += n;
	}
	if (row->count)
		fill_extremes(row);
	fill_shares(row);
	row->count += row->unknown;
	row->p50_ns = ft_hist_row_percentile(row, 50);
	row->p90_ns = ft_hist_row_percentile(row, 90);
	row->p99_ns = ft_hist_row_percentile(row, 99);
	return row->count;
}

static int reserve(struct ft_hist_rows *rows, size_t n)
{
	struct ft_hist_row *v;

	if (n <= rows->room)
		return 0;
	v = realloc(rows->v, n * sizeof(*v));
	if (!v)
		return -ENOMEM;
	rows->v = v;
	rows->room = n;
	return 0;
}

int ft_hist_rows_name(const struct ft_hists *h, struct ft_groups *names, uint64_t now_ns)
{
	ft_groups_begin(names);
	for (size_t i = 0; i < h->n; i++)
		ft_groups_mark(names, &h->v[i]->key, now_ns);
	return ft_groups_end(names);
}

int ft_hist_rows_make(struct ft_hist_rows *rows, const struct ft_hists *h,
		      const struct ft_groups *names)
{
	struct ft_hist_row other;
	int err = reserve(rows, h->n);

	rows->n = rows->hidden = rows->hidden_count = rows->hidden_stall_ns = 0;
	rows->has_other = false;
	if (err)
		return err;
	for (size_t i = 0; i < h->n; i++) {
		const struct ft_hist_group *g = h->v[i];
		struct ft_hist_row *row = g->key.other ? &other : &rows->v[rows->n];

		if (!ft_hist_row_fill(row, &g->key, &g->now, g->before))
			continue;
		ft_groups_find(names, h->by, &g->key, &row->text);
		if (g->key.other)
			rows->has_other = true;
		else
			rows->n++;
	}
	if (rows->has_other)
		rows->v[rows->n++] = other;
	return 0;
}

void ft_hist_rows_limit(struct ft_hist_rows *rows, size_t most)
{
	size_t groups = rows->n - rows->has_other;

	if (groups <= most)
		return;
	for (size_t i = most; i < groups; i++) {
		rows->hidden_count += rows->v[i].count;
		rows->hidden_stall_ns += rows->v[i].stall_ns;
	}
	rows->hidden = groups - most;
	if (rows->has_other)
		rows->v[most] = rows->v[groups];
	rows->n = most + rows->has_other;
}

void ft_hist_rows_deinit(struct ft_hist_rows *rows)
{
	free(rows->v);
	*rows = (struct ft_hist_rows) {};
}

/* What stands for all values of a bucket: its middle, within what is known of the extremes. */
static uint64_t middle(const struct ft_hist_row *row, unsigned int i)
{
	uint64_t low = ft_hist_low(i), v = low + (ft_hist_high(i) - low) / 2;

	if (v < row->min_ns)
		return row->min_ns;
	return v < row->max_ns ? v : row->max_ns;
}

unsigned int ft_hist_row_log2(const struct ft_hist_row *row, uint64_t unit_ns, uint64_t out[64])
{
	unsigned int rows = 0;

	for (unsigned int i = 0; i < 64; i++)
		out[i] = 0;
	for (unsigned int i = row->first; known(row) && i <= row->last; i++) {
		uint64_t n = ft_hist_row_bucket(row, i), v = middle(row, i) / unit_ns;
		unsigned int at = v ? ft_hist_log2(v) : 0;

		if (!n)
			continue;
		out[at] += n;
		if (rows < at + 1)
			rows = at + 1;
	}
	return rows;
}

/* The smallest of 1, 2, 5, 10, 20, 50, … that is not below `v`. */
static uint64_t round_step(uint64_t v)
{
	for (uint64_t ten = 1; ten <= UINT64_MAX / 10; ten *= 10)
		for (int k = 1; k <= 5; k += k == 2 ? 3 : 1)
			if (ten * k >= v)
				return ten * k;
	return v;
}

void ft_hist_row_linear(const struct ft_hist_row *row, uint64_t unit_ns, struct ft_hist_linear *out)
{
	uint64_t top = row->max_ns, width, low, high;

	*out = (struct ft_hist_linear) {};
	if (!known(row))
		return;
	/* A few that took long would leave one row for all the others. */
	if (row->p99_ns < top / 2)
		top = row->p99_ns;
	low = row->min_ns / unit_ns;
	high = top / unit_ns;
	width = ft_hist_high(ft_hist_bucket(top)) - ft_hist_low(ft_hist_bucket(top));
	width = width / unit_ns + 1;
	if ((high - low) / LINEAR_ROWS > width)
		width = (high - low) / LINEAR_ROWS + 1;
	out->step = round_step(width);
	out->from = low / out->step * out->step;
	out->n = (unsigned int)((high - out->from) / out->step) + 1;
	out->rest_to = row->max_ns / unit_ns;
	for (unsigned int i = row->first; i <= row->last; i++) {
		uint64_t at = (middle(row, i) / unit_ns - out->from) / out->step;

		if (at < out->n)
			out->v[at] += ft_hist_row_bucket(row, i);
		else
			out->rest += ft_hist_row_bucket(row, i);
	}
}
