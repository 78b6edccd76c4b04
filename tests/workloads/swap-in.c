/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pages pushed out to swap with MADV_PAGEOUT, then touched again. Those that
 * had to be read are swap-in; those that were still, or by readahead again,
 * in the swap cache are swap-cache. Wants swap: run it by swapbox.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "wl.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define PM_SWAP (1ULL << 62) /* Documentation/admin-guide/mm/pagemap.rst */
#define ROUNDS	8

enum state { PRESENT, CACHED, OUT };

static unsigned long n;
static char *mem;
static enum state *state;
static unsigned long in_state[3];
static struct wl_expect expect = { .mapping = "[anon]" };

/* Distinct and not zero: a page of zeroes or twice the same may never be written. */
static void fill(void)
{
	uint64_t seed = 88172645463325252ULL;

	for (uint64_t *p = (uint64_t *)mem; p < (uint64_t *)(mem + n * wl_page); p++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		*p = seed;
	}
}

/* The page table says whether a page is swapped, mincore() whether it is still in the swap cache.
 */
static void look(void)
{
	static uint64_t *entries;
	static unsigned char *vec;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (!entries) {
		entries = calloc(n, sizeof(*entries));
		vec = calloc(n, 1);
	}
	if (fd < 0 || !entries || !vec || mincore(mem, n * wl_page, vec) ||
	    pread(fd, entries, n * 8, (unsigned long)mem / wl_page * 8) != (ssize_t)n * 8)
		wl_die("pagemap, mincore: %s", strerror(errno));
	close(fd);
	memset(in_state, 0, sizeof(in_state));
	for (unsigned long i = 0; i < n; i++) {
		state[i] = !(entries[i] & PM_SWAP) ? PRESENT : vec[i] & 1 ? CACHED : OUT;
		in_state[state[i]]++;
	}
}

/*
 * Fresh pages wait in a batch of the CPU that faulted them in, and MADV_PAGEOUT
 * empties that of its own CPU only: stay on one.
 */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void push_out(void)
{
	struct timespec a_while = { 0, 20 * 1000 * 1000 };

	if (madvise(mem, n * wl_page, MADV_PAGEOUT))
		wl_skip("madv-pageout", "madvise(MADV_PAGEOUT): %s", strerror(errno));
	/* Writing goes on behind our back. */
	nanosleep(&a_while, NULL);
	look();
}

static void touch(enum state which, int write)
{
	for (unsigned long i = 0; i < n; i++) {
		if (state[i] != which)
			continue;
		if (write)
			wl_touch_write(mem + i * wl_page, 1, wl_page);
		else
			wl_touch_read(mem + i * wl_page, 1, wl_page);
	}
}

static void touch_and_state(enum state which, int write)
{
	unsigned long count = in_state[which];

	wl_begin();
	touch(which, write);
	expect.cause = "swap-cache";
	expect.access = write ? "write" : "read";
	expect.count = count;
	wl_expect_split(&expect, wl_end(), "swap-in");
}

/*
 * What is written asynchronously stays in the swap cache. Read back from
 * there it is clean, and pushed out again it is dropped at once.
 */
static void push_all_out(void)
{
	push_out();
	for (int i = 0; i < ROUNDS && in_state[OUT] < n; i++) {
		if (in_state[CACHED])
			touch_and_state(CACHED, 0);
		push_out();
	}
}

static void prepare(void)
{
	struct sysinfo info;

	if (sysinfo(&info) || info.freeswap * info.mem_unit < n * wl_page)
		wl_skip("swap", "no swap, or not enough (see swapbox.sh)");
	stay_here();
	state = calloc(n, sizeof(*state));
	mem = wl_area(n * wl_page);
	if (!state)
		wl_die("out of memory");
	expect.start = mem;
	expect.end = mem + n * wl_page;
	wl_begin();
	fill();
	wl_end();
	expect.type = "minor";
	expect.cause = "zero-fill";
	expect.access = "write";
	expect.count = n;
	wl_expect(&expect);
}

int main(int argc, char **argv)
{
	static const char *const words[] = { "read", "write", "cache", NULL };
	int word;

	n = wl_init(argc, argv, "swap-in", 1009);
	word = wl_word(words);
	prepare();
	if (word == 2) {
		push_out();
		if (!in_state[CACHED])
			wl_skip("swap-async", "this swap device leaves nothing in the swap cache");
		touch_and_state(CACHED, 0);
		return wl_finish();
	}
	push_all_out();
	if (!in_state[OUT])
		wl_skip("swap-out",
			"no page could be pushed out (%lu present, %lu in the swap cache)",
			in_state[PRESENT], in_state[CACHED]);
	touch_and_state(OUT, word);
	return wl_finish();
}
