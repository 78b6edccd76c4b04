/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* -p PID[,PID…], as often as wanted. */
#ifndef FT_PIDLIST_H
#define FT_PIDLIST_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/opt.h"

#define FT_PIDLIST_MAX 256

struct ft_pidlist {
	pid_t v[FT_PIDLIST_MAX]; /* ascending, none twice */
	size_t n;
};

/* A setter of the option table; the member is a struct ft_pidlist. */
int ft_opt_pids(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why);

/* One PID: decimal, 1 to 2^31-1. -EINVAL, -ERANGE. */
int ft_parse_pid(const char *s, pid_t *pid);

#endif
