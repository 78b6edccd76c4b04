/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * one-touch SCENARIO read|write|exec: makes one page what SCENARIO says, prints its address, stops
 * itself, touches the page once when continued, and prints what that cost by the kernel's own
 * count:
 * {"ts_ns":…,"minflt":1,"majflt":0,"signal":0,"code":0}, ts_ns being just before. Exits with 77
 * where a scenario cannot be made. Without arguments it lists the scenarios with the accesses that
 * are of interest.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define SIZE (4UL << 20) /* of an area: twice a huge page */

#if defined(__x86_64__)
static const unsigned char ret[] = { 0xc3 };
#else
static const unsigned char ret[] = { 0xc0, 0x03, 0x5f, 0xd6 };
#endif

static size_t page;
static sigjmp_buf back;
static volatile int got_signal, got_code;
static pid_t helper;

static _Noreturn void skip(const char *why)
{
	fprintf(stderr, "%s: %s\n", why, strerror(errno));
	exit(77);
}

static void *must(void *p)
{
	if (p == MAP_FAILED)
		skip("mmap");
	return p;
}

/* A file of one page of data, then a hole, on a disk; open, and removed already. */
static int file(void)
{
	const char *dir = getenv("WL_DIR");
	char path[4096], *data = calloc(1, page);
	int fd;

	snprintf(path, sizeof(path), "%s/one-touch-XXXXXX", dir ? dir : "/var/tmp");
	fd = mkstemp(path);
	memcpy(data, ret, sizeof(ret));
	if (fd < 0 || write(fd, data, page) != (ssize_t)page || ftruncate(fd, SIZE) || fsync(fd))
		skip(path);
	free(data);
	unlink(path);
	return fd;
}

static int uncached(void)
{
	int fd = file();

	if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		skip("fadvise");
	return fd;
}

/* Its page was written after it was last on disk, but not by a mapping. */
static int dirty_file(void)
{
	int fd = file();

	if (pwrite(fd, ret, sizeof(ret), 0) < 0)
		skip("pwrite");
	return fd;
}

static int dev_zero(void)
{
	return open("/dev/zero", O_RDWR | O_CLOEXEC);
}

static int huge_memfd(void)
{
	int fd = memfd_create("one-touch", MFD_HUGETLB);

	if (fd < 0 || ftruncate(fd, SIZE))
		skip("huge memfd");
	return fd;
}

static int memfd(void)
{
	int fd = memfd_create("one-touch", 0);

	if (fd < 0 || ftruncate(fd, SIZE))
		skip("memfd");
	return fd;
}

static int memfd_with_page(void)
{
	int fd = memfd();

	if (write(fd, ret, sizeof(ret)) < 0)
		skip("write");
	return fd;
}

static int cut_file(void)
{
	int fd = file();

	if (ftruncate(fd, 0))
		skip("ftruncate");
	return fd;
}

static void read_it(const char *p)
{
	*(volatile const char *)p;
}

struct scenario {
	const char *name, *accesses;
	char *(*make)(const struct scenario *s); /* NULL: map() */
	int (*fd)(void);			 /* NULL: anonymous */
	int prot, flags;
	/*
	 * What happened to the page before: r read, w written, d dropped again, s written to disk,
	 * f shared with a child, o paged out, n made inaccessible, g guarded.
	 */
	const char *before;
};

