/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* -- PROGRAM ARGS…: started stopped, so that its first fault can be seen. */
#ifndef FT_CHILD_H
#define FT_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct ft_child {
	pid_t pid;
	int go;	    /* closing it lets the program run */
	int failed; /* the program's errno arrives here when it cannot be executed */
	bool done;
	int status; /* of wait(), once done */
};

/* Forks; the child waits before exec. 0 or -errno. */
int ft_child_start(struct ft_child *c, char **argv);
/* Lets it run. 0, or the -errno of its exec; then it is gone. */
int ft_child_go(struct ft_child *c);
/* Whether it ended; does not wait. */
bool ft_child_ended(struct ft_child *c);
/*
 * Ends it if it runs, and waits for it: SIGTERM (SIGCONT, so that one that is stopped gets it), and
 * after two seconds, or as soon as `hurries` says so, SIGKILL. What even that does not end within
 * two seconds (it waits for a device) is left behind.
 */
void ft_child_stop(struct ft_child *c, bool (*hurries)(void));
/* As a shell says it: its exit code, or 128 + the signal. */
int ft_child_exit_code(const struct ft_child *c);

#endif
