/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opens the BPF object as this kernel needs it, before libbpf relocates and loads it. */
#ifndef FT_OBJECT_H
#define FT_OBJECT_H

#include <stdbool.h>

struct faulttrace_bpf;
struct ft_caps;

/*
 * `own_btf`: false with --btf FILE; programs on BTF tracepoints become raw ones of the same events.
 * `*types` is a descriptor to close after the load, or -1. 0 and an object for
 * faulttrace_bpf__destroy(), or -errno.
 */
int ft_object_open(struct faulttrace_bpf **out, int *types, const struct ft_caps *caps,
		   bool own_btf);

#endif
