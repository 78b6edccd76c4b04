/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/procfs.h"
#include "enrich/statm.h"
#include "enrich/vmstat.h"

#define TEXT_MAX 32768

uint64_t ft_vmstat_field(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) != 0 || (line[len] != ' ' && line[len] != ':'))
			continue;
		line += len + 1;
		line += strspn(line, " ");
		return *line >= '0' && *line <= '9' ? strtoull(line, NULL, 10) : FT_UNKNOWN;
	}
	return FT_UNKNOWN;
}

int ft_vmstat_read(const char *root, struct ft_vmstat *out)
{
	char text[TEXT_MAX];
	ssize_t n = ft_proc_read(root, "proc/vmstat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	*out = (struct ft_vmstat) {
		.pswpin = ft_vmstat_field(text, "pswpin"),
		.pswpout = ft_vmstat_field(text, "pswpout"),
		.swpin_zero = ft_vmstat_field(text, "swpin_zero"),
		.swpout_zero = ft_vmstat_field(text, "swpout_zero"),
		.zswpin = ft_vmstat_field(text, "zswpin"),
		.zswpout = ft_vmstat_field(text, "zswpout"),
		.zswpwb = ft_vmstat_field(text, "zswpwb"),
		.pgmajfault = ft_vmstat_field(text, "pgmajfault"),
		.refault_anon = ft_vmstat_field(text, "workingset_refault_anon"),
		.refault_file = ft_vmstat_field(text, "workingset_refault_file"),
	};
	/* One counter for both before 5.9: 170b04b7ae49 ("mm/workingset: prepare the workingset
	 * detection infrastructure for anon LRU"). Then all were of files. */
	if (out->refault_file == FT_UNKNOWN)
		out->refault_file = ft_vmstat_field(text, "workingset_refault");
	return 0;
}

static uint64_t kb(const char *text, const char *key)
{
	uint64_t v = ft_vmstat_field(text, key);

	return v == FT_UNKNOWN ? v : v * 1024;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a == FT_UNKNOWN ? b : b == FT_UNKNOWN ? a : a + b;
}

int ft_memory_read(const char *root, struct ft_memory *out)
{
	char text[TEXT_MAX];
	ssize_t n = ft_proc_read(root, "proc/meminfo", text, sizeof(text));

	if (n < 0)
		return (int)n;
	*out = (struct ft_memory) {
		.total = kb(text, "MemTotal"),
		.available = kb(text, "MemAvailable"),
		.swap_total = kb(text, "SwapTotal"),
		.swap_free = kb(text, "SwapFree"),
		.file_lru = plus(kb(text, "Active(file)"), kb(text, "Inactive(file)")),
		.anon_lru = plus(kb(text, "Active(anon)"), kb(text, "Inactive(anon)")),
	};
	n = ft_proc_read(root, "proc/swaps", text, sizeof(text));
	for (char *line = n > 0 ? strchr(text, '\n') : NULL; line && line[1];
	     line = strchr(line + 1, '\n')) {
		bool zram = !strncmp(line + 1, "/dev/zram", 9);

		out->zram |= zram;
		out->disk |= !zram;
	}
	return 0;
}

uint64_t ft_vmstat_out(const struct ft_vmstat *v)
{
	uint64_t all = plus(v->pswpout, plus(v->swpout_zero, v->zswpout));

	return v->zswpwb == FT_UNKNOWN || all == FT_UNKNOWN || all < v->zswpwb ? all
									       : all - v->zswpwb;
}

uint64_t ft_vmstat_in(const struct ft_vmstat *v)
{
	return plus(v->pswpin, plus(v->swpin_zero, v->zswpin));
}
