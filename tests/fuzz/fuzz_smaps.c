/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Any bytes as /proc/PID/smaps: refused, or mappings whose sums and views are made without harm. */
#include <stdlib.h>
#include <string.h>

#include "view/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ft_mem m = { .pid = 1, .page_size = 4096, .layout = ft_vaddr_x86(false) };
	char *text = malloc(size ? size : 1);
	struct ft_buf out;

	memcpy(text, data, size);
	if (!ft_smaps_parse(text, size, &m.smaps)) {
		for (size_t i = 0; i < m.smaps.maps.n; i++) {
			ft_smap_flag(&m.smaps.v[i], "gd");
			ft_smap_thp_kb(&m.smaps.v[i]);
			if (ft_smaps_find(&m.smaps, m.smaps.maps.v[i].start) != &m.smaps.v[i])
				abort();
		}
		ft_mem_add_up(&m);
		ft_buf_init(&out, -1);
		ft_view_mem_text(&out, &m, NULL);
		ft_view_mem_json(&out, &m, NULL);
		ft_buf_deinit(&out);
	} else if (m.smaps.v || m.smaps.maps.v || m.smaps.maps.text) {
		abort();
	}
	ft_mem_deinit(&m);
	return 0;
}
