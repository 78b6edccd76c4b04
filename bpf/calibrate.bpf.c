/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the kernel maps physical memory, and how it denies a page, found once before the start. */
#include "pte.bpf.h"

/* Set by ft_calibrate, read by pte.bpf.h. */
__u64 ft_phys_base, ft_pte_none;
__u32 ft_pgt_levels, ft_swap_type_shift, ft_swap_offset_shift;

/*
 * Finds where physical memory is mapped: tries bases downward from this task's page tables, a GB
 * apart (kernel_randomize_memory() aligns to that), until the walk leads to the random words that
 * user space wrote to its pages. Run by user space with BPF_PROG_RUN.
 */
__u64 ft_cal_addr[2], ft_cal_word[2];
__u64 ft_cal_none;  /* a page that was written and is PROT_NONE now */
__u64 ft_cal_first; /* candidate to begin with; moved on by each run */
#define CAL_TRIES 4

static __always_inline bool calibrate_try(__u64 pgd, __u64 base, __u32 levels)
{
	for (int i = 0; i < 2; i++) {
		struct pte_found f = pte_walk(pgd, ft_cal_addr[i], base, levels, false);

		if (f.huge || !(f.val & PTE_PRESENT) ||
		    compat_word(base + (f.val & PTE_PHYS_MASK), false) != ft_cal_word[i])
			return false;
	}
	return true;
}

static __always_inline void calibrate_done(__u64 pgd, __u64 base, __u32 levels)
{
	struct pte_found f = pte_walk(pgd, ft_cal_none, base, levels, false);

	if (f.leaf && !(f.val & PTE_PRESENT))
		ft_pte_none = compat_pte_none(f.val);
	compat_swap_layout(ft_pte_none);
	ft_pgt_levels = levels;
	ft_phys_base = base;
}

SEC("raw_tp/ft_calibrate")
int ft_calibrate(void *ctx)
{
	struct task_struct *task = compat_task();
	__u64 pgd = (__u64)BPF_CORE_READ(task, mm, pgd);
	__u64 top = pgd & ~((1ULL << 30) - 1);

	for (int i = 0; i < CAL_TRIES; i++) {
		__u64 base = top - ((ft_cal_first + i) << 30);

		if (calibrate_try(pgd, base, 4)) {
			calibrate_done(pgd, base, 4);
			return 0;
		}
		if (calibrate_try(pgd, base, 5)) {
			calibrate_done(pgd, base, 5);
			return 0;
		}
	}
	ft_cal_first += CAL_TRIES;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
