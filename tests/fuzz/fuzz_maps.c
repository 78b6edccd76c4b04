/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Any bytes as /proc/PID/maps: refused or a sorted table, whose searches are right. */
#include <stdlib.h>
#include <string.h>

#include "base/maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct ft_maps *m)
{
	char perms[5];

	for (size_t i = 0; i < m->n; i++) {
		const struct ft_map *map = &m->v[i];

		if (map->start >= map->end || (i && map->start < map[-1].end))
			abort();
		if (ft_maps_find(m, map->start) != map || ft_maps_find(m, map->end - 1) != map)
			abort();
		if (ft_maps_after(m, map->end) != i + 1)
			abort();
		ft_map_perms(map->perms, perms);
		if (strlen(perms) != 4 || !*ft_map_kind(map) || strlen(map->path) > 1 << 20)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);
	struct ft_maps m;

	memcpy(text, data, size);
	if (!ft_maps_parse(text, size, &m))
		check(&m);
	else if (m.v || m.n || m.text)
		abort();
	ft_maps_deinit(&m);
	return 0;
}
