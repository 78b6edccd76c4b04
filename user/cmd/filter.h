/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The filter options that every tracing command takes, and what they mean for BPF. */
#ifndef FT_CMD_FILTER_H
#define FT_CMD_FILTER_H

#include <stdbool.h>

#include "base/opt.h"
#include "base/pidlist.h"
#include "ft_knobs.h"

struct ft_filter_opts {
	struct ft_pidlist pids;
	struct ft_pidlist tids;
	bool all;
	const char *cgroup;
	uint64_t uid;
	bool has_uid;
	const char *comm;
	uint32_t types, causes, accesses, modes; /* bit masks; 0: all */
	uint64_t min_latency, sample;
};

extern const struct ft_opt_group ft_filter_group;

/*
 * Checks the options and fills `knobs`. `program`: a program is started by us. 0, or FT_EXIT_*
 * after the mistake was reported.
 */
int ft_filter_apply(const struct ft_filter_opts *o, bool program, struct ft_knobs *knobs);

/* Whether `pid` is a process, for a command that takes no thread: 0, or FT_EXIT_* after saying. */
int ft_filter_check_process(pid_t pid);

/* "PID 4242", "all processes", for the banner. */
void ft_filter_describe(const struct ft_filter_opts *o, struct ft_buf *out);

#endif
