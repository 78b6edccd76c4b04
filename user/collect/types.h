/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's types as far as our programs name them. */
#ifndef FT_TYPES_H
#define FT_TYPES_H

struct btf;

/*
 * A BTF of those types of `kernel` that are called like one in our BPF object, and of what they
 * hold; what is pointed to is left out, and ids are other ones. libbpf looks through all types
 * for each that programs read from (bpf_core_add_cands()): a third of the time until the first
 * fault is seen, when these are all the kernel's. `hide`: an enumerator to leave out, or NULL.
 * For btf__free(); NULL and errno when there is no memory, or not what a kernel's types are.
 */
struct btf *ft_types_copy(const struct btf *kernel, const char *hide);

#endif
