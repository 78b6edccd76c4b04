/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ft_classify() against two things that know nothing of how it is written: for each cause what must
 * be true of a fault that has it (from design §2 and mm/memory.c), checked on every combination of
 * facts; and named cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ft_classify.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char *const cause_name[] = {
#define FT_X(id, name, ...) [FT_CAUSE_##id] = name,
	FT_CAUSES(FT_X)
#undef FT_X
};
static const char *const type_name[] = {
#define FT_X(id, name, ...) [FT_TYPE_##id] = name,
	FT_TYPES(FT_X)
#undef FT_X
};
static const unsigned char usual_type[] = {
#define FT_X(id, name, type, ...) [FT_CAUSE_##id] = FT_TYPE_##type,
	FT_CAUSES(FT_X)
#undef FT_X
};

static struct ft_facts facts(unsigned int end, unsigned int access, unsigned int mode,
			     unsigned int vma, unsigned int pte, unsigned int bits,
			     unsigned int uffd)
{
	return (struct ft_facts) { end, access, mode, vma, pte, bits, uffd };
}

static const char *show(const struct ft_facts *f)
{
	static char text[160];

	snprintf(text, sizeof(text),
		 "end %u access %u mode %u vma %u pte %u bits %#x uffd %#x -> %s", f->end,
		 f->access, f->mode, f->vma, f->pte, f->bits, f->uffd, cause_name[ft_classify(f)]);
	return text;
}

/* --- what each cause implies ----------------------------------------------------------------- */

#define ANY	  0xffffffff
#define END(x)	  (1u << FT_END_##x)
#define VMA(x)	  (1u << FT_VMA_##x)
#define PTE(x)	  (1u << FT_PTE_##x)
#define R	  (1u << FT_ACCESS_READ | 1u << FT_ACCESS_EXEC)
#define W	  (1u << FT_ACCESS_WRITE)
#define STACKS	  (VMA(ANON) | VMA(STACK))
#define FILES	  (VMA(FILE_PRIVATE) | VMA(FILE_SHARED))
#define SHMEMS	  (VMA(SHMEM) | VMA(SHMEM_PRIVATE))
#define PRIVATES  (STACKS | VMA(FILE_PRIVATE) | VMA(SHMEM_PRIVATE))
#define NOT_THERE (PTE(NONE) | PTE(UNKNOWN))
/* An unknown entry is one of these when the error code said "present". */
#define THERE (PTE(READONLY) | PTE(UNKNOWN))

