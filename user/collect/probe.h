/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a hook can be attached: by attaching an empty program to it. Only that proves anything.
 */
#ifndef FT_PROBE_H
#define FT_PROBE_H

#include <stdbool.h>

struct btf;

enum ft_hook_kind {
	FT_HOOK_TP_BTF,
	FT_HOOK_RAW_TP, /* the same tracepoints, where the kernel has no BTF */
	FT_HOOK_FENTRY,
	FT_HOOK_FEXIT,
	FT_HOOK_KPROBE,
	FT_HOOK_ITER,
	FT_HOOK_SW_EVENT,     /* target: unused */
	FT_HOOK_TASK_STORAGE, /* a map type, not a hook: created and thrown away */
	FT_HOOK_RINGBUF,
	FT_HOOK_STACK_MAP,
	FT_HOOK_FILE,	 /* target: a file that must be readable */
	FT_HOOK_MOUNT,	 /* target: a mounted file system's type, and perhaps an option it has */
	FT_HOOK_PROCMAP, /* the ioctl of /proc/PID/maps */
	FT_HOOK_HASH,	 /* what FT_ABILITY_STATE has; not for ft_probe() */
};

/*
 * Attaches an empty program to `target` and detaches it. `btf` is the kernel's. 0; -ENOENT when the
 * kernel has no such function or tracepoint; else the -errno of what refused (-EPERM: privilege or
 * lockdown, -EBUSY and -524: listed but not traceable).
 */
int ft_probe(enum ft_hook_kind kind, const char *target, const struct btf *btf);

/* Whether the kernel lists such a tracepoint or function at all. 0 or -ENOENT. */
int ft_probe_listed(enum ft_hook_kind kind, const char *target, const struct btf *btf);

/*
 * Whether -EPERM may be for want of memory that may be locked: before 5.11 that of maps and
 * programs counts as such (bpf_charge_memlock(), kernel/bpf/syscall.c), libbpf raises the limit,
 * and only CAP_SYS_RESOURCE may.
 */
bool ft_probe_memlock(const struct btf *types);

#endif
