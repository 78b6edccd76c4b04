/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory pressure with a known culprit: touches memory in a known pattern for a known time, and
 * prints, as one line of JSON, what its own clock says it waited.
 *
 *	pressure SECONDS PATTERN MB [PAUSE_US] [FILE]
 *
 *	random	   anonymous memory, filled, then written at random
 *	read	   … then read at random
 *	shm	   shared memory, filled, then written at random
 *	grow	   filled once over the time, never touched again
 *	quiet	   filled, then all of it read and written now and then (PAUSE_US between rounds)
 *	hog	   filled again and again from the beginning, as fast as it goes
 *	pushout	   filled, then pushed out with MADV_PAGEOUT, and left alone
 *	zeros	   filled with zeros, pushed out, and read
 *	crowd	   5,000 processes that are there at once: each fills its part, pushes it out, and
 *		   reads it again
 *	make	   makes FILE of that size, on disk and not in the page cache
 *	file	   FILE of that size (made if it is not there) is read at random through a mapping
 *	cold	   … each of its pages once, in an order that nobody can read ahead
 *	stream	   … once from the beginning to the end
 *	small	   files of a page each, FILE.0, FILE.1 …, are made, and read once each
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define PAGE 4096UL

static uint64_t seed = 88172645463325252ULL;
static volatile uint64_t sink;
static uint64_t touches, deadline;
static uint64_t slow, slow_ns;	 /* of touches for which the kernel counted a major fault */
static uint64_t exits, exits_ns; /* slow, and the kernel counted no fault: a hypervisor's */
static uint64_t rested_ns, first_ns;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Pages neither zero nor alike. */
static void fill_page(char *p)
{
	for (size_t i = 0; i < PAGE; i += 64)
		*(uint64_t *)(p + i) = next_random();
}

static void rest(unsigned int us)
{
	uint64_t begin = now_ns();

	usleep(us);
	rested_ns += now_ns() - begin;
}

/*
 * How long this task has neither run nor been ready to, but for its rests, up to a constant: by the
 * scheduler's accounts.
 */
static uint64_t blocked_ns(void)
{
	uint64_t ran = 0, ready = 0;
	FILE *f = fopen("/proc/self/schedstat", "r");

	if (!f || fscanf(f, "%" SCNu64 " %" SCNu64, &ran, &ready) != 2) {
		perror("/proc/self/schedstat");
		exit(1);
	}
	fclose(f);
	return now_ns() - ran - ready - rested_ns;
}

/*
 * One access, timed; when it was slow, the kernel is asked why. The program's own clock is an upper
 * bound of what a fault takes: it includes what a hypervisor takes to hand the fault over and to
 * map the page, which no kernel sees. What the task was blocked is a lower bound.
 */
static void touch(char *p, int write)
{
	static long majors, minors;
	struct rusage ru;
	uint64_t begin, took;

	if (!touches)
		first_ns = blocked_ns();
	begin = now_ns();
	if (write) /* and not read before: that would be two faults, of which the second copies */
		*(volatile uint64_t *)p = begin;
	else
		sink += *(volatile uint64_t *)p;
	took = now_ns() - begin;
	touches++;
	if (took <= 2000)
		return;
	getrusage(RUSAGE_THREAD, &ru);
	if (ru.ru_majflt != majors) {
		slow++;
		slow_ns += took;
	} else if (ru.ru_minflt == minors) {
		exits++;
		exits_ns += took;
	}
	majors = ru.ru_majflt;
	minors = ru.ru_minflt;
}

static char *map_memory(size_t bytes, int how)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

static char *map_anon(size_t bytes)
{
	return map_memory(bytes, MAP_PRIVATE);
}

/*
 * With a breath after each MB, so that it is not all written at once. The time runs from when it is
 * full: on a small or busy machine that takes long.
 */
static void fill(char *p, size_t bytes, double seconds)
{
	for (size_t at = 0; at < bytes; at += PAGE) {
		fill_page(p + at);
		if (at % (256 * PAGE) == 0)
			rest(3000);
	}
	deadline = now_ns() + (uint64_t)(seconds * 1e9);
}

