/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * First touches of the main thread's stack, downwards: of what the kernel
 * mapped at exec, and then beyond it, which grows the mapping.
 */
#include <sys/resource.h>

#include "wl.h"

/* Below what wl_pretouch() and signal frames may have reached. */
#define CLEAR (16 * 4096UL)
/* Left at the bottom; the argument strings are at the top. */
#define SPARE (256 * 1024UL)

/*
 * Writes below the stack pointer instead of moving it: the compiler's frames
 * never are exactly a page. No kernel minds since 5.0
 * ("x86/mm/fault: Allow stack access below %rsp").
 */
static __attribute__((noinline)) void grow(char *low, unsigned long n)
{
	for (unsigned long i = n; i > 0; i--)
		wl_touch_write(low + (i - 1) * wl_page, 1, wl_page);
}

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "stack", 1009);
	char *high = (char *)(((unsigned long)__builtin_frame_address(0) - CLEAR) & -wl_page);
	char *low = high - n * wl_page;
	struct rlimit limit;

	getrlimit(RLIMIT_STACK, &limit);
	if (limit.rlim_cur != RLIM_INFINITY && n * wl_page + CLEAR + SPARE > limit.rlim_cur)
		wl_die("%lu pages do not fit the stack limit of %lu bytes", n, limit.rlim_cur);
	wl_begin();
	grow(low, n);
	wl_end();

	wl_expect(&(struct wl_expect) { .type = "minor",
					.cause = "stack",
					.access = "write",
					.count = n,
					.start = low,
					.end = high,
					.mapping = "[stack]" });
	return wl_finish();
}
