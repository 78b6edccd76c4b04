/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>
#include <zlib.h>
#include <elfutils/libdwelf.h>

#include "base/cleanup.h"
#include "enrich/symbol_debug.h"
#include "enrich/symbol_file.h"

/* Beyond this a debug file that somebody else can change is not copied, and so not used. */
#define COPY_MAX (256UL << 20)

static int copy_of(int fd, uint64_t size)
{
	int copy = size <= COPY_MAX ? memfd_create("debug", MFD_CLOEXEC) : -1;
	off_t done = 0;

	if (copy < 0)
		return -ENOENT;
	while ((uint64_t)done < size) {
		if (sendfile(copy, fd, &done, size - done) <= 0) {
			close(copy);
			return -ENOENT;
		}
	}
	return copy;
}

static int open_debug(const char *path)
{
	struct ft_file_id id;
	_cleanup_fd_ int probe = ft_file_probe(path, &id);
	int fd, copy;

	if (probe < 0)
		return probe;
	fd = ft_file_reopen(probe);
	if (fd < 0 || ft_file_trusted(&id))
		return fd;
	copy = copy_of(fd, id.size);
	close(fd);
	return copy;
}

/* >0 the same build-id, 0 another one, <0 not known: `elf` or the file has none. */
static int same_build_id(Elf *elf, int fd)
{
	const void *ours, *theirs;
	ssize_t n = dwelf_elf_gnu_build_id(elf, &ours), m;
	Elf *other;
	int same;

	if (n <= 0)
		return -1;
	other = elf_begin(fd, ELF_C_READ, NULL);
	m = other ? dwelf_elf_gnu_build_id(other, &theirs) : 0;
	same = m <= 0 ? -1 : n == m && !memcmp(ours, theirs, n);
	elf_end(other);
	return same;
}

static bool crc_is(int fd, uint32_t want)
{
	unsigned char buf[64 * 1024];
	uint32_t crc = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		crc = crc32(crc, buf, n);
		at += n;
	}
	return !n && crc == want;
}

static int by_build_id(const struct ft_symtab_src *src, Elf *elf)
{
	char path[FT_FILE_ACCESS_MAX], hex[2 * FT_BUILD_ID_MAX + 1];
	const unsigned char *id;
	const void *note;
	ssize_t n = dwelf_elf_gnu_build_id(elf, &note);
	int fd;

	if (n < 2 || n > FT_BUILD_ID_MAX)
		return -ENOENT;
	id = note;
	for (ssize_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	fd = snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", src->debug_dir, hex,
		      hex + 2);
	if ((size_t)fd >= sizeof(path))
		return -ENOENT;
	fd = open_debug(path);
	if (fd >= 0 && same_build_id(elf, fd) <= 0) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* GDB's three places, "Debugging Information in Separate Files". */
static int link_path(const struct ft_symtab_src *src, const char *link, int place, char *out,
		     size_t size)
{
	const char *of = place == 2 ? src->path : src->access;
	const char *slash = of ? strrchr(of, '/') : NULL;
	int dir = slash ? (int)(slash - of) : 0;
	int n;

	if (!slash)
		return -ENOENT;
	if (place == 2)
		n = snprintf(out, size, "%s%.*s/%s", src->debug_dir, dir, of, link);
	else
		n = snprintf(out, size, "%.*s/%s%s", dir, of, place ? ".debug/" : "", link);
	return n > 0 && (size_t)n < size ? 0 : -ENOENT;
}

static int by_debuglink(const struct ft_symtab_src *src, Elf *elf)
{
	char path[FT_FILE_ACCESS_MAX];
	GElf_Word crc;
	const char *link = dwelf_elf_gnu_debuglink(elf, &crc);

	/* A name, not a way out of the directory. */
	if (!link || !*link || strchr(link, '/'))
		return -ENOENT;
	for (int place = 0; place < 3; place++) {
		int fd, same;

		if (link_path(src, link, place, path, sizeof(path)))
			continue;
		fd = open_debug(path);
		if (fd < 0)
			continue;
		same = same_build_id(elf, fd);
		if (same > 0 || (same < 0 && crc_is(fd, crc)))
			return fd;
		close(fd);
	}
	return -ENOENT;
}

int ft_debug_find(const struct ft_symtab_src *src, Elf *elf)
{
	int fd = -ENOENT;

	if (src->debug_file) {
		fd = open_debug(src->debug_file);
		if (fd >= 0 && same_build_id(elf, fd) > 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	fd = by_build_id(src, elf);
	return fd >= 0 ? fd : by_debuglink(src, elf);
}
