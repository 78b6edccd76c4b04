/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "model/predict_work.h"

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

static bool is_present(const struct work *w)
{
	enum ft_entry e = w->in->entry;

	return e == FT_ENTRY_PRESENT || e == FT_ENTRY_SHARED || e == FT_ENTRY_FILE;
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
		ft_predict_missing(w);
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
		ft_predict_hugetlb(w);
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
