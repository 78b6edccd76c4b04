/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "cmd/report.h"

int ft_cmd_report_btf(const char *path)
{
	ft_err("--btf: %s: %s; name the vmlinux file of the running kernel, or its BTF", path,
	       access(path, R_OK) ? strerror(errno) : "holds no kernel types");
	return FT_EXIT_INPUT;
}
