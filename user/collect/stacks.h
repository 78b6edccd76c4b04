/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads the stacks that the BPF side counts. It counts in rounds: the round is turned, then all
 * programs that may still count for the old one have ended (membarrier(2)), then the old one is
 * read and removed. So nothing is lost or counted twice, and stacks never fill the maps for good.
 */
#ifndef FT_COLLECT_STACKS_H
#define FT_COLLECT_STACKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/map64.h"
#include "ft_wire.h"

struct ft_tracer;

/* Addresses of one stack, leaf first. */
struct ft_stack_ips {
	uint32_t n;
	uint64_t ip[];
};

/* Faults with the same task, type, cause and stacks. */
struct ft_stack_count {
	struct ft_stack_key key;
	struct ft_stack_value sum; /* over the CPUs */
};

/*
 * What one reading gave. A stack's addresses may have come with the reading before: they are
 * removed from the kernel when they are read.
 */
struct ft_stack_counts {
	struct ft_stack_count *v;
	size_t n;
	struct ft_map64 ips, ips_before; /* by id: struct ft_stack_ips */
	uint32_t round;			 /* that is read; the kernel counts this one or the next */
	void *keys;			 /* to be removed once read */
	size_t n_keys;
};

/*
 * Ends a round when it has many stacks, so that there is always room for new ones; `room` is what
 * the maps hold. 1 when a round ended: what it counted is in `c` until the next call. 0; -errno.
 */
int ft_stack_counts_turn(struct ft_stack_counts *c, const struct ft_tracer *t, size_t room);

/*
 * All that is left, and the sum of what found no room. After ft_tracer_detach(). 0, -ENOENT when
 * this trace counts no stacks, -ENOMEM, or what the kernel said.
 */
int ft_stack_counts_read(struct ft_stack_counts *c, const struct ft_tracer *t);
void ft_stack_counts_deinit(struct ft_stack_counts *c);

/* The addresses of ustack or kstack of a key; NULL when it has none. */
const struct ft_stack_ips *ft_stack_counts_ips(const struct ft_stack_counts *c, uint64_t id);

#endif
