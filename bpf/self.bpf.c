/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who we are to the kernel. */
#include "compat.bpf.h"

/*
 * How deep in PID namespaces the task is that runs this: 0 in the first one, whose numbers are all
 * that the programs compare and report. Run by user space with BPF_PROG_RUN.
 */
__u32 ft_pid_level;

SEC("raw_tp/ft_see_self")
int ft_see_self(void *ctx)
{
	ft_pid_level = BPF_CORE_READ(compat_task(), thread_pid, level);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
