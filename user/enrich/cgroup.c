/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "enrich/cgroup.h"

#define MAX_DEPTH 32

/*
 * A v1 hierarchy with the memory controller is where memory is accounted, if there is one; else the
 * v2 hierarchy.
 */
int ft_cgroups_init(struct ft_cgroups *c, const char *proc_root)
{
	char path[256];
	struct mntent *m;
	FILE *f;

	*c = (struct ft_cgroups) {};
	snprintf(path, sizeof(path), "%s/proc/self/mounts", proc_root);
	f = setmntent(path, "re");
	if (!f)
		return -ENOENT;
	while ((m = getmntent(f))) {
		bool v1 = !strcmp(m->mnt_type, "cgroup") && hasmntopt(m, "memory");

		if (v1 || (!c->root[0] && !strcmp(m->mnt_type, "cgroup2")))
			snprintf(c->root, sizeof(c->root), "%s", m->mnt_dir);
		c->v1 = c->v1 || v1;
		if (v1)
			break;
	}
	endmntent(f);
	return c->root[0] ? 0 : -ENOENT;
}

static void remember(struct ft_cgroups *c, const char *dir)
{
	const char *below = dir + strlen(c->root);
	struct stat st;
	char *copy;

	if (stat(dir, &st))
		return;
	copy = strdup(*below ? below : "/");
	if (!copy)
		return;
	free(ft_map64_del(&c->by_id, st.st_ino));
	if (ft_map64_put(&c->by_id, st.st_ino, copy))
		free(copy);
}

static void walk(struct ft_cgroups *c, const char *dir, int depth)
{
	_cleanup_dir_ DIR *d = opendir(dir);
	struct dirent *e;

	remember(c, dir);
	while (d && depth < MAX_DEPTH && (e = readdir(d))) {
		_cleanup_free_ char *sub = NULL;

		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		if (asprintf(&sub, "%s/%s", dir, e->d_name) < 0)
			return;
		walk(c, sub, depth + 1);
	}
}

const char *ft_cgroups_path(struct ft_cgroups *c, uint64_t id, uint64_t now_ns)
{
	const char *path = id ? ft_map64_get(&c->by_id, id) : NULL;

	if (path || !id || !c->root[0] || (c->walked_ns && now_ns - c->walked_ns < 1000000000))
		return path;
	c->walked_ns = now_ns;
	walk(c, c->root, 0);
	return ft_map64_get(&c->by_id, id);
}

int ft_cgroups_id(const struct ft_cgroups *c, const char *path, uint64_t *id)
{
	_cleanup_free_ char *full = NULL;
	struct stat st, root;

	if (!strncmp(path, c->root, strlen(c->root)) && c->root[0])
		full = strdup(path);
	else if (asprintf(&full, "%s/%s", c->root, path) < 0)
		full = NULL;
	if (!full || stat(full, &st) || !S_ISDIR(st.st_mode))
		return -ENOENT;
	/* "../..": a folder, but of no cgroup. */
	if (stat(c->root, &root) || st.st_dev != root.st_dev)
		return -ENOENT;
	*id = st.st_ino;
	return 0;
}

void ft_cgroups_deinit(struct ft_cgroups *c)
{
	ft_map64_deinit(&c->by_id, free);
}
