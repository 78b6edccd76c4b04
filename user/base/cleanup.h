/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Scope-bound release of memory, files and descriptors: `_cleanup_free_ char *s = …;` */
#ifndef FT_CLEANUP_H
#define FT_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void ft_cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void ft_cleanup_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void ft_cleanup_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void ft_cleanup_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define _cleanup_free_ __attribute__((cleanup(ft_cleanup_free)))
#define _cleanup_fd_   __attribute__((cleanup(ft_cleanup_fd)))
#define _cleanup_file_ __attribute__((cleanup(ft_cleanup_file)))
#define _cleanup_dir_  __attribute__((cleanup(ft_cleanup_dir)))

#endif
