/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "model/proctab.h"

void ft_proctab_deinit(struct ft_proctab *t)
{
	free(t->v);
	*t = (struct ft_proctab) { 0 };
}

static struct ft_proc *new_row(struct ft_proctab *t)
{
	size_t cap = t->cap ? t->cap * 2 : 256;
	struct ft_proc *v;

	if (t->n == t->cap) {
		v = reallocarray(t->v, cap, sizeof(*v));
		if (!v)
			return NULL;
		t->v = v;
		t->cap = cap;
	}
	return &t->v[t->n];
}

static int read_process(int procfd, pid_t pid, const struct ft_proctab_scan *how, struct ft_proc *p)
{
	struct ft_status status;
	struct ft_statm statm;
	struct ft_stat stat;
	int err = ft_stat_read(procfd, pid, &stat);

	if (!err && ft_stat_is_kthread(&stat) && !how->kthreads)
		return -ENOENT;
	if (!err)
		err = ft_statm_read(procfd, pid, &statm);
	if (!err)
		err = ft_status_read(procfd, pid, &status);
	if (err)
		return err;
	*p = (struct ft_proc) {
		.pid = pid,
		.state = stat.state,
		.kthread = ft_stat_is_kthread(&stat),
		.uid = status.uid,
		.starttime = stat.starttime,
		.minflt = stat.minflt,
		.majflt = stat.majflt,
		.total = statm.size,
		.res = statm.resident,
		.shared = statm.shared,
		.swap = ft_kb_to_pages(status.swap_kb, how->page_size),
		.pte = ft_kb_to_pages(status.page_tables_kb, how->page_size),
		.min_rate = -1,
		.maj_rate = -1,
	};
	memcpy(p->comm, stat.comm, sizeof(p->comm));
	return 0;
}

/* A process that cannot be read is left out: it vanished, or hidepid hides it. */
static int add_process(struct ft_proctab *t, int procfd, pid_t pid,
		       const struct ft_proctab_scan *how)
{
	struct ft_proc *p = new_row(t);

	if (!p)
		return -ENOMEM;
	if (!read_process(procfd, pid, how, p))
		t->n++;
	return 0;
}

/* The number a name in /proc is, or 0. */
static pid_t pid_of_name(const char *name)
{
	char *end;
	long v;

	if (!isdigit((unsigned char)*name))
		return 0;
	errno = 0;
	v = strtol(name, &end, 10);
	return *end || errno || v > INT_MAX ? 0 : (pid_t)v;
}

static int cmp_pid(const void *a, const void *b)
{
	const struct ft_proc *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int scan_all(struct ft_proctab *t, int procfd, const struct ft_proctab_scan *how)
{
	int fd = ft_proc_open_dir(how->root);
	_cleanup_dir_ DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	int err = 0;

	if (!dir) {
		err = fd < 0 ? fd : -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (!err && (e = readdir(dir)) != NULL) {
		pid_t pid = pid_of_name(e->d_name);

		if (pid)
			err = add_process(t, procfd, pid, how);
	}
	/* /proc lists them in order; a captured tree in any. */
	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), cmp_pid);
	return err;
}

int ft_proctab_scan(struct ft_proctab *t, const struct ft_proctab_scan *how)
{
	_cleanup_fd_ int procfd = ft_proc_open_dir(how->root);
	int err = 0;

	t->n = 0;
	t->ts_ns = how->now_ns;
	if (procfd < 0)
		return procfd;
	if (!how->pids)
		return scan_all(t, procfd, how);
	for (size_t i = 0; !err && i < how->npids; i++)
		err = add_process(t, procfd, how->pids[i], how);
	return err;
}

const struct ft_proc *ft_proctab_find(const struct ft_proctab *t, pid_t pid)
{
	const struct ft_proc key = { .pid = pid };

	return t->n ? bsearch(&key, t->v, t->n, sizeof(*t->v), cmp_pid) : NULL;
}

/* The kernel's counters only grow; a captured tree may say otherwise. */
static double rate(uint64_t now, uint64_t before, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

void ft_proctab_rates(struct ft_proctab *now, const struct ft_proctab *before)
{
	double seconds = (double)(now->ts_ns - before->ts_ns) / 1e9;

	if (now->ts_ns <= before->ts_ns)
		return;
	for (size_t i = 0; i < now->n; i++) {
		struct ft_proc *p = &now->v[i];
		const struct ft_proc *old = ft_proctab_find(before, p->pid);
		bool same = old && old->starttime == p->starttime;

		p->min_rate = rate(p->minflt, same ? old->minflt : 0, seconds);
		p->maj_rate = rate(p->majflt, same ? old->majflt : 0, seconds);
	}
}

ssize_t ft_proctab_select(const struct ft_proctab *t,
			  bool (*keep)(const struct ft_proc *, const void *), const void *arg,
			  struct ft_proc **rows)
{
	struct ft_proc *v = reallocarray(NULL, t->n ? t->n : 1, sizeof(*v));
	ssize_t n = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++)
		if (keep(&t->v[i], arg))
			v[n++] = t->v[i];
	*rows = v;
	return n;
}
