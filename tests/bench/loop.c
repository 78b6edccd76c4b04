/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Page faults, and what one of them costs.
 *
 * usage: loop KIND [-b BATCHES] [-n FAULTS] [-t THREADS] [-m MAPPINGS] [-s SECONDS] [-u] [-w]
 *             [-o FILE]
 *
 * KIND: touch     first touch of anonymous memory
 *       file      mapping pages of the page cache, one in each window of fault-around
 *       cow       writing to pages shared with a child since fork()
 *       maps      first touch, each in another one of MAPPINGS mappings
 *       names     first touch, each batch under another one of MAPPINGS names of the thread
 *       exec      no faults of its own: FAULTS times fork() and exec() of /bin/true
 *       sleepers  starts FAULTS processes that sleep, prints their pids, the first that of their
 *                 parent: they end with it
 * -b  batches of -n faults in each thread; between them the pages are given back, unmeasured
 * -s  instead of -b: as many batches as go in SECONDS
 * -u  instead of -b: until SIGTERM; at each SIGUSR1 the result of what the first thread did since
 *     the last one
 * -w  stop (SIGSTOP) before the first batch, so that a tracer can be attached
 * -o  append the result to FILE instead of printing it
 *
 * The result is one line: faults, then in ns per fault the median over all batches of all threads
 * of their CPU time and of the wall time, the smallest CPU time, and the seconds of it all.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	    4096UL
#define WINDOW	    65536UL
#define MAX_THREADS 256
#define MAX_BATCHES 65536

struct sample {
	double cpu, wall; /* ns per fault */
};

struct kind;

struct worker {
	pthread_t thread;
	char *mem;
	struct sample *samples;
	size_t n;
};

static struct {
	const struct kind *kind;
	unsigned long batches, faults, threads, mappings;
	double seconds;
	bool wait, until_told;
	const char *out;
} opt = { .batches = 16, .faults = 2048, .threads = 1, .mappings = 10 };

/* A way of faulting: memory for opt.faults of them, made anew and given back around each batch. */
struct kind {
	const char *name;
	size_t stride;
	char *(*map)(void);
	void (*prepare)(struct worker *w);
	void (*faults)(struct worker *w);
	void (*back)(struct worker *w);
};

