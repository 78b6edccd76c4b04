/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every difference between kernels, each behind an accessor and with the commit that made it.
 * Fields, types, enum values and helpers are tested at load time (CO-RE); the kernel's version
 * never is.
 */
#ifndef FT_COMPAT_BPF_H
#define FT_COMPAT_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "ft_knobs.h"

/* Page-fault error codes of x86: arch/x86/include/asm/trap_pf.h. Other machines' are put so. */
#define ERR_PRESENT 0x01
#define ERR_WRITE   0x02
#define ERR_INSTR   0x10

/*
 * The current task as a pointer whose fields can be loaded directly.
 * Added in 5.11: 3ca1032ab7ab ("bpf: Implement get_current_task_btf and RET_PTR_TO_BTF_ID").
 */
static __always_inline bool compat_has_task_btf(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf);
}

static __always_inline struct task_struct *compat_current(void)
{
	if (compat_has_task_btf())
		return bpf_get_current_task_btf();
	return (void *)bpf_get_current_task();
}

/*
 * `dst = src->field`, as one load where `src` is a BTF pointer, else through the probe helper.
 * `src` must come from compat_current() or from compat_read() of a pointer behind it.
 *
 * For the hot path only: since 6.4 (afeebf9f57a4, "bpf: Undo strict enforcement for walking
 * untagged fields.") the verifier searches the kernel's BTF by name for every load of a pointer it
 * sees, one or two milliseconds each. Elsewhere use BPF_CORE_READ() on compat_task().
 */
#define compat_read(dst, src, field)                                                               \
	do {                                                                                       \
		if (compat_has_task_btf())                                                         \
			(dst) = (src)->field;                                                      \
		else                                                                               \
			BPF_CORE_READ_INTO(&(dst), src, field);                                    \
	} while (0)

/*
 * Whether the current task has page faults disabled. The probe helper disables them itself while it
 * reads: copy_from_kernel_nofault(), mm/maccess.c.
 */
static __always_inline bool compat_faults_disabled(struct task_struct *task)
{
	int n;

	compat_read(n, task, pagefault_disabled);
	return n > (compat_has_task_btf() ? 0 : 1);
}

/* The address of the code that faulted; `regs` are a tracepoint's argument on x86. */
static __always_inline __u64 compat_ip(struct pt_regs *regs)
{
#ifdef __TARGET_ARCH_x86
	__u64 ip;

	compat_read(ip, regs, ip);
	return ip;
#else
	return PT_REGS_IP_CORE(regs);
#endif
}

/* Where a fault of the current task that raised a signal came from; 0 when it is not known. */
static __always_inline __u64 compat_user_ip(void)
{
	/* Added in 5.15: dd6e10fbd9fb ("bpf: Add bpf_task_pt_regs() helper"). */
	if (compat_has_task_btf() &&
	    bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) {
		struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

		return PT_REGS_IP_CORE(regs);
	}
	return 0;
}

/*
 * The page-fault error code as x86 has it, of a fault that raised a signal: where no tracepoint
 * told it. arm64 keeps the syndrome: set_thread_esr(), arch/arm64/mm/fault.c.
 */
static __always_inline __u64 compat_signal_error(struct task_struct *task)
{
#ifdef __TARGET_ARCH_arm64
	__u64 esr = BPF_CORE_READ(task, thread.fault_code);

	if (esr >> 26 == 0x20) /* ESR_ELx_EC_IABT_LOW */
		return ERR_INSTR;
	return esr & 0x40 /* ESR_ELx_WNR */ ? ERR_WRITE : 0;
#else
	return 0;
#endif
}

/* The current task for BPF_CORE_READ(). */
static __always_inline struct task_struct *compat_task(void)
{
	return (void *)bpf_get_current_task();
}

/*
 * Global functions: before 6.8 (2afae08c9dcb, "bpf: Validate global subprogs lazily") the verifier
 * looks at all of an object's, called or not. One that reads what some kernels do not have must say
 * so itself, at its beginning. Before 5.13 (e5069b9c23b3, "bpf: Support pointers in global func
 * args") they take numbers only, and a pointer to a known type is none: it goes through memory.
 */

