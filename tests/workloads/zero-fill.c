/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* First write to private anonymous memory, or to the heap. */
#include <unistd.h>

#include "wl.h"

int main(int argc, char **argv)
{
	static const char *const words[] = { "mmap", "heap", NULL };
	unsigned long n = wl_init(argc, argv, "zero-fill", 1009);
	int heap = wl_word(words);
	char *mem = heap ? NULL : wl_area(n * wl_page);

	wl_begin();
	if (heap) {
		/* Only now: wl_begin() touches all of the heap that is there. */
		mem = sbrk(n * wl_page + wl_page);
		if (mem == (char *)-1)
			wl_die("sbrk failed");
		mem = (char *)(((unsigned long)mem + wl_page - 1) & ~(wl_page - 1));
	}
	wl_touch_write(mem, n, wl_page);
	wl_end();

	wl_expect(&(struct wl_expect) { .type = "minor",
					.cause = "zero-fill",
					.access = "write",
					.count = n,
					.start = mem,
					.end = mem + n * wl_page,
					.mapping = heap ? "[heap]" : "[anon]" });
	return wl_finish();
}
