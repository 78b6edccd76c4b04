/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the file behind a mapping has for one page, without touching the page. */
#ifndef FT_BACKING_H
#define FT_BACKING_H

#include <stdint.h>
#include <sys/types.h>

#include "base/maps.h"

enum ft_tri { FT_NO, FT_YES, FT_DONT_KNOW };

struct ft_backing {
	enum ft_tri beyond_end; /* the page lies past the end of the file */
	enum ft_tri cached;	/* it is in the page cache; of shmem: in RAM */
	enum ft_tri has_data;	/* not a hole; of shmem not cached: it is in swap */
	enum ft_tri shmem;	/* it lives in tmpfs: shared memory, memfd, a file in /dev/shm */
	uint64_t file_size;
};

/*
 * For the page of `addr` in the mapping `m` of a file or of shared memory. What cannot be found out
 * is FT_DONT_KNOW: the file cannot be opened (map_files takes CAP_CHECKPOINT_RESTORE), or it is not
 * ours, when mincore() tells nothing (can_do_mincore(), mm/mincore.c).
 */
void ft_backing_read(const char *root, pid_t pid, const struct ft_map *m, uint64_t addr,
		     struct ft_backing *out);

#endif
