/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "base/scan.h"
#include "enrich/pagemap.h"

#define PM_FRAME_BITS  55
#define PM_SOFT_DIRTY  (1ULL << 55)
#define PM_EXCLUSIVE   (1ULL << 56)
#define PM_UFFD_WP     (1ULL << 57)
#define PM_GUARD       (1ULL << 58)
#define PM_FILE	       (1ULL << 61)
#define PM_SWAP	       (1ULL << 62)
#define PM_PRESENT     (1ULL << 63)
#define SWAP_TYPE_BITS 5 /* MAX_SWAPFILES_SHIFT */

/*
 * Of 32 types the last ones are not swap areas: MAX_SWAPFILES, include/linux/swap.h. How many
 * depends on the kernel's configuration, from 1 (markers) to 9; 23 and more is what no machine uses
 * for swap.
 */
#define SWAP_TYPE_SPECIAL 23

void ft_pagemap_decode(uint64_t entry, struct ft_pagemap *out)
{
	uint64_t low = entry & ((1ULL << PM_FRAME_BITS) - 1);

	*out = (struct ft_pagemap) {
		.present = entry & PM_PRESENT,
		.swapped = (entry & PM_SWAP) && !(entry & PM_PRESENT),
		.file = entry & PM_FILE,
		.guard = entry & PM_GUARD,
		.uffd_wp = entry & PM_UFFD_WP,
		.exclusive = entry & PM_EXCLUSIVE,
		.soft_dirty = entry & PM_SOFT_DIRTY,
		.frame_known = low != 0,
	};
	if (out->present) {
		out->frame = low;
	} else if (out->swapped) {
		out->swap_type = low & ((1U << SWAP_TYPE_BITS) - 1);
		out->swap_offset = low >> SWAP_TYPE_BITS;
		out->special = out->frame_known && out->swap_type >= SWAP_TYPE_SPECIAL;
	}
}

static int read_u64s(int fd, uint64_t index, uint64_t *v, size_t n)
{
	size_t want = n * sizeof(*v), done = 0;

	if (index > INT64_MAX / sizeof(*v) - n)
		return -ERANGE;
	while (done < want) {
		ssize_t got = pread(fd, (char *)v + done, want - done, index * sizeof(*v) + done);

		if (got > 0)
			done += got;
		else if (!got)
			return -ERANGE;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int ft_pagemap_read(const char *root, pid_t pid, uint64_t addr, uint64_t page_size, size_t n,
		    uint64_t *entries)
{
	_cleanup_fd_ int fd = ft_proc_open(root, pid, "pagemap", O_RDONLY);

	if (fd < 0)
		return fd == -ESRCH ? -ENOENT : fd;
	return read_u64s(fd, addr / page_size, entries, n);
}

/* include/uapi/linux/fs.h from 6.7 on: struct page_region, struct pm_scan_arg. */
struct region {
	uint64_t start, end, categories;
};

struct scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define PAGEMAP_SCAN _IOWR('f', 16, struct scan)
#define PAGE_IS_HUGE (1ULL << 6)

int ft_pagemap_is_huge(const char *root, pid_t pid, uint64_t addr, uint64_t page_size)
{
	_cleanup_fd_ int fd = ft_proc_open(root, pid, "pagemap", O_RDONLY);
	struct region found = { 0 };
	struct scan scan = {
		.size = sizeof(scan),
		.start = addr & -page_size,
		.end = (addr & -page_size) + page_size,
		.vec = (uintptr_t)&found,
		.vec_len = 1,
		.category_mask = PAGE_IS_HUGE,
		.return_mask = PAGE_IS_HUGE,
	};
	int n;

	if (fd < 0)
		return fd;
	n = ioctl(fd, PAGEMAP_SCAN, &scan);
	return n < 0 ? -errno : n > 0;
}

static int read_frame(const char *root, const char *file, uint64_t frame, uint64_t *v)
{
	char path[FT_PROC_PATH_MAX];
	_cleanup_fd_ int fd = -1;
	int n = snprintf(path, sizeof(path), "%s/proc/%s", root ? root : "", file);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == EPERM ? -EACCES : -errno;
	return read_u64s(fd, frame, v, 1);
}

int ft_kpageflags_read(const char *root, uint64_t frame, uint64_t *flags)
{
	return read_frame(root, "kpageflags", frame, flags);
}

int ft_kpagecount_read(const char *root, uint64_t frame, uint64_t *count)
{
	return read_frame(root, "kpagecount", frame, count);
}

void ft_kpageflags_names(uint64_t flags, void (*emit)(void *arg, const char *name), void *arg)
{
	static const char *const names[64] = {
#define FT_X(id, bit, name) [bit] = name,
		FT_KPF(FT_X)
#undef FT_X
	};

	for (int i = 0; i < 64; i++)
		if (flags >> i & 1 && names[i])
			emit(arg, names[i]);
}

int ft_swap_device(const char *root, unsigned int type, char *name, size_t size, bool *sure)
{
	char text[32 * 512];
	ssize_t n = ft_proc_read(root, "proc/swaps", text, sizeof(text));
	struct ft_scan c = { text, text + (n > 0 ? n : 0) }, line;
	unsigned int areas = 0;
	bool found = false;

	ft_scan_line(&c, &line); /* the heading */
	while (ft_scan_line(&c, &line)) {
		const char *end = memchr(line.s, ' ', line.end - line.s);
		const char *tab = memchr(line.s, '\t', line.end - line.s);
		size_t len;

		if (tab && (!end || tab < end))
			end = tab;
		len = (end ? end : line.end) - line.s;
		/* One area has a type of its own, whatever its number; see the header. */
		if (areas == type || !areas) {
			if (len >= size)
				return -ENOENT;
			memcpy(name, line.s, len);
			name[len] = '\0';
			found = true;
		}
		areas++;
	}
	*sure = areas == 1;
	return found && (areas == 1 || type < areas) ? 0 : -ENOENT;
}
