/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "base/procfs.h"
#include "enrich/pagemap.h"
#include "enrich/statm.h"
#include "enrich/swaparea.h"
#include "enrich/vmstat.h"

#define OLD_NS 100000000ULL

void ft_swap_areas_init(struct ft_swap_areas *s, const char *root)
{
	*s = (struct ft_swap_areas) { .root = root };
}

static bool some(uint64_t n)
{
	return n && n != FT_UNKNOWN;
}

void ft_swap_areas_refresh(struct ft_swap_areas *s, uint64_t now_ns)
{
	struct ft_memory m;
	struct ft_vmstat vm;
	bool sure;

	if (s->read_ns && now_ns - s->read_ns < OLD_NS)
		return;
	s->read_ns = now_ns;
	s->zram = s->disk = s->zswapped = s->zeros = false;
	if (ft_swap_device(s->root, 0, s->name, sizeof(s->name), &sure) || !sure)
		s->name[0] = '\0';
	if (!ft_memory_read(s->root, &m)) {
		s->zram = m.zram;
		s->disk = m.disk;
	}
	if (!ft_vmstat_read(s->root, &vm)) {
		s->zswapped = some(vm.zswpout);
		s->zeros = some(vm.swpout_zero);
	}
}

const char *ft_swap_areas_name(const struct ft_swap_areas *s)
{
	return s->name[0] ? s->name : NULL;
}

const char *ft_swap_areas_kind(const struct ft_swap_areas *s, bool io)
{
	if (io)
		return s->zram && !s->disk ? "zram" : s->disk && !s->zram ? "disk" : "unknown";
	/* On 5.10 and 6.1 zram is read past the block layer, and so past the task's account. */
	if (s->zram && !s->disk && !s->zswapped && !s->zeros)
		return "zram";
	if (s->zswapped != s->zeros && !s->zram)
		return s->zeros ? "zero-page" : "zswap";
	return "unknown";
}
