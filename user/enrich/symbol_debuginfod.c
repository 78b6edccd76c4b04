/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include "enrich/symbol_debuginfod.h"

#define WAITING 64

/* elfutils/debuginfod.h, which need not be installed. */
typedef void client;
typedef int (*progress_fn)(client *c, long a, long b);

struct question {
	struct ft_debuginfod_key key;
	unsigned char build_id[FT_BUILD_ID_MAX];
	size_t len;
};

struct answer {
	struct ft_debuginfod_key key;
	char *path;
};

struct ft_debuginfod {
	void *lib;
	client *(*begin)(void);
	void (*end)(client *);
	int (*find)(client *, const unsigned char *, int, char **);
	void (*set_progress)(client *, progress_fn);
	void (*set_data)(client *, void *);

	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t asked;
	struct question q[WAITING]; /* all below by `lock` */
	struct answer a[WAITING];
	int n_q, n_a;
	atomic_int n_answers; /* n_a, to be looked at without the lock */
	atomic_bool stop;
};

/*
 * libdebuginfod's hook, called once a second and more: this is how a download is given up. It gets
 * nothing but the client, and the function that leads from there to `d` is in `d`.
 */
static void *(*get_data)(client *);

static int progress(client *c, long a, long b)
{
	const struct ft_debuginfod *d = get_data(c);

	return d->stop;
}

static bool load(struct ft_debuginfod *d)
{
	/* For good: it brings curl and its TLS library along, which cannot be unloaded cleanly. */
	d->lib = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!d->lib)
		return false;
	*(void **)&d->begin = dlsym(d->lib, "debuginfod_begin");
	*(void **)&d->end = dlsym(d->lib, "debuginfod_end");
	*(void **)&d->find = dlsym(d->lib, "debuginfod_find_debuginfo");
	*(void **)&d->set_progress = dlsym(d->lib, "debuginfod_set_progressfn");
	*(void **)&d->set_data = dlsym(d->lib, "debuginfod_set_user_data");
	*(void **)&get_data = dlsym(d->lib, "debuginfod_get_user_data");
	return d->begin && d->end && d->find && d->set_progress && d->set_data && get_data;
}

struct ft_debuginfod *ft_debuginfod_create(void)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	struct ft_debuginfod *d;

	/* Without an interpreter the program is static: dlopen() there is a trap. */
	if (!urls || !*urls || !getauxval(AT_BASE))
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	if (!load(d)) {
		ft_debuginfod_destroy(d);
		return NULL;
	}
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->asked, NULL);
	return d;
}

static bool next_question(struct ft_debuginfod *d, struct question *q)
{
	bool stop;

	pthread_mutex_lock(&d->lock);
	while (!d->n_q && !d->stop)
		pthread_cond_wait(&d->asked, &d->lock);
	stop = d->stop;
	if (!stop) {
		*q = d->q[0];
		memmove(d->q, d->q + 1, --d->n_q * sizeof(*d->q));
	}
	pthread_mutex_unlock(&d->lock);
	return !stop;
}

static void put_answer(struct ft_debuginfod *d, const struct ft_debuginfod_key *key, char *path)
{
	pthread_mutex_lock(&d->lock);
	if (d->n_a < WAITING) {
		d->a[d->n_a++] = (struct answer) { *key, path };
		atomic_store_explicit(&d->n_answers, d->n_a, memory_order_release);
		path = NULL;
	}
	pthread_mutex_unlock(&d->lock);
	free(path);
}

static void *run(void *arg)
{
	struct ft_debuginfod *d = arg;
	client *c = d->begin();
	struct question q;

	if (!c)
		return NULL;
	d->set_data(c, d);
	d->set_progress(c, progress);
	while (next_question(d, &q)) {
		char *path = NULL;
		int fd = d->find(c, q.build_id, q.len, &path);

		if (fd >= 0) {
			close(fd);
			put_answer(d, &q.key, path);
		}
	}
	d->end(c);
	return NULL;
}

static bool start(struct ft_debuginfod *d)
{
	sigset_t all, old;

	/* Signals are for the thread that waits for events. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	d->running = !pthread_create(&d->thread, NULL, run, d);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return d->running;
}

void ft_debuginfod_ask(struct ft_debuginfod *d, const struct ft_debuginfod_key *key,
		       const unsigned char *build_id, size_t len)
{
	if (!d || !len || len > FT_BUILD_ID_MAX || (!d->running && !start(d)))
		return;
	pthread_mutex_lock(&d->lock);
	if (d->n_q < WAITING) {
		struct question *q = &d->q[d->n_q++];

		q->key = *key;
		q->len = len;
		memcpy(q->build_id, build_id, len);
		pthread_cond_signal(&d->asked);
	}
	pthread_mutex_unlock(&d->lock);
}

bool ft_debuginfod_take(struct ft_debuginfod *d, struct ft_debuginfod_key *key, char **path)
{
	bool any;

	if (!d || !atomic_load_explicit(&d->n_answers, memory_order_acquire))
		return false;
	pthread_mutex_lock(&d->lock);
	any = d->n_a;
	if (any) {
		*key = d->a[--d->n_a].key;
		*path = d->a[d->n_a].path;
		atomic_store_explicit(&d->n_answers, d->n_a, memory_order_release);
	}
	pthread_mutex_unlock(&d->lock);
	return any;
}

void ft_debuginfod_destroy(struct ft_debuginfod *d)
{
	struct timespec until;

	if (!d)
		return;
	d->stop = true;
	if (d->running) {
		pthread_mutex_lock(&d->lock);
		pthread_cond_signal(&d->asked);
		pthread_mutex_unlock(&d->lock);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 300000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		/* Still waiting for a name server: the thread keeps `d`, and ends with the process.
		 */
		if (pthread_timedjoin_np(d->thread, NULL, &until)) {
			pthread_detach(d->thread);
			return;
		}
	}
	while (d->n_a)
		free(d->a[--d->n_a].path);
	free(d);
}
