/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The vdso: an ELF image without a file. */
#ifndef FT_SYMBOL_IMAGE_H
#define FT_SYMBOL_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Our own: every process of our word size has the same. *image is malloc'd. 0, -ENOENT, -ENOMEM. */
int ft_image_own_vdso(void **image, size_t *len);

/* `start` to `end` of a process, 64 KiB at most, out of /proc/PID/mem. The same. */
int ft_image_read(const char *root, pid_t pid, uint64_t start, uint64_t end, void **image,
		  size_t *len);

#endif
