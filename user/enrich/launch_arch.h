/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A stop at one instruction of a traced task: by debug register, else by a changed instruction. */
#ifndef FT_LAUNCH_ARCH_H
#define FT_LAUNCH_ARCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ft_breakpoint {
	pid_t pid;
	uint64_t addr;
	bool in_code; /* the instruction is changed; `saved` is what was there */
	long saved;
};

/* The task must be stopped. 0 or -errno. */
int ft_breakpoint_set(struct ft_breakpoint *b, pid_t pid, uint64_t addr);
/* Whether a SIGTRAP stop is this one. */
bool ft_breakpoint_hit(const struct ft_breakpoint *b);
/* Takes it away; the task stands before the instruction, which is as it was. 0 or -errno. */
int ft_breakpoint_clear(struct ft_breakpoint *b);

#endif
