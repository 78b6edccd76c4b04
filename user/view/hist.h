/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Histograms as people and programs read them. */
#ifndef FT_VIEW_HIST_H
#define FT_VIEW_HIST_H

#include "base/buf.h"
#include "base/column.h"
#include "model/hist.h"

enum ft_hist_unit { FT_HIST_NSECS, FT_HIST_USECS, FT_HIST_MSECS };

struct ft_hist_look {
	enum ft_hist_part parts[FT_HIST_PART_MAX]; /* in the order of --by */
	size_t n_parts;
	enum ft_hist_unit unit;
	bool breakdown; /* what the time went to */
	bool linear;	/* rows of equal width instead of powers of two */
};

/* The same groups as a table: what is sorted by, too. */
struct ft_hist_table {
	struct ft_column cols[FT_COLUMNS_MAX];
	struct ft_table table;
};

/* `t` must not be moved afterwards. The table is in us, with FT_HIST_MSECS in ms. */
void ft_view_hist_columns(struct ft_hist_table *t, const struct ft_hist_look *look);

/* A histogram per group, as bcc draws it, with the numbers below it. */
void ft_view_hist_text(struct ft_buf *out, const struct ft_hist_look *look,
		       const struct ft_hist_rows *rows);
/* A row per group. */
void ft_view_hist_table(struct ft_buf *out, struct ft_hist_table *t,
			const struct ft_hist_rows *rows);
/* A `hist` object per group. */
void ft_view_hist_json(struct ft_buf *out, const struct ft_hist_look *look,
		       const struct ft_hist_rows *rows, uint64_t ts_ns, uint64_t interval_ns);

#endif
