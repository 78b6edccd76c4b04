/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* MAP_POPULATE: the kernel faults the pages in itself, no exception is raised. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "wl.h"

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "populate", 1009);
	char *mem = wl_area(n * wl_page);

	wl_begin();
	if (mmap(mem, n * wl_page, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0) != mem)
		wl_die("mmap: %s", strerror(errno));
	wl_end();

	wl_expect_gup(n, mem, mem + n * wl_page);
	return wl_finish();
}
