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

	mem = wl_file_to_write(&f, &e, stride, MAP_SHARED, after_read);
	e.cause = "mkwrite";
	wl_begin();
	wl_touch_write(mem, n, stride);
	/*
	 * Before 6.0 ("mm: avoid unnecessary page fault retires on shared
	 * memory types") balancing dirty pages could end in a retry, which
	 * counts as major.
	 */
	wl_expect_split(&e, wl_end(), "retry");
	return wl_finish();
}
