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

	mem = wl_file_to_write(&f, &e, stride, MAP_PRIVATE, after_read);
	e.cause = after_read ? "cow" : "file-cow";
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
