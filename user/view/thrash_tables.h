/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef FT_VIEW_THRASH_TABLES_H
#define FT_VIEW_THRASH_TABLES_H

#include "view/thrash.h"

/* "comm tgid", escaped. */
void ft_view_thrash_named(struct ft_buf *b, const struct ft_blame_proc *p);
/* Each table under its head, of p->rows rows; one without rows is left out. */
void ft_view_thrash_tables(struct ft_buf *b, const struct ft_thrash_report *p);

#endif
