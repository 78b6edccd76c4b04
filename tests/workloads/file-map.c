/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads of a private file mapping whose pages are in the page cache. */
#include <sys/mman.h>

#include "wl.h"

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "file-map", 1009);
	struct wl_file f;
	struct wl_expect e = { .cause = "file-map", .access = "read", .count = n };
	char *mem;

	wl_file_create(&f, n, WL_WINDOW);
	mem = wl_file_map(&f, PROT_READ, MAP_PRIVATE);
	e.start = mem;
	e.end = mem + f.bytes;
	e.mapping = f.path;
	wl_begin();
	wl_touch_read(mem, n, WL_WINDOW);
	wl_expect_cached(&e, wl_end());
	return wl_finish();
}
