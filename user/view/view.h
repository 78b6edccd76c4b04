/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What shows a trace. A view writes to its buffer; whoever runs the trace flushes it. */
#ifndef FT_VIEW_H
#define FT_VIEW_H

#include "base/buf.h"
#include "enrich/event.h"
#include "model/summary.h"

struct ft_view_config {
	struct ft_buf *out;
	uint64_t start_ns; /* CLOCK_MONOTONIC at the start of the trace */
	int64_t wall_ns;   /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	bool wall_clock;   /* -T: time of day instead of seconds since the start */
};

struct ft_view {
	/* Once, before anything else: headers. */
	void (*open)(const struct ft_view_config *c);
	/* Each fault, in the order in which they ended. `ev` holds during the call. */
	void (*event)(const struct ft_view_config *c, const struct ft_event *ev);
	/* Once, at the end: the account. NULL: the caller shows it on stderr. */
	void (*close)(const struct ft_view_config *c, const struct ft_summary *sum);
};

extern const struct ft_view ft_view_stream; /* a line of text per fault */
extern const struct ft_view ft_view_jsonl;  /* a JSON object per line */

/* The account as text, for people. `verbose`: also what is zero. */
void ft_view_summary(struct ft_buf *out, const struct ft_summary *sum, bool verbose);

#endif
