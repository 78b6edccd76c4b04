/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * First write to a private file mapping. With "after-read" the page is
 * already mapped, and the write is a copy-on-write.
 */
#include <sys/mman.h>

#include "wl.h"

int main(int argc, char **argv)
{
	static const char *const words[] = { "absent", "after-read", NULL };
	unsigned long n = wl_init(argc, argv, "file-cow", 1009);
	int after_read = wl_word(words);
	/* Only reads map what is around them. */
	size_t stride = after_read ? WL_WINDOW : wl_page;
	struct wl_expect e = { .count = n };
	struct wl_file f;
	char *mem;

	wl_file_create(&f, n, stride);
	mem = wl_file_map(&f, PROT_READ | PROT_WRITE, MAP_PRIVATE);
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
	e.cause = after_read ? "cow" : "file-cow";
	e.access = "write";
	wl_begin();
	wl_touch_write(mem, n, stride);
	if (!after_read) {
		wl_expect_cached(&e, wl_end());
		return wl_finish();
	}
	/* The page is mapped: a copy is made of it, locked or not. */
	wl_end();
	e.type = "minor";
	wl_expect(&e);
	return wl_finish();
}