/*
 * A word of kernel memory, at an address that may be anything: 0 where nothing is mapped. One load
 * where the verifier lets programs load from any address, which spares the helper: 5 instructions
 * instead of 120. Whether it does is a knob (`cast`).
 * Added in 6.2: a35b9af4ec2c ("bpf: Add a kfunc for generic type cast").
 *
 * Not `extern … __ksym`: for that libbpf demands the kernel's own BTF, also of a kernel that has
 * none, and before 6.4 a program may not name a kernel function without calling it. This is a call
 * that no kernel has; user/collect/object.c makes it the kernel's function, or it is dead code. So
 * with FT_TYPE_CAST, the kernel's struct rb_node: libbpf gets a copy of some types, whose ids are
 * not the kernel's.
 */
static void *(*const bpf_rdonly_cast)(void *obj, __u32 btf_id) = (void *)FT_CALL_CAST;

static __always_inline __u64 compat_word(__u64 addr, bool cast)
{
	__u64 val = 0;

	if (cast) {
		struct rb_node *at = bpf_rdonly_cast((void *)addr, FT_TYPE_CAST);

		return at->__rb_parent_color;
	}
	bpf_probe_read_kernel(&val, sizeof(val), (void *)addr);
	return val;
}

/*
 * `dst = src->field` where the field is a pointer: compat_read(), or with `cast` a number that is
 * read without the verifier's search. `dst` can then be read from by compat_word() and
 * BPF_CORE_READ() only.
 */
#define compat_read_ptr(cast, dst, src, field)                                                     \
	do {                                                                                       \
		if (cast)                                                                          \
			(dst) = (void *)compat_word(                                               \
				(__u64)(src) + bpf_core_field_offset((src)->field), true);         \
		else                                                                               \
			compat_read(dst, src, field);                                              \
	} while (0)

/*
 * The stack: 512 bytes for a chain of calls, each rounded up to 32 on old kernels
 * (check_max_stack_depth(), kernel/bpf/verifier.c): what fits a new one may not fit them.
 */

/*
 * Programs that are skipped: the kernel runs no program within itself on a CPU, and takes one that
 * was preempted there for that. Trampolines (fentry, fexit) are preemptible where the kernel is;
 * tracepoints since "tracing: Guard __DECLARE_TRACE() use of __DO_TRACE_CALL() with SRCU-fast",
 * seen in 7.1, except where the kernel itself is not: page faults begin with interrupts off,
 * signals and sched_wakeup_new come under a spinlock, and so does rss_stat. What must not be missed
 * belongs there, or has a second hook: sched_process_exit has sched_process_free, a callback of
 * RCU. bpf_preempt_disable() does not help: a CPU that is due elsewhere goes there as soon as it is
 * enabled again, and that is still in the program.
 */

/*
 * Bounds in memory: what the verifier knew of a number when the compiler keeps it on the stack it
 * remembers of 64 bits since 5.10 (5689d49b71ad, "bpf: Track spill/fill of bounded scalars."), of
 * fewer only since 5.16 (354e8f1970f8, "bpf: Support <8-byte scalar spill and refill"). Check such
 * a number right before its use, after barrier_var().
 */

/*
 * An atomic addition that returns the old value came with 5.12: 5ca419f2864a ("bpf: Add BPF_FETCH
 * field / create atomic_fetch_add instruction"). Until then what must not be given twice is counted
 * per CPU (bpf/file.bpf.h).
 */

/*
 * vmscan:mm_vmscan_writepage, with a page, has been mm_vmscan_write_folio, with a folio, since
 * 5.18: e0cd5e7ffa54 ("mm/vmscan: Convert pageout() to take a folio"). The address is that of the
 * first page either way. Each name has a program (bpf/swap.bpf.c), of which the loader takes one.
 */

/*
 * Loops: bpf_loop() has its body verified once instead of once a round.
 * Added in 5.17: e6f2dd0f8067 ("bpf: Add bpf_loop helper"). Before 5.13 a program with a callback
 * in it, called or not, does not load (69c087ba6225, "bpf: Add bpf_for_each_map_elem() helper"): it
 * is for programs whose hook is younger, as mm_vmscan_write_folio is.
 */

/*
 * The argument of oom:mark_victim: the victim's pid, or the task since 6.9: 72ba14deb40a ("mm:
 * update mark_victim tracepoints fields"), which stable releases from 5.4 on have taken over. No
 * kernel address is as small as a pid. The task, or NULL.
 */
static __always_inline struct task_struct *compat_victim_task(__u64 arg)
{
	return arg >> 32 ? (struct task_struct *)arg : NULL;
}

