/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mistakes that several commands can be given: one message and one exit code for each. */
#ifndef FT_CMD_REPORT_H
#define FT_CMD_REPORT_H

/* --btf FILE from which no types could be read; the exit code. */
int ft_cmd_report_btf(const char *path);

#endif
