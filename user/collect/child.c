/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/nofile.h"
#include "collect/child.h"

#define TICK_MS	 5
#define GRACE_MS 2000

/* In the child: waits for the go (a byte; end of file is not one), becomes the program. */
static void become(int go, int failed, char **argv)
{
	ssize_t n;
	char c;
	int err;

	/* What main() changed for the tool is not the program's. */
	signal(SIGPIPE, SIG_DFL);
	ft_nofile_restore();
	do {
		n = read(go, &c, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(125); /* the tool died before it was ready */
	execvp(argv[0], argv);
	err = errno;
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

int ft_child_start(struct ft_child *c, char **argv)
{
	int go[2], failed[2];

	*c = (struct ft_child) { .go = -1, .failed = -1 };
	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(failed, O_CLOEXEC)) {
		int err = -errno;

		close(go[0]);
		close(go[1]);
		return err;
	}
	c->pid = fork();
	if (c->pid == 0) {
		close(go[1]);
		close(failed[0]);
		become(go[0], failed[1], argv);
	}
	close(go[0]);
	close(failed[1]);
	c->go = go[1];
	c->failed = failed[0];
	return c->pid < 0 ? -errno : 0;
}

int ft_child_go(struct ft_child *c)
{
	int err = 0;
	ssize_t n;

	n = write(c->go, "", 1);
	close(c->go);
	c->go = -1;
	if (n != 1)
		return -EPIPE;
	/* The other end closes by exec, or sends why there was none. */
	do {
		n = read(c->failed, &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	close(c->failed);
	c->failed = -1;
	if (n != sizeof(err))
		return 0;
	waitpid(c->pid, &c->status, 0);
	c->done = true;
	return -err;
}

bool ft_child_ended(struct ft_child *c)
{
	if (!c->done && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->done = true;
	return c->done;
}

static bool ends_within(struct ft_child *c, int ms, bool (*hurries)(void))
{
	const struct timespec tick = { .tv_nsec = 1000000L * TICK_MS };

	for (int i = 0; i < ms / TICK_MS && !ft_child_ended(c); i++) {
		if (hurries && hurries())
			break;
		nanosleep(&tick, NULL);
	}
	return ft_child_ended(c);
}

void ft_child_stop(struct ft_child *c, bool (*hurries)(void))
{
	if (c->pid <= 0)
		return;
	if (c->go < 0 && !ft_child_ended(c)) {
		kill(c->pid, SIGTERM);
		kill(c->pid, SIGCONT);
		ends_within(c, GRACE_MS, hurries);
	}
	if (!ft_child_ended(c)) {
		kill(c->pid, SIGKILL);
		ends_within(c, GRACE_MS, NULL);
	}
	if (c->go >= 0)
		close(c->go);
	if (c->failed >= 0)
		close(c->failed);
	c->go = c->failed = -1;
}

int ft_child_exit_code(const struct ft_child *c)
{
	return WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status);
}
