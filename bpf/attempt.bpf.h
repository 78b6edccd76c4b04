/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What only handle_mm_fault() tells: attempts, the vma at hand, and faults that the kernel takes on
 * someone's behalf without an exception. These hooks lose events under preemption (a task preempted
 * inside a trampoline program makes its CPU skip the others' runs), so they only add facts.
 */
#ifndef FT_ATTEMPT_BPF_H
#define FT_ATTEMPT_BPF_H

#include "emit.bpf.h"

/* enum fault_flag and enum vm_fault_reason: the values are the same from 5.10 on. */
#define FAULT_FLAG_WRITE       0x001
#define FAULT_FLAG_TRIED       0x020
#define FAULT_FLAG_USER	       0x040
#define FAULT_FLAG_INSTRUCTION 0x100
#define VM_FAULT_MAJOR_BIT     0x004
#define VM_FAULT_RETRY_BIT     0x400
/* VM_FAULT_ERROR: OOM, SIGBUS, SIGSEGV, HWPOISON, HWPOISON_LARGE, FALLBACK. */
#define VM_FAULT_ERROR_BITS (0x1 | 0x2 | 0x40 | 0x10 | 0x20 | 0x800)

static __always_inline int attempt_begin(struct task_struct *task, struct vm_area_struct *vma,
					 __u64 addr, struct pt_regs *regs)
{
	struct ft_state *st;

	if (!regs)
		return 0;
	/* Only a task that was wanted at the beginning has a fault under way. */
	st = state_get(task, false);
	if (!st || !st->is_open || st->open.addr >> 12 != addr >> 12)
		return 0;
	st->open.attempts++;
	if (ft_knobs.want_vma)
		vma_take(st, vma, addr);
	return 0;
}

/* The fault will not complete: the next attempt, if at the same address, is a new one's. */
static __always_inline int attempt_failed(void)
{
	struct ft_state *st = state_get(compat_current(), false);

	if (st)
		st->open.failed = 1;
	return 0;
}

/* Whether this attempt is the first one of a fault, where nothing but attempts tells of faults. */
static __always_inline bool attempt_is_first(__u64 addr)
{
	struct ft_state *st = state_get(compat_current(), false);

	return !st || !st->is_open || st->open.addr != addr || st->open.failed;
}

static __always_inline __u64 attempt_error(__u32 flags)
{
	return (flags & FAULT_FLAG_WRITE ? ERR_WRITE : 0) |
	       (flags & FAULT_FLAG_INSTRUCTION ? ERR_INSTR : 0);
}

/* A fault of get_user_pages() ended: counted by the kernel in the caller's min_flt or maj_flt. */
static __always_inline int attempt_end(__u32 flags, struct pt_regs *regs, __u32 ret)
{
	struct ft_state *st;

	if (regs && ft_knobs.entry_attempt && (ret & VM_FAULT_ERROR_BITS))
		return attempt_failed();
	if (regs || (ret & (VM_FAULT_RETRY_BIT | VM_FAULT_ERROR_BITS)) ||
	    !wanted_pid(bpf_get_current_pid_tgid()) || !wanted_task(ft_knobs.filters))
		return 0;
	st = state_get(compat_current(), true);
	if (!st)
		return 0;
	/* The kernel has counted this fault already: mm_account_fault() comes before fexit. */
	if (state_base(st))
		return 0;
	if ((ret & VM_FAULT_MAJOR_BIT) || (flags & FAULT_FLAG_TRIED))
		st->gup_maj++;
	else
		st->gup_min++;
	return 0;
}

#endif
