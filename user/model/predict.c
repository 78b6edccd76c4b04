/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "model/predict.h"

/* What the task is seen to do meanwhile. */
#define READ_IN (FT_FACT_IO | FT_FACT_SLEPT)

const char *const ft_step_text[FT_STEP_MAX] = {
#define FT_X(id, text, function) text,
	FT_STEPS(FT_X)
#undef FT_X
};

const char *const ft_step_function[FT_STEP_MAX] = {
#define FT_X(id, text, function) function,
	FT_STEPS(FT_X)
#undef FT_X
};

const char *const ft_condition_text[FT_IF_MAX] = {
#define FT_X(id, text) text,
	FT_CONDITIONS(FT_X)
#undef FT_X
};

/* One prediction while it is made. */
struct work {
	const struct ft_predict_in *in;
	enum ft_access access;
	struct ft_prediction *out;
};

static void step(struct work *w, enum ft_step s)
{
	if (w->out->steps < FT_PREDICT_STEPS)
		w->out->step[w->out->steps++] = s;
}

static struct ft_outcome hit(void)
{
	return (struct ft_outcome) { .kind = FT_OUTCOME_HIT };
}

static struct ft_outcome fault_of_uffd(const struct work *w, enum ft_end end, enum ft_pte pte,
				       int bits, int uffd)
{
	const struct ft_facts f = {
		.end = end,
		.access = w->access,
		.mode = FT_MODE_USER,
		.vma = w->in->vma,
		.pte = pte,
		.bits = bits,
		.uffd = uffd,
	};

	return (struct ft_outcome) {
		.kind = FT_OUTCOME_FAULT,
		.type = ft_classify_type(end),
		.cause = ft_classify(&f),
	};
}

static struct ft_outcome fault(const struct work *w, enum ft_end end, enum ft_pte pte, int bits)
{
	return fault_of_uffd(w, end, pte, bits, 0);
}

static struct ft_outcome invalid(const struct work *w, enum ft_end end)
{
	return fault(w, end, FT_PTE_UNKNOWN, 0);
}

static void end_with(struct work *w, struct ft_outcome is)
{
	w->out->is = is;
}

static void or_else(struct work *w, enum ft_condition when, struct ft_outcome is)
{
	struct ft_prediction *p = w->out;

	if (p->alts == FT_PREDICT_ALTS)
		return;
	p->alt[p->alts].when = when;
	p->alt[p->alts++].is = is;
}

static bool is_write(const struct work *w)
{
	return w->access == FT_ACCESS_WRITE;
}

static bool is_private(const struct work *w)
{
	return !(w->in->perms & FT_MAP_SHARED);
}

static bool is_present(const struct work *w)
{
	enum ft_entry e = w->in->entry;

	return e == FT_ENTRY_PRESENT || e == FT_ENTRY_SHARED || e == FT_ENTRY_FILE;
}

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

/* A write through a shared mapping, which retries it where that makes the page dirty. */
static bool may_retry(const struct work *w)
{
	return w->in->dirty_retries && is_write(w) && !is_private(w);
}

static struct ft_outcome retried(const struct work *w, enum ft_pte pte)
{
	return fault(w, FT_END_MAJOR, pte, 0);
}

