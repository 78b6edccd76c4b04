/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copy-on-write after fork(). The parent writes while the child keeps its
 * share of the pages, or the other way round.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wl.h"

static pid_t fork_writer(char *mem, unsigned long n)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		wl_die("fork: %s", strerror(errno));
	if (!pid) {
		wl_child();
		wl_begin();
		wl_touch_write(mem, n, wl_page);
		wl_end();
		_exit(wl_check(n, 0));
	}
	if (waitpid(pid, &status, 0) != pid || status)
		wl_die("the child failed");
	return pid;
}

int main(int argc, char **argv)
{
	static const char *const words[] = { "parent", "child", NULL };
	unsigned long n = wl_init(argc, argv, "cow", 1009);
	int child_writes = wl_word(words);
	char *mem = wl_area(n * wl_page);
	struct wl_expect e = { .type = "minor",
			       .cause = "zero-fill",
			       .access = "write",
			       .count = n,
			       .start = mem,
			       .end = mem + n * wl_page,
			       .mapping = "[anon]" };
	pid_t pid;

	wl_begin();
	wl_touch_write(mem, n, wl_page);
	wl_end();
	wl_expect(&e);

	if (child_writes) {
		e.pid = fork_writer(mem, n);
	} else {
		pid = wl_hold();
		wl_begin();
		wl_touch_write(mem, n, wl_page);
		wl_end();
		wl_hold_end(pid);
	}
	e.cause = "cow";
	wl_expect(&e);
	return wl_finish();
}
