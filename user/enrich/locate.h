/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the name of a function or variable to its address in a process. */
#ifndef FT_LOCATE_H
#define FT_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/maps.h"

struct ft_located {
	uint64_t addr;
	uint64_t size;		  /* as the symbol table says, 0 when it does not */
	const struct ft_map *map; /* the first mapping of the file it is in */
	bool ifunc;		  /* this is the resolver: which code runs is decided at run time */
	unsigned int others;	  /* local symbols of the same name elsewhere in the file */
};

/*
 * `what` is "main", "libc.so.6:malloc" (a file's name, its path as in maps, or "[vdso]") or either
 * with "+OFFSET" (decimal or 0x). Without a file the program (`exe`, its path in maps) is searched
 * first, then every mapped file in the order of addresses. The file read is proven to be the one
 * mapped (enrich/symbol_file.h); separate debug files are used when they are installed. The address
 * is the mapping's place plus the symbol's: right for position-independent programs.
 *
 * 0; -ENODEV: no such file is mapped; -ENOENT: no such symbol; -ENOTSUP: it is thread-local, every
 * thread has its own; -EACCES: no file could be read (so the symbol may be there); -EINVAL: the
 * offset is not a number; -ENOMEM.
 */
int ft_locate(const char *root, pid_t pid, const struct ft_maps *maps, const char *exe,
	      const char *what, struct ft_located *out);

/* The same, in the program's own file only. */
int ft_locate_in_program(const char *root, pid_t pid, const struct ft_maps *maps, const char *exe,
			 const char *name, struct ft_located *out);

/* Whether two paths of maps name the library: equal, or `name` is the path's last part. */
bool ft_locate_is_file(const char *path, const char *name);

#endif
