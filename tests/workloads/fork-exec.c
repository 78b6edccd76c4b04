/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * N short-lived children, one after the other, every second one of which
 * executes this program anew. Each writes to a few fresh pages, all at the
 * same address, and ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wl.h"

#define PAGES 13
/* Free in any layout, that of arm64 with 39 bits included. */
#define AREA	     ((char *)0x1000000000UL)
#define MAX_CHILDREN 500

static int child(void)
{
	char *mem = mmap(AREA, PAGES * wl_page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (mem != AREA)
		wl_die("mmap at %p: %s", AREA, strerror(errno));
	wl_begin();
	wl_touch_write(mem, PAGES, wl_page);
	wl_end();
	return wl_check(PAGES, 0);
}

static pid_t start(int exec, char **envp)
{
	static char *const args[] = { "fork-exec", "--child", NULL };
	pid_t pid = fork();

	if (pid < 0)
		wl_die("fork: %s", strerror(errno));
	if (pid)
		return pid;
	if (exec) {
		execve("/proc/self/exe", args, envp);
		_exit(127);
	}
	wl_child();
	_exit(child());
}

/* For wl_extra(): what the kernel counted for the children, and who they were. */
static const char *children_json(const pid_t *pids, unsigned long n, const struct wl_faults *sum)
{
	size_t room = 128 + n * 12, len;
	char *text = malloc(room);

	if (!text)
		wl_die("out of memory");
	len = snprintf(text, room,
		       "\"children\":{\"count\":%lu,\"minflt\":%lu,\"majflt\":%lu,\"pids\":[", n,
		       sum->minflt, sum->majflt);
	for (unsigned long i = 0; i < n; i++)
		len += snprintf(text + len, room - len, "%s%d", i ? "," : "", pids[i]);
	snprintf(text + len, room - len, "]}");
	return text;
}

int main(int argc, char **argv, char **envp)
{
	static pid_t pids[MAX_CHILDREN];
	struct wl_faults sum = { 0, 0 };
	unsigned long n;

	if (argc == 2 && !strcmp(argv[1], "--child")) {
		unsetenv("WL_STOP");
		wl_init(1, argv, "fork-exec", 1);
		return child();
	}
	n = wl_init(argc, argv, "fork-exec", 101);
	if (n > MAX_CHILDREN)
		wl_die("at most %d children", MAX_CHILDREN);
	wl_begin();
	wl_end();
	for (unsigned long i = 0; i < n; i++) {
		struct rusage ru;
		int status;

		pids[i] = start(i & 1, envp);
		if (wait4(pids[i], &status, 0, &ru) != pids[i] || status)
			wl_die("child %lu failed", i);
		sum.minflt += ru.ru_minflt;
		sum.majflt += ru.ru_majflt;
		wl_expect(&(struct wl_expect) { .type = "minor",
						.cause = "zero-fill",
						.access = "write",
						.count = PAGES,
						.start = AREA,
						.end = AREA + PAGES * wl_page,
						.mapping = "[anon]",
						.pid = pids[i] });
	}
	wl_extra(children_json(pids, n, &sum));
	return wl_finish();
}
