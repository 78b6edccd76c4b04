/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel would do at a touch of an address, from facts: pure, so that a unit test walks
 * its truth table. It takes the kernel's decisions in the kernel's order, and names the outcome
 * with ft_classify(), so that a prediction and the stream cannot use different words.
 *
 * Sources: do_user_addr_fault() and access_error(), arch/x86/mm/fault.c; do_page_fault(),
 * arch/arm64/mm/fault.c; expand_stack(), mm/vma.c; handle_mm_fault() to do_wp_page(), mm/memory.c.
 */
#ifndef FT_PREDICT_H
#define FT_PREDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/maps.h"
#include "enrich/backing.h"
#include "ft_classify.h"

/* Where the address is. */
enum ft_where {
	FT_WHERE_MAPPED,
	FT_WHERE_NOTHING,	/* user space, no mapping */
	FT_WHERE_BELOW_STACK,	/* no mapping, but the next above grows down to it */
	FT_WHERE_STACK_REFUSED, /* the same, but the limit, the guard gap or mmap_min_addr forbids
				   it */
	FT_WHERE_KERNEL,	/* the kernel's half */
	FT_WHERE_NONCANONICAL,
	FT_WHERE_VSYSCALL, /* the vsyscall page: not a mapping of the process */
	FT_WHERE_MAX
};

/* The page-table entry, as far as pagemap tells. */
enum ft_entry {
	FT_ENTRY_NONE,
	FT_ENTRY_UNKNOWN, /* no pagemap, or a mapping that it does not show */
	FT_ENTRY_PRESENT, /* an anonymous page of its own, mapped here only */
	FT_ENTRY_SHARED,  /* an anonymous page mapped elsewhere too, KSM, or the zero page */
	FT_ENTRY_FILE,	  /* a page of the page cache (file or shared memory) */
	FT_ENTRY_SWAP,
	FT_ENTRY_SPECIAL, /* migration, poison, device memory */
	FT_ENTRY_GUARD,
	FT_ENTRY_MAX
};

struct ft_predict_in {
	bool x86;
	enum ft_where where;
	uint8_t perms;		    /* enum ft_map_perm, of the mapping */
	enum ft_vma vma;	    /* of it, or of the stack that would grow */
	bool pkey;		    /* it has a protection key other than 0 */
	bool uffd_missing, uffd_wp; /* it is registered with userfaultfd */
	bool uffd_minor;	    /* … for pages that are in the page cache and not mapped */
	bool vsyscall_entry;	    /* one of the three addresses that are calls */
	enum ft_entry entry;
	bool entry_uffd_wp; /* of an empty entry: a marker keeps the write protection */
	enum ft_tri dirty;  /* of a page of the page cache */
	struct ft_backing file;
	bool thp;	    /* a huge page would fit, and is allowed */
	bool own_zeros;	    /* a first read gets a page of its own: see struct ft_machine */
	bool dirty_retries; /* a write that makes a shared page dirty is retried: ditto */
	bool numa;	    /* NUMA balancing is on */
};

/* The steps, each with its sentence and the kernel function that takes it. X(id, text, function) */
#define FT_STEPS(X)                                                                                \
	X(TLB, "the processor finds a valid entry: no fault", "")                                  \
	X(NONCANONICAL, "not canonical: general protection fault instead of a page fault",         \
	  "exc_general_protection")                                                                \
	X(KERNEL_HALF, "in the kernel's half: not for user mode", "do_kern_addr_fault")            \
	X(VSYSCALL, "the vsyscall page: the kernel does the call itself", "emulate_vsyscall")      \
	X(VSYSCALL_BAD, "the vsyscall page, but not one of its calls", "emulate_vsyscall")         \
	X(VMA, "a mapping holds the address", "lock_vma_under_rcu")                                \
	X(NO_VMA, "no mapping holds the address", "lock_mm_and_find_vma")                          \
	X(GROW, "the stack above it may grow down to it", "expand_stack")                          \
	X(NO_GROW, "the stack above it may not grow so far", "expand_stack")                       \
	X(ALLOWED, "the mapping allows the access", "access_error")                                \
	X(NOT_READ, "the mapping allows no access at all", "access_error")                         \
	X(NOT_WRITE, "the mapping does not allow writing", "access_error")                         \
	X(NOT_EXEC, "the mapping does not allow execution", "access_error")                        \
	X(EXEC_LATE, "without a page, execution is checked only once there is one",                \
	  "access_error")                                                                          \
	X(PKEY, "the protection key of memory that may only be executed", "access_error")          \
	X(HUGETLB, "a page of hugetlbfs", "hugetlb_fault")                                         \
	X(NO_ENTRY, "the page-table entry is empty", "handle_pte_fault")                           \
	X(ENTRY_UNKNOWN, "the page-table entry is not known here", "handle_pte_fault")             \
	X(GUARD, "the entry is a guard (MADV_GUARD_INSTALL)", "handle_pte_marker")                 \
	X(UFFD, "userfaultfd gets the fault", "handle_userfault")                                  \
	X(THP, "a huge page of zeros is mapped", "do_huge_pmd_anonymous_page")                     \
	X(ANON_READ, "the zero page is mapped", "do_anonymous_page")                               \
	X(ANON_WRITE, "a new page of zeros is mapped", "do_anonymous_page")                        \
	X(BEYOND_END, "the file ends before this page", "filemap_fault")                           \
	X(READ_FAULT, "the file's page is mapped, and cached ones around it", "do_read_fault")     \
	X(COW_FAULT, "the file's page is copied into a private one", "do_cow_fault")               \
	X(SHARED_FAULT, "the file's page is mapped and made writable", "do_shared_fault")          \
	X(SHMEM, "the shared page is mapped, or a new one of zeros", "shmem_fault")                \
	X(FROM_DISK, "it is not in the page cache: read first", "filemap_fault")                   \
	X(FROM_SWAP, "it is in swap: read first", "shmem_swapin_folio")                            \
	X(SPECIAL_FAULT, "the kernel's own page is mapped", "special_mapping_fault")               \
	X(SWAP, "the entry says that the page is in swap", "do_swap_page")                         \
	X(NOT_PRESENT, "the entry is not present and not swap", "do_swap_page")                    \
	X(WP_COW, "the page is not its own alone: copied", "do_wp_page")                           \
	X(WP_FILE, "the page belongs to the file: copied into a private one", "do_wp_page")        \
	X(WP_MKWRITE, "the file's page is clean: made writable, now dirty", "do_wp_page")          \
	X(RETRY, "it becomes dirty: this kernel tries again, and counts a major fault",            \
	  "fault_dirty_shared_page")

