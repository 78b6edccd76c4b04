/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pages that a thread supplies through userfaultfd: missing ones, at once or, with "slow", after a
 * delay (then something is known about the latency, too); or, with "in-cache", of a memfd that has
 * them. That one looks for requests without ever sleeping, and so some are answered before the
 * task that faulted has gone to sleep.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wl.h"

#define DELAY_US 2000

enum how { AT_ONCE, SLOW, IN_CACHE };

static enum how how;
static int uffd;

/* The next request. False when there will be none. */
static int next_request(struct uffd_msg *msg)
{
	ssize_t got;

	do
		got = read(uffd, msg, sizeof(*msg));
	while (got < 0 && errno == EAGAIN);
	return got == sizeof(*msg);
}

static void *supply(void *source)
{
	struct uffd_msg msg;

	while (next_request(&msg)) {
		unsigned long at = msg.arg.pagefault.address & -wl_page;
		struct uffdio_copy copy = {
			.dst = at,
			.src = (unsigned long)source,
			.len = wl_page,
		};
		struct uffdio_continue map = { .range = { at, wl_page } };

		if (how == SLOW)
			usleep(DELAY_US);
		if (how == IN_CACHE ? ioctl(uffd, UFFDIO_CONTINUE, &map)
				    : ioctl(uffd, UFFDIO_COPY, &copy))
			wl_die("userfaultfd, a page: %s", strerror(errno));
	}
	return NULL;
}

static void watch(char *mem, size_t bytes)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = how == IN_CACHE ? UFFD_FEATURE_MINOR_SHMEM : 0,
	};
	struct uffdio_register reg = {
		.range = { (unsigned long)mem, bytes },
		.mode = how == IN_CACHE ? UFFDIO_REGISTER_MODE_MINOR : UFFDIO_REGISTER_MODE_MISSING,
	};
	int flags = O_CLOEXEC | (how == IN_CACHE ? O_NONBLOCK : 0);

	/* UFFD_USER_MODE_ONLY came with 5.11. */
	uffd = syscall(SYS_userfaultfd, flags | UFFD_USER_MODE_ONLY);
	if (uffd < 0 && errno == EINVAL)
		uffd = syscall(SYS_userfaultfd, flags);
	if (uffd < 0)
		wl_skip("userfaultfd", "userfaultfd: %s", strerror(errno));
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg))
		wl_skip(how == IN_CACHE ? "uffd-minor" : "userfaultfd", "UFFDIO_REGISTER: %s",
			strerror(errno));
}

/* Mapped at `mem`; its pages are in the page cache, and not in this mapping's table. */
static void map_cached(char *mem, size_t bytes)
{
	int fd = memfd_create("faulttrace-wl", MFD_CLOEXEC);

	if (fd < 0)
		wl_die("memfd: %s", strerror(errno));
	for (size_t at = 0; at < bytes; at += wl_page)
		if (pwrite(fd, "", 1, at + wl_page - 1) != 1)
			wl_die("memfd: %s", strerror(errno));
	if (mmap(mem, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != mem)
		wl_die("mmap: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	static const char *const words[] = { "at-once", "slow", "in-cache", NULL };
	unsigned long n = wl_init(argc, argv, "uffd", 1009);
	char *mem = wl_area((n + 1) * wl_page), *source = wl_area(wl_page);
	struct wl_expect e = { .cause = "uffd", .access = "read", .count = n };
	pthread_t thread;
	int err;

	how = wl_word(words);
	e.min_latency_ns = how == SLOW ? DELAY_US * 1000UL : 0;
	if (how == IN_CACHE)
		map_cached(mem, (n + 1) * wl_page);
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
	if (how == IN_CACHE) {
		e.mapping = wl_mapping_name(mem);
		e.cause = "uffd|shmem"; /* one that did not sleep: as many as tests/live allows */
		e.file_offset = wl_page;
	}
	/* Waiting is a retry to the kernel, and that counts as major. */
	wl_expect_split(&e, wl_end(), "uffd");
	return wl_finish();
}
