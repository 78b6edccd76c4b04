/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * C++ and Rust names as their authors wrote them, by libiberty, which knows both (perf uses it,
 * too). A mangled name can stand for one of any length, and is a stranger's: what gets too long
 * stays as it is.
 */
#ifndef FT_DEMANGLE_H
#define FT_DEMANGLE_H

#include <stddef.h>

/*
 * Writes the name that `name`, `len` bytes, stands for, without a function's parameters, to `out`,
 * NUL-terminated. Its length; 0 when it is not mangled or has no room: then `out` means nothing.
 */
size_t ft_demangle(const char *name, size_t len, char *out, size_t size);

#endif
