/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Capabilities: which are missing, and giving up those that are no longer needed. */
#ifndef FT_CMD_PRIVILEGE_H
#define FT_CMD_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>

struct ft_privilege {
	const char *name, *what; /* "CAP_BPF", what it is needed for */
	bool have;
	bool needed; /* nothing can be traced without it */
};

#define FT_PRIVILEGE_MAX 8

/* Fills `out`; the number of capabilities that matter to us. */
size_t ft_privilege_list(struct ft_privilege out[FT_PRIVILEGE_MAX]);

/* 0, or FT_EXIT_PRIVILEGE after it named the missing capabilities and how to grant them. */
int ft_privilege_check(void);

/* After attaching: keeps what reading needs, drops the rest for good. */
void ft_privilege_drop(void);

#endif
