/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end of a command's output, and when to stop: what the commands without BPF share. */
#ifndef FT_CMD_OUTPUT_H
#define FT_CMD_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Writes the buffer out. FT_EXIT_OK, also when the reader closed the pipe (it has what it wanted);
 * FT_EXIT_FAILURE after saying why not (a full disk, a reader that does not read).
 */
int ft_cmd_flush(struct ft_buf *out);

/* From here SIGINT and SIGTERM end ft_cmd_sleep() instead of the program. */
void ft_cmd_catch_stop(void);
/* Whether one of them came. */
bool ft_cmd_stopped(void);
/* When it ends by itself (CLOCK_MONOTONIC): after that the first of them counts as the second. */
void ft_cmd_ends_at(uint64_t when_ns);
/* Whether a second one came: whoever sent it does not want to wait for others any longer. */
bool ft_cmd_hurries(void);
/* Sleeps until CLOCK_MONOTONIC is `when_ns`. False when it was told to stop. */
bool ft_cmd_sleep_until(uint64_t when_ns);
uint64_t ft_cmd_now_ns(void);

#endif