/*
 * mm->mm_lock_seq changes whenever the address space is write-locked.
 * Added in 6.4: 5e31275cc997 ("mm: add per-VMA lock and helper functions to control it") as an int;
 * a seqcount_t in kernels after 6.12: db8f33d3b769 ("mm: convert mm_lock_seq to a proper
 * seqcount").
 */
struct seqcount___ft {
	unsigned int sequence;
} __attribute__((preserve_access_index));

struct mm_struct___seqcount {
	struct seqcount___ft mm_lock_seq;
} __attribute__((preserve_access_index));

struct mm_struct___int {
	int mm_lock_seq;
} __attribute__((preserve_access_index));

static __always_inline bool compat_has_mm_seq(void)
{
	return bpf_core_field_exists(((struct mm_struct___int *)0)->mm_lock_seq) ||
	       bpf_core_field_exists(((struct mm_struct___seqcount *)0)->mm_lock_seq);
}

static __always_inline __u32 compat_mm_seq(struct mm_struct *mm)
{
	__u32 seq = 0;

	if (bpf_core_field_exists(((struct mm_struct___seqcount *)0)->mm_lock_seq.sequence))
		bpf_core_read(&seq, sizeof(seq),
			      &((struct mm_struct___seqcount *)mm)->mm_lock_seq.sequence);
	else if (bpf_core_field_exists(((struct mm_struct___int *)0)->mm_lock_seq))
		bpf_core_read(&seq, sizeof(seq), &((struct mm_struct___int *)mm)->mm_lock_seq);
	return seq;
}

/* The same by a load; `mm` must come from compat_read_ptr() with the same `cast`. */
static __always_inline __u32 compat_mm_seq_hot(struct mm_struct *mm, bool cast)
{
	struct mm_struct___seqcount *counted = (void *)mm;
	struct mm_struct___int *plain = (void *)mm;

	if (!compat_has_task_btf())
		return compat_mm_seq(mm);
	if (bpf_core_field_exists(counted->mm_lock_seq.sequence))
		return cast ? (__u32)compat_word((__u64)mm + bpf_core_field_offset(
								     counted->mm_lock_seq.sequence),
						 true)
			    : counted->mm_lock_seq.sequence;
	if (bpf_core_field_exists(plain->mm_lock_seq))
		return cast ? (__u32)compat_word(
				      (__u64)mm + bpf_core_field_offset(plain->mm_lock_seq), true)
			    : (__u32)plain->mm_lock_seq;
	return 0;
}

/*
 * A number that changes whenever the address space does, also by exec: for user space to know
 * whether a table of mappings that it read is still that of the fault. Before 6.4 the number of
 * mappings and their size must do, which can come back.
 */
static __always_inline __u64 compat_mm_stamp(struct mm_struct *mm, __u64 mm_addr)
{
	/* The verifier forbids arithmetic on `mm` itself: mm_addr is the same, as a number. */
	__u64 stamp = mm_addr * 0x9e3779b97f4a7c15ULL;

	if (compat_has_mm_seq())
		return stamp ^ compat_mm_seq(mm);
	return stamp ^ ((__u64)BPF_CORE_READ(mm, map_count) << 40) ^ BPF_CORE_READ(mm, total_vm);
}

/*
 * The mappings of a process: a maple tree since 6.1: 524e00b36e8c ("mm: remove rb tree."), a
 * red-black tree before.
 */
struct mm_struct___rb {
	struct rb_root mm_rb;
} __attribute__((preserve_access_index));

struct vm_area_struct___rb {
	struct rb_node vm_rb;
} __attribute__((preserve_access_index));

static __always_inline bool compat_has_maple_tree(void)
{
	return bpf_core_field_exists(((struct mm_struct *)0)->mm_mt);
}

/*
 * vma->vm_flags has been inside a union since 6.3: bc292ab00f6c ("mm: introduce vma->vm_flags
 * wrapper functions"); the name stayed.
 */

/*
 * Whether a shmem or mkwrite fault ends with VM_FAULT_COMPLETED instead of being retried, which
 * makes it major. Added in 6.0: d92725256b4f ("mm: avoid unnecessary page fault retires on shared
 * memory types").
 */
static __always_inline bool compat_faults_complete(void)
{
	return bpf_core_enum_value_exists(enum vm_fault_reason, VM_FAULT_COMPLETED);
}

