/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sentences for people, broken at 80 columns. */
#ifndef FT_VIEW_WRAP_H
#define FT_VIEW_WRAP_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Writes `text` (already escaped) in lines of at most 79 columns, broken at blanks; the first
 * begins with `bullet`, the others with as many blanks. A word longer than a line stays whole.
 */
void ft_wrap(struct ft_buf *out, const char *bullet, const char *text, size_t len);

#endif