static void fork_helper(void)
{
	helper = fork();
	if (helper)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* It leaves the swap cache when its writing is done. */
static void page_out(char *p)
{
	unsigned char in_core = 1;

	for (int i = 0; i < 50 && in_core; i++) {
		madvise(p, page, MADV_PAGEOUT);
		usleep(20000);
		if (mincore(p, page, &in_core))
			break;
	}
	if (in_core)
		skip("no swap");
}

static void prepare(char *p, char what)
{
	int err = 0;

	switch (what) {
	case 'r':
		read_it(p);
		break;
	case 'w':
		*(volatile char *)p = 1;
		break;
	case 'd':
		err = madvise(p, page, MADV_DONTNEED);
		break;
	case 's':
		err = msync(p, page, MS_SYNC);
		break;
	case 'f':
		fork_helper();
		break;
	case 'o':
		page_out(p);
		break;
	case 'n':
		err = mprotect(p, SIZE, PROT_NONE);
		break;
	case 'g':
		err = madvise(p, page, MADV_GUARD_INSTALL);
		break;
	default:
		err = munmap(p, SIZE);
		break;
	}
	if (err)
		skip("cannot prepare the page");
}

static char *map(const struct scenario *s)
{
	int fd = s->fd ? s->fd() : -1;
	char *p = must(mmap(NULL, SIZE, s->prot, s->flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0));

	/* Else one fault would map 512 pages, where this is always on. */
	if (!(s->flags & MAP_HUGETLB))
		madvise(p, SIZE, MADV_NOHUGEPAGE);
	for (const char *c = s->before; c && *c; c++)
		prepare(p, *c);
	return p;
}

static char *s_thp(const struct scenario *s)
{
	char *p = must(mmap(NULL, 2 * SIZE, RW, ANON, -1, 0));

	p = (char *)(((unsigned long)p + (2UL << 20) - 1) & -(2UL << 20));
	if (madvise(p, SIZE, MADV_HUGEPAGE))
		skip("madvise");
	for (const char *c = s->before; *c; c++)
		prepare(p, *c);
	return p + page;
}

/* Cut only now: the mapping makes a file of hugetlbfs as long as itself. */
static char *s_beyond_huge(const struct scenario *s)
{
	int fd = s->fd();
	char *p = must(mmap(NULL, SIZE, s->prot, s->flags, fd, 0));

	if (ftruncate(fd, SIZE / 2))
		skip("ftruncate");
	return p + SIZE / 2 + page;
}

static char *s_null(const struct scenario *s)
{
	return NULL;
}

static char *s_kernel(const struct scenario *s)
{
	return (char *)-0x7f000000L;
}

/* The lowest address of what maps calls `name`: nothing else tells it. */
static unsigned long start_of(const char *name)
{
	unsigned long start = 0;
	char line[512];
	FILE *f = fopen("/proc/self/maps", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!start && strstr(line, name))
			start = strtoul(line, NULL, 16);
	if (f)
		fclose(f);
	return start;
}

static char *s_below_stack(const struct scenario *s)
{
	return (char *)start_of("[stack]") - 4 * page;
}

static char *s_beyond_stack(const struct scenario *s)
{
	struct rlimit r = { 1 << 20, 1 << 20 };

	setrlimit(RLIMIT_STACK, &r);
	return (char *)start_of("[stack]") - (2 << 20);
}

static char *s_vvar(const struct scenario *s)
{
	return (char *)start_of("[vvar]");
}

static char *s_vdso(const struct scenario *s)
{
	return (char *)getauxval(AT_SYSINFO_EHDR) + page;
}

#ifdef __x86_64__
static char *s_vsyscall(const struct scenario *s)
{
	return (char *)0xffffffffff600400;
}
#endif

#ifdef __x86_64__
static char *s_pkey(const struct scenario *s)
{
	char *p = map(s);
	int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);

	if (key < 0 || pkey_mprotect(p, SIZE, s->prot, key))
		skip("protection keys");
	return p;
}
#endif

/* In swap for two processes, of which the other has it back: it stays in the swap cache for us. */
static char *s_swap_cache(const struct scenario *s)
{
	char *p = map(s), done;
	int fds[2];

	if (pipe(fds))
		skip("pipe");
	helper = fork();
	if (!helper) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		read_it(p);
		_exit(write(fds[1], "", 1) == 1 ? pause() : 1);
	}
	if (read(fds[0], &done, 1) != 1)
		skip("helper");
	return p;
}

#include "one-touch-uffd.h"

#define RWX_OF	"read write exec"
#define RW_OF	"read write"
#define PRIVATE MAP_PRIVATE
#define SHARED	MAP_SHARED

