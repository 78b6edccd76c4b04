/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Exit codes of every command (design §5). */
#ifndef FT_EXIT_H
#define FT_EXIT_H

enum ft_exit {
	FT_EXIT_OK = 0,	       /* done; Ctrl-C and SIGTERM drain and end here too */
	FT_EXIT_FAILURE = 1,   /* something went wrong that no other code names */
	FT_EXIT_USAGE = 2,     /* the command line was wrong */
	FT_EXIT_PRIVILEGE = 3, /* a capability is missing */
	FT_EXIT_KERNEL = 4,    /* this kernel cannot do what was asked */
	FT_EXIT_INPUT = 5,     /* an input file is damaged or not ours */
};

#endif
