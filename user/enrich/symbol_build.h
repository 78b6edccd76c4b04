/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From symbols in any order to an array in which a search finds the innermost function. */
#ifndef FT_SYMBOL_BUILD_H
#define FT_SYMBOL_BUILD_H

#include <stddef.h>
#include <stdint.h>

struct ft_symbuild_raw;

struct ft_symbuild {
	struct ft_symbuild_raw *v;
	size_t n, cap;
	char *names;
	size_t names_len, names_cap;
};

struct ft_symbuild_entry {
	uint32_t off, size; /* from base */
	uint32_t name;	    /* in names */
	uint32_t outer;	    /* an earlier entry that may reach further; UINT32_MAX: none */
};

struct ft_symbuild_result {
	uint64_t base;
	struct ft_symbuild_entry *v;
	uint32_t n;
	char *names;
	size_t names_len;
};

/*
 * Adds a function at `addr`. `size` 0: a label, that reaches to the next symbol or to `end`,
 * whichever is first. `bind` is ELF's STB_*. 0, -ENOMEM; -EFBIG above 1 GiB of names.
 */
int ft_symbuild_add(struct ft_symbuild *b, const char *name, uint64_t addr, uint64_t size,
		    uint64_t end, int bind);

/*
 * Sorts, and keeps one name for each address: as perf does, one with a size, not weak, not local,
 * with few underscores before it; then the shortest. Symbols more than 4 GiB above the lowest are
 * left out. The builder is used up.
 */
int ft_symbuild_finish(struct ft_symbuild *b, struct ft_symbuild_result *out);
void ft_symbuild_deinit(struct ft_symbuild *b);

/* The innermost function that holds `addr`: the one that begins last. NULL: none. */
const char *ft_symbuild_find(const struct ft_symbuild_result *r, uint64_t addr, uint64_t *start);
size_t ft_symbuild_bytes(const struct ft_symbuild_result *r);
void ft_symbuild_result_deinit(struct ft_symbuild_result *r);

#endif
