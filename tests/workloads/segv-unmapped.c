/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Accesses where nothing is mapped, each taken by a handler. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "wl.h"

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "segv-unmapped", 1009);
	int access = wl_word(wl_access_name);
	char *mem = wl_area(n * wl_page);

	if (munmap(mem, n * wl_page))
		wl_die("munmap: %s", strerror(errno));
	wl_begin();
	wl_catch(SIGSEGV, SEGV_MAPERR, mem, n, wl_page, access);
	wl_end();

	wl_expect(&(struct wl_expect) { .type = "invalid",
					.cause = "unmapped",
					.access = wl_access_name[access],
					.count = n,
					.start = mem,
					.end = mem + n * wl_page });
	return wl_finish();
}
