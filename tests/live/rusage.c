/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rusage FILE COMMAND [ARG]…: runs a command and writes to FILE, as JSON, what wait4() says that it
 * and its children cost: the kernel's own count from fork() to the very end. Ends as it ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage ru;
	int status, code;
	FILE *out;
	pid_t pid;

	if (argc < 3) {
		fputs("usage: rusage FILE COMMAND [ARG]...\n", stderr);
		return 2;
	}
	out = fopen(argv[1], "we");
	/* After fork() the child would fault in our image, at addresses that may be its own. */
	pid = out ? vfork() : -1;
	if (pid < 0) {
		perror("rusage");
		return 1;
	}
	if (!pid) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &ru) != pid) {
		perror("wait4");
		return 1;
	}
	code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	fprintf(out, "{\"parent\":%d,\"self\":%d,\"pid\":%d,\"minflt\":%ld,\"majflt\":%ld}\n",
		getppid(), getpid(), pid, ru.ru_minflt, ru.ru_majflt);
	return fclose(out) ? 1 : code;
}