static void make_file(const char *path, size_t bytes)
{
	static char page[PAGE];
	struct stat st;
	int fd;

	if (!stat(path, &st) && (size_t)st.st_size == bytes)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	for (size_t at = 0; at < bytes; at += PAGE) {
		fill_page(page);
		if (fd < 0 || write(fd, page, PAGE) != (ssize_t)PAGE) {
			perror(path);
			exit(1);
		}
	}
	fsync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

static char *map_file(const char *path, size_t bytes, int advice)
{
	int fd = open(path, O_RDONLY);
	char *p = fd < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED) {
		perror(path);
		exit(1);
	}
	close(fd);
	madvise(p, bytes, advice);
	return p;
}

static void run_small(const char *path, size_t bytes)
{
	char name[4096];

	for (size_t i = 0; i < bytes / PAGE; i++) {
		snprintf(name, sizeof(name), "%s.%zu", path, i);
		make_file(name, PAGE);
	}
	for (size_t i = 0; i < bytes / PAGE; i++) {
		char *p;

		snprintf(name, sizeof(name), "%s.%zu", path, i);
		p = map_file(name, PAGE, MADV_RANDOM);
		touch(p, 0);
		munmap(p, PAGE);
	}
}

static void run_random(char *p, size_t bytes, int write)
{
	while (now_ns() < deadline)
		touch(p + next_random() % (bytes / PAGE) * PAGE, write);
}

static void run_grow(char *p, size_t bytes, double seconds)
{
	size_t pages = bytes / PAGE;
	uint64_t begin = now_ns();

	for (size_t i = 0; i < pages && now_ns() < deadline; i++) {
		fill_page(p + i * PAGE);
		while (now_ns() - begin < (uint64_t)(seconds * 0.8e9 * (double)i / (double)pages))
			rest(1000);
	}
	while (now_ns() < deadline)
		rest(10000);
}

/*
 * Pages that are mapped, but not marked as accessed: the CPU marks them, in a fraction of a
 * microsecond and without a fault, or a hypervisor with page tables of its own takes an exit.
 */
#define CHILLED 128

static void touch_chilled(char *p)
{
	madvise(p, CHILLED * PAGE, MADV_COLD);
	for (size_t i = 0; i < CHILLED; i++)
		touch(p + i * PAGE, 1);
}

static void run_rounds(char *p, size_t bytes, unsigned int pause_us)
{
	while (now_ns() < deadline) {
		for (size_t at = 0; at < bytes && now_ns() < deadline; at += PAGE)
			touch(p + at, 1);
		touch_chilled(p + bytes - CHILLED * PAGE);
		rest(pause_us);
	}
}

static void run_hog(char *p, size_t bytes, unsigned int pause_us)
{
	while (now_ns() < deadline) {
		for (size_t at = 0; at < bytes && now_ns() < deadline; at += PAGE) {
			fill_page(p + at);
			if (pause_us && at % (PAGE * 256) == 0)
				rest(pause_us);
		}
		madvise(p, bytes, MADV_DONTNEED);
	}
}

#define CROWD 5000

/* Pages on their way to another CPU's LRU lists are not pushed out. */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* The pipe ends when all are there: nobody has its writing end any more. */
static void run_crowd(size_t bytes)
{
	size_t part = bytes / CROWD / PAGE * PAGE;
	int all_there[2], started = 0;
	char byte;

	if (pipe(all_there))
		exit(1);
	for (; started < CROWD; started++) {
		pid_t pid = fork();
		char *p;

		if (pid < 0)
			break;
		if (pid)
			continue;
		close(all_there[1]);
		while (read(all_there[0], &byte, 1) < 0)
			;
		stay_here();
		p = map_anon(part);
		for (size_t at = 0; at < part; at += PAGE)
			fill_page(p + at);
		madvise(p, part, MADV_PAGEOUT);
		for (size_t at = 0; at < part; at += PAGE)
			touch(p + at, 0);
		_exit(0);
	}
	close(all_there[1]);
	while (wait(NULL) > 0)
		;
	touches = started;
}

