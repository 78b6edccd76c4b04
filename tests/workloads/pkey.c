/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads that a memory protection key forbids, each taken by a handler. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wl.h"

#if defined(__x86_64__) && defined(SYS_pkey_alloc)
static int key;

/* Signal delivery puts the register back to its default, so it is set before each access. */
static void forbid(void)
{
	unsigned int pkru = 1u << (2 * key); /* AD, access disable */

	/* wrpkru, spelled out for old assemblers */
	asm volatile(".byte 0x0f,0x01,0xef" : : "a"(pkru), "c"(0), "d"(0) : "memory");
}

static int get_key(void)
{
	return syscall(SYS_pkey_alloc, 0, 0);
}

static int set_key(char *mem, size_t bytes)
{
	return syscall(SYS_pkey_mprotect, mem, bytes, PROT_READ | PROT_WRITE, key);
}
#else
static int key;
static void forbid(void)
{
}
static int get_key(void)
{
	return -1;
}
static int set_key(char *mem, size_t bytes)
{
	(void)mem;
	(void)bytes;
	return -1;
}
#endif

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "pkey", 1009);
	char *mem = wl_area(n * wl_page);
	struct wl_expect e = { .type = "minor",
			       .cause = "zero-fill",
			       .access = "write",
			       .count = n,
			       .start = mem,
			       .end = mem + n * wl_page,
			       .mapping = "[anon]" };

	key = get_key();
	if (key < 0)
		wl_skip("pkey", "no pkey support in this CPU or kernel");
	if (set_key(mem, n * wl_page))
		wl_die("pkey_mprotect: %s", strerror(errno));
	wl_begin();
	/* Only of a page that is there the CPU says that the key was the reason. */
	wl_touch_write(mem, n, wl_page);
	wl_catch_arm = forbid;
	wl_catch(SIGSEGV, SEGV_PKUERR, mem, n, wl_page, WL_READ);
	wl_end();

	wl_expect(&e);
	e.type = "invalid";
	e.cause = "pkey";
	e.access = "read";
	wl_expect(&e);
	return wl_finish();
}
