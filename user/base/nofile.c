/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <sys/resource.h>

#include "base/nofile.h"

#define LEAST 40

static struct rlimit before;
static bool raised;

void ft_nofile_raise(void)
{
	struct rlimit now;

	if (raised || getrlimit(RLIMIT_NOFILE, &before))
		return;
	now = before;
	now.rlim_cur = now.rlim_max;
	raised = !setrlimit(RLIMIT_NOFILE, &now);
}

bool ft_nofile_enough(void)
{
	struct rlimit now;

	return getrlimit(RLIMIT_NOFILE, &now) || now.rlim_cur >= LEAST;
}

void ft_nofile_restore(void)
{
	if (raised)
		setrlimit(RLIMIT_NOFILE, &before);
}
