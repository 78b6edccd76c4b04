/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/procfs.h"
#include "base/scan.h"
#include "enrich/machine.h"
#include "enrich/pagemap.h"

#define THP "sys/kernel/mm/transparent_hugepage/"

static uint64_t read_number(const char *root, const char *path, uint64_t missing)
{
	char text[64];
	ssize_t n = ft_proc_read(root, path, text, sizeof(text));
	struct ft_scan c = { text, text + (n > 0 ? n : 0) };
	uint64_t v;

	return n > 0 && ft_scan_u64(&c, &v) ? v : missing;
}

/* "always [madvise] never"; false for "[inherit]" and for a kernel without the file. */
static bool read_thp_mode(const char *root, const char *path, enum ft_thp *mode)
{
	char text[64];

	if (ft_proc_read(root, path, text, sizeof(text)) <= 0 || strstr(text, "[inherit]"))
		return false;
	*mode = strstr(text, "[always]")    ? FT_THP_ALWAYS
		: strstr(text, "[madvise]") ? FT_THP_MADVISE
					    : FT_THP_NEVER;
	return true;
}

/* Since 6.8 every size has a setting of its own, which may refer to the old one for all. */
static void read_thp(const char *root, struct ft_machine *m)
{
	char path[128];

	m->thp_size = read_number(root, THP "hpage_pmd_size", 0);
	snprintf(path, sizeof(path), THP "hugepages-%llukB/enabled",
		 (unsigned long long)m->thp_size / 1024);
	if (!read_thp_mode(root, path, &m->thp))
		read_thp_mode(root, THP "enabled", &m->thp);
	m->thp_zero_page = read_number(root, THP "use_zero_page", 0);
}

/* In the flags of the first processor; the list is the longest line of the file, 3 KB or so. */
static bool cpu_has(const char *root, const char *flag)
{
	char text[16384], *line, *end;
	size_t len = strlen(flag);
	ssize_t n = ft_proc_read(root, "proc/cpuinfo", text, sizeof(text));

	/* More processors than fit: the first is in what was read, and all are alike. */
	if (n < 0 && n != -E2BIG)
		return false;
	text[sizeof(text) - 1] = '\0';
	line = strstr(text, "\nflags");
	end = line ? strchr(line + 1, '\n') : NULL;
	if (!end)
		return false;
	*end = '\0';
	for (char *s = line; (s = strstr(s, flag)) != NULL; s += len)
		if (s[-1] == ' ' && (!s[len] || s[len] == ' '))
			return true;
	return false;
}

/* How often the first write to a new page of ours faults, after a read of it or not. */
static struct rusage first_write(size_t page, int how, bool after_read)
{
	struct rusage before, after = { 0 };
	volatile char *mem = mmap(NULL, page, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		return after;
	if (after_read)
		(void)mem[0];
	getrusage(RUSAGE_THREAD, &before);
	mem[0] = 1;
	getrusage(RUSAGE_THREAD, &after);
	munmap((void *)mem, page);
	after.ru_minflt -= before.ru_minflt;
	after.ru_majflt -= before.ru_majflt;
	return after;
}

/* Tried: a write after the read faults where the read has mapped what all share. */
static bool reads_own_zeros(size_t page)
{
	return first_write(page, MAP_PRIVATE, true).ru_minflt == 0;
}

/* Tried: nothing is read for a new page, so that only trying again makes its fault a major one. */
static bool retries_dirty(size_t page)
{
	return first_write(page, MAP_SHARED, false).ru_majflt != 0;
}

/* Tried: a page that was written this moment is not one that KSM has found. */
static bool calls_all_ksm(size_t page)
{
	volatile char *mem =
		mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ft_pagemap entry = {};
	uint64_t raw, flags = 0;

	if (mem == MAP_FAILED)
		return false;
	mem[0] = 1;
	if (!ft_pagemap_read("", getpid(), (uintptr_t)mem, page, 1, &raw))
		ft_pagemap_decode(raw, &entry);
	if (entry.present && entry.frame_known)
		ft_kpageflags_read("", entry.frame, &flags);
	munmap((void *)mem, page);
	return flags >> FT_KPF_KSM & 1;
}

void ft_machine_read(const char *root, struct ft_machine *out)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	*out = (struct ft_machine) {
#ifdef __x86_64__
		.x86 = true,
#endif
		.page_shift = __builtin_ctzll(page),
		.own_zeros = reads_own_zeros(page),
		.dirty_retries = retries_dirty(page),
		.ksm_unknown = calls_all_ksm(page),
		.la57 = cpu_has(root, "la57"),
		.numa_balancing = read_number(root, "proc/sys/kernel/numa_balancing", 0),
		.mmap_min_addr = read_number(root, "proc/sys/vm/mmap_min_addr", 0),
	};
	read_thp(root, out);
}
