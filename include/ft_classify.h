/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Facts about one page fault -> its type and its cause (design §2). Pure: the same function runs in
 * BPF and in user space, and tests/unit/test_classify.c walks every combination of facts.
 */
#ifndef FT_CLASSIFY_H
#define FT_CLASSIFY_H

/* What the kernel's own accounting says. X(id, name, description) */
#define FT_TYPES(X)                                                                                \
	X(MINOR, "minor", "resolved without I/O; counted in min_flt")                              \
	X(MAJOR, "major", "resolved, counted by the kernel in maj_flt")                            \
	X(INVALID, "invalid", "ended in SIGSEGV, SIGBUS or a kernel fixup (EFAULT)")               \
	X(ABORTED, "aborted", "none of these: killed, out of memory or interrupted while faulting")

/* Why the fault happened. X(id, name, usual type, description). Append only: ids are on disk. */
#define FT_CAUSES(X)                                                                               \
	X(UNKNOWN, "unknown", MINOR, "the facts at hand do not tell")                              \
	X(ZERO_FILL, "zero-fill", MINOR, "first write to private anonymous memory")                \
	X(ZERO_PAGE, "zero-page", MINOR, "first read of private anonymous memory")                 \
	X(THP, "thp", MINOR, "zero-fill that mapped a huge page")                                  \
	X(HUGETLB, "hugetlb", MINOR, "page of a hugetlbfs mapping")                                \
	X(STACK, "stack", MINOR, "zero-fill that grew or first touched a stack")                   \
	X(COW, "cow", MINOR, "write to a present, shared page of a private mapping")               \
	X(FILE_MAP, "file-map", MINOR, "page was in the page cache, only the mapping was missing") \
	X(FILE_COW, "file-cow", MINOR, "first write to a private file mapping")                    \
	X(SHMEM, "shmem", MINOR, "tmpfs or shared anonymous page")                                 \
	X(MKWRITE, "mkwrite", MINOR, "first write to a clean page of a shared file mapping")       \
	X(SWAP_CACHE, "swap-cache", MINOR, "page on its way to or from swap, still in RAM")        \
	X(NUMA_HINT, "numa-hint", MINOR, "NUMA balancing probe")                                   \
	X(UFFD, "uffd", MINOR, "handled by userfaultfd")                                           \
	X(SPURIOUS, "spurious", MINOR, "already fixed by another thread, or permissions only")     \
	X(MIGRATION, "migration", MINOR, "page was being moved by the kernel")                     \
	X(SPECIAL, "special", MINOR, "page the kernel provides: vdso, vvar, device memory")        \
	X(SWAP_IN, "swap-in", MAJOR, "page read from swap")                                        \
	X(FILE_READ, "file-read", MAJOR, "page read from a file")                                  \
	X(RETRY, "retry", MAJOR, "counted as major by the kernel only because it was retried")     \
	X(UNMAPPED, "unmapped", INVALID, "no mapping at the address (SEGV_MAPERR)")                \
	X(PROTECTION, "protection", INVALID, "mapping forbids the access (SEGV_ACCERR)")           \
	X(PKEY, "pkey", INVALID, "memory protection key forbids the access (SEGV_PKUERR)")         \
	X(BUS, "bus", INVALID, "beyond the end of a file, or its page cannot be had (BUS_ADRERR)") \
	X(HWPOISON, "hwpoison", INVALID, "memory failure (BUS_MCEERR_AR)")                         \
	X(EFAULT, "efault", INVALID, "kernel-mode access, fixed up: the system call got EFAULT")   \
	X(NOFAULT, "nofault", INVALID,                                                             \
	  "kernel access with page faults disabled: fixed up, tried again")                        \
	X(OOM, "oom", ABORTED, "out of memory while faulting")                                     \
	X(KILLED, "killed", ABORTED, "task killed while faulting")

#define FT_ACCESSES(X)                                                                             \
	X(READ, "read", "a load")                                                                  \
	X(WRITE, "write", "a store")                                                               \
	X(EXEC, "exec", "an instruction fetch")

#define FT_MODES(X)                                                                                \
	X(USER, "user", "by code in user mode")                                                    \
	X(KERNEL, "kernel", "by the kernel, touching user memory on behalf of the task")

enum ft_type {
#define FT_X(id, ...) FT_TYPE_##id,
	FT_TYPES(FT_X)
#undef FT_X
		FT_TYPE_MAX
};

enum ft_cause {
#define FT_X(id, ...) FT_CAUSE_##id,
	FT_CAUSES(FT_X)
#undef FT_X
		FT_CAUSE_MAX
};

