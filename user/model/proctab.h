/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table of processes with what the kernel counts of each: one pass over /proc, three files per
 * process, nothing allocated per process. Two tables of different times give rates.
 */
#ifndef FT_PROCTAB_H
#define FT_PROCTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "enrich/statm.h"

struct ft_proc {
	pid_t pid;
	char state;
	bool kthread;
	char comm[FT_STAT_COMM_MAX]; /* as the process chose it: escape */
	uint64_t uid, starttime;
	uint64_t minflt, majflt;
	/* In pages; FT_UNKNOWN where the kernel does not say (kernel threads, zombies). */
	uint64_t total, res, shared, swap, pte;
	double min_rate, maj_rate; /* per second, since the table before; negative: not known */
};

struct ft_proctab {
	struct ft_proc *v; /* ascending PIDs after a scan */
	size_t n, cap;
	uint64_t ts_ns; /* as given to the scan */
};

struct ft_proctab_scan {
	const char *root; /* of /proc, see base/procfs.h */
	uint64_t page_size;
	uint64_t now_ns;
	const pid_t *pids; /* only these, ascending; NULL: all */
	size_t npids;
	bool kthreads; /* kernel threads too */
};

/*
 * Fills `t`, whose earlier content is replaced (its memory is used again). Processes that vanish
 * while they are read, and PIDs of the list that do not exist, are not in it. 0, or -errno when
 * /proc itself cannot be read.
 */
int ft_proctab_scan(struct ft_proctab *t, const struct ft_proctab_scan *how);
void ft_proctab_deinit(struct ft_proctab *t);

/* By PID, in a table as scanned; NULL when it is not there. */
const struct ft_proc *ft_proctab_find(const struct ft_proctab *t, pid_t pid);

/*
 * Faults per second of each process in `now` since `before`. A process that began in between (by
 * its start time, so that a recycled PID is a new process) counts from its beginning.
 */
void ft_proctab_rates(struct ft_proctab *now, const struct ft_proctab *before);

/*
 * The rows for which `keep` is true, in order, copied into *rows (malloc'd; free it) so that they
 * can be sorted while the table stays as scanned. How many, or -ENOMEM.
 */
ssize_t ft_proctab_select(const struct ft_proctab *t,
			  bool (*keep)(const struct ft_proc *, const void *), const void *arg,
			  struct ft_proc **rows);

#endif
