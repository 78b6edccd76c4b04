/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Accesses that the mapping forbids, each taken by a handler. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "wl.h"

int main(int argc, char **argv)
{
	static const char *const words[] = { "write", "read", "exec", NULL };
	static const enum wl_access accesses[] = { WL_WRITE, WL_READ, WL_EXEC };
	unsigned long n = wl_init(argc, argv, "segv-protection", 1009);
	enum wl_access access = accesses[wl_word(words)];
	char *mem = wl_area(n * wl_page);
	struct wl_expect e = {
		.count = n, .start = mem, .end = mem + n * wl_page, .mapping = "[anon]"
	};

	/* Readable unless reading is what must fail. */
	if (mprotect(mem, n * wl_page, access == WL_READ ? PROT_NONE : PROT_READ))
		wl_die("mprotect: %s", strerror(errno));
	wl_begin();
	/*
	 * x86 looks at the execute permission only when it finds a page, and
	 * first faults one in; arm64 asks the mapping first. With the page
	 * there, both raise one fault.
	 */
	if (access == WL_EXEC)
		wl_touch_read(mem, n, wl_page);
	wl_catch(SIGSEGV, SEGV_ACCERR, mem, n, wl_page, access);
	wl_end();

	if (access == WL_EXEC) {
		e.type = "minor";
		e.cause = "zero-page";
		e.access = "read";
		wl_expect(&e);
	}
	e.type = "invalid";
	e.cause = "protection";
	e.access = wl_access_name[access];
	wl_expect(&e);
	return wl_finish();
}
