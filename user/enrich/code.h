/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the addresses of a stack to frames, by the mappings that CODE records tell of. These come
 * from the kernel's own tables at the time of the fault: no /proc, and a process that ended at once
 * is named like any other. An address of no known mapping, or of two that contradict each other
 * (a library was unloaded, another took its place), stays unknown.
 */
#ifndef FT_CODE_H
#define FT_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map64.h"
#include "enrich/event.h"
#include "ft_wire.h"

struct ft_codes {
	struct ft_map64 by_space; /* of pid and space */
	size_t n;		  /* mappings in all */
};

/* 0 or -ENOMEM. */
int ft_codes_add(struct ft_codes *c, const struct ft_code *rec);
void ft_codes_deinit(struct ft_codes *c);

/*
 * A round of stacks was read. Forgets processes that had ended before the round began: what they
 * counted has been read.
 */
void ft_codes_age(struct ft_codes *c);

/* The mapping of `ip`, or NULL. */
const struct ft_code *ft_codes_find(const struct ft_codes *c, uint32_t pid, uint32_t space,
				    uint64_t ip);

struct ft_frame {
	uint64_t ip;
	struct ft_sym sym; /* name and dso may be NULL; offset: see ft_sym */
	bool kernel;
};

/*
 * Takes note of a record for later frames, and opens the file of the mapping while its process
 * lives. 0, -ENOMEM, -EBADMSG.
 */
int ft_codes_record(struct ft_codes *c, struct ft_enrich *e, const struct ft_hdr *rec);

/*
 * Names a frame. `leaf`: the address is of the instruction itself; else it is where a call returns
 * to, and the call before it is what is looked up.
 */
void ft_codes_frame(const struct ft_codes *c, struct ft_enrich *e, uint32_t pid, uint32_t space,
		    uint64_t ip, bool leaf, struct ft_frame *out);
/* The same for an address of the kernel. */
void ft_codes_kernel_frame(struct ft_enrich *e, uint64_t ip, bool leaf, struct ft_frame *out);

#endif
