/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* BPF iterators: programs that the kernel runs for each of its objects while a file is read. */
#ifndef FT_ITER_H
#define FT_ITER_H

struct bpf_program;

/*
 * `map`: the descriptor of the map whose elements are asked for, or -1 for other iterators. A
 * descriptor to read and to close; -ENOENT when the program is not loaded; -errno.
 */
int ft_iter_open(const struct bpf_program *prog, int map);

#endif
