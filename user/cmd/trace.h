/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The course of every tracing command: check, load, attach, run until told to stop, take the
 * account, detach, drain. What it says when something is missing is said here once.
 */
#ifndef FT_CMD_TRACE_H
#define FT_CMD_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/opt.h"
#include "cmd/filter.h"
#include "collect/child.h"
#include "collect/source.h"
#include "collect/tracer.h"
#include "model/summary.h"

struct ft_trace_opts {
	uint64_t duration_ns, buffer;
	const char *btf, *output;
	int hooks; /* index in "auto|portable" */
	bool json, wall_clock, quiet;
};

extern const struct ft_opt_group ft_trace_group;

struct ft_trace {
	const struct ft_filter_opts *filter;
	const struct ft_trace_opts *opts;
	struct ft_caps caps;
	struct ft_tracer *tracer;
	struct ft_source *source;   /* events, and the names of files */
	struct ft_child child;	    /* pid 0: none */
	const char *program;	    /* argv[0] of it */
	int pidfds[FT_PIDLIST_MAX]; /* of those named with -p or -t; -1: none to be had */
	size_t n_pidfds;
	uint64_t start_ns;
	struct ft_buf out; /* stdout, or -o FILE */
	bool out_new;	   /* FILE was not there before */
	/* Called at once when counting begins; set between open and start. NULL: not. */
	void (*attached)(void *ctx);
	void *ctx;
};

/* What a command wants of the trace. What it does not want costs nothing. */
struct ft_trace_want {
	uint32_t out;	/* FT_OUT_* */
	uint32_t by;	/* FT_BY_*, with FT_OUT_HIST */
	bool breakdown; /* what each fault's time went to */
	bool evictions; /* of swapped pages: FT_KIND_REFAULT */
	bool cause;	/* causes are shown; those filtered by or grouped by are known anyway */
	size_t max_groups, max_stacks;	 /* 0: the default */
	size_t max_evictions;		 /* … with FT_OUT_THRASH or evictions */
	size_t max_processes, max_pages; /* … with FT_OUT_THRASH */
	uint64_t far_ns;
};

/*
 * Room to remember the eviction of every page that swap can hold now, within bounds: an eighth
 * more, since an LRU map forgets before it is full (its free elements are kept per CPU).
 */
size_t ft_trace_swap_room(size_t min, size_t max);

/*
 * Opens the output, finds out what the kernel can do and loads it. `argv`: the program, or NULL.
 * 0, or FT_EXIT_* after it was reported.
 */
int ft_trace_open(struct ft_trace *t, const struct ft_filter_opts *filter,
		  const struct ft_trace_opts *opts, char **argv, const struct ft_trace_want *want);
/* Attaches, prints the banner, lets the program run. */
int ft_trace_start(struct ft_trace *t);
/* Whether it is over: told to stop, time is up, or everyone traced has ended. */
bool ft_trace_over(struct ft_trace *t);
/* The account, then the detach. 0 or FT_EXIT_*. */
int ft_trace_stop(struct ft_trace *t, struct ft_snapshot *s);
/* The account, after the data: the last line of JSON, and on stderr as text, unless --quiet. */
void ft_trace_show_summary(struct ft_trace *t, const struct ft_summary *sum);
void ft_trace_close(struct ft_trace *t);
/* The exit code when nothing of ours went wrong: the program's, which is ended if it runs, or 0. */
int ft_trace_exit_code(struct ft_trace *t);

#endif
