/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's own totals of memory: /proc/vmstat, /proc/meminfo, /proc/swaps, of a whole machine.
 */
#ifndef FT_VMSTAT_H
#define FT_VMSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pages. FT_UNKNOWN where this kernel does not say: zswap since 5.19 (f6498b776d28, "mm: zswap: add
 * basic meminfo and vmstat coverage"), zero pages since 6.12 (e7ac4daeed91, "mm: count zeromap read
 * and set for swapout and swapin").
 */
struct ft_vmstat {
	uint64_t pswpin, pswpout, swpin_zero, swpout_zero, zswpin, zswpout;
	uint64_t zswpwb; /* written by zswap: in zswpout, and again in pswpout */
	uint64_t pgmajfault, refault_anon, refault_file;
};

struct ft_memory {
	uint64_t total, available, swap_total, swap_free, file_lru, anon_lru; /* bytes */
	bool zram, disk; /* what kinds of swap are on */
};

/* The value of "key N" at the beginning of a line, or FT_UNKNOWN. */
uint64_t ft_vmstat_field(const char *text, const char *key);

/* 0 or -errno. */
int ft_vmstat_read(const char *root, struct ft_vmstat *out);
int ft_memory_read(const char *root, struct ft_memory *out);

/* All pages that left for swap, or came back, with those that needed no device. */
uint64_t ft_vmstat_out(const struct ft_vmstat *v);
uint64_t ft_vmstat_in(const struct ft_vmstat *v);

#endif