enum ft_access {
#define FT_X(id, ...) FT_ACCESS_##id,
	FT_ACCESSES(FT_X)
#undef FT_X
		FT_ACCESS_MAX
};

enum ft_mode {
#define FT_X(id, ...) FT_MODE_##id,
	FT_MODES(FT_X)
#undef FT_X
		FT_MODE_MAX
};

/* How the fault ended. */
enum ft_end {
	FT_END_MINOR,  /* PERF_COUNT_SW_PAGE_FAULTS_MIN: mm_account_fault(), mm/memory.c */
	FT_END_MAJOR,  /* PERF_COUNT_SW_PAGE_FAULTS_MAJ: same */
	FT_END_MAPERR, /* SIGSEGV, by si_code */
	FT_END_ACCERR,
	FT_END_PKUERR,
	FT_END_ADRERR, /* SIGBUS, by si_code */
	FT_END_MCEERR,
	FT_END_SIGNAL,	/* SIGSEGV or SIGBUS of another si_code */
	FT_END_FIXUP,	/* kernel mode, neither completed nor signalled */
	FT_END_NOFAULT, /* kernel mode with page faults disabled: faulthandler_disabled() */
	FT_END_KILLED,
	FT_END_OOM,
	FT_END_LOST, /* user mode, neither completed nor signalled, task went on: interrupted */
	FT_END_MAX
};

/* What kind of mapping holds the address. */
enum ft_vma {
	FT_VMA_UNKNOWN,
	FT_VMA_ANON,
	FT_VMA_STACK, /* anonymous with VM_GROWSDOWN */
	FT_VMA_FILE_PRIVATE,
	FT_VMA_FILE_SHARED,
	FT_VMA_SHMEM_PRIVATE,
	FT_VMA_SHMEM, /* shared anonymous, memfd, tmpfs, SysV */
	FT_VMA_HUGETLB,
	FT_VMA_SPECIAL, /* VM_PFNMAP, VM_MIXEDMAP without a file, vdso, vvar */
	FT_VMA_MAX
};

/* The page-table entry before the fault. */
enum ft_pte {
	FT_PTE_UNKNOWN,
	FT_PTE_NONE,
	FT_PTE_READONLY, /* present, without write permission */
	FT_PTE_WRITABLE, /* present, with write permission */
	FT_PTE_SWAP,
	FT_PTE_NUMA,	/* present but made inaccessible (PROT_NONE) to sample accesses */
	FT_PTE_SPECIAL, /* non-present and not swap: migration, marker, device, poison */
	FT_PTE_MAX
};

#define FT_FACT_PRESENT	  0x01 /* error code: the page was present, its permissions refused */
#define FT_FACT_HUGE	  0x02 /* the address is mapped by a huge page afterwards */
#define FT_FACT_IO	  0x04 /* the task submitted reads to a block device meanwhile */
#define FT_FACT_SLEPT	  0x08 /* the task gave up the CPU meanwhile */
#define FT_FACT_COMPLETES 0x10 /* mkwrite and shmem end with VM_FAULT_COMPLETED, from 6.0 */
#define FT_FACT_ONCE	  0x20 /* one call of handle_mm_fault() was seen */
#define FT_FACT_AGAIN	  0x40 /* … more than one: it was retried */
#define FT_FACT_ALL	  0x7f

/* What a mapping is registered with userfaultfd for. */
#define FT_UFFD_MISSING 0x01 /* pages that do not exist */
#define FT_UFFD_MINOR	0x02 /* pages that are in the page cache and not mapped */
#define FT_UFFD_WP	0x04 /* writes to protected pages */
#define FT_UFFD_ALL	0x07

struct ft_facts {
	unsigned char end;    /* enum ft_end */
	unsigned char access; /* enum ft_access */
	unsigned char mode;   /* enum ft_mode */
	unsigned char vma;    /* enum ft_vma */
	unsigned char pte;    /* enum ft_pte */
	unsigned char bits;   /* FT_FACT_* */
	unsigned char uffd;   /* FT_UFFD_* */
};

static inline int ft_classify_type(unsigned char end)
{
	if (end == FT_END_MINOR)
		return FT_TYPE_MINOR;
	if (end == FT_END_MAJOR)
		return FT_TYPE_MAJOR;
	return end >= FT_END_KILLED ? FT_TYPE_ABORTED : FT_TYPE_INVALID;
}