/* clang-format off */
static const struct scenario scenarios[] = {
	{ "anon", RWX_OF, NULL, NULL, RW, PRIVATE, "" },
	{ "written", RWX_OF, NULL, NULL, RW, PRIVATE, "w" },
	{ "zero-page", RW_OF, NULL, NULL, RW, PRIVATE, "r" },
	{ "forked", RW_OF, NULL, NULL, RW, PRIVATE, "wf" },
	{ "dropped", RW_OF, NULL, NULL, RW, PRIVATE, "wd" },
	{ "swapped", RW_OF, NULL, NULL, RW, PRIVATE, "wo" },
	{ "prot-none", RWX_OF, NULL, NULL, PROT_NONE, PRIVATE, "" },
	{ "readonly", "write", NULL, NULL, PROT_READ, PRIVATE, "" },
	{ "locked-out", RWX_OF, NULL, NULL, RW, PRIVATE, "wn" },
	{ "guard", RW_OF, NULL, NULL, RW, PRIVATE, "g" },
	{ "none", RWX_OF, NULL, NULL, RW, PRIVATE, "u" },
	{ "hugetlb", RW_OF, NULL, NULL, RW, PRIVATE | MAP_HUGETLB, "" },
	{ "hugetlb-read", RW_OF, NULL, NULL, RW, PRIVATE | MAP_HUGETLB, "r" },
	{ "hugetlb-written", RW_OF, NULL, NULL, RW, PRIVATE | MAP_HUGETLB, "w" },
	{ "hugetlb-shared", RW_OF, NULL, huge_memfd, RW, SHARED, "" },
	{ "hugetlb-beyond-end", RW_OF, s_beyond_huge, huge_memfd, RW, SHARED, "" },
	{ "file-private", RWX_OF, NULL, file, RW, PRIVATE, "" },
	{ "file-present", RW_OF, NULL, file, RW, PRIVATE, "r" },
	{ "file-copied", RW_OF, NULL, file, RW, PRIVATE, "w" },
	{ "file-code", RWX_OF, NULL, file, PROT_READ | PROT_EXEC, PRIVATE, "" },
	{ "file-uncached", RW_OF, NULL, uncached, RW, PRIVATE, "" },
	{ "file-shared", RW_OF, NULL, file, RW, SHARED, "" },
	{ "file-shared-uncached", RW_OF, NULL, uncached, RW, SHARED, "" },
	{ "file-shared-clean", RW_OF, NULL, file, RW, SHARED, "ws" },
	{ "file-shared-dirty", RW_OF, NULL, dirty_file, RW, SHARED, "r" },
	{ "beyond-end", RW_OF, NULL, cut_file, RW, PRIVATE, "" },
	{ "shmem", RW_OF, NULL, memfd, RW, SHARED, "" },
	{ "shmem-private", RW_OF, NULL, memfd, RW, PRIVATE, "" },
	{ "shmem-cached", RW_OF, NULL, memfd_with_page, RW, SHARED, "" },
	{ "shmem-present", RW_OF, NULL, memfd_with_page, RW, SHARED, "r" },
	{ "shmem-swapped", RW_OF, NULL, memfd, RW, SHARED, "wo" },
	{ "swap-cache", RW_OF, s_swap_cache, NULL, RW, PRIVATE, "wo" },
	{ "shared-anon", RW_OF, NULL, NULL, RW, SHARED, "" },
	{ "dev-zero", RWX_OF, NULL, dev_zero, RW, PRIVATE, "" },
	{ "dev-zero-read", RW_OF, NULL, dev_zero, RW, PRIVATE, "r" },
	{ "exec-only", RWX_OF, NULL, file, PROT_EXEC, PRIVATE, "" },
#ifdef __x86_64__
	{ "pkey", RWX_OF, s_pkey, NULL, RW, PRIVATE, "w" },
	{ "pkey-readonly", RW_OF, s_pkey, NULL, PROT_READ, PRIVATE, "r" },
#endif
	{ "thp", RW_OF, s_thp, NULL, RW, PRIVATE, "" },
	{ "thp-read", RW_OF, s_thp, NULL, RW, PRIVATE, "r" },
	{ "thp-written", RW_OF, s_thp, NULL, RW, PRIVATE, "w" },
	{ "uffd", RW_OF, s_uffd, NULL, RW, PRIVATE, "" },
	{ "uffd-swapped", RW_OF, s_uffd, memfd, RW, SHARED, "wo" },
	{ "uffd-minor", RW_OF, s_uffd_minor, memfd_with_page, RW, SHARED, "" },
	{ "uffd-wp", RW_OF, s_uffd_wp, memfd_with_page, RW, SHARED, "" },
	{ "null", RWX_OF, s_null, NULL, 0, 0, "" },
	{ "kernel", RWX_OF, s_kernel, NULL, 0, 0, "" },
	{ "below-stack", RWX_OF, s_below_stack, NULL, 0, 0, "" },
	{ "beyond-stack", RW_OF, s_beyond_stack, NULL, 0, 0, "" },
	{ "vvar", RWX_OF, s_vvar, NULL, 0, 0, "" },
	{ "vdso", RW_OF, s_vdso, NULL, 0, 0, "" },
#ifdef __x86_64__
	{ "vsyscall", "read exec", s_vsyscall, NULL, 0, 0, "" },
#endif
};
/* clang-format on */

