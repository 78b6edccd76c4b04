/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two hash tables with open addressing: what was found at (file, offset), and which file a mapping
 * of a process was when it was last looked at. Both are emptied when they reach their limit: what
 * is still in use comes back at the cost of one search each, and nothing has to be aged.
 */
#ifndef FT_SYMBOL_CACHE_H
#define FT_SYMBOL_CACHE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ft_sym_hit {
	uint64_t off;	  /* in the file; the ip for JIT and kernel */
	uint32_t file;	  /* id, never 0 */
	uint32_t sym_off; /* ip - start of the symbol */
	const char *name; /* NULL: nothing is known there */
};

struct ft_sym_hits {
	struct ft_sym_hit *v;
	size_t n, cap;
};

struct ft_sym_seen {
	uint64_t dev, ino, map_start;
	uint64_t checked_ns;
	const char *dso; /* NULL: an empty slot, or anonymous memory */
	pid_t pid;	 /* 0: an empty slot */
	uint32_t file;	 /* id, or 0: it could not be found */
};

struct ft_sym_seens {
	struct ft_sym_seen *v;
	size_t n, cap;
};

/* NULL when absent. Valid until the next add. */
struct ft_sym_hit *ft_sym_hits_find(const struct ft_sym_hits *h, uint32_t file, uint64_t off);
/* Adds what is not there. 0 or -ENOMEM. */
int ft_sym_hits_add(struct ft_sym_hits *h, const struct ft_sym_hit *hit);
void ft_sym_hits_deinit(struct ft_sym_hits *h);

struct ft_sym_seen *ft_sym_seens_find(const struct ft_sym_seens *s, pid_t pid, uint64_t dev,
				      uint64_t ino, uint64_t map_start);
/* Adds what is not there; returns its place, or NULL when memory is gone. */
struct ft_sym_seen *ft_sym_seens_add(struct ft_sym_seens *s, const struct ft_sym_seen *seen);
/* Mappings of file `from` are of file `to` now. */
void ft_sym_seens_rename(struct ft_sym_seens *s, uint32_t from, uint32_t to);
void ft_sym_seens_deinit(struct ft_sym_seens *s);

#endif