/* Source: force_sig_fault() callers in arch/x86/mm/fault.c and arch/arm64/mm/fault.c. */
static inline int ft_classify_failed(unsigned char end)
{
	switch (end) {
	case FT_END_MAPERR:
		return FT_CAUSE_UNMAPPED;
	case FT_END_ACCERR:
		return FT_CAUSE_PROTECTION;
	case FT_END_PKUERR:
		return FT_CAUSE_PKEY;
	case FT_END_ADRERR:
		return FT_CAUSE_BUS;
	case FT_END_MCEERR:
		return FT_CAUSE_HWPOISON;
	case FT_END_FIXUP:
		return FT_CAUSE_EFAULT;
	case FT_END_NOFAULT:
		return FT_CAUSE_NOFAULT;
	case FT_END_KILLED:
		return FT_CAUSE_KILLED;
	case FT_END_OOM:
		return FT_CAUSE_OOM;
	default:
		return FT_CAUSE_UNKNOWN;
	}
}

/* The page-table entry was not there: do_pte_missing(), mm/memory.c. */
static inline int ft_classify_missing(const struct ft_facts *f)
{
	int write = f->access == FT_ACCESS_WRITE;

	switch (f->vma) {
	case FT_VMA_ANON:
	case FT_VMA_STACK:
		if (!write)
			return FT_CAUSE_ZERO_PAGE;
		if (f->bits & FT_FACT_HUGE)
			return FT_CAUSE_THP;
		return f->vma == FT_VMA_STACK ? FT_CAUSE_STACK : FT_CAUSE_ZERO_FILL;
	case FT_VMA_FILE_PRIVATE:
	case FT_VMA_SHMEM_PRIVATE:
		if (write)
			return FT_CAUSE_FILE_COW;
		return f->vma == FT_VMA_SHMEM_PRIVATE ? FT_CAUSE_SHMEM : FT_CAUSE_FILE_MAP;
	case FT_VMA_FILE_SHARED:
		return write ? FT_CAUSE_MKWRITE : FT_CAUSE_FILE_MAP;
	case FT_VMA_SHMEM:
		return FT_CAUSE_SHMEM;
	default:
		return FT_CAUSE_UNKNOWN;
	}
}

/* The page was there but the write was refused: do_wp_page(), mm/memory.c. */
static inline int ft_classify_protected(const struct ft_facts *f)
{
	if (f->access != FT_ACCESS_WRITE)
		return FT_CAUSE_SPURIOUS;
	switch (f->vma) {
	case FT_VMA_FILE_SHARED:
		return FT_CAUSE_MKWRITE;
	case FT_VMA_SHMEM:
		return FT_CAUSE_SHMEM;
	case FT_VMA_UNKNOWN:
		return FT_CAUSE_UNKNOWN;
	default:
		return FT_CAUSE_COW;
	}
}

/* Without the page-table entry: only what does not depend on it. */
static inline int ft_classify_no_pte(const struct ft_facts *f)
{
	if (f->bits & FT_FACT_PRESENT)
		return ft_classify_protected(f);
	/* Private memory could come from the swap cache or be new: the mapping cannot tell. */
	if (f->vma == FT_VMA_ANON || f->vma == FT_VMA_STACK || f->vma == FT_VMA_FILE_PRIVATE ||
	    f->vma == FT_VMA_SHMEM_PRIVATE)
		return FT_CAUSE_UNKNOWN;
	return ft_classify_missing(f);
}

static inline int ft_classify_minor(const struct ft_facts *f)
{
	switch (f->pte) {
	case FT_PTE_SWAP:
		return FT_CAUSE_SWAP_CACHE;
	case FT_PTE_NUMA:
		return FT_CAUSE_NUMA_HINT;
	case FT_PTE_WRITABLE:
		return FT_CAUSE_SPURIOUS;
	case FT_PTE_READONLY:
		return ft_classify_protected(f);
	case FT_PTE_SPECIAL:
		/* With userfaultfd it may as well be a write-protect marker. */
		return f->uffd & FT_UFFD_WP ? FT_CAUSE_UNKNOWN : FT_CAUSE_MIGRATION;
	case FT_PTE_NONE:
		return ft_classify_missing(f);
	default:
		return ft_classify_no_pte(f);
	}
}

/*
 * major = (ret & VM_FAULT_MAJOR) || (flags & FAULT_FLAG_TRIED): either something was read in, or
 * the fault was only retried. Reading leaves a trace in the task: block I/O of its own, or a wait.
 */
