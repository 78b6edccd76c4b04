/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * late N: N threads, one after the other, whose list of robust futexes is in a page that they never
 * touched: the kernel reads it when they have ended (exit_robust_list(), kernel/futex/core.c).
 * Prints where: {"pid":…,"start":"0x…","end":"0x…"}.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *leave(void *head)
{
	syscall(SYS_set_robust_list, head, sizeof(struct robust_list_head));
	return NULL;
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 101;
	/* The kernel maps up to 16 pages of a file at once: fault_around_bytes. */
	size_t page = 16 * (size_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create("late", MFD_CLOEXEC);
	char *here, *there;

	if (fd < 0 || ftruncate(fd, (off_t)(n * page))) {
		perror("memfd_create");
		return 1;
	}
	/* Written here, read by the kernel there. */
	here = mmap(NULL, n * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	there = mmap(NULL, n * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (here == MAP_FAILED || there == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (size_t i = 0; i < n; i++) {
		struct robust_list_head *to = (void *)(here + i * page);

		to->list.next = (void *)(there + i * page); /* an empty list */
	}
	for (size_t i = 0; i < n; i++) {
		pthread_t id;

		if (pthread_create(&id, NULL, leave, there + i * page) || pthread_join(id, NULL)) {
			perror("pthread_create");
			return 1;
		}
	}
	printf("{\"pid\":%d,\"start\":\"0x%lx\",\"end\":\"0x%lx\"}\n", getpid(), (long)there,
	       (long)there + (long)(n * page));
	return 0;
}
