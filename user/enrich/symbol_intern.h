/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Strings that are kept once and never move: equal text is the same pointer. */
#ifndef FT_SYMBOL_INTERN_H
#define FT_SYMBOL_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct ft_intern_chunk;

struct ft_intern {
	const char **slots;
	size_t n, cap;	   /* cap is a power of two, or 0 */
	size_t bytes, max; /* text held, and its limit */
	struct ft_intern_chunk *chunks;
};

/* `max` bounds the text in bytes: whoever names functions without end must not take all memory. */
void ft_intern_init(struct ft_intern *in, size_t max);
void ft_intern_deinit(struct ft_intern *in);

/* The kept copy of `len` bytes of `s`, or NULL when memory or the limit is reached. */
const char *ft_intern(struct ft_intern *in, const char *s, size_t len);

#endif
