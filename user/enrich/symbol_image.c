/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/maps.h"
#include "base/procfs.h"
#include "enrich/symbol_image.h"

#define IMAGE_MAX (64 * 1024)

int ft_image_read(const char *root, pid_t pid, uint64_t start, uint64_t end, void **image,
		  size_t *len)
{
	_cleanup_fd_ int fd = -1;
	char *copy;
	ssize_t n;

	if (end <= start || end - start > IMAGE_MAX)
		return -ENOENT;
	fd = ft_proc_open(root, pid, "mem", O_RDONLY);
	if (fd < 0)
		return -ENOENT;
	copy = malloc(end - start);
	if (!copy)
		return -ENOMEM;
	n = pread(fd, copy, end - start, start);
	if (n != (ssize_t)(end - start)) {
		free(copy);
		return -ENOENT;
	}
	*image = copy;
	*len = n;
	return 0;
}

int ft_image_own_vdso(void **image, size_t *len)
{
	uint64_t at = getauxval(AT_SYSINFO_EHDR);
	const struct ft_map *m;
	struct ft_maps maps;
	int err = -ENOENT;

	if (!at || ft_maps_read(NULL, 0, &maps))
		return -ENOENT;
	m = ft_maps_find(&maps, at);
	if (m && m->end - at <= IMAGE_MAX) {
		*len = m->end - at;
		*image = malloc(*len);
		err = *image ? 0 : -ENOMEM;
		if (!err)
			memcpy(*image, (const void *)(uintptr_t)at, *len);
	}
	ft_maps_deinit(&maps);
	return err;
}
