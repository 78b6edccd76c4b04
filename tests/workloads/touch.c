/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a first touch costs: N pages in all, in as many threads as the WORD
 * says (default 1). Adds the nanoseconds per fault to the truth.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "wl.h"

#define MAX_THREADS 128

static const char *const words[] = { "1", "2", "4", "8", "16", "32", "64", "128", NULL };
static unsigned long share;
static pthread_barrier_t ready, go, done, over;

static void *work(void *mem)
{
	wl_pretouch_stack();
	pthread_barrier_wait(&ready);
	pthread_barrier_wait(&go);
	wl_touch_write(mem, share, wl_page);
	pthread_barrier_wait(&done);
	pthread_barrier_wait(&over);
	return NULL;
}

static void start(pthread_t *threads, int nr, char *mem)
{
	pthread_barrier_t *barriers[] = { &ready, &go, &done, &over };
	int err = 0;

	for (int i = 0; i < 4; i++)
		pthread_barrier_init(barriers[i], NULL, nr + 1);
	for (int i = 0; i < nr && !err; i++)
		err = pthread_create(&threads[i], NULL, work, mem + i * share * wl_page);
	if (err)
		wl_die("pthread_create: %s", strerror(err));
	pthread_barrier_wait(&ready);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	static char extra[128];
	unsigned long n = wl_init(argc, argv, "touch", 100003);
	int nr = 1 << wl_word(words);
	pthread_t threads[MAX_THREADS];
	double wall;
	char *mem;

	share = (n + nr - 1) / nr;
	n = share * nr;
	mem = wl_area(n * wl_page);
	start(threads, nr, mem);
	now(); /* the clock's page is mapped on first use */
	wl_begin();
	wall = now();
	pthread_barrier_wait(&go);
	pthread_barrier_wait(&done);
	wall = now() - wall;
	wl_end();
	pthread_barrier_wait(&over);
	for (int i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);

	snprintf(extra, sizeof(extra), "\"threads\":%d,\"wall_ns\":%.0f,\"ns_per_fault\":%.1f", nr,
		 wall, wall / n);
	wl_extra(extra);
	wl_expect(&(struct wl_expect) { .type = "minor",
					.cause = "zero-fill",
					.access = "write",
					.count = n,
					.start = mem,
					.end = mem + n * wl_page,
					.mapping = "[anon]" });
	return wl_finish();
}
