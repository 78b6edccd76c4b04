/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A child that dies of one fault. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wl.h"

static _Noreturn void die_of(char *mem)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	wl_touch_write(mem, 1, wl_page);
	_exit(1);
}

int main(int argc, char **argv)
{
	static const char *const words[] = { "unmapped", "protection", NULL };
	int protection, status;
	char *mem;
	pid_t pid;

	if (wl_init(argc, argv, "segv-fatal", 1) != 1)
		wl_die("one child dies, N can only be 1");
	protection = wl_word(words);
	mem = wl_area(wl_page);
	if (protection ? mprotect(mem, wl_page, PROT_READ) : munmap(mem, wl_page))
		wl_die("cannot prepare the page: %s", strerror(errno));
	wl_begin();
	wl_end();

	pid = fork();
	if (pid < 0)
		wl_die("fork: %s", strerror(errno));
	if (!pid)
		die_of(mem);
	if (waitpid(pid, &status, 0) != pid)
		wl_die("waitpid: %s", strerror(errno));
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV)
		wl_die("the child did not die of SIGSEGV but with status 0x%x", status);

	wl_expect(&(struct wl_expect) { .type = "invalid",
					.cause = words[protection],
					.access = "write",
					.count = 1,
					.start = mem,
					.end = mem + wl_page,
					.mapping = protection ? "[anon]" : NULL,
					.pid = pid,
					.fatal = 1 });
	return wl_finish();
}
