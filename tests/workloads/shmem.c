/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* First touch of shared anonymous memory. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "wl.h"

int main(int argc, char **argv)
{
	static const char *const words[] = { "write", "read", NULL };
	unsigned long n = wl_init(argc, argv, "shmem", 1009);
	int read = wl_word(words);
	struct wl_expect e = { .cause = "shmem", .access = words[read], .count = n };
	char *mem = wl_area(n * wl_page);

	if (mmap(mem, n * wl_page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) != mem)
		wl_die("mmap: %s", strerror(errno));
	e.start = mem;
	e.end = mem + n * wl_page;
	e.mapping = wl_mapping_name(mem);
	wl_begin();
	if (read)
		wl_touch_read(mem, n, wl_page);
	else
		wl_touch_write(mem, n, wl_page);
	/* Writes may count as major before 6.0, as in mkwrite.c. */
	wl_expect_split(&e, wl_end(), "retry");
	return wl_finish();
}
