/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * N rounds at one address, each time with another file mapped there: by
 * unmapping and mapping, by mapping over it, by moving a mapping onto it.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wl.h"

#define PAGES	   7
#define MAX_ROUNDS 250

static void put_there(const struct wl_file *f, char *there, char *elsewhere, unsigned long round)
{
	int way = round % 3;
	char *at = way == 2 ? elsewhere : there;

	if (way == 0 && munmap(there, f->bytes))
		wl_die("munmap: %s", strerror(errno));
	if (mmap(at, f->bytes, PROT_READ, MAP_PRIVATE | MAP_FIXED, f->fd, 0) != at)
		wl_die("mmap: %s", strerror(errno));
	if (way == 2 &&
	    mremap(at, f->bytes, f->bytes, MREMAP_MAYMOVE | MREMAP_FIXED, there) != there)
		wl_die("mremap: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	static struct wl_file files[MAX_ROUNDS];
	unsigned long n = wl_init(argc, argv, "churn", 101);
	char *there = wl_area(PAGES * WL_WINDOW), *elsewhere = wl_area(PAGES * WL_WINDOW);

	if (n > MAX_ROUNDS)
		wl_die("at most %d rounds", MAX_ROUNDS);
	for (unsigned long i = 0; i < n; i++)
		wl_file_create(&files[i], PAGES, WL_WINDOW);
	wl_begin();
	for (unsigned long i = 0; i < n; i++) {
		put_there(&files[i], there, elsewhere, i);
		wl_touch_read(there, PAGES, WL_WINDOW);
	}
	wl_end();

	for (unsigned long i = 0; i < n; i++)
		wl_expect(&(struct wl_expect) { .type = "minor",
						.cause = "file-map",
						.access = "read",
						.count = PAGES,
						.start = there,
						.end = there + files[i].bytes,
						.mapping = files[i].path });
	return wl_finish();
}
