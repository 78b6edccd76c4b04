/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The report of `faulttrace explain`. */
#ifndef FT_VIEW_EXPLAIN_H
#define FT_VIEW_EXPLAIN_H

#include "base/buf.h"
#include "enrich/locate.h"
#include "model/explain.h"

/* `name`: the symbol asked for, or NULL; then `found` says where it was found. */
void ft_view_explain_text(struct ft_buf *out, const struct ft_explain *e, const char *name,
			  const struct ft_located *found);
/* One object. */
void ft_view_explain_json(struct ft_buf *out, const struct ft_explain *e, const char *name,
			  const struct ft_located *found);

/* The kernel function that takes a step, as this architecture calls it; "" for the processor's. */
const char *ft_view_step_function(const struct ft_explain *e, enum ft_step s);

#endif
