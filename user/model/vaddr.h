/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How this machine translates a virtual address: table levels, and which bits index which table.
 * Sources: Documentation/arch/x86/x86_64/mm.rst and 5level-paging.rst,
 * Documentation/arch/arm64/memory.rst.
 */
#ifndef FT_VADDR_H
#define FT_VADDR_H

#include <stdbool.h>
#include <stdint.h>

#define FT_LEVELS_MAX 5
#define FT_PTE_SIZE   8 /* bytes of an entry, at every level, on both architectures */

struct ft_vaddr_layout {
	int page_shift;	    /* 12: 4 KB */
	int bits;	    /* of a virtual address that are translated: 48, 57 */
	int levels;	    /* tables walked: 4, 5 (arm64: 2 to 5) */
	bool sign_extended; /* x86: the bits above repeat the top one, else the address is not
			       canonical */
};

struct ft_vaddr_level {
	const char *name; /* "PGD", … "PTE", from the top */
	int shift, bits;  /* index = addr >> shift, `bits` of it */
	uint64_t index;
	uint64_t covers; /* bytes one entry of this table translates */
};

struct ft_vaddr_split {
	struct ft_vaddr_level level[FT_LEVELS_MAX];
	int levels;
	uint64_t page_number, offset;
};

/* x86-64: 48 bits and 4 levels, or with la57 57 and 5. */
struct ft_vaddr_layout ft_vaddr_x86(bool la57);
/*
 * arm64 tells its address size nowhere: `highest` is the end of the highest mapping, and the layout
 * is the smallest that Linux offers for the page size and that holds it.
 */
struct ft_vaddr_layout ft_vaddr_arm64(int page_shift, uint64_t highest);

/*
 * `entry_shift`: of what one entry maps at this address; l->page_shift, or that of a huge page,
 * which an entry of a higher table maps: the tables below do not exist.
 */
void ft_vaddr_split(const struct ft_vaddr_layout *l, uint64_t addr, int entry_shift,
		    struct ft_vaddr_split *out);

enum ft_vaddr_half {
	FT_VADDR_USER,
	FT_VADDR_KERNEL,
	FT_VADDR_NONCANONICAL, /* x86: no page fault but a general protection fault */
};

enum ft_vaddr_half ft_vaddr_half(const struct ft_vaddr_layout *l, uint64_t addr);

/* What one flat table for all addresses would take: entries × entry size. */
uint64_t ft_vaddr_flat_entries(const struct ft_vaddr_layout *l);
uint64_t ft_vaddr_flat_bytes(const struct ft_vaddr_layout *l);

#endif