/* A fault of this cause has one of these of each; a cause without a row may be of any. */
static const struct {
	unsigned int ends, accesses, vmas, ptes;
	unsigned int all_of, one_of, none_of; /* bits */
} implied[FT_CAUSE_MAX] = {
	/* do_anonymous_page(): write */
	[FT_CAUSE_ZERO_FILL] = { END(MINOR), W, VMA(ANON), PTE(NONE), 0, 0, FT_FACT_HUGE },
	[FT_CAUSE_STACK] = { END(MINOR), W, VMA(STACK), PTE(NONE), 0, 0, FT_FACT_HUGE },
	[FT_CAUSE_THP] = { END(MINOR), W, STACKS, NOT_THERE, FT_FACT_HUGE, 0, 0 },
	/* do_anonymous_page(): read; do_huge_pmd_anonymous_page(): huge zero page */
	[FT_CAUSE_ZERO_PAGE] = { END(MINOR), R, STACKS, NOT_THERE, 0, 0, 0 },
	[FT_CAUSE_HUGETLB] = { END(MINOR), ANY, VMA(HUGETLB), ANY, 0, 0, 0 },
	/* do_wp_page() on a private mapping */
	[FT_CAUSE_COW] = { END(MINOR), W, PRIVATES, THERE, 0, 0, 0 },
	/* do_read_fault(), do_cow_fault(), do_shared_fault() */
	[FT_CAUSE_FILE_MAP] = { END(MINOR), R, FILES, NOT_THERE, 0, 0, 0 },
	[FT_CAUSE_FILE_COW] = { END(MINOR), W, VMA(FILE_PRIVATE) | VMA(SHMEM_PRIVATE), NOT_THERE, 0,
				0, 0 },
	[FT_CAUSE_SHMEM] = { END(MINOR), ANY, SHMEMS, NOT_THERE | PTE(READONLY), 0, 0, 0 },
	[FT_CAUSE_MKWRITE] = { END(MINOR), W, VMA(FILE_SHARED), NOT_THERE | PTE(READONLY), 0, 0,
			       0 },
	/* do_swap_page() */
	[FT_CAUSE_SWAP_CACHE] = { END(MINOR), ANY, ~(VMA(HUGETLB) | VMA(SPECIAL)), PTE(SWAP), 0, 0,
				  0 },
	[FT_CAUSE_SWAP_IN] = { END(MAJOR), ANY, ANY, PTE(SWAP) | NOT_THERE, 0, 0, 0 },
	[FT_CAUSE_MIGRATION] = { END(MINOR), ANY, ANY, PTE(SPECIAL), 0, 0, 0 },
	/* do_numa_page(), do_huge_pmd_numa_page() */
	[FT_CAUSE_NUMA_HINT] = { END(MINOR), ANY, ANY, PTE(NUMA), 0, 0, 0 },
	/* handle_userfault() */
	[FT_CAUSE_UFFD] = { END(MINOR) | END(MAJOR), ANY, ANY,
			    ~(PTE(SWAP) | PTE(WRITABLE) | PTE(NUMA)), 0, 0, 0 },
	/* the end of handle_pte_fault() */
	[FT_CAUSE_SPURIOUS] = { END(MINOR), ANY, ANY, PTE(WRITABLE) | THERE, 0, 0, 0 },
	[FT_CAUSE_SPECIAL] = { END(MINOR), ANY, VMA(SPECIAL), ANY, 0, 0, 0 },
	[FT_CAUSE_FILE_READ] = { END(MAJOR), ANY, FILES, NOT_THERE, 0, FT_FACT_IO | FT_FACT_SLEPT,
				 FT_FACT_PRESENT },
	[FT_CAUSE_RETRY] = { END(MAJOR), ANY, ANY, ~PTE(SWAP), 0, 0, 0 },
	[FT_CAUSE_UNMAPPED] = { END(MAPERR), ANY, ANY, ANY, 0, 0, 0 },
	[FT_CAUSE_PROTECTION] = { END(ACCERR), ANY, ANY, ANY, 0, 0, 0 },
	[FT_CAUSE_PKEY] = { END(PKUERR), ANY, ANY, ANY, 0, 0, 0 },
	[FT_CAUSE_BUS] = { END(ADRERR), ANY, ANY, ANY, 0, 0, 0 },
	[FT_CAUSE_HWPOISON] = { END(MCEERR), ANY, ANY, ANY, 0, 0, 0 },
	[FT_CAUSE_EFAULT] = { END(FIXUP), ANY, ANY, ANY, 0, 0, 0 },
	[FT_CAUSE_NOFAULT] = { END(NOFAULT), ANY, ANY, ANY, 0, 0, 0 },
	[FT_CAUSE_OOM] = { END(OOM), ANY, ANY, ANY, 0, 0, 0 },
	[FT_CAUSE_KILLED] = { END(KILLED), ANY, ANY, ANY, 0, 0, 0 },
};

static const char *broken_implication(const struct ft_facts *f, unsigned int cause)
{
	if (cause == FT_CAUSE_UNKNOWN)
		return NULL;
	if (!implied[cause].ends)
		return "this cause has no row in the test";
	if (!(implied[cause].ends >> f->end & 1))
		return "the end";
	if (!(implied[cause].accesses >> f->access & 1))
		return "the access";
	if (!(implied[cause].vmas >> f->vma & 1))
		return "the mapping";
	if (!(implied[cause].ptes >> f->pte & 1))
		return "the page-table entry";
	if ((f->bits & implied[cause].all_of) != implied[cause].all_of ||
	    (implied[cause].one_of && !(f->bits & implied[cause].one_of)) ||
	    (f->bits & implied[cause].none_of))
		return "the bits";
	return NULL;
}

