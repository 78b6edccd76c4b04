/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The software events PAGE_FAULTS_MIN and PAGE_FAULTS_MAJ, one per CPU, with a BPF program on each.
 * They fire in mm_account_fault() (mm/memory.c) when a fault completed, and lose nothing.
 */
#ifndef FT_SWEVENT_H
#define FT_SWEVENT_H

#include <stddef.h>

struct perf_event_attr;
struct bpf_program;

/* perf_event_open() for `pid` (-1: all) on `cpu`, close-on-exec. The descriptor or -errno. */
int ft_perf_event_open(struct perf_event_attr *attr, int pid, int cpu);

/* Every occurrence of the software event `config` on `cpu`. The descriptor or -errno. */
int ft_swevent_open(unsigned long long config, int cpu);

struct ft_swevents {
	struct bpf_link **links; /* they own the events */
	size_t n;
};

/* Attaches `prog` to `config` on every online CPU; adds to `ev`. 0 or -errno; then none is added.
 */
int ft_swevents_attach(struct ft_swevents *ev, const struct bpf_program *prog,
		       unsigned long long config);
void ft_swevents_deinit(struct ft_swevents *ev);

#endif
