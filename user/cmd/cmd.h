/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every command, one file each. main.c dispatches to them. */
#ifndef FT_CMD_H
#define FT_CMD_H

#include "base/opt.h"

extern const struct ft_cmd ft_cmd_stream;
extern const struct ft_cmd ft_cmd_hist;
extern const struct ft_cmd ft_cmd_stacks;
extern const struct ft_cmd ft_cmd_thrash;
extern const struct ft_cmd ft_cmd_ps;
extern const struct ft_cmd ft_cmd_mem;
extern const struct ft_cmd ft_cmd_explain;
extern const struct ft_cmd ft_cmd_doctor;

/* All of them, in the order of --help; NULL-terminated. */
extern const struct ft_cmd *const ft_cmds[];

#endif
