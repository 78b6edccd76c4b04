/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads what the BPF side counts: totals, losses, the kernel's counters, misses. */
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "collect/iter.h"
#include "collect/skel.h"
#include "collect/tracer.h"
#include "collect/tracer_priv.h"

/* Sums `n` u64 of one per-CPU array element into `sum`. */
static int sum_percpu(int fd, __u32 key, __u64 *sum, size_t n)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ __u64 *v = cpus > 0 ? calloc((size_t)cpus * n, sizeof(*v)) : NULL;

	if (!v)
		return cpus < 0 ? cpus : -ENOMEM;
	if (bpf_map_lookup_elem(fd, &key, v))
		return -errno;
	memset(sum, 0, n * sizeof(*sum));
	for (size_t i = 0; i < (size_t)cpus * n; i++)
		sum[i % n] += v[i];
	return 0;
}

#define U64S(type) (sizeof(type) / sizeof(__u64))

int ft_tracer_final(struct ft_tracer *t, struct ft_snapshot *s)
{
	struct bpf_object *obj = ft_tracer_object(t);
	int totals = bpf_object__find_map_fd_by_name(obj, "ft_totals");
	int losses = bpf_object__find_map_fd_by_name(obj, "ft_losses");
	int err = 0;

	for (__u32 i = 0; i < FT_TYPE_MAX * FT_CAUSE_MAX && !err; i++)
		err = sum_percpu(totals, i, (__u64 *)&s->total[i / FT_CAUSE_MAX][i % FT_CAUSE_MAX],
				 U64S(struct ft_total));
	for (__u32 i = 0; i < FT_LOSS_MAX && !err; i++)
		err = sum_percpu(losses, i, &s->loss[i], 1);
	return err;
}

/* The account of all tasks, at one moment. */
struct account {
	struct ft_counts sum;
	__u64 uneven; /* by how much the two sides of single living tasks differ */
};

static void add_task(struct account *a, const struct ft_counts *c)
{
	__u64 kernel = c->kernel_min + c->kernel_maj;
	__u64 ours = c->seen_min + c->seen_maj + c->gup_min + c->gup_maj;
	const __u64 *from = (const __u64 *)c;
	__u64 *to = (__u64 *)&a->sum;

	for (size_t i = 0; i < U64S(*c); i++)
		to[i] += from[i];
	a->uneven += kernel > ours ? kernel - ours : ours - kernel;
}

static int by_value(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/* The keys of a hash, each once: when one goes while they are read, reading begins anew. */
static size_t read_keys(int fd, __u64 *keys, size_t max)
{
	__u64 *prev = NULL;
	size_t n = 0, unique = 0;

	while (n < max && !bpf_map_get_next_key(fd, prev, &keys[n]))
		prev = &keys[n++];
	qsort(keys, n, sizeof(*keys), by_value);
	for (size_t i = 0; i < n; i++)
		if (!unique || keys[i] != keys[unique - 1])
			keys[unique++] = keys[i];
	return unique;
}

/* Where there are no iterators: the tasks of the hash one by one. */
static int add_hashed(struct faulttrace_bpf *skel, struct account *a)
{
	int map = bpf_map__fd(skel->maps.ft_states_hash), err = 0;
	int prog = bpf_program__fd(skel->progs.ft_count_task);
	size_t max = 4UL * bpf_map__max_entries(skel->maps.ft_states_hash), n;
	_cleanup_free_ __u64 *keys = calloc(max, sizeof(*keys));

	if (!keys)
		return -ENOMEM;
	n = read_keys(map, keys, max);
	for (size_t i = 0; i < n && !err; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts);

		skel->bss->ft_counted = (struct ft_counts) {};
		skel->bss->ft_task_counted = keys[i];
		err = bpf_prog_test_run_opts(prog, &opts) ? -errno : 0;
		add_task(a, &skel->bss->ft_counted);
	}
	return err;
}

/* Adds the tasks that live. The iterator reads each task's two sides at one moment. */
static int add_living(struct faulttrace_bpf *skel, struct account *a)
{
	struct ft_counts part[64];
	_cleanup_fd_ int fd = -1;
	ssize_t n;

	if (bpf_program__fd(skel->progs.ft_count_task) >= 0)
		return add_hashed(skel, a);
	fd = ft_iter_open(skel->progs.iter__tasks, -1);
	if (fd < 0)
		return fd;
	while ((n = read(fd, part, sizeof(part))) > 0)
		for (ssize_t i = 0; i < n / (ssize_t)sizeof(*part); i++)
			add_task(a, &part[i]);
	return n < 0 ? -errno : 0;
}

/* bpf_prog_info.recursion_misses: runs skipped because the program was busy on that CPU. */
static __u64 misses_of(const struct bpf_program *prog)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (bpf_program__fd(prog) < 0 || bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return 0;
	return info.recursion_misses;
}

static __u64 count_misses(struct bpf_object *obj)
{
	struct bpf_program *prog;
	__u64 misses = 0;

	bpf_object__for_each_program(prog, obj) misses += misses_of(prog);
	return misses;
}

/*
 * Tasks whose exit was skipped are counted when RCU frees them: after a grace period, and a moment
 * for its callbacks.
 */
static void await_missed_exits(struct faulttrace_bpf *skel)
{
	if (!misses_of(skel->progs.tp_btf__sched_process_exit))
		return;
	for (int i = 0; i < 2; i++) {
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
		usleep(30000);
	}
}

/*
 * Tasks that ended are read first: one that ends meanwhile is then missing on both sides of the
 * account instead of standing in it twice.
 */
static int read_account(struct ft_tracer *t, struct account *a, bool *living_known)
{
	int exited = bpf_object__find_map_fd_by_name(ft_tracer_object(t), "ft_exited");
	int err;

	*a = (struct account) {};
	err = sum_percpu(exited, 0, (__u64 *)&a->sum, U64S(a->sum));
	if (!err)
		*living_known = !add_living(ft_tracer_skel(t), a);
	return err;
}

#define ACCOUNT_LOOKS 5

/*
 * A task that runs may be met between the kernel's count of a fault, in mm_account_fault(), and
 * ours, which follows it. A moment later it is even; what really was lost stays lost.
 */
static int read_even_account(struct ft_tracer *t, struct ft_snapshot *s)
{
	__u64 least = UINT64_MAX;
	struct account a;

	for (int i = 0; i < ACCOUNT_LOOKS && least; i++) {
		int err;

		if (i)
			usleep(1000);
		err = read_account(t, &a, &s->counts_known);
		if (err)
			return err;
		if (a.uneven < least) {
			least = a.uneven;
			s->counts = a.sum;
		}
	}
	return 0;
}

int ft_tracer_snapshot(struct ft_tracer *t, struct ft_snapshot *s)
{
	int err;

	*s = (struct ft_snapshot) {};
	await_missed_exits(ft_tracer_skel(t));
	err = read_even_account(t, s);
	if (err)
		return err;
	s->misses = count_misses(ft_tracer_object(t));
	s->gup_measured = ft_caps_has(ft_tracer_caps(t), FT_ABILITY_GUP);
	return ft_tracer_final(t, s);
}
