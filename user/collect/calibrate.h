/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lets the BPF side read page tables: finds where the kernel maps physical memory. */
#ifndef FT_CALIBRATE_H
#define FT_CALIBRATE_H

struct faulttrace_bpf;

/*
 * Tries, with two pages of ours that hold random words, until the walk in BPF finds both (see
 * bpf/pte.bpf.h): page frames, which only CAP_SYS_ADMIN may know, are not needed. 0; -ENOENT when
 * no base fits, or what BPF_PROG_RUN said.
 */
int ft_calibrate_run(struct faulttrace_bpf *skel);

/* Whether it found, too, how an entry denies a page that it maps. 0, or -EOPNOTSUPP. */
int ft_calibrate_nonpresent(const struct faulttrace_bpf *skel);

/*
 * Whether the search for a mapping in BPF finds one of ours, with its bounds. 0; -ENOENT when it
 * does not, or what BPF_PROG_RUN said.
 */
int ft_calibrate_mapping(struct faulttrace_bpf *skel);

/* 0 in the first PID namespace, -EXDEV in another one; or what BPF_PROG_RUN said. */
int ft_calibrate_self(struct faulttrace_bpf *skel);

#endif