/* Facts that decide alone. */
static const char *broken_rule(const struct ft_facts *f, unsigned int cause)
{
	unsigned int type = ft_classify_type(f->end);
	int plain = f->vma != FT_VMA_HUGETLB && f->vma != FT_VMA_SPECIAL;

	if (type != (f->end == FT_END_MINOR   ? FT_TYPE_MINOR
		     : f->end == FT_END_MAJOR ? FT_TYPE_MAJOR
		     : f->end == FT_END_KILLED || f->end == FT_END_OOM || f->end == FT_END_LOST
			     ? FT_TYPE_ABORTED
			     : FT_TYPE_INVALID))
		return "the type follows from the end";
	if (cause != FT_CAUSE_UNKNOWN && cause != FT_CAUSE_UFFD && usual_type[cause] != type)
		return "a cause belongs to one type; userfaultfd's may be retried and count as "
		       "major";
	if (f->end == FT_END_MINOR && plain && f->pte == FT_PTE_SWAP &&
	    cause != FT_CAUSE_SWAP_CACHE)
		return "a swap entry resolved without I/O: from the swap cache";
	if (f->end == FT_END_MAJOR && f->pte == FT_PTE_SWAP && cause != FT_CAUSE_SWAP_IN)
		return "a swap entry resolved as major: read in";
	if (f->end == FT_END_MINOR && plain && f->pte == FT_PTE_NUMA && cause != FT_CAUSE_NUMA_HINT)
		return "a NUMA entry: do_numa_page()";
	if (f->end == FT_END_MINOR && plain && f->pte == FT_PTE_WRITABLE &&
	    cause != FT_CAUSE_SPURIOUS)
		return "the entry allowed it already";
	if (!f->uffd && cause == FT_CAUSE_UFFD)
		return "userfaultfd without a registered mapping";
	if (!f->uffd && f->end == FT_END_MINOR && f->vma != FT_VMA_UNKNOWN &&
	    f->pte != FT_PTE_UNKNOWN && cause == FT_CAUSE_UNKNOWN)
		return "mapping and entry are known, and so the cause of a minor fault";
	/* Before 6.0 a shared file's writer that waited was throttled or read: not to be told. */
	if (!f->uffd && f->end == FT_END_MAJOR && f->vma != FT_VMA_UNKNOWN &&
	    f->pte != FT_PTE_UNKNOWN && cause == FT_CAUSE_UNKNOWN &&
	    !(f->vma == FT_VMA_FILE_SHARED && f->access == FT_ACCESS_WRITE &&
	      !(f->bits & (FT_FACT_IO | FT_FACT_COMPLETES))))
		return "mapping and entry are known, and so the cause of a major fault";
	return NULL;
}

/* What a fact that is missing leaves open: the cause must be one that some value of it gives. */
static const char *broken_narrowing(const struct ft_facts *f, unsigned int cause)
{
	struct ft_facts g = *f;

	if (cause == FT_CAUSE_UNKNOWN || f->end > FT_END_MAJOR)
		return NULL;
	if (f->pte == FT_PTE_UNKNOWN) {
		for (g.pte = FT_PTE_NONE; g.pte < FT_PTE_MAX; g.pte++)
			if (ft_classify(&g) == (int)cause)
				return NULL;
		return "no page-table entry gives the cause that was told without one";
	}
	if (f->vma == FT_VMA_UNKNOWN) {
		for (g.vma = FT_VMA_ANON; g.vma < FT_VMA_MAX; g.vma++)
			if (ft_classify(&g) == (int)cause)
				return NULL;
		return "no mapping gives the cause that was told without one";
	}
	return NULL;
}

static const char *broken_symmetry(const struct ft_facts *f, unsigned int cause)
{
	struct ft_facts g = *f;

	g.mode = !f->mode;
	if (ft_classify(&g) != (int)cause)
		return "who accessed (user or kernel) changed why it faulted";
	g = *f;
	g.access = f->access == FT_ACCESS_EXEC ? FT_ACCESS_READ : f->access;
	if (ft_classify(&g) != (int)cause)
		return "an instruction fetch is a read";
	return NULL;
}

#define COMBINATIONS                                                                               \
	(FT_END_MAX * FT_ACCESS_MAX * FT_MODE_MAX * FT_VMA_MAX * FT_PTE_MAX * (FT_FACT_ALL + 1u) * \
	 (FT_UFFD_ALL + 1u))

