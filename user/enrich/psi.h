/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pressure stall information: microseconds in which some or all tasks that could run waited for
 * memory. Deltas of `total` are exact and immediate; the kernel's avg10 lags by seconds.
 * Source: Documentation/accounting/psi.rst.
 */
#ifndef FT_PSI_H
#define FT_PSI_H

#include <stddef.h>
#include <stdint.h>

struct ft_psi {
	uint64_t some_us, full_us;
};

/* `path` below the root: "proc/pressure/memory", "sys/fs/cgroup/x/memory.pressure". 0, -ENOENT,
 * -EOPNOTSUPP (booted with psi=0), -EINVAL. */
int ft_psi_read(const char *root, const char *path, struct ft_psi *out);
int ft_psi_parse(const char *text, size_t len, struct ft_psi *out);

#endif
