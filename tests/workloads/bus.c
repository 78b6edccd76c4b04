/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads beyond the end of a mapped file, each taken by a handler. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wl.h"

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "bus", 1009);
	struct wl_file f;
	char *mem;

	wl_file_create(&f, 1, (n + 1) * wl_page);
	mem = wl_file_map(&f, PROT_READ, MAP_SHARED);
	/* The mapping keeps its size when the file shrinks. */
	if (ftruncate(f.fd, wl_page))
		wl_die("ftruncate: %s", strerror(errno));
	mem += wl_page;
	wl_begin();
	wl_catch(SIGBUS, BUS_ADRERR, mem, n, wl_page, WL_READ);
	wl_end();

	wl_expect(&(struct wl_expect) { .type = "invalid",
					.cause = "bus",
					.access = "read",
					.count = n,
					.start = mem,
					.end = mem + n * wl_page,
					.mapping = f.path,
					.file_offset = wl_page });
	return wl_finish();
}