/* The digits of `n` in a number system of mixed bases: each combination once. */
static unsigned int digit(unsigned int *n, unsigned int base)
{
	unsigned int d = *n % base;

	*n /= base;
	return d;
}

static struct ft_facts nth(unsigned int n)
{
	struct ft_facts f;

	f.end = digit(&n, FT_END_MAX);
	f.access = digit(&n, FT_ACCESS_MAX);
	f.mode = digit(&n, FT_MODE_MAX);
	f.vma = digit(&n, FT_VMA_MAX);
	f.pte = digit(&n, FT_PTE_MAX);
	f.bits = digit(&n, FT_FACT_ALL + 1u);
	f.uffd = digit(&n, FT_UFFD_ALL + 1u);
	return f;
}

static void all_combinations(void **state)
{
	const char *(*const checks[])(const struct ft_facts *, unsigned int) = {
		broken_implication,
		broken_rule,
		broken_narrowing,
		broken_symmetry,
	};
	unsigned int seen[FT_CAUSE_MAX] = { 0 };

	for (unsigned int n = 0; n < COMBINATIONS; n++) {
		struct ft_facts f = nth(n);
		unsigned int cause = ft_classify(&f);

		if (cause >= FT_CAUSE_MAX)
			fail_msg("not a cause: %u", cause);
		for (size_t i = 0; i < COUNT(checks); i++) {
			const char *why = checks[i](&f, cause);

			if (why)
				fail_msg("%s: %s", show(&f), why);
		}
		seen[cause]++;
	}
	for (unsigned int cause = 0; cause < FT_CAUSE_MAX; cause++)
		if (!seen[cause])
			fail_msg("no facts lead to %s", cause_name[cause]);
}

/* Facts come from a record as well: any byte must give a cause that has a name. */
static void hostile_bytes(void **state)
{
	uint64_t x = 88172645463325252ULL;

	for (int i = 0; i < 2000000; i++) {
		struct ft_facts f;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(&f, &x, sizeof(f));
		assert_true((unsigned int)ft_classify(&f) < FT_CAUSE_MAX);
		assert_true((unsigned int)ft_classify_type(f.end) < FT_TYPE_MAX);
	}
}

/* --- named cases ----------------------------------------------------------------------------- */

#define P     FT_FACT_PRESENT
#define HUGE  FT_FACT_HUGE
#define IO    FT_FACT_IO
#define SLEPT FT_FACT_SLEPT
#define NEW   FT_FACT_COMPLETES
#define ONCE  FT_FACT_ONCE
#define AGAIN FT_FACT_AGAIN

#define MISS   FT_UFFD_MISSING
#define CACHED FT_UFFD_MINOR
#define WP     FT_UFFD_WP

