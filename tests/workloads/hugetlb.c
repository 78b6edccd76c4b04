/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* First writes to huge pages, reserved for it and given back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>

#include "wl.h"

#define NR_HUGEPAGES "/proc/sys/vm/nr_hugepages"

static long old_nr;

static void restore(void)
{
	wl_write_number(NR_HUGEPAGES, old_nr);
}

static size_t huge_page_size(void)
{
	unsigned long kb = 0;
	char line[256];
	FILE *in = fopen("/proc/meminfo", "re");

	while (in && !kb && fgets(line, sizeof(line), in))
		(void)!sscanf(line, "Hugepagesize: %lu kB", &kb);
	if (in)
		fclose(in);
	return kb * 1024;
}

static void reserve(unsigned long n)
{
	int fd = open(NR_HUGEPAGES, O_RDONLY | O_CLOEXEC);

	/* Held to the end: two of us at once would restore each other's number. */
	if (fd < 0 || flock(fd, LOCK_EX))
		wl_skip("hugetlb", NR_HUGEPAGES ": %s", strerror(errno));
	old_nr = wl_read_number(NR_HUGEPAGES);
	wl_cleanup(restore);
	if (wl_write_number(NR_HUGEPAGES, old_nr + n) ||
	    wl_read_number(NR_HUGEPAGES) < old_nr + (long)n)
		wl_skip("hugetlb", "cannot reserve %lu huge pages", n);
}

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "hugetlb", 7);
	size_t huge = huge_page_size();
	char *mem;

	if (!huge)
		wl_skip("hugetlb", "no hugetlbfs in this kernel");
	reserve(n);
	mem = mmap(NULL, n * huge, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (mem == MAP_FAILED)
		wl_skip("hugetlb", "mmap of %lu huge pages: %s", n, strerror(errno));
	wl_begin();
	wl_touch_write(mem, n, huge);
	wl_end();

	wl_expect(&(struct wl_expect) { .type = "minor",
					.cause = "hugetlb",
					.access = "write",
					.count = n,
					.start = mem,
					.end = mem + n * huge,
					.mapping = wl_mapping_name(mem) });
	return wl_finish();
}
