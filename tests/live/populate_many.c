/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* populate_many THREADS PAGES: each thread has the kernel populate so many pages, one at a time. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096

static long pages;

static void *populate(void *arg)
{
	(void)arg;
	for (long i = 0; i < pages; i++)
		if (mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
			abort();
	return NULL;
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[1]) : 0;
	pthread_t *t = calloc((size_t)n, sizeof(*t));

	if (!t || n < 1) {
		fputs("usage: populate_many THREADS PAGES\n", stderr);
		return 2;
	}
	pages = atol(argv[2]);
	for (long i = 0; i < n; i++)
		if (pthread_create(&t[i], NULL, populate, NULL))
			abort();
	for (long i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	return 0;
}
