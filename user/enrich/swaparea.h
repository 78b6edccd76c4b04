/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where swapped pages are: the areas of /proc/swaps, which are listed in the order of their types
 * but without these, and what the kernel counted of pages that are in none.
 */
#ifndef FT_SWAPAREA_H
#define FT_SWAPAREA_H

#include <stdbool.h>
#include <stdint.h>

struct ft_swap_areas {
	const char *root;
	uint64_t read_ns; /* when; 0: not yet */
	char name[256];	  /* of the area, when there is one alone */
	bool zram, disk;  /* what kinds there are */
	bool zswapped;	  /* pages went to zswap since boot */
	bool zeros;	  /* pages of zeros were kept without any place (since 6.12) */
};

/* `root`: as for ft_proc_read(). */
void ft_swap_areas_init(struct ft_swap_areas *s, const char *root);
/* Reads anew what is older than a tenth of a second at `now_ns`. */
void ft_swap_areas_refresh(struct ft_swap_areas *s, uint64_t now_ns);

/* The area of all swapped pages as /proc/swaps names it; NULL: there are several, or none. */
const char *ft_swap_areas_name(const struct ft_swap_areas *s);
/*
 * "disk", "zram", "zswap", "zero-page" or "unknown": where a page came from; `io`: whether a device
 * was read for it.
 */
const char *ft_swap_areas_kind(const struct ft_swap_areas *s, bool io);

#endif
