/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every cause once, in small numbers, one after the other: what `make demo`
 * traces. Says on stderr which one comes next, and what this kernel cannot do.
 */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wl.h"

struct step {
	const char *cause;
	const char *shows;
	/* Program and arguments, from the folder of this program; see run(). */
	const char *args[8];
};

static const struct step steps[] = {
	{ "zero-fill", "first write to anonymous memory", { "zero-fill", "7" } },
	{ "zero-page", "first read of anonymous memory", { "zero-page", "7" } },
	{ "stack", "the stack growing", { "stack", "7" } },
	{ "thp", "transparent huge pages", { "thp", "2" } },
	{ "hugetlb", "huge pages of hugetlbfs", { "hugetlb", "2" } },
	{ "cow", "copy-on-write after fork()", { "cow", "7" } },
	{ "file-map", "mapping what is in the page cache", { "file-map", "7" } },
	{ "file-read", "reading a file from disk", { "file-read", "7" } },
	{ "file-cow", "writing to a private file mapping", { "file-cow", "7" } },
	{ "mkwrite", "dirtying a shared file mapping", { "mkwrite", "7" } },
	{ "shmem", "shared anonymous memory", { "shmem", "7" } },
	{ "shmem", "a memfd", { "memfd", "7" } },
	{ "swap-in", "coming back from swap", { "swapbox.sh", "-s", "32", "swap-in", "7" } },
	{ "uffd", "userfaultfd", { "uffd", "7" } },
	{ "numa-hint", "NUMA hints", { "numa-hint", "7" } },
	{ "spurious", "two threads racing", { "spurious", "101" } },
	{ "zero-page", "the kernel reading fresh memory", { "kernel-read", "7" } },
	{ "zero-fill", "the kernel writing to fresh memory", { "kernel-read", "7", "write" } },
	{ "gup", "no exception at all: MAP_POPULATE", { "populate", "7" } },
	{ "gup", "no exception at all: process_vm_readv()", { "vm-readv", "7" } },
	{ "zero-fill", "short-lived processes", { "fork-exec", "4" } },
	{ "file-map", "other files at one address", { "churn", "6" } },
	{ "efault", "system calls that return EFAULT", { "efault", "3" } },
	{ "unmapped", "SIGSEGV, handled: nothing mapped", { "segv-unmapped", "3" } },
	{ "protection", "SIGSEGV, handled: not permitted", { "segv-protection", "3" } },
	{ "pkey", "SIGSEGV, handled: memory protection key", { "pkey", "3" } },
	{ "bus", "SIGBUS, handled: beyond the end of a file", { "bus", "3" } },
	{ "unmapped", "SIGSEGV, fatal", { "segv-fatal" } },
};

static char dir[PATH_MAX];

static void find_dir(void)
{
	ssize_t len = readlink("/proc/self/exe", dir, sizeof(dir) - 1);

	if (len < 0) {
		perror("/proc/self/exe");
		exit(WL_FAILED);
	}
	dir[len] = '\0';
	*strrchr(dir, '/') = '\0';
}

/* "swap-in" as an argument of swapbox.sh is a program, too. */
static const char *in_dir(const char *name, char *path, size_t room)
{
	int len = snprintf(path, room, "%s/%s", dir, name);

	return len < (int)room && !access(path, X_OK) ? path : name;
}

/* Returns the exit status, the beginning of what it printed in text. */
static int run(const char *const args[], char *text, size_t room)
{
	static char path[8][PATH_MAX];
	const char *argv[9] = { NULL };
	posix_spawn_file_actions_t actions;
	int fds[2], status, err;
	size_t len = 0;
	ssize_t got;
	pid_t pid;

	for (int i = 0; i < 8 && args[i]; i++)
		argv[i] = in_dir(args[i], path[i], sizeof(path[i]));
	if (pipe(fds))
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawn_file_actions_addclose(&actions, fds[1]);
	err = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	close(fds[1]);
	while ((got = read(fds[0], text + len, room - 1 - len)) > 0)
		len += got;
	text[len] = '\0';
	close(fds[0]);
	if (err || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const char *skip_reason(char *text)
{
	static const char key[] = "\"skip\":\"";
	char *reason = strstr(text, key);

	if (!reason)
		return "see above";
	reason += sizeof(key) - 1;
	reason[strcspn(reason, "\"")] = '\0';
	return reason;
}

int main(void)
{
	int failed = 0;

	find_dir();
	/* Their truth is for us alone. */
	unsetenv("WL_TRUTH");
	unsetenv("WL_STOP");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		static char text[65536];
		const struct step *s = &steps[i];
		int status;

		fprintf(stderr, "== %s: %s\n", s->cause, s->shows);
		status = run(s->args, text, sizeof(text));
		if (status == WL_SKIPPED)
			fprintf(stderr, "   skipped: %s\n", skip_reason(text));
		else if (status != WL_OK)
			fprintf(stderr, "   failed: status %d\n", status);
		failed |= status != WL_OK && status != WL_SKIPPED;
	}
	return failed ? WL_FAILED : WL_OK;
}
