/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * First read of private anonymous memory; with "then-write" the copy of the zero page after it,
 * where the kernel has mapped that; with "dev-zero" of /dev/zero mapped privately, the same to the
 * kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "wl.h"

static void map_dev_zero(char *mem, size_t bytes)
{
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		wl_skip("dev-zero", "/dev/zero: %s", strerror(errno));
	if (mmap(mem, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0) != mem)
		wl_die("mmap of /dev/zero: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	static const char *const words[] = { "read", "then-write", "dev-zero", NULL };
	unsigned long n = wl_init(argc, argv, "zero-page", 1009);
	int word = wl_word(words);
	int copies = word && wl_zero_page();
	char *mem = wl_area(n * wl_page);
	struct wl_expect e = { .type = "minor",
			       .cause = "zero-page",
			       .access = "read",
			       .count = n,
			       .start = mem,
			       .end = mem + n * wl_page,
			       .mapping = word == 2 ? "/dev/zero" : "[anon]" };

	if (word == 2)
		map_dev_zero(mem, n * wl_page);
	wl_begin();
	wl_touch_read(mem, n, wl_page);
	if (word)
		wl_touch_write(mem, n, wl_page);
	wl_end();

	wl_expect(&e);
	if (copies) {
		e.cause = "cow";
		e.access = "write";
		wl_expect(&e);
	}
	return wl_finish();
}
