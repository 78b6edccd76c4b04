/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The memory controller's numbers of one cgroup, v1 or v2, with all below it. */
#ifndef FT_MEMCG_H
#define FT_MEMCG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FT_UNKNOWN where it does not say, or there is no limit. */
struct ft_memcg {
	uint64_t usage, limit, file_lru;		 /* bytes */
	uint64_t refault_anon, refault_file, pgmajfault; /* counted since it was made */
};

/* `dir`: its directory, in full. 0 or -errno: -ENOENT when it is gone. */
int ft_memcg_read(const char *dir, bool v1, struct ft_memcg *out);

/*
 * The limit that binds `dir`: of itself and all above it, up to `root`, where least is left. Its
 * directory goes to `at`. False when none has a limit.
 */
bool ft_memcg_tightest(const char *root, const char *dir, bool v1, char *at, size_t size,
		       struct ft_memcg *out);

#endif
