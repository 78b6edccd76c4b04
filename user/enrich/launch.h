/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Starts a program and stops it just before its own code runs, with ptrace:
 *   1. at the first instruction of `main`, where its symbol table or debug file has one: libraries
 *      are loaded and relocated, every constructor has run;
 *   2. else at the entry point of its file (AT_ENTRY): the dynamic linker has loaded and relocated
 *      the libraries and run their constructors, the program's own have not run.
 * A script stops at that place of its interpreter.
 *
 * The place is watched by a debug register, which leaves the program's memory as it would be. Where
 * there is none an instruction is replaced and put back, which costs it one private page of code.
 */
#ifndef FT_LAUNCH_H
#define FT_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum ft_launch_place { FT_LAUNCH_MAIN, FT_LAUNCH_ENTRY };

struct ft_launch {
	pid_t pid;
	enum ft_launch_place place;
	uint64_t addr;
	bool code_changed; /* no debug register was free: one page of its code was copied */
	bool ended;	   /* it ended before it came there; `status` is as of wait() */
	int status;
};

/*
 * 0; -errno: of exec (the program could not be started: -ENOENT, -EACCES, …) when `*exec_failed`,
 * else of what the tool could not do (-EPERM: ptrace is not allowed here). Until released, the
 * program dies with us.
 */
int ft_launch(char *const argv[], struct ft_launch *l, bool *exec_failed);

/* Lets it run from where it stands, untraced. Call once, unless it ended. */
int ft_launch_release(struct ft_launch *l);
/* Waits for its end; the status as of wait(). */
int ft_launch_wait(struct ft_launch *l, int *status);

#endif
