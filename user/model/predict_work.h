/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One prediction while it is made: what the files predict*.c share. */
#ifndef FT_PREDICT_WORK_H
#define FT_PREDICT_WORK_H

#include "model/predict.h"

/* What the task is seen to do meanwhile. */
#define READ_IN (FT_FACT_IO | FT_FACT_SLEPT)

struct work {
	const struct ft_predict_in *in;
	enum ft_access access;
	struct ft_prediction *out;
};

static inline void step(struct work *w, enum ft_step s)
{
	if (w->out->steps < FT_PREDICT_STEPS)
		w->out->step[w->out->steps++] = s;
}

static inline struct ft_outcome hit(void)
{
	return (struct ft_outcome) { .kind = FT_OUTCOME_HIT };
}

static inline struct ft_outcome fault_of_uffd(const struct work *w, enum ft_end end,
					      enum ft_pte pte, int bits, int uffd)
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

static inline struct ft_outcome fault(const struct work *w, enum ft_end end, enum ft_pte pte,
				      int bits)
{
	return fault_of_uffd(w, end, pte, bits, 0);
}

static inline struct ft_outcome invalid(const struct work *w, enum ft_end end)
{
	return fault(w, end, FT_PTE_UNKNOWN, 0);
}

static inline void end_with(struct work *w, struct ft_outcome is)
{
	w->out->is = is;
}

static inline void or_else(struct work *w, enum ft_condition when, struct ft_outcome is)
{
	struct ft_prediction *p = w->out;

	if (p->alts == FT_PREDICT_ALTS)
		return;
	p->alt[p->alts].when = when;
	p->alt[p->alts++].is = is;
}

static inline bool is_write(const struct work *w)
{
	return w->access == FT_ACCESS_WRITE;
}

static inline bool is_private(const struct work *w)
{
	return !(w->in->perms & FT_MAP_SHARED);
}

/* A write through a shared mapping, which retries it where that makes the page dirty. */
static inline bool may_retry(const struct work *w)
{
	return w->in->dirty_retries && is_write(w) && !is_private(w);
}

static inline struct ft_outcome retried(const struct work *w, enum ft_pte pte)
{
	return fault(w, FT_END_MAJOR, pte, 0);
}

/* A page of a shared file, or a new one of shared memory, is written to: it was not dirty. */
static inline void make_dirty(struct work *w, struct ft_outcome minor, enum ft_pte pte)
{
	if (may_retry(w))
		step(w, FT_STEP_RETRY);
	end_with(w, may_retry(w) ? retried(w, pte) : minor);
}

/* No page is mapped: what maps one. do_pte_missing(), mm/memory.c. */
void ft_predict_missing(struct work *w);
/* … of hugetlbfs: hugetlb_no_page(), mm/hugetlb.c. */
void ft_predict_hugetlb(struct work *w);

#endif
