/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading /proc. Every function takes a root: "" (or NULL) is this machine, "/some/tree" a captured
 * tree that holds `proc/…` below it. No stdio: a /proc file is one read into the caller's buffer,
 * so that 10,000 processes take a fraction of a second.
 *
 * All return 0 or a size, or -errno: -ESRCH when the process is gone, whichever way the kernel said
 * it (ENOENT at open, ESRCH at read), -EACCES / -EPERM when it may not be seen.
 */
#ifndef FT_PROCFS_H
#define FT_PROCFS_H

#include <stddef.h>
#include <sys/types.h>

#define FT_PROC_PATH_MAX 4096

/* Opens `file` of process `pid` (0: this one): an O_CLOEXEC descriptor, or -errno. */
int ft_proc_open(const char *root, pid_t pid, const char *file, int flags);
/* The directory "<root>/proc" itself, for ft_proc_read_at(). */
int ft_proc_open_dir(const char *root);

/*
 * One file of a process, below the descriptor of /proc, into `buf`: NUL-terminated, its length is
 * returned. -E2BIG when it does not fit (the files read this way have a known greatest length).
 */
ssize_t ft_proc_read_at(int procfd, pid_t pid, const char *file, char *buf, size_t size);
/* The same by path relative to the root: "proc/swaps", "proc/self/auxv". */
ssize_t ft_proc_read(const char *root, const char *path, char *buf, size_t size);

/*
 * A whole file of any length: *text is malloc'd (free it), *len its length without the NUL that
 * follows. -EFBIG above 1 GiB: no /proc text is that long.
 */
int ft_proc_slurp(const char *root, pid_t pid, const char *file, char **text, size_t *len);

#endif
