/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* 64 threads at once, each writing to an area of its own, N pages each. */
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wl.h"

#define NR_THREADS 64

struct worker {
	pthread_t thread;
	pid_t tid;
	char *mem;
};

static unsigned long pages;
static pthread_barrier_t ready, go, done, over;

static void *work(void *arg)
{
	struct worker *w = arg;

	w->tid = syscall(SYS_gettid);
	wl_pretouch_stack();
	pthread_barrier_wait(&ready);
	pthread_barrier_wait(&go);
	wl_touch_write(w->mem, pages, wl_page);
	pthread_barrier_wait(&done);
	/* What a thread touches when it ends comes after wl_end(). */
	pthread_barrier_wait(&over);
	return NULL;
}

static void start(struct worker *workers)
{
	pthread_attr_t attr;
	int err = 0;

	pthread_barrier_init(&ready, NULL, NR_THREADS + 1);
	pthread_barrier_init(&go, NULL, NR_THREADS + 1);
	pthread_barrier_init(&done, NULL, NR_THREADS + 1);
	pthread_barrier_init(&over, NULL, NR_THREADS + 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	for (int i = 0; i < NR_THREADS && !err; i++) {
		workers[i].mem = wl_area(pages * wl_page);
		err = pthread_create(&workers[i].thread, &attr, work, &workers[i]);
	}
	if (err)
		wl_die("pthread_create: %s", strerror(err));
}

int main(int argc, char **argv)
{
	static struct worker workers[NR_THREADS];

	pages = wl_init(argc, argv, "threads", 101);
	start(workers);
	pthread_barrier_wait(&ready);
	wl_begin();
	pthread_barrier_wait(&go);
	pthread_barrier_wait(&done);
	wl_end();
	pthread_barrier_wait(&over);
	for (int i = 0; i < NR_THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		wl_expect(&(struct wl_expect) { .type = "minor",
						.cause = "zero-fill",
						.access = "write",
						.count = pages,
						.start = workers[i].mem,
						.end = workers[i].mem + pages * wl_page,
						.mapping = "[anon]",
						.tid = workers[i].tid });
	}
	return wl_finish();
}
