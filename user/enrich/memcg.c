/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/procfs.h"
#include "enrich/memcg.h"
#include "enrich/statm.h"
#include "enrich/vmstat.h"

#define NO_LIMIT (1ULL << 62) /* v1 has no word for it: PAGE_COUNTER_MAX in bytes */

static ssize_t read_file(const char *dir, const char *file, char *buf, size_t size)
{
	char path[FT_PROC_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir + (dir[0] == '/'), file);
	return ft_proc_read("", path, buf, size);
}

static uint64_t read_number(const char *dir, const char *file)
{
	char buf[64];

	if (read_file(dir, file, buf, sizeof(buf)) <= 0 || buf[0] < '0' || buf[0] > '9')
		return FT_UNKNOWN; /* "max" */
	return strtoull(buf, NULL, 10);
}

int ft_memcg_read(const char *dir, bool v1, struct ft_memcg *out)
{
	char text[16384];
	ssize_t n = read_file(dir, "memory.stat", text, sizeof(text));
	uint64_t active, inactive;

	if (n < 0)
		return (int)n;
#define STAT(key) ft_vmstat_field(text, v1 ? "total_" key : key)
	active = STAT("active_file");
	inactive = STAT("inactive_file");
	*out = (struct ft_memcg) {
		.usage = read_number(dir, v1 ? "memory.usage_in_bytes" : "memory.current"),
		.limit = read_number(dir, v1 ? "memory.limit_in_bytes" : "memory.max"),
		.file_lru = active == FT_UNKNOWN || inactive == FT_UNKNOWN ? FT_UNKNOWN
									   : active + inactive,
		.refault_anon = STAT("workingset_refault_anon"),
		.refault_file = STAT("workingset_refault_file"),
		.pgmajfault = STAT("pgmajfault"),
	};
#undef STAT
	if (out->limit != FT_UNKNOWN && out->limit >= NO_LIMIT)
		out->limit = FT_UNKNOWN;
	return 0;
}

static uint64_t room(const struct ft_memcg *m)
{
	return m->limit > m->usage ? m->limit - m->usage : 0;
}

bool ft_memcg_tightest(const char *root, const char *dir, bool v1, char *at, size_t size,
		       struct ft_memcg *out)
{
	char path[FT_PROC_PATH_MAX];
	bool found = false;
	struct ft_memcg m;

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return false;
	while (strlen(path) > strlen(root)) {
		char *end = strrchr(path, '/');

		if (!ft_memcg_read(path, v1, &m) && m.limit != FT_UNKNOWN &&
		    m.usage != FT_UNKNOWN && (!found || room(&m) < room(out))) {
			*out = m;
			snprintf(at, size, "%s", path);
			found = true;
		}
		if (!end)
			break;
		*end = 0;
	}
	return found;
}
