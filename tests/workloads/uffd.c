/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Missing pages that a thread supplies through userfaultfd, at once or, with
 * "slow", after a delay: then something is known about the latency, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wl.h"

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1 /* 5.11 */
#endif

#define DELAY_US 2000

static int uffd, slow;

static void *supply(void *source)
{
	struct uffd_msg msg;

	while (read(uffd, &msg, sizeof(msg)) == sizeof(msg)) {
		struct uffdio_copy copy = {
			.dst = msg.arg.pagefault.address & -wl_page,
			.src = (unsigned long)source,
			.len = wl_page,
		};

		if (slow)
			usleep(DELAY_US);
		if (ioctl(uffd, UFFDIO_COPY, &copy))
			wl_die("UFFDIO_COPY: %s", strerror(errno));
	}
	return NULL;
}

static void watch(char *mem, size_t bytes)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (unsigned long)mem, bytes },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (uffd < 0 && errno == EINVAL)
		uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0)
		wl_skip("userfaultfd", "userfaultfd: %s", strerror(errno));
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg))
		wl_skip("userfaultfd", "UFFDIO_REGISTER: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	static const char *const words[] = { "at-once", "slow", NULL };
	unsigned long n = wl_init(argc, argv, "uffd", 1009);
	char *mem = wl_area((n + 1) * wl_page), *source = wl_area(wl_page);
	struct wl_expect e = { .cause = "uffd", .access = "read", .count = n };
	pthread_t thread;
	int err;

	slow = wl_word(words);
	e.min_latency_ns = slow ? DELAY_US * 1000UL : 0;
	watch(mem, (n + 1) * wl_page);
	wl_touch_write(source, 1, wl_page);
	err = pthread_create(&thread, NULL, supply, source);
	if (err)
		wl_die("pthread_create: %s", strerror(err));
	/* The first page is not counted: with it the thread touches what it needs itself. */
	wl_touch_read(mem, 1, wl_page);
	mem += wl_page;
	wl_begin();
	wl_touch_read(mem, n, wl_page);
	e.start = mem;
	e.end = mem + n * wl_page;
	e.mapping = "[anon]";
	/* Waiting is a retry to the kernel, and that counts as major. */
	wl_expect_split(&e, wl_end(), "uffd|retry");
	return wl_finish();
}
