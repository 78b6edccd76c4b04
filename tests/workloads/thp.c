/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* First writes that each map a transparent huge page. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "wl.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"

/* From the mapping at mem in /proc/self/smaps. */
static unsigned long anon_huge_bytes(const char *mem)
{
	unsigned long start, end, kb = 0;
	char line[512];
	int here = 0;
	FILE *in = fopen("/proc/self/smaps", "re");

	if (!in)
		wl_die("/proc/self/smaps: %s", strerror(errno));
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start == (unsigned long)mem;
		else if (here && sscanf(line, "AnonHugePages: %lu kB", &kb) == 1)
			break;
	}
	fclose(in);
	return kb * 1024;
}

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "thp", 13), got;
	long huge = wl_read_number(THP "hpage_pmd_size");
	struct wl_faults d;
	char *mem;

	if (huge <= 0 || strstr(wl_read_text(THP "enabled"), "[never]"))
		wl_skip("thp", "transparent huge pages are not in this kernel, or off");
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	mem = wl_area_aligned(n * huge, huge);
	if (madvise(mem, n * huge, MADV_HUGEPAGE))
		wl_skip("thp", "madvise(MADV_HUGEPAGE): %s", strerror(errno));
	wl_begin();
	wl_touch_write(mem, n, huge);
	d = wl_end();
	got = anon_huge_bytes(mem) / huge;
	if (got != n && d.minflt == n)
		wl_skip("thp", "memory too fragmented: %lu of %lu huge pages", got, n);

	wl_expect(&(struct wl_expect) { .type = "minor",
					.cause = "thp",
					.access = "write",
					.count = n,
					.start = mem,
					.end = mem + n * huge,
					.mapping = "[anon]" });
	return wl_finish();
}