static pthread_barrier_t go;
static double deadline;
static char file_name[] = "/var/tmp/bench-loop.XXXXXX";
static int file = -1;
static pid_t sharer;
static struct worker workers[MAX_THREADS];
static volatile sig_atomic_t asked, ended;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void *map(size_t size, int prot, int flags, int fd)
{
	void *p = mmap(NULL, size, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static char *map_anon(void)
{
	return map(opt.faults * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static char *map_file(void)
{
	static char page[PAGE] = "x";

	if (file < 0) {
		file = mkstemp(file_name);
		if (file < 0)
			die(file_name);
		unlink(file_name);
		for (size_t i = 0; i < opt.faults * (WINDOW / PAGE); i++)
			if (write(file, page, PAGE) != (ssize_t)PAGE)
				die("write");
	}
	return map(opt.faults * WINDOW, PROT_READ, MAP_PRIVATE, file);
}

/* Neighbours that differ in their rights stay mappings of their own. */
static char *map_many(void)
{
	char *mem =
		map(opt.mappings * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	for (size_t i = 0; i < opt.mappings; i += 2)
		if (mprotect(mem + i * PAGE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC))
			die("mprotect (vm.max_map_count?)");
	return mem;
}

static void nothing(struct worker *w)
{
	(void)w;
}

static void write_each(struct worker *w)
{
	for (size_t i = 0; i < opt.faults; i++)
		*(volatile char *)(w->mem + i * PAGE) = 1;
}

static void read_each(struct worker *w)
{
	for (size_t i = 0; i < opt.faults; i++)
		(void)*(volatile char *)(w->mem + i * WINDOW);
}

/* Over all mappings, in steps that no cache of the last few would know. */
static void write_many(struct worker *w)
{
	size_t at = 0, step = opt.mappings / 7 * 3 + 1;

	for (size_t i = 0; i < opt.faults && i < opt.mappings; i++) {
		*(volatile char *)(w->mem + at * PAGE) = 1;
		at = (at + step) % opt.mappings;
	}
}

static void back_anon(struct worker *w)
{
	madvise(w->mem, opt.faults * PAGE, MADV_DONTNEED);
}

static void back_file(struct worker *w)
{
	madvise(w->mem, opt.faults * WINDOW, MADV_DONTNEED);
}

static void back_many(struct worker *w)
{
	madvise(w->mem, opt.mappings * PAGE, MADV_DONTNEED);
}

static void share(struct worker *w)
{
	write_each(w);
	sharer = fork();
	if (sharer < 0)
		die("fork");
	if (!sharer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	*(volatile char *)w->mem =
		2; /* the first one alone pays for what else fork() left behind */
}

static void unshare_back(struct worker *w)
{
	kill(sharer, SIGKILL);
	waitpid(sharer, NULL, 0);
	back_anon(w);
}

static void rename_thread(struct worker *w)
{
	char name[16];

	snprintf(name, sizeof(name), "loop-%u", (unsigned int)(w->n % opt.mappings));
	prctl(PR_SET_NAME, name);
}

static const struct kind kinds[] = {
	{ "touch", PAGE, map_anon, nothing, write_each, back_anon },
	{ "file", WINDOW, map_file, nothing, read_each, back_file },
	{ "cow", PAGE, map_anon, share, write_each, unshare_back },
	{ "maps", PAGE, map_many, nothing, write_many, back_many },
	{ "names", PAGE, map_anon, rename_thread, write_each, back_anon },
};

static void batch(struct worker *w)
{
	unsigned long n = opt.faults;
	double cpu, wall;

	if (opt.kind->map == map_many && opt.mappings < n)
		n = opt.mappings;
	opt.kind->prepare(w);
	wall = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_THREAD_CPUTIME_ID);
	opt.kind->faults(w);
	cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
	wall = now(CLOCK_MONOTONIC) - wall;
	opt.kind->back(w);
	w->samples[w->n % MAX_BATCHES] = (struct sample) { cpu / n, wall / n };
	w->n++;
}

static int by_cpu(const void *a, const void *b)
{
	double x = ((const struct sample *)a)->cpu, y = ((const struct sample *)b)->cpu;

	return (x > y) - (x < y);
}

static int by_wall(const void *a, const void *b)
{
	double x = ((const struct sample *)a)->wall, y = ((const struct sample *)b)->wall;

	return (x > y) - (x < y);
}

/* Of `threads` workers, over `seconds` in ns. */
static void report(struct worker *w, unsigned long threads, double seconds)
{
	FILE *f = opt.out ? fopen(opt.out, "ae") : stdout;
	struct sample *all, least;
	unsigned long n = 0, total = 0, per = opt.faults;
	double cpu;

	if (!f)
		die(opt.out);
	if (opt.kind->map == map_many && opt.mappings < per)
		per = opt.mappings;
	for (unsigned long i = 0; i < threads; i++)
		n += w[i].n < MAX_BATCHES ? w[i].n : MAX_BATCHES;
	all = calloc(n, sizeof(*all));
	if (!all || !n)
		die("no batch");
	n = 0;
	for (unsigned long i = 0; i < threads; i++) {
		size_t kept = w[i].n < MAX_BATCHES ? w[i].n : MAX_BATCHES;

		memcpy(all + n, w[i].samples, kept * sizeof(*all));
		n += kept;
		total += w[i].n * per;
	}
	qsort(all, n, sizeof(*all), by_cpu);
	least = all[0];
	cpu = all[n / 2].cpu;
	qsort(all, n, sizeof(*all), by_wall);
	fprintf(f, "%lu %.1f %.1f %.1f %.3f\n", total, cpu, all[n / 2].wall, least.cpu,
		seconds / 1e9);
	if (fclose(f))
		die("result");
	free(all);
}

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		asked = 1;
	else
		ended = 1;
}

/* Only the first thread answers: the signal of one question is one line. */
static void until_told(struct worker *w)
{
	double begin = now(CLOCK_MONOTONIC);

	while (!ended) {
		batch(w);
		if (!asked || w != &workers[0])
			continue;
		asked = 0;
		report(w, 1, now(CLOCK_MONOTONIC) - begin);
		begin = now(CLOCK_MONOTONIC);
		w->n = 0;
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&go);
	if (opt.until_told)
		until_told(w);
	else if (opt.seconds > 0)
		while (now(CLOCK_MONOTONIC) < deadline)
			batch(w);
	else
		for (unsigned long i = 0; i < opt.batches; i++)
			batch(w);
	return NULL;
}

static void exec_many(void)
{
	for (unsigned long i = 0; i < opt.faults; i++) {
		pid_t pid = fork();

		if (!pid) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			die("fork");
	}
}

static void sleepers(void)
{
	pid_t keeper = fork(), pid;

	if (keeper < 0)
		die("fork");
	if (keeper)
		return;
	printf("%d\n", getpid());
	for (unsigned long i = 0; i < opt.faults; i++) {
		fflush(stdout);
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid) {
			close(STDOUT_FILENO);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(0);
		}
		printf("%d\n", pid);
	}
	fclose(stdout);
	pause();
	_exit(0);
}

static void parse(int argc, char **argv)
{
	int c;

	for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(argv[1], kinds[i].name))
			opt.kind = &kinds[i];
	if (argc < 2 || (!opt.kind && strcmp(argv[1], "exec") && strcmp(argv[1], "sleepers"))) {
		fprintf(stderr,
			"usage: loop touch|file|cow|maps|names|exec [-b N] [-n N] [-t N] [-m N] "
			"[-s SECONDS] [-u] [-w] [-o FILE]\n");
		exit(2);
	}
	while ((c = getopt(argc - 1, argv + 1, "b:n:t:m:s:uwo:")) != -1) {
		switch (c) {
		case 'b':
			opt.batches = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			opt.faults = strtoul(optarg, NULL, 10);
			break;
		case 't':
			opt.threads = strtoul(optarg, NULL, 10);
			break;
		case 'm':
			opt.mappings = strtoul(optarg, NULL, 10);
			break;
		case 's':
			opt.seconds = strtod(optarg, NULL);
			break;
		case 'u':
			opt.until_told = true;
			break;
		case 'w':
			opt.wait = true;
			break;
		case 'o':
			opt.out = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (!opt.threads || opt.threads > MAX_THREADS || !opt.faults || !opt.mappings ||
	    (opt.threads > 1 && opt.kind && opt.kind->prepare == share)) {
		fprintf(stderr, "loop: a number is out of range (cow is for one thread)\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	size_t room = 0;
	double begin;

	parse(argc, argv);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	if (opt.until_told) {
		signal(SIGUSR1, on_signal);
		signal(SIGTERM, on_signal);
	}
	if (opt.wait)
		raise(SIGSTOP);
	if (!opt.kind) {
		if (argv[1][0] == 's')
			sleepers();
		else
			exec_many();
		return 0;
	}
	room = opt.seconds > 0 || opt.until_told ? MAX_BATCHES : opt.batches;
	pthread_barrier_init(&go, NULL, opt.threads + 1);
	for (unsigned long i = 0; i < opt.threads; i++) {
		workers[i].mem = opt.kind->map();
		workers[i].samples = calloc(room, sizeof(*workers[i].samples));
		if (!workers[i].samples ||
		    pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			die("thread");
	}
	begin = now(CLOCK_MONOTONIC);
	deadline = begin + opt.seconds * 1e9;
	pthread_barrier_wait(&go);
	for (unsigned long i = 0; i < opt.threads; i++)
		pthread_join(workers[i].thread, NULL);
	if (!opt.until_told)
		report(workers, opt.threads, now(CLOCK_MONOTONIC) - begin);
	return 0;
}
