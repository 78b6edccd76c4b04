/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"

#define SLURP_FIRST (64 * 1024)
#define SLURP_MAX   (1UL << 30)

/* A process that ended is ENOENT before its directory is open and ESRCH after: one word for both.
 */
static int proc_errno(int err)
{
	return err == ENOENT ? -ESRCH : -err;
}

int ft_proc_open(const char *root, pid_t pid, const char *file, int flags)
{
	char path[FT_PROC_PATH_MAX];
	int n, fd;

	if (pid)
		n = snprintf(path, sizeof(path), "%s/proc/%d/%s", root ? root : "", pid, file);
	else
		n = snprintf(path, sizeof(path), "%s/proc/self/%s", root ? root : "", file);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC);
	return fd >= 0 ? fd : proc_errno(errno);
}

int ft_proc_open_dir(const char *root)
{
	char path[FT_PROC_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/proc", root ? root : "");
	int fd;

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

/* Reads until the end or until `size` bytes are there. */
static ssize_t read_full(int fd, char *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, buf + done, size - done);

		if (n > 0)
			done += n;
		else if (!n)
			break;
		else if (errno != EINTR)
			return proc_errno(errno);
	}
	return done;
}

static ssize_t read_text(int fd, char *buf, size_t size)
{
	ssize_t n = read_full(fd, buf, size);

	if (n < 0)
		return n;
	if ((size_t)n == size)
		return -E2BIG;
	buf[n] = '\0';
	return n;
}

ssize_t ft_proc_read_at(int procfd, pid_t pid, const char *file, char *buf, size_t size)
{
	_cleanup_fd_ int fd = -1;
	char path[64];
	int n = snprintf(path, sizeof(path), "%d/%s", pid, file);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = openat(procfd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return proc_errno(errno);
	return read_text(fd, buf, size);
}

ssize_t ft_proc_read(const char *root, const char *file, char *buf, size_t size)
{
	_cleanup_fd_ int fd = -1;
	char path[FT_PROC_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", root ? root : "", file);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return read_text(fd, buf, size);
}

int ft_proc_slurp(const char *root, pid_t pid, const char *file, char **text, size_t *len)
{
	_cleanup_fd_ int fd = ft_proc_open(root, pid, file, O_RDONLY);
	_cleanup_free_ char *buf = NULL;
	size_t cap = SLURP_FIRST, have = 0;

	if (fd < 0)
		return fd;
	for (;; cap *= 2) {
		char *p = cap <= SLURP_MAX ? realloc(buf, cap + 1) : NULL;
		ssize_t n;

		if (!p)
			return cap <= SLURP_MAX ? -ENOMEM : -EFBIG;
		buf = p;
		n = read_full(fd, buf + have, cap - have);
		if (n < 0)
			return n;
		have += n;
		if (have < cap)
			break;
	}
	buf[have] = '\0';
	*len = have;
	*text = buf;
	buf = NULL;
	return 0;
}
