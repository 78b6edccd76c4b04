/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/maps.h"
#include "enrich/symbol.h"
#include "enrich/symbol_file.h"

bool ft_file_id_equal(const struct ft_file_id *a, const struct ft_file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

bool ft_file_cut(const char *path)
{
	return !strncmp(path, ".../", strlen(".../"));
}

bool ft_file_trusted(const struct ft_file_id *id)
{
	return (!id->uid || id->uid == geteuid()) && !(id->mode & (S_IWGRP | S_IWOTH));
}

static uint64_t kernel_dev(dev_t dev)
{
	return (uint64_t)major(dev) << 20 | minor(dev);
}

static int64_t in_ns(const struct timespec *t)
{
	return t->tv_sec * 1000000000LL + t->tv_nsec;
}

int ft_file_probe(const char *path, struct ft_file_id *id)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	*id = (struct ft_file_id) {
		.dev = kernel_dev(st.st_dev),
		.ino = st.st_ino,
		.size = st.st_size,
		.mtime_ns = in_ns(&st.st_mtim),
		.ctime_ns = in_ns(&st.st_ctim),
		.uid = st.st_uid,
		.mode = st.st_mode,
	};
	return fd;
}

int ft_file_reopen(int probe)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", probe);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd >= 0 ? fd : -errno;
}

/* What the kernel prints for a mapping of this file: the mapping's own way to say who it is. */
static bool maps_as(int probe, uint64_t dev, uint64_t ino)
{
	_cleanup_fd_ int fd = ft_file_reopen(probe);
	struct ft_maps maps;
	bool same = false;
	void *page;

	if (fd < 0)
		return false;
	page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	if (page == MAP_FAILED)
		return false;
	if (!ft_maps_read(NULL, 0, &maps)) {
		const struct ft_map *m = ft_maps_find(&maps, (uintptr_t)page);

		same = m && ((uint64_t)m->major << 20 | m->minor) == dev && m->ino == ino;
		ft_maps_deinit(&maps);
	}
	munmap(page, 1);
	return same;
}

static bool on_overlayfs(int probe)
{
	struct statfs fs;

	return !fstatfs(probe, &fs) && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

enum how { BY_ROOT, BY_MAP, BY_EXE, BY_PATH, N_HOWS };

static bool is_mapped_file(int probe, const struct ft_file_id *id, const struct ft_sym_query *q,
			   enum how how)
{
	if (!q->ino)
		return how == BY_MAP;
	if (id->dev == q->dev && id->ino == q->ino)
		return true;
	if (maps_as(probe, q->dev, q->ino))
		return true;
	return how == BY_MAP && id->ino == q->ino && on_overlayfs(probe);
}

static int candidate(const char *root, const struct ft_sym_query *q, enum how how, char *out)
{
	const size_t size = FT_FILE_ACCESS_MAX;
	int n = 0;

	switch (how) {
	case BY_ROOT:
		if (q->path[0] == '/')
			n = snprintf(out, size, "%s/proc/%d/root%s", root, q->pid, q->path);
		break;
	case BY_MAP:
		if (q->map_end)
			n = snprintf(out, size, "%s/proc/%d/map_files/%llx-%llx", root, q->pid,
				     (unsigned long long)q->map_start,
				     (unsigned long long)q->map_end);
		break;
	case BY_EXE:
		n = snprintf(out, size, "%s/proc/%d/exe", root, q->pid);
		break;
	case BY_PATH:
		if (q->path[0] == '/')
			n = snprintf(out, size, "%s", q->path);
		break;
	default:
		break;
	}
	return n > 0 && (size_t)n < size ? 0 : -ENOENT;
}

/*
 * The mapping of `q->ip` now, and its whole path (malloc'd, or NULL). What is there is checked as
 * any candidate is.
 */
static char *find_mapping(const char *root, struct ft_sym_query *q)
{
	const struct ft_map *map;
	struct ft_maps maps;
	char *path = NULL;

	if (ft_maps_read(root, q->pid, &maps))
		return NULL;
	map = ft_maps_find(&maps, q->ip);
	if (map) {
		q->map_start = map->start;
		q->map_end = map->end;
		path = strdup(map->path);
		q->path = path ?: q->path;
	}
	ft_maps_deinit(&maps);
	return path;
}

int ft_file_find(const char *root, const struct ft_sym_query *query, struct ft_file_id *id,
		 char *access)
{
	struct ft_sym_query with_map = *query;
	const struct ft_sym_query *q = query;
	_cleanup_free_ char *path = NULL;

	if (ft_file_cut(q->path)) {
		path = find_mapping(root, &with_map);
		q = &with_map;
	}
	for (int how = 0; how < N_HOWS; how++) {
		int fd;

		if (candidate(root, q, how, access))
			continue;
		fd = ft_file_probe(access, id);
		if (fd < 0)
			continue;
		if (is_mapped_file(fd, id, q, how))
			return fd;
		close(fd);
	}
	return -ENOENT;
}