static inline int ft_classify_major(const struct ft_facts *f)
{
	int waited = f->bits & (FT_FACT_IO | FT_FACT_SLEPT);

	if (f->pte == FT_PTE_SWAP)
		return FT_CAUSE_SWAP_IN;
	if (f->pte == FT_PTE_READONLY || f->pte == FT_PTE_WRITABLE || f->pte == FT_PTE_NUMA ||
	    f->pte == FT_PTE_SPECIAL || (f->bits & FT_FACT_PRESENT))
		return FT_CAUSE_RETRY;
	switch (f->vma) {
	case FT_VMA_ANON:
	case FT_VMA_STACK:
		if (f->pte == FT_PTE_NONE)
			return FT_CAUSE_RETRY;
		return f->bits & FT_FACT_IO ? FT_CAUSE_SWAP_IN : FT_CAUSE_UNKNOWN;
	case FT_VMA_FILE_SHARED:
		/* Before 6.0 a writer throttled by balance_dirty_pages() waits and is retried, too.
		 */
		if (f->access == FT_ACCESS_WRITE && waited &&
		    !(f->bits & (FT_FACT_IO | FT_FACT_COMPLETES)))
			return FT_CAUSE_UNKNOWN;
		return waited ? FT_CAUSE_FILE_READ : FT_CAUSE_RETRY;
	case FT_VMA_FILE_PRIVATE:
		return waited ? FT_CAUSE_FILE_READ : FT_CAUSE_RETRY;
	case FT_VMA_SHMEM_PRIVATE:
		return FT_CAUSE_SWAP_IN;
	case FT_VMA_SHMEM:
		/*
		 * Before 6.0 a write is retried although nothing was read, if it made the page
		 * dirty: fault_dirty_shared_page(). What zram reads leaves no trace there.
		 */
		if (f->access == FT_ACCESS_WRITE && !waited &&
		    !(f->bits & (FT_FACT_COMPLETES | FT_FACT_ONCE)))
			return FT_CAUSE_RETRY;
		return FT_CAUSE_SWAP_IN;
	case FT_VMA_SPECIAL:
	case FT_VMA_HUGETLB:
		return FT_CAUSE_RETRY;
	default:
		return FT_CAUSE_UNKNOWN;
	}
}

/*
 * userfaultfd is asked for a missing anonymous page before anything else is tried, for one of
 * shared memory when it is neither in the page cache nor in swap (or, in its other mode, when it is
 * in one of these): do_anonymous_page(), shmem_get_folio_gfp(), do_wp_page(). Then the task waits,
 * usually asleep, unless the answer is there first, and the fault is retried: handle_userfault().
 */
static inline int ft_classify_is_uffd(const struct ft_facts *f)
{
	int write = f->access == FT_ACCESS_WRITE, slept = f->bits & FT_FACT_SLEPT;
	int major = f->end == FT_END_MAJOR;

	if (f->pte == FT_PTE_SWAP || f->pte == FT_PTE_WRITABLE || f->pte == FT_PTE_NUMA ||
	    f->pte == FT_PTE_SPECIAL)
		return 0;
	if ((f->bits & FT_FACT_PRESENT) || f->pte == FT_PTE_READONLY)
		return (f->uffd & FT_UFFD_WP) && write && (slept || major);
	if (!(f->uffd & (FT_UFFD_MISSING | FT_UFFD_MINOR)))
		return 0;
	if (f->pte == FT_PTE_NONE && f->vma == FT_VMA_ANON)
		return 1;
	if (f->bits & FT_FACT_IO)
		return 0;
	if (slept)
		return 1;
	/* Before 6.0 a write is retried for another reason: ft_classify_major(). */
	if (write && !(f->bits & FT_FACT_COMPLETES))
		return 0;
	/* A private mapping is retried for its anon_vma, too: vmf_anon_prepare(). */
	if (f->vma == FT_VMA_SHMEM && (f->bits & FT_FACT_AGAIN))
		return 1;
	return major && (f->uffd & FT_UFFD_MINOR);
}

/* The cause (enum ft_cause). The type is ft_classify_type(f->end). */
static inline int ft_classify(const struct ft_facts *f)
{
	if (f->end > FT_END_MAJOR)
		return ft_classify_failed(f->end);
	if (ft_classify_is_uffd(f))
		return FT_CAUSE_UFFD;
	if (f->end == FT_END_MAJOR)
		return ft_classify_major(f);
	if (f->vma == FT_VMA_HUGETLB)
		return FT_CAUSE_HUGETLB;
	if (f->vma == FT_VMA_SPECIAL)
		return FT_CAUSE_SPECIAL;
	return ft_classify_minor(f);
}

#endif
