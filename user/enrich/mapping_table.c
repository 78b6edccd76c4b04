/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "enrich/mapping_table.h"

int ft_mapping_table_read(struct ft_mapping_table *t, const char *root, pid_t pid)
{
	int err = ft_maps_read(root, pid, &t->maps);

	if (err)
		return err;
	t->used = true;
	t->bytes = t->maps.n * sizeof(*t->maps.v);
	if (t->maps.n) {
		/* The text ends with the last line's path. */
		const char *last = t->maps.v[t->maps.n - 1].path;

		t->bytes += last + strlen(last) + 1 - t->maps.text;
	}
	return 0;
}

void ft_mapping_table_deinit(struct ft_mapping_table *t)
{
	ft_maps_deinit(&t->maps);
	*t = (struct ft_mapping_table) { 0 };
}
