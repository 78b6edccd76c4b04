/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What maps a page that is not mapped. */
#include "model/predict_work.h"

/* Anonymous memory without a page: do_anonymous_page(), before it the huge page. */
static void missing_anon(struct work *w)
{
	bool own = is_write(w) || w->in->own_zeros, huge = own && w->in->thp;

	step(w, huge ? FT_STEP_THP : own ? FT_STEP_ANON_WRITE : FT_STEP_ANON_READ);
	end_with(w, fault(w, FT_END_MINOR, FT_PTE_NONE, huge ? FT_FACT_HUGE : 0));
	if (huge)
		or_else(w, FT_IF_NO_HUGE_PAGE, fault(w, FT_END_MINOR, FT_PTE_NONE, 0));
}

static enum ft_step fault_step(const struct work *w)
{
	if (w->in->vma == FT_VMA_SHMEM || (w->in->vma == FT_VMA_SHMEM_PRIVATE && !is_write(w)))
		return FT_STEP_SHMEM;
	if (!is_write(w))
		return FT_STEP_READ_FAULT;
	return is_private(w) ? FT_STEP_COW_FAULT : FT_STEP_SHARED_FAULT;
}

static struct ft_outcome uffd_fault(const struct work *w, enum ft_end end)
{
	return fault_of_uffd(w, end, FT_PTE_NONE, FT_FACT_SLEPT, FT_UFFD_MISSING);
}

/*
 * Until userfaultfd was answered under the lock of the mapping alone (6.7) its faults were retried,
 * and so counted as major: mm_account_fault().
 */
static void to_userfaultfd(struct work *w)
{
	step(w, FT_STEP_UFFD);
	end_with(w, uffd_fault(w, FT_END_MINOR));
	or_else(w, FT_IF_RETRIED, uffd_fault(w, FT_END_MAJOR));
}

/* A page of shared memory that is there, or not known: what was only read so far is clean. */
static void shmem_of_others(struct work *w, struct ft_outcome minor)
{
	end_with(w, minor);
	if (may_retry(w))
		or_else(w, FT_IF_RETRIED, retried(w, FT_PTE_NONE));
}

/*
 * A page of shared memory that is not in RAM is in swap, or was never written. Of the second sort
 * userfaultfd is asked first: shmem_get_folio_gfp().
 */
static void missing_shmem(struct work *w)
{
	const struct ft_backing *f = &w->in->file;
	struct ft_outcome minor = fault(w, FT_END_MINOR, FT_PTE_NONE, 0);
	struct ft_outcome major = fault(w, FT_END_MAJOR, FT_PTE_NONE, READ_IN);
	bool is_new = f->cached == FT_NO && f->has_data == FT_NO;

	if (f->cached == FT_NO && f->has_data == FT_YES) {
		step(w, FT_STEP_FROM_SWAP);
		step(w, fault_step(w));
		end_with(w, major);
		or_else(w, FT_IF_SWAP_CACHE, minor);
		return;
	}
	if (w->in->uffd_missing && f->cached != FT_YES) {
		to_userfaultfd(w);
	} else {
		step(w, fault_step(w));
		if (is_new)
			make_dirty(w, minor, FT_PTE_NONE);
		else
			shmem_of_others(w, minor);
	}
	if (f->cached == FT_DONT_KNOW || (f->cached == FT_NO && f->has_data == FT_DONT_KNOW))
		or_else(w, FT_IF_IN_SWAP, major);
}

static void missing_file(struct work *w)
{
	const struct ft_backing *f = &w->in->file;
	struct ft_outcome minor = fault(w, FT_END_MINOR, FT_PTE_NONE, 0);
	struct ft_outcome major = fault(w, FT_END_MAJOR, FT_PTE_NONE, READ_IN);

	if (f->cached == FT_NO)
		step(w, FT_STEP_FROM_DISK);
	step(w, fault_step(w));
	if (f->cached == FT_NO)
		end_with(w, major);
	else
		make_dirty(w, minor, FT_PTE_NONE);
	if (f->cached == FT_DONT_KNOW)
		or_else(w, FT_IF_NOT_CACHED, major);
}

/* A page of a file or of shared memory: do_fault(). */
static void missing_in_file(struct work *w)
{
	const struct ft_predict_in *in = w->in;
	bool shmem = in->vma == FT_VMA_SHMEM || in->vma == FT_VMA_SHMEM_PRIVATE;
	bool exists = in->file.cached == FT_YES || in->file.has_data == FT_YES;

	if (in->file.beyond_end == FT_YES) {
		step(w, FT_STEP_BEYOND_END);
		end_with(w, invalid(w, FT_END_ADRERR));
		return;
	}
	if (shmem && in->uffd_minor && exists) {
		to_userfaultfd(w);
	} else if (shmem) {
		missing_shmem(w);
	} else {
		missing_file(w);
	}
	if (in->file.beyond_end == FT_DONT_KNOW)
		or_else(w, FT_IF_BEYOND_END, invalid(w, FT_END_ADRERR));
}

void ft_predict_missing(struct work *w)
{
	step(w, FT_STEP_NO_ENTRY);
	switch (w->in->vma) {
	case FT_VMA_ANON:
	case FT_VMA_STACK:
		if (w->in->uffd_missing)
			to_userfaultfd(w);
		else
			missing_anon(w);
		return;
	case FT_VMA_SPECIAL:
		step(w, FT_STEP_SPECIAL_FAULT);
		end_with(w, fault(w, FT_END_MINOR, FT_PTE_NONE, 0));
		or_else(w, FT_IF_NO_KERNEL_PAGE, invalid(w, FT_END_ADRERR));
		return;
	default:
		missing_in_file(w);
		return;
	}
}

void ft_predict_hugetlb(struct work *w)
{
	const struct ft_predict_in *in = w->in;

	step(w, FT_STEP_HUGETLB);
	if (in->file.beyond_end == FT_YES) {
		step(w, FT_STEP_BEYOND_END);
		end_with(w, invalid(w, FT_END_ADRERR));
		return;
	}
	if (in->uffd_missing || (in->uffd_minor && in->file.cached == FT_YES)) {
		to_userfaultfd(w);
		return;
	}
	end_with(w, fault(w, FT_END_MINOR, FT_PTE_NONE, 0));
	or_else(w, FT_IF_NO_POOL, invalid(w, FT_END_ADRERR));
}