/*
 * The bit of a page-table entry that maps its page and lets nobody at it: PROT_NONE, and NUMA
 * balancing, which borrows that. Entries of swap do not have it. ft_calibrate finds it by looking
 * at such an entry; 0: not found, and what an entry without a page means is not known.
 */
extern __u64 ft_pte_none;

#ifdef __TARGET_ARCH_arm64
/*
 * PTE_PROT_NONE, and since 6.10, f0f5863a0fb0 ("arm64/mm: Remove PTE_PROT_NONE bit") and
 * 55564814a838 ("arm64/mm: Move PTE_PRESENT_INVALID to overlay PTE_NG"), the bit that was nG: both
 * have it then, so that it tells only where the other is not set.
 */
#define PTE_NONE_58 (1ULL << 58)
#define PTE_NONE_11 (1ULL << 11)

#define PTE_USER (1ULL << 6)

static __always_inline __u64 compat_pte_none(__u64 none)
{
	return none & PTE_NONE_58 ? PTE_NONE_58 : none & PTE_NONE_11;
}

/* pte_protnone(): a huge page that is being split has the newer bit, and users may have it. */
static __always_inline bool compat_pte_is_none(__u64 pte)
{
	return (pte & ft_pte_none) && !(pte & PTE_USER);
}

/*
 * Swap entries of arm64: arch/arm64/include/asm/pgtable.h, "Encode and decode a swap entry". The
 * type is in bits 2 to 7, since 5.19 (570ef363509b, "arm64/pgtable: support
 * __HAVE_ARCH_PTE_SWP_EXCLUSIVE", with PG_anon_exclusive) in 3 to 7, the offset in 8 to 57; since
 * 6.10 (as above) in 6 to 10 and 12 to 61. Found once, as ft_pte_none is: so there are no branches.
 */
extern __u32 ft_swap_type_shift, ft_swap_offset_shift;

static __always_inline void compat_swap_layout(__u64 none)
{
	bool excl = bpf_core_enum_value_exists(enum pageflags, PG_anon_exclusive);

	ft_swap_type_shift = none == PTE_NONE_11 ? 6 : excl ? 3 : 2;
	ft_swap_offset_shift = none == PTE_NONE_11 ? 12 : 8;
}

static __always_inline __u32 compat_swap_type(__u64 pte)
{
	return pte >> (ft_swap_type_shift & 63) & 0x1f;
}

static __always_inline __u64 compat_swap_offset(__u64 pte)
{
	return pte >> (ft_swap_offset_shift & 63) & ((1ULL << 50) - 1);
}
#else
static __always_inline __u64 compat_pte_none(__u64 none)
{
	return none & 1ULL << 8; /* _PAGE_PROTNONE */
}

static __always_inline bool compat_pte_is_none(__u64 pte)
{
	return pte & ft_pte_none;
}

static __always_inline void compat_swap_layout(__u64 none)
{
}

/*
 * Swap entries of x86-64: the type in the top 5 bits, the offset below it stored inverted (against
 * L1TF). __swp_type(), __swp_offset() in arch/x86/include/asm/pgtable_64.h.
 */
static __always_inline __u32 compat_swap_type(__u64 pte)
{
	return pte >> 59;
}

static __always_inline __u64 compat_swap_offset(__u64 pte)
{
	return (~pte << 5) >> 14;
}
#endif

/*
 * The swap entry (swp_entry_t.val) of a page that reclaim has just written. A field of its own
 * since 6.6: cfeed8ffe55b ("mm/swap: stop using page->private on tail pages for THP_SWAP").
 */
static __always_inline __u64 compat_swap_entry(struct folio *folio)
{
	if (bpf_core_field_exists(folio->swap))
		return BPF_CORE_READ(folio, swap.val);
	return BPF_CORE_READ((struct page *)folio, private);
}

/*
 * How many pages a folio has. Before 6.1 (379708ffde1b, "mm: add the first tail page to struct
 * folio") the number is not in it: 1, which undercounts huge pages that were not split. Renamed
 * in 6.15: 4996fc547f5b ("mm: let _folio_nr_pages overlay memcg_data in first tail page").
 */
struct folio___nr {
	unsigned int _nr_pages;
} __attribute__((preserve_access_index));

