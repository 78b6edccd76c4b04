/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The scenarios of one-touch with userfaultfd: a thread answers what the touch asks. */
#ifndef ONE_TOUCH_UFFD_H
#define ONE_TOUCH_UFFD_H

static int uffd;

static void *serve(void *arg)
{
	struct uffd_msg msg;

	while (read(uffd, &msg, sizeof(msg)) == sizeof(msg)) {
		struct uffdio_range at = { msg.arg.pagefault.address & -page, page };
		struct uffdio_zeropage zero = { .range = at };
		struct uffdio_writeprotect allow = { .range = at };
		struct uffdio_continue go_on = { .range = at };

		if (msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP)
			ioctl(uffd, UFFDIO_WRITEPROTECT, &allow);
		else if (msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_MINOR)
			ioctl(uffd, UFFDIO_CONTINUE, &go_on);
		else
			ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
	}
	return arg;
}

static char *register_area(const struct scenario *s, __u64 features, __u64 mode)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	char *p = map(s);
	struct uffdio_register reg = { .range = { (unsigned long)p, SIZE }, .mode = mode };
	pthread_t t;

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg))
		skip("userfaultfd");
	pthread_create(&t, NULL, serve, NULL);
	return p;
}

static char *s_uffd(const struct scenario *s)
{
	return register_area(s, 0, UFFDIO_REGISTER_MODE_MISSING);
}

static char *s_uffd_minor(const struct scenario *s)
{
	return register_area(s, UFFD_FEATURE_MINOR_SHMEM, UFFDIO_REGISTER_MODE_MINOR);
}

/* Where no page is mapped, a marker keeps that it will be write-protected. */
static char *s_uffd_wp(const struct scenario *s)
{
	char *p = register_area(s, UFFD_FEATURE_WP_HUGETLBFS_SHMEM, UFFDIO_REGISTER_MODE_WP);
	struct uffdio_writeprotect wp = {
		.range = { (unsigned long)p, page },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	if (ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		skip("write-protect");
	return p;
}

#endif
