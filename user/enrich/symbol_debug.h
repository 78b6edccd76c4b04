/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The separate debug file of a stripped one: by build-id, else by .gnu_debuglink. Local files. */
#ifndef FT_SYMBOL_DEBUG_H
#define FT_SYMBOL_DEBUG_H

#include <libelf.h>
#include <stddef.h>

#include "enrich/symbol_table.h"

/*
 * Finds the debug file of `elf`, opened from `src`. A file is taken when its build-id is that of
 * `elf`; found by debuglink where one of them has no build-id, when its CRC is the one named there.
 * Returns a descriptor that nobody but root or we can change while it is read (others' files are
 * copied), or -ENOENT.
 */
int ft_debug_find(const struct ft_symtab_src *src, Elf *elf);

#endif
