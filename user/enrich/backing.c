/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "enrich/backing.h"
#include "enrich/symbol.h"
#include "enrich/symbol_file.h"

/* mincore() answers "all there" for a file that we neither own nor may write. */
static bool mincore_tells(int fd, const struct ft_file_id *id)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return !geteuid() || id->uid == geteuid() || !access(path, W_OK);
}

/* A mapping of our own, never touched: it asks the page cache and reads nothing in. */
static enum ft_tri is_cached(int fd, uint64_t offset, size_t page)
{
	void *m = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, offset);
	enum ft_tri answer = FT_DONT_KNOW;
	unsigned char in_core;

	if (m == MAP_FAILED)
		return answer;
	if (!mincore(m, page, &in_core))
		answer = in_core & 1 ? FT_YES : FT_NO;
	munmap(m, page);
	return answer;
}

static enum ft_tri has_data(int fd, uint64_t offset, size_t page)
{
	off_t at = lseek(fd, offset, SEEK_DATA);

	if (at < 0)
		return errno == ENXIO ? FT_NO : FT_DONT_KNOW;
	return (uint64_t)at < offset + page ? FT_YES : FT_NO;
}

void ft_backing_read(const char *root, pid_t pid, const struct ft_map *m, uint64_t addr,
		     struct ft_backing *out)
{
	const struct ft_sym_query q = {
		.pid = pid,
		.path = m->path,
		.dev = (uint64_t)m->major << 20 | m->minor,
		.ino = m->ino,
		.map_start = m->start,
		.map_end = m->end,
	};
	size_t page = sysconf(_SC_PAGESIZE);
	uint64_t offset = m->offset + ((addr - m->start) & -(uint64_t)page);
	char access_path[FT_FILE_ACCESS_MAX];
	_cleanup_fd_ int probe = -1;
	_cleanup_fd_ int fd = -1;
	struct ft_file_id id;
	struct statfs fs;

	*out = (struct ft_backing) { FT_DONT_KNOW, FT_DONT_KNOW, FT_DONT_KNOW, FT_DONT_KNOW, 0 };
	probe = ft_file_find(root, &q, &id, access_path);
	if (probe < 0)
		return;
	out->file_size = id.size;
	out->beyond_end = offset >= id.size ? FT_YES : FT_NO;
	if (!fstatfs(probe, &fs)) {
		out->shmem = fs.f_type == TMPFS_MAGIC ? FT_YES : FT_NO;
		/* To map it, as below, would reserve a page of the pool. */
		if (fs.f_type == HUGETLBFS_MAGIC)
			return;
	}
	fd = ft_file_reopen(probe);
	if (fd < 0 || out->beyond_end)
		return;
	if (mincore_tells(fd, &id))
		out->cached = is_cached(fd, offset, page);
	out->has_data = has_data(fd, offset, page);
}
