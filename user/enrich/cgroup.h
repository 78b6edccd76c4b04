/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cgroup id (the inode of its directory) to path and back, by walking the hierarchy. */
#ifndef FT_CGROUP_H
#define FT_CGROUP_H

#include <stdbool.h>

#include "base/map64.h"

struct ft_cgroups {
	char root[64]; /* where the hierarchy that accounts memory is mounted; "" when none is */
	bool v1;       /* a v1 hierarchy with the memory controller */
	struct ft_map64 by_id;
	uint64_t walked_ns;
};

/* Finds the hierarchy in /proc/self/mounts below `proc_root` ("" here). 0 or -ENOENT. */
int ft_cgroups_init(struct ft_cgroups *c, const char *proc_root);
/* The path below the root ("/", "/system.slice/x"), or NULL. Walks again at most once a second. */
const char *ft_cgroups_path(struct ft_cgroups *c, uint64_t id, uint64_t now_ns);
/* The id of a path, given in full or below the root. 0 and the id, or -ENOENT. */
int ft_cgroups_id(const struct ft_cgroups *c, const char *path, uint64_t *id);
void ft_cgroups_deinit(struct ft_cgroups *c);

#endif
