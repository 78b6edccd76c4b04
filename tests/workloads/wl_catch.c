/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Accesses that fail, each caught by a handler that jumps out of it. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "wl.h"

const char *const wl_access_name[] = { "read", "write", "exec", NULL };
void (*wl_catch_arm)(void);

static sigjmp_buf back;
static char *volatile want_addr;
static volatile int want_code;

static void handler(int sig, siginfo_t *info, void *ctx)
{
	(void)sig;
	(void)ctx;
	/* 1: as wanted, 2: something else happened. */
	siglongjmp(back, info->si_code == want_code && info->si_addr == want_addr ? 1 : 2);
}

static void do_access(char *p, enum wl_access access)
{
	switch (access) {
	case WL_READ:
		(void)*(volatile char *)p;
		break;
	case WL_WRITE:
		*(volatile char *)p = 1;
		break;
	case WL_EXEC:
		((void (*)(void))p)();
		break;
	}
}

void wl_catch(int sig, int code, char *start, unsigned long n, size_t stride, enum wl_access access)
{
	/* NODEFER and a jump that restores no mask: no system call per fault. */
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sigaction old;

	if (sigaction(sig, &sa, &old))
		wl_die("sigaction: %s", strerror(errno));
	want_code = code;
	for (volatile unsigned long i = 0; i < n; i++) {
		want_addr = start + i * stride;
		switch (sigsetjmp(back, 0)) {
		case 0:
			if (wl_catch_arm)
				wl_catch_arm();
			do_access(want_addr, access);
			wl_die("access %lu raised no signal", i);
		case 1:
			break;
		default:
			wl_die("access %lu raised another signal than wanted", i);
		}
	}
	sigaction(sig, &old, NULL);
}
