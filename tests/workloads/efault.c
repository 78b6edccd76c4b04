/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls that return EFAULT, each after one fault in kernel mode.
 *
 * Not write(2) and read(2): their copy loops fault once or twice per call,
 * depending on the kernel (fixups that try again byte by byte; file systems
 * that try with faults disabled first). These ioctls are one get_user() and
 * one put_user() (fs/ioctl.c: ioctl_fionbio(), fs/pipe.c: pipe_ioctl()).
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wl.h"

int main(int argc, char **argv)
{
	static const char *const words[] = { "read", "write", NULL };
	unsigned long n = wl_init(argc, argv, "efault", 1009);
	int write = wl_word(words);
	char *mem = wl_area(n * wl_page);
	int fds[2];

	if (pipe(fds) || munmap(mem, n * wl_page))
		wl_die("cannot prepare: %s", strerror(errno));
	wl_begin();
	for (unsigned long i = 0; i < n; i++) {
		if (ioctl(fds[0], write ? FIONREAD : FIONBIO, mem + i * wl_page) != -1 ||
		    errno != EFAULT)
			wl_die("ioctl %lu did not fail with EFAULT", i);
	}
	wl_end();

	wl_expect(&(struct wl_expect) { .type = "invalid",
					.cause = "efault",
					.access = words[write],
					.mode = "kernel",
					.count = n,
					.start = mem,
					.end = mem + n * wl_page });
	return wl_finish();
}