int main(int argc, char **argv)
{
	double seconds = argc > 3 ? atof(argv[1]) : 0;
	const char *what = argc > 3 ? argv[2] : "", *path = argc > 5 ? argv[5] : NULL;
	size_t bytes = argc > 3 ? strtoul(argv[3], NULL, 10) << 20 : 0;
	unsigned int pause_us = argc > 4 ? (unsigned int)atoi(argv[4]) : 0;
	struct rusage ru;
	uint64_t blocked;
	char *p = NULL;

	if (!bytes || seconds <= 0) {
		fprintf(stderr, "usage: pressure SECONDS PATTERN MB [PAUSE_US] [FILE]\n");
		return 2;
	}
	seed += (uint64_t)getpid() << 32;
	if (path && strcmp(what, "small") != 0)
		make_file(path, bytes);
	deadline = now_ns() + (uint64_t)(seconds * 1e9);
	if (!strcmp(what, "make")) {
		return 0;
	} else if (!strcmp(what, "file")) {
		p = map_file(path, bytes, MADV_RANDOM);
		run_random(p, bytes, 0);
	} else if (!strcmp(what, "cold")) {
		/* An odd stride visits all pages of a power of two, and nearly all of others. */
		size_t pages = bytes / PAGE;

		p = map_file(path, bytes, MADV_RANDOM);
		for (size_t i = 0; i < pages && now_ns() < deadline; i++)
			touch(p + i * 7919 % pages * PAGE, 0);
	} else if (!strcmp(what, "stream")) {
		p = map_file(path, bytes, MADV_SEQUENTIAL);
		for (size_t at = 0; at < bytes && now_ns() < deadline; at += PAGE)
			touch(p + at, 0);
	} else if (!strcmp(what, "zeros")) {
		p = map_anon(bytes);
		stay_here();
		memset(p, 0, bytes);
		madvise(p, bytes, MADV_PAGEOUT);
		for (size_t at = 0; at < bytes; at += PAGE)
			touch(p + at, 0);
	} else if (!strcmp(what, "small")) {
		run_small(path, bytes);
	} else if (!strcmp(what, "crowd")) {
		run_crowd(bytes);
	} else if (!strcmp(what, "grow")) {
		p = map_anon(bytes);
		run_grow(p, bytes, seconds);
	} else if (!strcmp(what, "hog")) {
		p = map_anon(bytes);
		run_hog(p, bytes, pause_us);
	} else {
		p = strcmp(what, "shm") ? map_anon(bytes) : map_memory(bytes, MAP_SHARED);
		fill(p, bytes, seconds);
		if (!strcmp(what, "random") || !strcmp(what, "shm")) {
			run_random(p, bytes, 1);
		} else if (!strcmp(what, "read")) {
			run_random(p, bytes, 0);
		} else if (!strcmp(what, "quiet")) {
			run_rounds(p, bytes, pause_us);
		} else if (!strcmp(what, "pushout")) {
			madvise(p, bytes, MADV_PAGEOUT);
			while (now_ns() < deadline)
				rest(10000);
		} else {
			fprintf(stderr, "pressure: no pattern '%s'\n", what);
			return 2;
		}
	}
	blocked = first_ns ? blocked_ns() : 0; /* a crowd's touches are its children's */
	/* What it ran since the last tick may not be in the account yet. */
	blocked = blocked > first_ns ? blocked - first_ns : 0;
	getrusage(RUSAGE_SELF, &ru);
	if (p) /* room for what is written now */
		munmap(p, bytes);
	printf("{\"pid\":%d,\"pattern\":\"%s\",\"touches\":%llu,\"slow\":%llu,\"slow_ns\":%llu,"
	       "\"blocked_ns\":%llu,\"unseen_ns\":%llu,\"minflt\":%ld,\"majflt\":%ld}\n",
	       getpid(), what, (unsigned long long)touches, (unsigned long long)slow,
	       (unsigned long long)slow_ns, (unsigned long long)blocked,
	       /* A fault waits for the hypervisor twice: handed over, and mapped. */
	       (unsigned long long)(exits >= 100 ? 2 * slow * (exits_ns / exits) : 0), ru.ru_minflt,
	       ru.ru_majflt);
	return 0;
}
