/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The page-table entry of an address, read by walking the tables. It tells what no hook tells
 * without fentry: whether a page was swapped out (and where to), was a NUMA probe, was being moved,
 * or was there all along; afterwards, whether a huge page was mapped.
 *
 * The tables hold physical addresses; where the kernel maps physical memory is not exported, so
 * it is found once by trying (calibrate.bpf.c) with pages whose content is known. Without a match
 * ft_phys_base stays 0 and nothing here is used.
 *
 * Source: arch/x86/include/asm/pgtable_types.h, arch/arm64/include/asm/pgtable-prot.h.
 */
#ifndef FT_PTE_BPF_H
#define FT_PTE_BPF_H

#include "compat.bpf.h"
#include "ft_classify.h"
#include "knobs.bpf.h"

#define PTE_PRESENT (1ULL << 0)
#ifdef __TARGET_ARCH_arm64
/* 4 KB pages, 48 bits: arch/arm64/include/asm/pgtable-hwdef.h. */
#define PTE_PHYS_MASK 0x0000fffffffff000ULL
#define PTE_TABLE     (1ULL << 1)
#define PTE_RW	      (1ULL << 51) /* PTE_DBM: may be written, whether or not it is dirty */

static __always_inline bool pte_is_block(__u64 val)
{
	return (val & PTE_PRESENT) && !(val & PTE_TABLE);
}
#else
#define PTE_PHYS_MASK 0x000ffffffffff000ULL
#define PTE_RW	      (1ULL << 1)
#define PTE_PSE	      (1ULL << 7)

static __always_inline bool pte_is_block(__u64 val)
{
	return val & PTE_PSE;
}
#endif

/* Where physical memory is mapped, and the levels of the page tables (4 or 5). */
extern __u64 ft_phys_base;
extern __u32 ft_pgt_levels;

struct pte_found {
	__u64 val;
	bool huge; /* `val` is a PMD or PUD that maps a huge page */
	bool ok;
	bool leaf; /* `val` is of the last level */
};

/* One level: the entry at `table` for the index at `shift`. */
static __always_inline __u64 pte_entry(__u64 table, __u64 addr, int shift, bool cast)
{
	return compat_word(table + ((addr >> shift) & 511) * 8, cast);
}

/* `cast`: a constant, see compat_word(). */
static __always_inline struct pte_found pte_walk(__u64 pgd, __u64 addr, __u64 base, __u32 levels,
						 bool cast)
{
	struct pte_found f = { .ok = true };
	__u64 table = pgd;

	if (levels == 5) {
		f.val = pte_entry(table, addr, 48, cast);
		if (!(f.val & PTE_PRESENT))
			return f;
		table = base + (f.val & PTE_PHYS_MASK);
	}
	f.val = pte_entry(table, addr, 39, cast);
	if (!(f.val & PTE_PRESENT))
		return f;
	f.val = pte_entry(base + (f.val & PTE_PHYS_MASK), addr, 30, cast);
	if (!(f.val & PTE_PRESENT) || pte_is_block(f.val)) {
		f.huge = pte_is_block(f.val);
		return f;
	}
	f.val = pte_entry(base + (f.val & PTE_PHYS_MASK), addr, 21, cast);
	if (!(f.val & PTE_PRESENT) || pte_is_block(f.val)) {
		f.huge = pte_is_block(f.val);
		return f;
	}
	f.val = pte_entry(base + (f.val & PTE_PHYS_MASK), addr, 12, cast);
	f.leaf = true;
	return f;
}

/* `pgd`: mm->pgd. */
static __always_inline struct pte_found pte_of(__u64 pgd, __u64 addr)
{
	struct pte_found none = {};

	if (!ft_phys_base)
		return none;
	if (ft_knobs.cast)
		return pte_walk(pgd, addr, ft_phys_base, ft_pgt_levels, true);
	return pte_walk(pgd, addr, ft_phys_base, ft_pgt_levels, false);
}

/*
 * Real swap devices have types from 0 up; the top of the 32 types stands for migration, device
 * memory, markers and poison: at most 9 of them (MAX_SWAPFILES, include/linux/swap.h).
 */
#define SWAP_TYPES 23

static __always_inline __u8 pte_classify(struct pte_found f)
{
	if (!f.ok)
		return FT_PTE_UNKNOWN;
	if (f.val & PTE_PRESENT)
		return f.val & PTE_RW ? FT_PTE_WRITABLE : FT_PTE_READONLY;
	if (!f.val)
		return FT_PTE_NONE;
	if (!ft_pte_none)
		return FT_PTE_UNKNOWN;
	if (compat_pte_is_none(f.val))
		return FT_PTE_NUMA;
	if (!f.leaf)
		return FT_PTE_SPECIAL; /* a huge page being split or moved: pmd_mkinvalid() */
	return compat_swap_type(f.val) < SWAP_TYPES ? FT_PTE_SWAP : FT_PTE_SPECIAL;
}

/* The place in swap that the entry names: what ft_evictions and records have. */
static __always_inline __u64 pte_swap(__u64 val)
{
	return (__u64)compat_swap_type(val) << 56 | compat_swap_offset(val);
}

#endif
