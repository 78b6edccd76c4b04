/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of code that a JIT compiler made: /tmp/perf-PID.map, lines of "START SIZE NAME" in hex
 * (tools/perf/Documentation/jit-interface.txt). The process writes it, appending as it compiles:
 * a later entry replaces the earlier ones it overlaps. The file is hostile input: 64 MiB and a
 * million entries at most are read, names are cut at 1 KiB, other lines are skipped.
 */
#ifndef FT_PERFMAP_H
#define FT_PERFMAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ft_perfmap;

struct ft_perfmap *ft_perfmap_create(void);
void ft_perfmap_destroy(struct ft_perfmap *m);

/*
 * Opens the file of `pid` in the mount namespace and under the pid of its process. It has to be a
 * regular file, no symbolic link, owned by the process's user or root, and not older than the
 * process: maps of dead processes stay in /tmp and pids are used again. `root` holds proc/.
 * `started` tells one process of this pid from the next (clock ticks after boot).
 * A descriptor; -ESRCH when the process is gone, -ENOENT when it has no such file, -EACCES when it
 * has, but the file breaks a rule.
 */
int ft_perfmap_open(const char *root, pid_t pid, uint64_t *started);

/*
 * Reads what was appended since the last call; a file that became shorter, or another file, is read
 * from its start. 1 when entries changed, 0 when not, -errno.
 */
int ft_perfmap_update(struct ft_perfmap *m, int fd);

/* The name at `ip` and the start of its code, or NULL. Valid until the next update. */
const char *ft_perfmap_find(const struct ft_perfmap *m, uint64_t ip, uint64_t *start);

size_t ft_perfmap_bytes(const struct ft_perfmap *m);

#endif
