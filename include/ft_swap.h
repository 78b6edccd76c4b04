/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Swap entries as x86-64 keeps them in a page-table entry: type in the top 5 bits, the offset below
 * it stored inverted (against L1TF). Source: __swp_type(), __swp_offset() in
 * arch/x86/include/asm/pgtable_64.h.
 */
#ifndef FT_SWAP_H
#define FT_SWAP_H

/*
 * Real swap devices have types from 0 up; the top of the 32 types stands for migration, device
 * memory, markers and poison: at most 9 of them (MAX_SWAPFILES, include/linux/swap.h).
 */
#define FT_SWAP_TYPES 23

static inline unsigned int ft_swap_type(unsigned long long pte)
{
	return pte >> 59;
}

static inline unsigned long long ft_swap_offset(unsigned long long pte)
{
	return (~pte << 5) >> 14;
}

#endif
