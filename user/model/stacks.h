/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stacks as one tree of callers: comm, then the outermost function, down to the code that faulted;
 * kernel functions below the user's. Frames are the same when their names are, whichever process
 * or address they come from.
 */
#ifndef FT_MODEL_STACKS_H
#define FT_MODEL_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map64.h"
#include "enrich/code.h"
#include "enrich/symbol_intern.h"
#include "ft_wire.h"

enum ft_weight { FT_WEIGHT_COUNT, FT_WEIGHT_STALL, FT_WEIGHT_BYTES };
#define FT_WEIGHT_WORDS "count|stall|bytes" /* for the option */

uint64_t ft_weight_of(enum ft_weight w, const struct ft_stack_value *v);

/* One stack with its names, leaf first. */
struct ft_stack {
	const char *comm; /* a stranger's */
	uint32_t pid;
	uint8_t type, cause, mode;
	bool other; /* the sum of all that found no room: nothing else is known */
	struct ft_stack_value sum;
	const struct ft_frame *user, *kernel;
	size_t n_user, n_kernel;
};

struct ft_stack_node {
	const char *name; /* raw: escape it */
	bool kernel;
	uint32_t parent, child, next; /* index in nodes; 0: none */
	uint32_t n_children;
	uint64_t self, total; /* weight that ends here, and that passes through */
};

struct ft_stack_tree {
	struct ft_stack_node *nodes; /* [0] is the root of all comms */
	size_t n, cap;
	struct ft_map64 by_parent, ids; /* node by parent and name; number of a name */
	struct ft_intern names;
	enum ft_weight weight;
};

/* 0 or -ENOMEM. */
int ft_stack_tree_init(struct ft_stack_tree *t, enum ft_weight w);
void ft_stack_tree_deinit(struct ft_stack_tree *t);
/* 0 or -ENOMEM. A stack that weighs nothing leaves no trace. */
int ft_stack_tree_add(struct ft_stack_tree *t, const struct ft_stack *s);
/* Puts the heaviest child first, everywhere; equal ones by name. 0 or -ENOMEM. */
int ft_stack_tree_sort(struct ft_stack_tree *t);

#endif
