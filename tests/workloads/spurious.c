/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two threads race for the same fresh pages: for each page one fault fills
 * it, and the other's may find it filled. How many do is chance; their sum
 * is what the kernel counted.
 */
#include <pthread.h>
#include <string.h>

#include "wl.h"

static unsigned long pages;
static char *mem;
static pthread_barrier_t ready, go, done, over;
static unsigned long at[2];

/* Keeps pace with the other, so that both arrive at each page together. */
static void race(int me)
{
	for (unsigned long i = 0; i < pages; i++) {
		__atomic_store_n(&at[me], i, __ATOMIC_RELEASE);
		for (int spin = 0; spin < 100000; spin++) {
			if (__atomic_load_n(&at[!me], __ATOMIC_ACQUIRE) >= i)
				break;
		}
		wl_touch_write(mem + i * wl_page, 1, wl_page);
	}
}

static void *other(void *arg)
{
	(void)arg;
	wl_pretouch_stack();
	pthread_barrier_wait(&ready);
	pthread_barrier_wait(&go);
	race(1);
	pthread_barrier_wait(&done);
	pthread_barrier_wait(&over);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_barrier_t *barriers[] = { &ready, &go, &done, &over };
	struct wl_faults d;
	pthread_t thread;
	int err;

	pages = wl_init(argc, argv, "spurious", 1009);
	mem = wl_area(pages * wl_page);
	for (int i = 0; i < 4; i++)
		pthread_barrier_init(barriers[i], NULL, 2);
	err = pthread_create(&thread, NULL, other, NULL);
	if (err)
		wl_die("pthread_create: %s", strerror(err));
	pthread_barrier_wait(&ready);
	wl_begin();
	pthread_barrier_wait(&go);
	race(0);
	pthread_barrier_wait(&done);
	d = wl_end();
	pthread_barrier_wait(&over);
	pthread_join(thread, NULL);
	if (d.minflt < pages || d.minflt > 2 * pages)
		wl_die("%lu faults of two threads on %lu pages", d.minflt, pages);

	wl_expect(&(struct wl_expect) { .type = "minor",
					.cause = "zero-fill|spurious",
					.access = "write",
					.count = d.minflt,
					.start = mem,
					.end = mem + pages * wl_page,
					.mapping = "[anon]" });
	return wl_finish();
}
