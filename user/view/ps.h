/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of `faulttrace ps`: totals, or rates per second. */
#ifndef FT_VIEW_PS_H
#define FT_VIEW_PS_H

#include <stdbool.h>

#include "base/column.h"
#include "model/proctab.h"

/* The columns, over rows of struct ft_proc; `page_size` in bytes. */
void ft_view_ps_init(struct ft_table *t, bool rates, enum ft_unit unit, uint64_t page_size);

/* Header and `n` rows; columns grow to what they hold and stay so, from one call to the next. */
void ft_view_ps_text(struct ft_buf *out, struct ft_table *t, const struct ft_proc *rows, size_t n);

/*
 * A line of JSON per row, type "process", memory in pages. With `interval_ns` (rates) each line
 * also has ts_ns, CLOCK_MONOTONIC, and the interval it covers.
 */
void ft_view_ps_json(struct ft_buf *out, const struct ft_table *t, const struct ft_proc *rows,
		     size_t n, uint64_t ts_ns, uint64_t interval_ns);

#endif