/* The first word of a page, whatever its type is called: memdesc_flags_t since 6.18. */
static __always_inline __u64 compat_page_flags(const void *page)
{
	__u64 flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags), page);
	return flags;
}

static __always_inline __u32 compat_folio_pages(struct folio *folio)
{
	if (!(compat_page_flags(folio) & 1ULL << bpf_core_enum_value(enum pageflags, PG_head)))
		return 1;
	if (bpf_core_field_exists(((struct folio___nr *)0)->_nr_pages))
		return BPF_CORE_READ((struct folio___nr *)folio, _nr_pages);
	if (bpf_core_field_exists(folio->_folio_nr_pages))
		return BPF_CORE_READ(folio, _folio_nr_pages);
	return 1;
}

/*
 * The end of a task: sched_process_exit comes before the task gives up its memory since 6.16
 * ("exit: move and extend sched_process_exit() tracepoint"), and what the kernel then touches for
 * it (lists of robust futexes, the tid to clear) faults after it. Before, the memory had gone.
 */

/*
 * Inodes without a name (anon_inode) have the mode of a regular file in some kernels, seen
 * from 6.17 on, and no type of file before: the file system's magic number tells, too.
 */

/*
 * The file of a mapping on overlayfs is that of the layer, opened for it. Since 6.8: def3ae83da02
 * ("fs: store real path instead of fake path in backing file f_path") it says by a path of its own,
 * behind it, what users opened; before, f_path does. See file_user_path(), include/linux/fs.h.
 * FMODE_BACKING has been bit 25, and is 24 where that has become FMODE_NONOTIFY: of a file that has
 * one of them the path tells, which is of one file system or none.
 */
#define FMODE_BACKING_ANY (3U << 24)

struct backing_file___ft {
	struct path user_path;
} __attribute__((preserve_access_index));

/* A file as users see it, and /proc/PID/maps. */
struct file_seen {
	struct inode *inode;
	struct dentry *dentry;
	struct vfsmount *mnt;
};

static __always_inline bool compat_is_backing(struct file *file)
{
	struct backing_file___ft *backing = (void *)file;
	struct super_block *sb;

	if (!bpf_core_field_exists(backing->user_path) ||
	    !(BPF_CORE_READ(file, f_mode) & FMODE_BACKING_ANY))
		return false;
	sb = BPF_CORE_READ(backing, user_path.dentry, d_sb);
	return sb && BPF_CORE_READ(backing, user_path.mnt, mnt_sb) == sb;
}

static __always_inline void compat_file_seen(struct file *file, struct file_seen *seen)
{
	struct backing_file___ft *backing = (void *)file;
	struct dentry *dentry;

	if (compat_is_backing(file)) {
		seen->dentry = dentry = BPF_CORE_READ(backing, user_path.dentry);
		seen->mnt = BPF_CORE_READ(backing, user_path.mnt);
		seen->inode = BPF_CORE_READ(dentry, d_inode);
		return;
	}
	seen->dentry = BPF_CORE_READ(file, f_path.dentry);
	seen->mnt = BPF_CORE_READ(file, f_path.mnt);
	seen->inode = BPF_CORE_READ(file, f_inode);
}

/* Added in 5.13: 7b15523a989b ("bpf: Add a bpf_snprintf helper"). */
static __always_inline bool compat_has_snprintf(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_snprintf);
}

/* Whether a mapping is registered with userfaultfd; CONFIG_USERFAULTFD: without it none is. */
static __always_inline bool compat_has_uffd(struct vm_area_struct *vma)
{
	return bpf_core_field_exists(vma->vm_userfaultfd_ctx.ctx) &&
	       BPF_CORE_READ(vma, vm_userfaultfd_ctx.ctx);
}

/* CONFIG_TASK_IO_ACCOUNTING: without it a fault's own reads are not known. */
static __always_inline bool compat_has_task_io(void)
{
	return bpf_core_field_exists(((struct task_struct *)0)->ioac.read_bytes);
}

/*
 * zram and brd may read a page without a bio, and then no task is charged with it; until 6.3:
 * 3222d8c2a7f8 ("block: remove ->rw_page"). They read one page for one fault.
 */
struct block_device_operations___ft {
	void *rw_page;
} __attribute__((preserve_access_index));

static __always_inline bool compat_reads_without_bio(void)
{
	return bpf_core_field_exists(((struct block_device_operations___ft *)0)->rw_page);
}

#endif