static const struct {
	const char *name;
	unsigned char end, access, vma, pte, bits, uffd, cause;
} cases[] = {
#define U(uffd, name, end, access, vma, pte, bits, cause)                                          \
	{                                                                                          \
		name, FT_END_##end, FT_ACCESS_##access, FT_VMA_##vma, FT_PTE_##pte, bits, uffd,    \
			FT_CAUSE_##cause                                                           \
	}
#define C(...) U(0, __VA_ARGS__)
	C("malloc, first write", MINOR, WRITE, ANON, NONE, 0, ZERO_FILL),
	C("the same, after reclaim for it", MINOR, WRITE, ANON, NONE, IO | SLEPT, ZERO_FILL),
	C("calloc'ed table, first read", MINOR, READ, ANON, NONE, 0, ZERO_PAGE),
	C("read of a huge range: the huge zero page", MINOR, READ, ANON, NONE, HUGE, ZERO_PAGE),
	C("jump into fresh memory", MINOR, EXEC, ANON, NONE, 0, ZERO_PAGE),
	C("malloc, huge", MINOR, WRITE, ANON, NONE, HUGE, THP),
	C("stack grows", MINOR, WRITE, STACK, NONE, 0, STACK),
	C("stack is read before it is written", MINOR, READ, STACK, NONE, 0, ZERO_PAGE),
	C("stack in a huge page", MINOR, WRITE, STACK, NONE, HUGE, THP),
	C("write after the zero page was read", MINOR, WRITE, ANON, READONLY, P, COW),
	C("write after fork", MINOR, WRITE, ANON, READONLY, P, COW),
	C("stack written after fork", MINOR, WRITE, STACK, READONLY, P, COW),
	C("huge page written after fork", MINOR, WRITE, ANON, READONLY, P | HUGE, COW),
	C("relocation of a page that was read", MINOR, WRITE, FILE_PRIVATE, READONLY, P, COW),
	C("private tmpfs page that was read", MINOR, WRITE, SHMEM_PRIVATE, READONLY, P, COW),
	C("another thread was faster, after fork", MINOR, WRITE, ANON, WRITABLE, P, SPURIOUS),
	C("another thread was faster, fresh memory", MINOR, WRITE, ANON, WRITABLE, 0, SPURIOUS),
	C("another thread mapped the page we read", MINOR, READ, ANON, READONLY, 0, SPURIOUS),
	C("read of a file in the cache", MINOR, READ, FILE_PRIVATE, NONE, 0, FILE_MAP),
	C("code in the cache", MINOR, EXEC, FILE_PRIVATE, NONE, 0, FILE_MAP),
	C("shared file, read", MINOR, READ, FILE_SHARED, NONE, 0, FILE_MAP),
	C("waited for the page's lock", MINOR, READ, FILE_SHARED, NONE, SLEPT, FILE_MAP),
	C("data segment, first write", MINOR, WRITE, FILE_PRIVATE, NONE, 0, FILE_COW),
	C("private tmpfs, first write", MINOR, WRITE, SHMEM_PRIVATE, NONE, 0, FILE_COW),
	C("private tmpfs, first read", MINOR, READ, SHMEM_PRIVATE, NONE, 0, SHMEM),
	C("shared file, write of a clean page", MINOR, WRITE, FILE_SHARED, READONLY, P, MKWRITE),
	C("shared file, write of an unmapped page", MINOR, WRITE, FILE_SHARED, NONE, 0, MKWRITE),
	C("shared memory, write", MINOR, WRITE, SHMEM, NONE, 0, SHMEM),
	C("shared memory, read", MINOR, READ, SHMEM, NONE, 0, SHMEM),
	C("shared memory, huge", MINOR, WRITE, SHMEM, NONE, HUGE, SHMEM),
	C("hugetlbfs, first write", MINOR, WRITE, HUGETLB, NONE, HUGE, HUGETLB),
	C("hugetlbfs, write after fork", MINOR, WRITE, HUGETLB, READONLY, P | HUGE, HUGETLB),
	C("vvar", MINOR, READ, SPECIAL, NONE, 0, SPECIAL),
	C("swapped out, still in the swap cache", MINOR, READ, ANON, SWAP, 0, SWAP_CACHE),
	C("the same, of a stack", MINOR, WRITE, STACK, SWAP, 0, SWAP_CACHE),
	C("a written page of a private file, in the swap cache", MINOR, READ, FILE_PRIVATE, SWAP, 0,
	  SWAP_CACHE),
	U(MISS, "swap entry in a range of userfaultfd", MINOR, READ, ANON, SWAP, SLEPT, SWAP_CACHE),
	C("from a swap disk", MAJOR, READ, ANON, SWAP, IO | SLEPT, SWAP_IN),
	C("from zram: nothing waits", MAJOR, WRITE, ANON, SWAP, IO, SWAP_IN),
	C("from zswap: no I/O either", MAJOR, WRITE, ANON, SWAP, 0, SWAP_IN),
	C("a written page of a private file, from swap", MAJOR, READ, FILE_PRIVATE, SWAP, IO,
	  SWAP_IN),
	C("shared memory from swap", MAJOR, READ, SHMEM, NONE, IO | SLEPT, SWAP_IN),
	C("cold file", MAJOR, READ, FILE_PRIVATE, NONE, IO | SLEPT, FILE_READ),
	C("cold code", MAJOR, EXEC, FILE_PRIVATE, NONE, IO | SLEPT, FILE_READ),
	C("cold data segment, written", MAJOR, WRITE, FILE_PRIVATE, NONE, IO | SLEPT, FILE_READ),
	C("cold shared file, written", MAJOR, WRITE, FILE_SHARED, NONE, IO | SLEPT | NEW,
	  FILE_READ),
	C("somebody else's read was waited for", MAJOR, READ, FILE_SHARED, NONE, SLEPT | NEW,
	  FILE_READ),
	C("clean page of a shared file, 5.10", MAJOR, WRITE, FILE_SHARED, READONLY, P, RETRY),
	C("shared memory written, 5.10", MAJOR, WRITE, SHMEM, NONE, 0, RETRY),
	C("shared memory from zram, 5.10", MAJOR, READ, SHMEM, NONE, 0, SWAP_IN),
	C("the same, written", MAJOR, WRITE, SHMEM, NONE, ONCE, SWAP_IN),
	C("the same, private", MAJOR, WRITE, SHMEM_PRIVATE, NONE, 0, SWAP_IN),
	C("fresh memory, retried", MAJOR, WRITE, ANON, NONE, 0, RETRY),
	C("NUMA hint, retried", MAJOR, READ, ANON, NUMA, 0, RETRY),
	C("NUMA hint", MINOR, READ, ANON, NUMA, 0, NUMA_HINT),
	C("NUMA hint, page was moved", MINOR, WRITE, ANON, NUMA, SLEPT, NUMA_HINT),
	C("NUMA hint of a huge page", MINOR, READ, ANON, NUMA, HUGE, NUMA_HINT),
	U(MISS | WP, "NUMA hint in a range of userfaultfd", MINOR, READ, ANON, NUMA, 0, NUMA_HINT),
	C("page being moved", MINOR, READ, ANON, SPECIAL, SLEPT, MIGRATION),
	U(MISS, "userfaultfd, missing", MINOR, READ, ANON, NONE, SLEPT, UFFD),
	U(MISS, "the same, answered at once", MINOR, READ, ANON, NONE, 0, UFFD),
	U(MISS, "the same, before 6.7", MAJOR, WRITE, ANON, NONE, SLEPT, UFFD),
	U(MISS, "userfaultfd, missing, shared memory", MAJOR, WRITE, SHMEM, NONE, SLEPT, UFFD),
	U(MISS, "the same, answered at once", MINOR, WRITE, SHMEM, NONE, NEW | AGAIN, UFFD),
	U(MISS, "shared memory from swap in a range of userfaultfd", MAJOR, WRITE, SHMEM, NONE,
	  IO | SLEPT, SWAP_IN),
	U(MISS, "the same, from zram, 5.10", MAJOR, READ, SHMEM, NONE, ONCE, SWAP_IN),
	U(MISS, "the same, tried again", MAJOR, WRITE, SHMEM, NONE, AGAIN, RETRY),
	U(MISS, "private tmpfs, retried for its anon_vma", MINOR, WRITE, SHMEM_PRIVATE, NONE,
	  NEW | AGAIN, FILE_COW),
	U(CACHED, "userfaultfd, in the page cache", MINOR, READ, SHMEM, NONE, SLEPT, UFFD),
	U(CACHED, "the same, answered at once", MINOR, READ, SHMEM, NONE, AGAIN, UFFD),
	U(CACHED, "the same, before 6.7", MAJOR, READ, SHMEM, NONE, 0, UFFD),
	U(CACHED, "the same, written", MAJOR, WRITE, SHMEM, NONE, NEW, UFFD),
	U(CACHED, "the same, hugetlbfs", MAJOR, READ, HUGETLB, NONE, 0, UFFD),
	U(CACHED, "not in the page cache", MINOR, READ, SHMEM, NONE, 0, SHMEM),
	U(WP, "userfaultfd, write-protected", MINOR, WRITE, ANON, READONLY, P | SLEPT, UFFD),
	U(WP, "the same, answered at once, before 6.7", MAJOR, WRITE, ANON, READONLY, P, UFFD),
	U(WP, "write after fork in a range that could be protected", MINOR, WRITE, ANON, READONLY,
	  P, COW),
	U(WP, "the same, retried for its anon_vma", MINOR, WRITE, ANON, READONLY, P | AGAIN, COW),
	C("without the entry: present", MINOR, WRITE, ANON, UNKNOWN, P, COW),
	C("without the entry: shared file", MINOR, WRITE, FILE_SHARED, UNKNOWN, P, MKWRITE),
	C("without the entry: new, or from the swap cache", MINOR, WRITE, ANON, UNKNOWN, 0,
	  UNKNOWN),
	C("without the mapping: fresh", MINOR, WRITE, UNKNOWN, NONE, 0, UNKNOWN),
	C("without the mapping: swap", MINOR, READ, UNKNOWN, SWAP, 0, SWAP_CACHE),
	C("without the mapping: read in", MAJOR, READ, UNKNOWN, NONE, IO | SLEPT, UNKNOWN),
	C("without both", MINOR, READ, UNKNOWN, UNKNOWN, 0, UNKNOWN),
	C("NULL pointer", MAPERR, READ, UNKNOWN, NONE, 0, UNMAPPED),
	C("write to code", ACCERR, WRITE, FILE_PRIVATE, READONLY, P, PROTECTION),
	C("execute data", ACCERR, EXEC, ANON, WRITABLE, P, PROTECTION),
	C("guard page of PROT_NONE", ACCERR, READ, ANON, NONE, 0, PROTECTION),
	C("protection key", PKUERR, WRITE, ANON, WRITABLE, P, PKEY),
	C("past the end of the file", ADRERR, READ, FILE_SHARED, NONE, 0, BUS),
	C("poisoned page", MCEERR, READ, ANON, SPECIAL, 0, HWPOISON),
	C("a signal of another code", SIGNAL, READ, ANON, NONE, 0, UNKNOWN),
	C("read(2) into a bad pointer", FIXUP, WRITE, UNKNOWN, UNKNOWN, 0, EFAULT),
	C("get_user() with faults disabled", NOFAULT, READ, ANON, NONE, 0, NOFAULT),
	C("killed in the middle", KILLED, WRITE, ANON, NONE, 0, KILLED),
	C("no memory left", OOM, WRITE, ANON, NONE, 0, OOM),
	C("interrupted", LOST, READ, FILE_SHARED, NONE, SLEPT, UNKNOWN),
#undef C
#undef U
};