#define N_SCENARIOS (sizeof(scenarios) / sizeof(*scenarios))

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	got_signal = sig;
	got_code = info->si_code;
	siglongjmp(back, 1);
}

static __attribute__((noinline)) void touch(char *p, char access)
{
	if (sigsetjmp(back, 1))
		return;
	if (access == 'w')
		*(volatile char *)p = 1;
	else if (access == 'r')
		read_it(p);
	else
		((void (*)(void *))p)(NULL);
}

/* On an alternate stack: a fault below the stack leaves no room on it. */
static void catch_signals(void)
{
	static char stack[65536];
	const stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	memset(stack, 0, sizeof(stack));
	sigaltstack(&ss, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

/* All code and data of the touch itself, so that nothing else faults in between. */
static void rehearse(struct rusage *a, struct rusage *b, struct timespec *now)
{
	char *p = must(mmap(NULL, page, RW | PROT_EXEC, ANON, -1, 0));

	memcpy(p, ret, sizeof(ret));
	clock_gettime(CLOCK_MONOTONIC, now);
	getrusage(RUSAGE_THREAD, a);
	touch(p, 'r');
	touch(p, 'e');
	touch(p, 'w');
	mprotect(p, page, PROT_NONE);
	touch(p, 'r');
	getrusage(RUSAGE_THREAD, b);
	got_signal = got_code = 0;
}

int main(int argc, char **argv)
{
	static struct rusage a, b;
	static struct timespec now;
	char *p = NULL, own[1];
	size_t i = 0;

	page = sysconf(_SC_PAGESIZE);
	if (argc < 3) {
		for (; i < N_SCENARIOS; i++)
			printf("%s %s\n", scenarios[i].name, scenarios[i].accesses);
		return 0;
	}
	while (i < N_SCENARIOS && strcmp(scenarios[i].name, argv[1]))
		i++;
	if (i == N_SCENARIOS)
		return 2;
	catch_signals();
	rehearse(&a, &b, &now);
	p = scenarios[i].make ? scenarios[i].make(&scenarios[i]) : map(&scenarios[i]);
	printf("%#lx\n", (unsigned long)p);
	fflush(stdout);
	raise(SIGSTOP);
	touch(own, 'w'); /* what it writes on the way may be shared with a child since */
	clock_gettime(CLOCK_MONOTONIC, &now);
	getrusage(RUSAGE_THREAD, &a);
	touch(p, argv[2][0]);
	getrusage(RUSAGE_THREAD, &b);
	printf("{\"ts_ns\":%lld,\"minflt\":%ld,\"majflt\":%ld,\"signal\":%d,\"code\":%d}\n",
	       now.tv_sec * 1000000000LL + now.tv_nsec, b.ru_minflt - a.ru_minflt,
	       b.ru_majflt - a.ru_majflt, got_signal, got_code);
	if (helper)
		kill(helper, SIGKILL);
	return 0;
}
