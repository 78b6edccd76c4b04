/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A hash map from a 64-bit key (not 0) to a pointer, open addressing: a hit is one probe or two. */
#ifndef FT_MAP64_H
#define FT_MAP64_H

#include <stddef.h>
#include <stdint.h>

struct ft_map64_slot {
	uint64_t key; /* 0: empty */
	void *value;
};

struct ft_map64 {
	struct ft_map64_slot *v;
	size_t n, cap; /* cap is 0 or a power of two */
};

/* The value of `key`, or NULL. */
void *ft_map64_get(const struct ft_map64 *m, uint64_t key);
/* Puts `value` (not NULL) in place of the old one. 0 or -ENOMEM. */
int ft_map64_put(struct ft_map64 *m, uint64_t key, void *value);
/* Takes the key out; its value, or NULL. */
void *ft_map64_del(struct ft_map64 *m, uint64_t key);
/* Frees the table; each value goes to `release` first (NULL: they are left alone). */
void ft_map64_deinit(struct ft_map64 *m, void (*release)(void *));

#endif
