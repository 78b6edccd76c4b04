/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * /proc/PID/stat, statm and status: the kernel's own numbers of a process. Readable for every
 * process without privilege (hidepid apart). The parsers take `len` bytes that need no NUL, and
 * return 0 or -EINVAL for text that is not such a file.
 */
#ifndef FT_STATM_H
#define FT_STATM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel's buffer for a name in stat: a worker's is longer than TASK_COMM_LEN. */
#define FT_STAT_COMM_MAX 64

#define FT_UNKNOWN UINT64_MAX

/* do_task_stat(), fs/proc/array.c */
struct ft_stat {
	pid_t pid, ppid;
	char state; /* R S D T t Z X I … */
	char comm[FT_STAT_COMM_MAX];
	uint64_t flags; /* PF_*, include/linux/sched.h */
	uint64_t minflt, majflt;
	uint64_t starttime; /* clock ticks since boot: tells a recycled PID from the old one */
};

#define FT_STAT_PF_KTHREAD 0x00200000

int ft_stat_parse(const char *text, size_t len, struct ft_stat *out);

/* proc_pid_statm(), in pages. The two fields that are always 0 since 2.6 are left out. */
struct ft_statm {
	uint64_t size, resident, shared, text, data;
};

int ft_statm_parse(const char *text, size_t len, struct ft_statm *out);

/* proc_pid_status() and task_mem(), as far as shown here. FT_UNKNOWN where the line is missing. */
struct ft_status {
	uint64_t uid;		 /* the real one */
	uint64_t swap_kb;	 /* VmSwap: anonymous pages swapped out; shmem is not in it */
	uint64_t page_tables_kb; /* VmPTE: all levels, since 4.15 */
};

int ft_status_parse(const char *text, size_t len, struct ft_status *out);

/* A field of statm or status in pages. */
static inline uint64_t ft_kb_to_pages(uint64_t kb, uint64_t page_size)
{
	return kb == FT_UNKNOWN ? FT_UNKNOWN : kb / (page_size / 1024);
}

static inline bool ft_stat_is_kthread(const struct ft_stat *s)
{
	return s->flags & FT_STAT_PF_KTHREAD;
}

/*
 * Read and parse below the descriptor of a /proc (ft_proc_open_dir()). -ESRCH: the process is gone;
 * -EINVAL: the text is not what it should be.
 */
int ft_stat_read(int procfd, pid_t pid, struct ft_stat *out);
int ft_statm_read(int procfd, pid_t pid, struct ft_statm *out);
int ft_status_read(int procfd, pid_t pid, struct ft_status *out);

#endif
