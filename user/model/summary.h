/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The account of a trace: what was seen, what was lost, and what the kernel counted. */
#ifndef FT_SUMMARY_H
#define FT_SUMMARY_H

#include <stdint.h>

#include "collect/tracer.h"

struct ft_summary {
	struct ft_snapshot s;
	uint64_t duration_ns;
	uint64_t shown;				/* events that reached the view */
	uint64_t faults[FT_TYPE_MAX], stall_ns; /* sums over s.total */
	bool no_causes; /* causes were not looked for: those of s.total mean nothing */
	/*
	 * seen + gup + no-entry + unexplained = kernel, of tasks while they were traced. Where gup
	 * is not measured it is inferred: the remainder, and nothing is left to explain.
	 */
	uint64_t kernel_min, kernel_maj, seen_min, seen_maj, gup;
	int64_t unexplained;
};

/* From a snapshot taken while attached, with totals and losses as they were in the end. */
void ft_summary_make(struct ft_summary *sum, const struct ft_snapshot *s, uint64_t duration_ns,
		     uint64_t shown);

#endif
