/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Debug files from debuginfod servers, where DEBUGINFOD_URLS names some. A server may take minutes,
 * so one thread of its own asks, file after file, and symbols go on without; once an answer is
 * there the file's table is read anew. libdebuginfod is loaded at run time, as libdw does it: who
 * does not configure it does not need it. (A static program cannot load it.)
 */
#ifndef FT_SYMBOL_DEBUGINFOD_H
#define FT_SYMBOL_DEBUGINFOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "enrich/symbol_table.h"

struct ft_debuginfod;

/* Which file it is for: what ft_symstore_by_id() takes. */
struct ft_debuginfod_key {
	uint64_t kdev, kino;
	uint32_t id;
};

/* NULL when no server is configured, the library is missing, or memory is gone. */
struct ft_debuginfod *ft_debuginfod_create(void);
/* A download that is under way is given up; waits for that 0.3 s at most. NULL is fine. */
void ft_debuginfod_destroy(struct ft_debuginfod *d);

/*
 * Asks for the debug file of a build-id. The first call starts the thread: it has the privilege
 * that is left then. With 64 questions waiting, more are dropped.
 */
void ft_debuginfod_ask(struct ft_debuginfod *d, const struct ft_debuginfod_key *key,
		       const unsigned char *build_id, size_t len);

/* True when an answer was there: *path is the debug file's, malloc'd. One atomic load when not. */
bool ft_debuginfod_take(struct ft_debuginfod *d, struct ft_debuginfod_key *key, char **path);

#endif
