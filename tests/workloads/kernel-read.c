/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel touching fresh user memory: write(2) to a pipe reads from it,
 * read(2) from /dev/zero writes to it. The copy then goes on where it was, so
 * there is one fault whatever its loop does (compare efault.c).
 *
 * With "file", write(2) to a file: since 6.15 ("filemap: move prefaulting out
 * of hot write path") the kernel first copies with page faults disabled. That
 * exception ends in a fixup that nobody gets to see as EFAULT; then the page is
 * faulted in by a second one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wl.h"

static void kernel_writes(char *mem, unsigned long n)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		wl_die("/dev/zero: %s", strerror(errno));
	for (unsigned long i = 0; i < n; i++) {
		if (read(fd, mem + i * wl_page, 1) != 1)
			wl_die("read: %s", strerror(errno));
	}
	close(fd);
}

static void kernel_reads_for_file(const char *mem, unsigned long n)
{
	int fd = memfd_create("faulttrace-wl", MFD_CLOEXEC);

	if (fd < 0)
		wl_die("memfd_create: %s", strerror(errno));
	for (unsigned long i = 0; i < n; i++) {
		if (pwrite(fd, mem + i * wl_page, 1, 0) != 1)
			wl_die("pwrite: %s", strerror(errno));
	}
	close(fd);
}

static void kernel_reads(const char *mem, unsigned long n)
{
	int fds[2];
	char c;

	if (pipe(fds))
		wl_die("pipe: %s", strerror(errno));
	for (unsigned long i = 0; i < n; i++) {
		if (write(fds[1], mem + i * wl_page, 1) != 1 || read(fds[0], &c, 1) != 1)
			wl_die("pipe: %s", strerror(errno));
	}
}

int main(int argc, char **argv)
{
	static const char *const words[] = { "read", "write", "file", NULL };
	unsigned long n = wl_init(argc, argv, "kernel-read", 1009);
	int word = wl_word(words);
	char *mem = wl_area(n * wl_page);
	struct wl_expect e = { .type = "minor",
			       .cause = word == 1 ? "zero-fill" : "zero-page",
			       .access = word == 1 ? "write" : "read",
			       .mode = "kernel",
			       .count = n,
			       .start = mem,
			       .end = mem + n * wl_page,
			       .mapping = "[anon]" };

	wl_begin();
	if (word == 1)
		kernel_writes(mem, n);
	else if (word == 2)
		kernel_reads_for_file(mem, n);
	else
		kernel_reads(mem, n);
	wl_end();

	wl_expect(&e);
	if (word == 2) {
		e.type = "invalid";
		e.cause = "nofault";
		e.at_most = 1;
		wl_expect(&e);
	}
	return wl_finish();
}
