/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * stacks_target WHAT N…: faults by call paths that are known.
 *
 *	paths N M K   a() b() touch() N pages, c() touch() M pages; d() lets read(2) fill K pages
 *	wait N M K    the same, after a byte on stdin
 *	thp N         touch_huge() N huge pages
 *	efault N      e() N system calls with a pointer to nothing
 *	signal N      f() N accesses to no mapping, caught
 *	branches N    2^N paths of left() and right(), a page each
 *	lost N        N pages while the frame pointer leads to no mapping
 *	twice N       the same program as `paths N 1 1` in two processes, one after the other
 *
 * Pages are mapped one by one by their faults: no huge pages where they are not asked for.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define HUGE (2UL << 20)
/*
 * A function of its own, with a frame while it runs: GCC leaves it out of functions that call
 * nothing, -fno-omit-frame-pointer or not, and then their caller is missing from the stack.
 */
#ifdef __clang__
#define STEP __attribute__((noinline))
#else
#define STEP __attribute__((noinline, noclone))
#endif
#define KEEP_FRAME() __asm__ volatile("" ::"r"(__builtin_frame_address(0)) : "memory")

static char *map(size_t bytes, int prot, int advice)
{
	char *p = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	madvise(p, bytes, advice);
	return p;
}

STEP static void touch(volatile char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i * PAGE] = 1;
	KEEP_FRAME();
}

STEP static void b(char *p, size_t n)
{
	touch(p, n);
	KEEP_FRAME();
}

STEP static void a(size_t n)
{
	b(map(n * PAGE, PROT_READ | PROT_WRITE, MADV_NOHUGEPAGE), n);
	KEEP_FRAME();
}

STEP static void c(size_t n)
{
	touch(map(n * PAGE, PROT_READ | PROT_WRITE, MADV_NOHUGEPAGE), n);
	KEEP_FRAME();
}

/* Here and not in libc, which has no frame pointers: its caller would be missing. */
static inline long sys_read(long fd, void *p, size_t n)
{
#if defined(__x86_64__)
	long ret = SYS_read;

	__asm__ volatile("syscall" : "+a"(ret) : "D"(fd), "S"(p), "d"(n) : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long nr __asm__("x8") = SYS_read, ret __asm__("x0") = fd;
	register void *to __asm__("x1") = p;
	register size_t len __asm__("x2") = n;

	__asm__ volatile("svc 0" : "+r"(ret) : "r"(nr), "r"(to), "r"(len) : "memory");
	return ret;
#else
	return read(fd, p, n);
#endif
}

/* The kernel writes to each page: clear_user() of /dev/zero. */
STEP static void d(size_t n)
{
	char *p = map(n * PAGE, PROT_READ | PROT_WRITE, MADV_NOHUGEPAGE);
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || sys_read(fd, p, n * PAGE) != (ssize_t)(n * PAGE)) {
		perror("/dev/zero");
		exit(1);
	}
	close(fd);
	KEEP_FRAME();
}

STEP static void e(size_t n)
{
	char *nothing = map(PAGE, PROT_NONE, MADV_NORMAL);
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	while (n--)
		if (sys_read(fd, nothing, 1) >= 0)
			exit(1);
	KEEP_FRAME();
}

static sigjmp_buf back;

static void caught(int sig)
{
	siglongjmp(back, sig);
}

STEP static void f(volatile char *nothing)
{
	if (!sigsetjmp(back, 1))
		*nothing = 1;
	KEEP_FRAME();
}

STEP static void signals(size_t n)
{
	char *nothing = map(PAGE, PROT_NONE, MADV_NORMAL);
	struct sigaction sa = { .sa_handler = caught };

	sigaction(SIGSEGV, &sa, NULL);
	munmap(nothing, PAGE);
	while (n--)
		f(nothing);
	KEEP_FRAME();
}

STEP static void touch_huge(size_t n)
{
	char *p = map((n + 1) * HUGE, PROT_READ | PROT_WRITE, MADV_HUGEPAGE);

	p = (char *)(((unsigned long)p + HUGE - 1) & ~(HUGE - 1));
	for (size_t i = 0; i < n; i++)
		*(volatile char *)(p + i * HUGE) = 1;
	KEEP_FRAME();
}

static void walk(char *p, size_t path, size_t depth);

STEP static void left(char *p, size_t path, size_t depth)
{
	__asm__ volatile("" ::"i"(1)); /* or the two would be made one */
	walk(p, path >> 1, depth);
	KEEP_FRAME();
}

STEP static void right(char *p, size_t path, size_t depth)
{
	__asm__ volatile("" ::"i"(2)); /* or the two would be made one */
	walk(p, path >> 1, depth);
	KEEP_FRAME();
}

STEP static void walk(char *p, size_t path, size_t depth)
{
	if (!depth)
		touch(p, 1);
	else if (path & 1)
		right(p, path, depth - 1);
	else
		left(p, path, depth - 1);
	KEEP_FRAME();
}

STEP static void branches(size_t depth)
{
	char *p = map(PAGE << depth, PROT_READ | PROT_WRITE, MADV_NOHUGEPAGE);

	for (size_t i = 0; i < 1UL << depth; i++)
		walk(p + i * PAGE, i, depth);
	KEEP_FRAME();
}

/* The walk of the stack runs into a page that may not be read, at each fault. */
STEP static void lost(size_t n)
{
	char *p = map(n * PAGE, PROT_READ | PROT_WRITE, MADV_NOHUGEPAGE);
	char *nowhere = map(PAGE, PROT_NONE, MADV_NORMAL);

	for (size_t i = 0; i < n; i++)
#if defined(__x86_64__)
		__asm__ volatile(
			"push %%rbp\n\tmov %0, %%rbp\n\tmovb $1, (%1)\n\tpop %%rbp" ::"r"(nowhere),
			"r"(p + i * PAGE)
			: "memory");
#elif defined(__aarch64__)
		__asm__ volatile(
			"mov x9, x29\n\tmov x29, %0\n\tstrb wzr, [%1]\n\tmov x29, x9" ::"r"(
				nowhere),
			"r"(p + i * PAGE)
			: "x9", "memory");
#endif
	KEEP_FRAME();
}

STEP static void paths(size_t n, size_t m, size_t k)
{
	a(n);
	c(m);
	d(k);
	KEEP_FRAME();
}

static void twice(char *self, char *n)
{
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (!pid) {
			execl(self, self, "paths", n, "1", "1", (char *)NULL);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	if (!strcmp(what, "wait") && getchar() != EOF)
		what = "paths";
	if (!strcmp(what, "paths") && argc == 5)
		paths(n, strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
	else if (!strcmp(what, "thp"))
		touch_huge(n);
	else if (!strcmp(what, "efault"))
		e(n);
	else if (!strcmp(what, "signal"))
		signals(n);
	else if (!strcmp(what, "branches") && n < 16)
		branches(n);
	else if (!strcmp(what, "lost"))
		lost(n);
	else if (!strcmp(what, "twice"))
		twice(argv[0], argv[2]);
	else
		return fputs("usage: stacks_target WHAT N...\n", stderr), 2;
	return 0;
}
