/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The report of `faulttrace mem`. */
#ifndef FT_VIEW_MEM_H
#define FT_VIEW_MEM_H

#include "base/buf.h"
#include "model/meminfo.h"

/*
 * Text: the summary, every mapping twice (where it comes from, what it holds), sums per kind, and
 * the reading in words. `where` says at what point a started program stands; NULL: it just runs.
 */
void ft_view_mem_text(struct ft_buf *out, const struct ft_mem *m, const char *where);

/* Lines of JSON: one "memory" object, then a "mapping" object each; sizes in KB. */
void ft_view_mem_json(struct ft_buf *out, const struct ft_mem *m, const char *where);

/*
 * The reading, a sentence or two per paragraph (view/mem_words.c): `emit` is called for each with
 * text that is already escaped.
 */
void ft_view_mem_words(const struct ft_mem *m,
		       void (*emit)(void *arg, const char *text, size_t len), void *arg);

/* "5780 KB", "23.5 MB", "512 GB". */
void ft_view_size(struct ft_buf *out, uint64_t kb);

#endif
