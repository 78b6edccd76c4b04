/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What file an id is: from FILE records, which carry the path that the kernel knew. */
#ifndef FT_FILE_H
#define FT_FILE_H

#include <stdbool.h>

#include "base/map64.h"
#include "ft_wire.h"

struct ft_file_info {
	uint32_t dev; /* s_dev: major << 20 | minor */
	bool used;    /* asked for since the last time that names were forgotten */
	uint64_t ino;
	uint64_t nth; /* announcement */
	char path[];  /* absolute, " (deleted)" as /proc/PID/maps has it; a stranger's */
};

/*
 * Names are kept of a bounded number of files, whatever their number over the time of a trace:
 * the kernel side remembers 8192 (bpf/file.bpf.h) and announces again, under another id, what it
 * forgot. Kept are the first ones (programs and libraries, and what a histogram has its rows of),
 * the last ones, and those asked for of late: a task may hold an id for long. An id whose name was
 * forgotten is unknown.
 */
#define FT_FILES_EDGE 8192		  /* of the first, and of the last */
#define FT_FILES_MAX  (4 * FT_FILES_EDGE) /* in all */

struct ft_files {
	struct ft_map64 by_id;
	uint64_t announced;
};

/*
 * Builds the path from the record's components. 0, -ENOMEM, or -EBADMSG when the components do not
 * fit their length.
 */
int ft_files_add(struct ft_files *f, const struct ft_file *rec);
/* NULL when the record was lost or its name forgotten, or for id 0. Valid until the next add. */
const struct ft_file_info *ft_files_find(const struct ft_files *f, uint32_t id);
void ft_files_deinit(struct ft_files *f);

#endif
