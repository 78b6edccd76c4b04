/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * First write to a clean page of a shared file mapping: not mapped yet, or
 * with "after-read" mapped read-only.
 */
#include <sys/mman.h>

#include "wl.h"

int main(int argc, char **argv)
{
	static const char *const words[] = { "absent", "after-read", NULL };
	unsigned long n = wl_init(argc, argv, "mkwrite", 1009);
	int after_read = wl_word(words);
	/* Only reads map what is around them. */
	size_t stride = after_read ? WL_WINDOW : wl_page;
	struct wl_expect e = { .count = n };
	struct wl_file f;
	char *mem;

	wl_file_create(&f, n, stride);
	mem = wl_file_map(&f, PROT_READ | PROT_WRITE, MAP_SHARED);
	e.start = mem;
	e.end = mem + f.bytes;
	e.mapping = f.path;
	if (after_read) {
		e.cause = "file-map";
		e.access = "read";
		wl_begin();
		wl_touch_read(mem, n, stride);
		wl_expect_cached(&e, wl_end());
	}
	wl_begin();
	wl_touch_write(mem, n, stride);
	e.cause = "mkwrite";
	e.access = "write";
	/*
	 * Before 6.0 ("mm: avoid unnecessary page fault retires on shared
	 * memory types") balancing dirty pages could end in a retry, which
	 * counts as major.
	 */
	wl_expect_split(&e, wl_end(), "retry");
	return wl_finish();
}
