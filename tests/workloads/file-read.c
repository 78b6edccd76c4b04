/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads of a file mapping whose pages are not in the page cache. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "wl.h"

/* mincore() says what is in the page cache, and maps nothing. */
static unsigned long resident(char *mem, unsigned long n)
{
	unsigned char *vec = calloc(n, 1);
	unsigned long count = 0;

	if (!vec || mincore(mem, n * wl_page, vec))
		wl_die("mincore: %s", strerror(errno));
	for (unsigned long i = 0; i < n; i++)
		count += vec[i] & 1;
	free(vec);
	return count;
}

/* What is still in a CPU's batch of fresh pages is not dropped the first time. */
static void drop(const struct wl_file *f, char *mem, unsigned long n)
{
	for (int i = 0; i < 5; i++) {
		int err = posix_fadvise(f->fd, 0, f->bytes, POSIX_FADV_DONTNEED);

		if (err)
			wl_die("posix_fadvise: %s", strerror(err));
		if (!resident(mem, n))
			return;
	}
	wl_skip("drop-cache", "%lu pages of %s stay in the page cache", resident(mem, n), f->path);
}

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "file-read", 503);
	struct wl_file f;
	char *mem;

	wl_file_create(&f, n, wl_page);
	mem = wl_file_map(&f, PROT_READ, MAP_PRIVATE);
	/* No readahead: each page is its own read. */
	if (madvise(mem, f.bytes, MADV_RANDOM))
		wl_die("madvise: %s", strerror(errno));
	drop(&f, mem, n);
	wl_begin();
	wl_touch_read(mem, n, wl_page);
	wl_end();

	wl_expect(&(struct wl_expect) { .type = "major",
					.cause = "file-read",
					.access = "read",
					.count = n,
					.start = mem,
					.end = mem + f.bytes,
					.mapping = f.path });
	return wl_finish();
}