static void named_cases(void **state)
{
	int wrong = 0;

	for (size_t i = 0; i < COUNT(cases); i++)
		for (unsigned int mode = 0; mode < FT_MODE_MAX; mode++) {
			struct ft_facts f = facts(cases[i].end, cases[i].access, mode, cases[i].vma,
						  cases[i].pte, cases[i].bits, cases[i].uffd);

			if (ft_classify(&f) == cases[i].cause)
				continue;
			wrong++;
			print_error("%s: wanted %s; %s\n", cases[i].name,
				    cause_name[cases[i].cause], show(&f));
		}
	assert_int_equal(wrong, 0);
}

/* Every cause has a named case. */
static void no_cause_without_a_case(void **state)
{
	for (unsigned int cause = 0; cause < FT_CAUSE_MAX; cause++) {
		size_t i = 0;

		while (i < COUNT(cases) && cases[i].cause != cause)
			i++;
		if (i == COUNT(cases))
			fail_msg("no case for %s", cause_name[cause]);
	}
}

static void names(void **state)
{
	for (unsigned int i = 0; i < FT_CAUSE_MAX; i++) {
		assert_int_equal(strspn(cause_name[i], "abcdefghijklmnopqrstuvwxyz-"),
				 strlen(cause_name[i]));
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(cause_name[i], cause_name[k]);
	}
	for (unsigned int i = 0; i < FT_TYPE_MAX; i++)
		assert_true(type_name[i][0]);
	/* On disk and in masks of 32 bits: these ids may only be added to. */
	assert_int_equal(FT_CAUSE_UNKNOWN, 0);
	assert_int_equal(FT_CAUSE_SWAP_IN, 17);
	assert_int_equal(FT_CAUSE_KILLED, 28);
	assert_true(FT_CAUSE_MAX <= 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_combinations),
		cmocka_unit_test(hostile_bytes),
		cmocka_unit_test(named_cases),
		cmocka_unit_test(no_cause_without_a_case),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