/* A page of a shared file, or a new one of shared memory, is written to: it was not dirty. */
static void make_dirty(struct work *w, struct ft_outcome minor, enum ft_pte pte)
{
	if (may_retry(w))
		step(w, FT_STEP_RETRY);
	end_with(w, may_retry(w) ? retried(w, pte) : minor);
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

/* do_pte_missing() */
static void missing(struct work *w)
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

/* hugetlb_no_page(), mm/hugetlb.c */
static void hugetlb(struct work *w)
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

static void swapped(struct work *w)
{
	step(w, FT_STEP_SWAP);
	end_with(w, fault(w, FT_END_MAJOR, FT_PTE_SWAP, READ_IN));
	or_else(w, FT_IF_SWAP_CACHE, fault(w, FT_END_MINOR, FT_PTE_SWAP, 0));
}

static void special_entry(struct work *w)
{
	step(w, FT_STEP_NOT_PRESENT);
	end_with(w, fault(w, FT_END_MINOR, FT_PTE_SPECIAL, 0));
	or_else(w, FT_IF_POISON, invalid(w, FT_END_MCEERR));
}

static void guard(struct work *w)
{
	/* VM_FAULT_SIGSEGV, for which both architectures send SEGV_MAPERR. */
	step(w, FT_STEP_GUARD);
	end_with(w, invalid(w, FT_END_MAPERR));
}

static void unknown_entry(struct work *w)
{
	step(w, FT_STEP_ENTRY_UNKNOWN);
	end_with(w, hit());
	or_else(w, FT_IF_NOT_PRESENT, fault(w, FT_END_MINOR, FT_PTE_UNKNOWN, 0));
	if (w->in->vma == FT_VMA_SPECIAL)
		or_else(w, FT_IF_NO_KERNEL_PAGE, invalid(w, FT_END_ADRERR));
}

static void again(struct work *w, struct ft_outcome then)
{
	w->out->has_then = true;
	w->out->then = then;
}

static struct ft_outcome uffd_wp_fault(const struct work *w, enum ft_end end)
{
	return fault_of_uffd(w, end, FT_PTE_READONLY, FT_FACT_PRESENT | FT_FACT_SLEPT, FT_UFFD_WP);
}

/* A write to a page that is there, of a writable mapping: does the entry let it through? */
static void write_present(struct work *w)
{
	const struct ft_predict_in *in = w->in;
	struct ft_outcome wp = fault(w, FT_END_MINOR, FT_PTE_READONLY, FT_FACT_PRESENT);

	if (in->entry_uffd_wp && in->uffd_wp) {
		step(w, FT_STEP_VMA);
		step(w, FT_STEP_ALLOWED);
		step(w, FT_STEP_UFFD);
		end_with(w, uffd_wp_fault(w, FT_END_MINOR));
		or_else(w, FT_IF_RETRIED, uffd_wp_fault(w, FT_END_MAJOR));
		return;
	}
	if (in->entry == FT_ENTRY_SHARED || (in->entry == FT_ENTRY_FILE && is_private(w))) {
		step(w, FT_STEP_VMA);
		step(w, FT_STEP_ALLOWED);
		if (in->vma == FT_VMA_HUGETLB)
			step(w, FT_STEP_HUGETLB);
		step(w, in->entry == FT_ENTRY_FILE ? FT_STEP_WP_FILE : FT_STEP_WP_COW);
		end_with(w, wp);
		return;
	}
	if (in->vma == FT_VMA_FILE_SHARED && in->dirty == FT_NO) {
		step(w, FT_STEP_VMA);
		step(w, FT_STEP_ALLOWED);
		step(w, FT_STEP_WP_MKWRITE);
		make_dirty(w, wp, FT_PTE_READONLY);
		return;
	}
	step(w, FT_STEP_TLB);
	end_with(w, hit());
	if (in->vma == FT_VMA_FILE_SHARED)
		or_else(w, FT_IF_CLEAN, may_retry(w) ? retried(w, FT_PTE_READONLY) : wp);
	else if (in->vma == FT_VMA_HUGETLB && is_private(w))
		or_else(w, FT_IF_HUGE_READ, wp);
	else if (in->entry == FT_ENTRY_PRESENT)
		or_else(w, FT_IF_WRITE_PROTECTED, wp);
}

/* Whether the mapping forbids it: access_error(). The step says what it forbids. */
static bool refused(const struct work *w, enum ft_step *why)
{
	uint8_t perms = w->in->perms;

	if (!(perms & (FT_MAP_R | FT_MAP_W | FT_MAP_X)))
		*why = FT_STEP_NOT_READ;
	else if (is_write(w) && !(perms & FT_MAP_W))
		*why = FT_STEP_NOT_WRITE;
	else if (w->access == FT_ACCESS_EXEC && !(perms & FT_MAP_X))
		*why = FT_STEP_NOT_EXEC;
	else
		return false;
	return true;
}

static void by_entry(struct work *w)
{
	switch (w->in->entry) {
	case FT_ENTRY_NONE:
		missing(w);
		return;
	case FT_ENTRY_SWAP:
		swapped(w);
		return;
	case FT_ENTRY_SPECIAL:
		special_entry(w);
		return;
	case FT_ENTRY_GUARD:
		guard(w);
		return;
	default:
		unknown_entry(w);
		return;
	}
}

/*
 * x86 tells an instruction fetch from a read only when the page is there (X86_PF_PROT): without one
 * access_error() lets it pass if the mapping allows anything at all. The page is brought in, and
 * the second fault of the same instruction is the one that ends in SIGSEGV.
 */
static bool exec_is_late(const struct work *w, enum ft_step why)
{
	return w->in->x86 && why == FT_STEP_NOT_EXEC && !is_present(w);
}

/* The page is there and the mapping allows the access. */
static void present(struct work *w)
{
	if (is_write(w)) {
		write_present(w);
	} else {
		step(w, FT_STEP_TLB);
		end_with(w, hit());
	}
	if (w->in->numa && w->out->is.kind == FT_OUTCOME_HIT)
		or_else(w, FT_IF_NUMA, fault(w, FT_END_MINOR, FT_PTE_NUMA, 0));
}

/* The exception comes, and the mapping allows the access, or is only asked later. */
static void not_present(struct work *w, bool late)
{
	const struct ft_predict_in *in = w->in;

	if (in->vma == FT_VMA_HUGETLB && in->entry == FT_ENTRY_NONE)
		hugetlb(w);
	else
		by_entry(w);
	if (late && in->entry == FT_ENTRY_UNKNOWN)
		w->out->is = invalid(w, FT_END_ACCERR);
	if (late && (w->out->is.type <= FT_TYPE_MAJOR || in->entry == FT_ENTRY_UNKNOWN))
		again(w, invalid(w, FT_END_ACCERR));
	else if (is_write(w) && in->entry == FT_ENTRY_NONE && in->entry_uffd_wp && in->uffd_wp &&
		 w->out->is.type == FT_TYPE_MINOR && w->out->is.cause != FT_CAUSE_UFFD)
		again(w, uffd_wp_fault(w, FT_END_MINOR));
}

static void by_permissions(struct work *w)
{
	enum ft_step why = FT_STEP_ALLOWED;
	bool no = refused(w, &why), late = no && exec_is_late(w, why);

	if (!no && is_present(w)) {
		present(w);
		return;
	}
	if (w->in->where == FT_WHERE_MAPPED)
		step(w, FT_STEP_VMA);
	step(w, late ? FT_STEP_EXEC_LATE : why);
	if (no && !late)
		end_with(w, invalid(w, FT_END_ACCERR));
	else
		not_present(w, late);
}

/*
 * Protection keys are asked before permissions, and a refusal that both would make is the key's:
 * access_error(), bad_area_access_from_pkeys(). Execution asks no key. Memory that may only be
 * executed has a key that the kernel lets no thread use: __arch_override_mprotect_pkey().
 */
static void mapped(struct work *w)
{
	const struct ft_predict_in *in = w->in;
	struct ft_prediction *out = w->out;
	struct ft_outcome without;

	by_permissions(w);
	if (!in->pkey || w->access == FT_ACCESS_EXEC)
		return;
	if ((in->perms & (FT_MAP_R | FT_MAP_W | FT_MAP_X)) != FT_MAP_X) {
		or_else(w, FT_IF_PKEY, invalid(w, FT_END_PKUERR));
		return;
	}
	without = out->is;
	*out = (struct ft_prediction) { 0 };
	step(w, FT_STEP_VMA);
	step(w, FT_STEP_PKEY);
	end_with(w, invalid(w, FT_END_PKUERR));
	or_else(w, FT_IF_PKEY_ALLOWS, without);
}

static void vsyscall(struct work *w)
{
	if (w->access == FT_ACCESS_EXEC && w->in->vsyscall_entry) {
		step(w, FT_STEP_VSYSCALL);
		end_with(w, (struct ft_outcome) { .kind = FT_OUTCOME_EMULATED });
	} else if (w->access == FT_ACCESS_READ && w->in->perms & FT_MAP_R) {
		/* vsyscall=emulate maps a real page for reading. */
		step(w, FT_STEP_TLB);
		end_with(w, hit());
	} else {
		/* A jump into its middle is refused with a plain SIGSEGV: si_code is SI_KERNEL. */
		step(w, FT_STEP_VSYSCALL_BAD);
		end_with(w,
			 invalid(w, w->access == FT_ACCESS_EXEC ? FT_END_SIGNAL : FT_END_MAPERR));
	}
}

void ft_predict(const struct ft_predict_in *in, enum ft_access access, struct ft_prediction *out)
{
	struct work w = { in, access, out };

	*out = (struct ft_prediction) { 0 };
	switch (in->where) {
	case FT_WHERE_MAPPED:
		mapped(&w);
		return;
	case FT_WHERE_BELOW_STACK:
		step(&w, FT_STEP_GROW);
		mapped(&w);
		return;
	case FT_WHERE_VSYSCALL:
		vsyscall(&w);
		return;
	case FT_WHERE_NONCANONICAL:
		step(&w, FT_STEP_NONCANONICAL);
		end_with(&w, (struct ft_outcome) { .kind = FT_OUTCOME_GP });
		return;
	case FT_WHERE_KERNEL:
		step(&w, FT_STEP_KERNEL_HALF);
		break;
	case FT_WHERE_STACK_REFUSED:
		step(&w, FT_STEP_NO_GROW);
		break;
	default:
		step(&w, FT_STEP_NO_VMA);
		break;
	}
	end_with(&w, invalid(&w, FT_END_MAPERR));
}
