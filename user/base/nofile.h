/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many files may be open: a trace needs two software events per CPU, a program and a link per
 * hook, and its maps, which is more than the usual 1024 on a large machine.
 */
#ifndef FT_NOFILE_H
#define FT_NOFILE_H

#include <stdbool.h>

/* Raises the soft limit to the hard one. */
void ft_nofile_raise(void);
/* False where any trace takes more: libbpf does not always say that it ran out. */
bool ft_nofile_enough(void);
/* In a child that becomes another program: the limit as it was. */
void ft_nofile_restore(void);

#endif
