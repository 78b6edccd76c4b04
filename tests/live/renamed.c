/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * renamed: a file that is mapped and read under one name, then under another one, in another
 * folder, and when it is unlinked. Prints where, and what /proc/self/maps calls it there:
 * {"addr":"0x…","file":"…"}.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The name that the kernel gives a mapping; a path may hold anything but what ends its line. */
static const char *name_of(const void *at)
{
	static char line[PATH_MAX + 128];
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long start;
	const char *name = NULL;

	while (f && !name && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%lx-", &start) == 1 && start == (unsigned long)at)
			name = strchr(line, '/');
	}
	if (f)
		fclose(f);
	return name ? name : "";
}

static int read_once(int fd)
{
	const volatile char *at = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		return -1;
	(void)*at;
	printf("{\"addr\":\"0x%lx\",\"file\":\"%s\"}\n", (unsigned long)at,
	       name_of((const void *)at));
	return 0;
}

int main(void)
{
	int fd = open("first.tmp", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int err = fd < 0 || ftruncate(fd, 4096) || read_once(fd);

	err = err || rename("first.tmp", "final.dat") || read_once(fd);
	err = err || mkdir("folder", 0700) || rename("final.dat", "folder/final.dat");
	err = err || read_once(fd) || unlink("folder/final.dat") || read_once(fd);
	if (err)
		perror("renamed");
	return err;
}
