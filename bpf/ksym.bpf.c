/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's name for one of its own addresses, asked by user space with BPF_PROG_RUN: a few
 * microseconds, where reading /proc/kallsyms takes 40 ms and keeps some 8 MB.
 */
#include "compat.bpf.h"

__u64 ft_ksym_ip;
/* "name+0xoffset/0xsize [module]", or the address where there is no symbol; empty: cannot be asked.
 */
char ft_ksym_text[256];

SEC("raw_tp/ft_ksym")
int ft_ksym(void *ctx)
{
	ft_ksym_text[0] = '\0';
	if (compat_has_snprintf())
		BPF_SNPRINTF(ft_ksym_text, sizeof(ft_ksym_text), "%pS", ft_ksym_ip);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
