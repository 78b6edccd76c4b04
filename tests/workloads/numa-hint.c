/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Faults by which NUMA balancing finds out who uses a page. When they come is up to the kernel. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "wl.h"

#define BALANCING "/proc/sys/kernel/numa_balancing"
#define SECONDS	  20

static long old_balancing;

static void restore(void)
{
	wl_write_number(BALANCING, old_balancing);
}

static void switch_on(void)
{
	if (!strpbrk(wl_read_text("/sys/devices/system/node/online"), "-,"))
		wl_skip("numa", "fewer than two NUMA nodes");
	old_balancing = wl_read_number(BALANCING);
	if (old_balancing < 0)
		wl_skip("numa", "no NUMA balancing in this kernel");
	wl_cleanup(restore);
	if (wl_write_number(BALANCING, 1))
		wl_skip("numa", "cannot write to " BALANCING);
}

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "numa-hint", 101), hints = 0;
	char *mem = wl_area(n * wl_page);
	struct wl_expect e = { .type = "minor",
			       .cause = "zero-fill",
			       .access = "write",
			       .count = n,
			       .start = mem,
			       .end = mem + n * wl_page,
			       .mapping = "[anon]" };
	time_t end = time(NULL) + SECONDS;

	switch_on();
	wl_begin();
	wl_touch_write(mem, n, wl_page);
	wl_end();
	wl_expect(&e);
	/* Page by page, since the stack and the data are probed just the same. */
	for (unsigned long i = 0; hints < n && time(NULL) < end; i = (i + 1) % n) {
		wl_begin();
		wl_touch_read(mem + i * wl_page, 1, wl_page);
		hints += wl_end().minflt;
	}
	if (!hints)
		wl_skip("numa", "no hint fault within %d seconds", SECONDS);
	e.cause = "numa-hint";
	e.access = "read";
	e.count = hints;
	wl_expect(&e);
	return wl_finish();
}
