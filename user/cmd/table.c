/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/cmd.h"

/* The first is what runs when no command is named. */
const struct ft_cmd *const ft_cmds[] = {
	&ft_cmd_stream, &ft_cmd_hist,	 &ft_cmd_stacks, &ft_cmd_thrash, &ft_cmd_ps,
	&ft_cmd_mem,	&ft_cmd_explain, &ft_cmd_doctor, NULL,
};
