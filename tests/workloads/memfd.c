/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* First touch of a mapped memfd. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wl.h"

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "memfd", 1009);
	struct wl_expect e = { .cause = "shmem", .access = "write", .count = n };
	char *mem = wl_area(n * wl_page);
	int fd = memfd_create("faulttrace-wl", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, n * wl_page))
		wl_die("memfd: %s", strerror(errno));
	if (mmap(mem, n * wl_page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != mem)
		wl_die("mmap: %s", strerror(errno));
	e.start = mem;
	e.end = mem + n * wl_page;
	e.mapping = wl_mapping_name(mem);
	wl_begin();
	wl_touch_write(mem, n, wl_page);
	/* Writes may count as major before 6.0, as in mkwrite.c. */
	wl_expect_split(&e, wl_end(), "retry");
	return wl_finish();
}
