/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What shows stacks: folded lines, a tree, JSON lines. The tree must be sorted. */
#ifndef FT_VIEW_STACKS_H
#define FT_VIEW_STACKS_H

#include "base/buf.h"
#include "model/stacks.h"

/*
 * "comm;root;...;leaf WEIGHT" a line, as flamegraph.pl and speedscope read it; stall in
 * microseconds. `delimited`: a frame "-" between the user's frames and the kernel's. Frames hold no
 * ';' and no control bytes.
 */
void ft_view_folded(struct ft_buf *out, const struct ft_stack_tree *t, bool delimited);

/* For people. What weighs less than `threshold` per cent of all is summed in one line. */
void ft_view_stack_tree(struct ft_buf *out, const struct ft_stack_tree *t, double threshold);

/* A JSON object of the type "stack". */
void ft_view_stack_json(struct ft_buf *out, const struct ft_stack *s);

#endif