enum ft_step {
#define FT_X(id, ...) FT_STEP_##id,
	FT_STEPS(FT_X)
#undef FT_X
		FT_STEP_MAX
};

/* When the other outcome comes instead. X(id, text) */
#define FT_CONDITIONS(X)                                                                           \
	X(SWAP_CACHE, "the page is still in RAM, on its way to or from swap")                      \
	X(NOT_CACHED, "it is not in the page cache")                                               \
	X(BEYOND_END, "the file ends before this page")                                            \
	X(CLEAN, "the entry is not writable yet: this mapping has not written since the page "     \
		 "was last clean")                                                                 \
	X(WRITE_PROTECTED, "the entry is write-protected: after a fork whose other side is gone, " \
			   "or watched by soft-dirty")                                             \
	X(HUGE_READ, "the page was only read so far, or its other user is gone")                   \
	X(PKEY, "the thread's protection key register (PKRU) forbids it")                          \
	X(PKEY_ALLOWS, "the thread's protection key register (PKRU) was changed to allow it")      \
	X(NO_HUGE_PAGE, "no huge page can be had at once")                                         \
	X(NO_POOL, "the pool of huge pages is empty")                                              \
	X(RETRIED, "the kernel counts a fault as major because it tried again, as old ones do")    \
	X(NO_KERNEL_PAGE, "the kernel provides no page there")                                     \
	X(POISON, "the entry marks failed memory")                                                 \
	X(NUMA, "NUMA balancing took the entry away to see who uses the page")                     \
	X(IN_SWAP, "the page is in swap")                                                          \
	X(NOT_PRESENT, "the page is not there")

enum ft_condition {
#define FT_X(id, ...) FT_IF_##id,
	FT_CONDITIONS(FT_X)
#undef FT_X
		FT_IF_MAX
};

enum ft_outcome_kind {
	FT_OUTCOME_HIT,	     /* no fault */
	FT_OUTCOME_FAULT,    /* type and cause say which */
	FT_OUTCOME_GP,	     /* SIGSEGV without a page fault */
	FT_OUTCOME_EMULATED, /* vsyscall: a fault that maps nothing and counts nowhere */
};

struct ft_outcome {
	enum ft_outcome_kind kind;
	enum ft_type type;
	enum ft_cause cause;
};

#define FT_PREDICT_STEPS 10
#define FT_PREDICT_ALTS	 4

struct ft_prediction {
	enum ft_step step[FT_PREDICT_STEPS];
	int steps;
	struct ft_outcome is; /* what is expected */
	struct {
		enum ft_condition when;
		struct ft_outcome is;
	} alt[FT_PREDICT_ALTS]; /* what comes instead, when the facts cannot exclude it */
	int alts;
	/*
	 * After a fault that brings the page in the same instruction faults again, like so: x86
	 * checks execution late, and userfaultfd keeps the page write-protected.
	 */
	bool has_then;
	struct ft_outcome then;
};

void ft_predict(const struct ft_predict_in *in, enum ft_access access, struct ft_prediction *out);

extern const char *const ft_step_text[FT_STEP_MAX];
extern const char *const ft_step_function[FT_STEP_MAX];
extern const char *const ft_condition_text[FT_IF_MAX];

#endif
