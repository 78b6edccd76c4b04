/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One state of an address space: all of its mappings. */
#ifndef FT_MAPPING_TABLE_H
#define FT_MAPPING_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/maps.h"

struct ft_mapping_table {
	struct ft_maps maps;
	bool used; /* else the slot is empty */
	bool sure; /* it was `stamp` before and after the read */
	uint64_t stamp;
	uint64_t since_ns; /* while not sure: the last event before the read; it had `stamp` */
	uint64_t begin_ns, end_ns; /* of the read */
	size_t bytes;
};

/* Reads /proc/PID/maps. 0 or -errno as ft_maps_read(). */
int ft_mapping_table_read(struct ft_mapping_table *t, const char *root, pid_t pid);

void ft_mapping_table_deinit(struct ft_mapping_table *t);

#endif
