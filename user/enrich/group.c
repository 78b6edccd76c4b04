/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/procfs.h"
#include "enrich/event.h"
#include "enrich/group.h"

#define LOOK_NS 1000000000ULL /* how old the name of a living process may be */

struct process {
	char comm[FT_COMM_LEN]; /* "" is unknown */
	unsigned int round;
	uint64_t read_ns; /* when it was last looked for in /proc */
};

void ft_groups_init(struct ft_groups *g, const char *root)
{
	*g = (struct ft_groups) { .root = root };
	ft_cgroups_init(&g->cgroups, root);
}

void ft_groups_deinit(struct ft_groups *g)
{
	ft_files_deinit(&g->files);
	ft_cgroups_deinit(&g->cgroups);
	ft_map64_deinit(&g->by_pid, free);
}

/* NULL without memory. */
static struct process *process_of(struct ft_groups *g, uint32_t pid)
{
	struct process *p = ft_map64_get(&g->by_pid, pid);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (p && ft_map64_put(&g->by_pid, pid, p)) {
		free(p);
		p = NULL;
	}
	return p;
}

static void set_comm(struct process *p, const char comm[FT_COMM_LEN])
{
	memcpy(p->comm, comm, sizeof(p->comm));
	p->comm[sizeof(p->comm) - 1] = '\0';
}

static int add_task(struct ft_groups *g, const struct ft_task *rec)
{
	struct process *p = rec->pid ? process_of(g, rec->pid) : NULL;

	if (!p)
		return rec->pid ? -ENOMEM : -EBADMSG;
	set_comm(p, rec->comm);
	return 0;
}

int ft_groups_record(struct ft_groups *g, const struct ft_hdr *rec)
{
	if (rec->kind == FT_KIND_FILE)
		return ft_files_add(&g->files, (const struct ft_file *)rec);
	if (rec->kind == FT_KIND_TASK)
		return add_task(g, (const struct ft_task *)rec);
	return 0;
}

/* /proc/PID/comm without the newline into `comm`. False when there is no such process. */
static bool read_comm(const struct ft_groups *g, uint32_t pid, char comm[FT_COMM_LEN + 1])
{
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "proc/%u/comm", pid);
	n = ft_proc_read(g->root, path, comm, FT_COMM_LEN + 1);
	if (n <= 0)
		return false;
	comm[comm[n - 1] == '\n' ? n - 1 : n] = '\0';
	return true;
}

bool ft_groups_ended(const struct ft_groups *g, const struct ft_group *key)
{
	char comm[FT_COMM_LEN + 1];

	return key->pid && !read_comm(g, key->pid, comm);
}

void ft_groups_begin(struct ft_groups *g)
{
	g->round++;
}

void ft_groups_mark(struct ft_groups *g, const struct ft_group *key, uint64_t now_ns)
{
	struct process *p = key->pid ? process_of(g, key->pid) : NULL;
	char comm[FT_COMM_LEN + 1];

	if (p)
		p->round = g->round;
	if (p && (!p->read_ns || now_ns - p->read_ns >= LOOK_NS)) {
		p->read_ns = now_ns;
		if (read_comm(g, key->pid, comm))
			set_comm(p, comm);
	}
	if (key->cgroup)
		ft_cgroups_path(&g->cgroups, key->cgroup, now_ns);
}

int ft_groups_end(struct ft_groups *g)
{
	struct ft_map64 kept = {};

	for (size_t i = 0; i < g->by_pid.cap; i++) {
		const struct ft_map64_slot *s = &g->by_pid.v[i];
		const struct process *p = s->value;

		if (s->key && p->round == g->round && ft_map64_put(&kept, s->key, s->value)) {
			ft_map64_deinit(&kept, NULL);
			return -ENOMEM;
		}
	}
	for (size_t i = 0; i < g->by_pid.cap; i++)
		if (g->by_pid.v[i].key && !ft_map64_get(&kept, g->by_pid.v[i].key))
			free(g->by_pid.v[i].value);
	ft_map64_deinit(&g->by_pid, NULL);
	g->by_pid = kept;
	return 0;
}

/* "[heap]" of "heap". */
static const char *bracketed(const char *kind)
{
	static const char *const words[] = { "[anon]",	  "[heap]",    "[stack]", "[vdso]",
					     "[special]", "[hugetlb]", "[shmem]" };

	for (size_t i = 0; kind && i < sizeof(words) / sizeof(*words); i++)
		if (!strncmp(words[i] + 1, kind, strlen(kind)))
			return words[i];
	return NULL; /* a file whose name is not known, or nothing is */
}

void ft_groups_find(const struct ft_groups *g, uint32_t by, const struct ft_group *key,
		    struct ft_group_text *out)
{
	const struct process *p = ft_map64_get(&g->by_pid, key->pid);
	const struct ft_file_info *file = ft_files_find(&g->files, key->file);

	*out = (struct ft_group_text) {};
	if (p && p->comm[0])
		out->comm = p->comm;
	if (key->cgroup)
		out->cgroup = ft_map64_get(&g->cgroups.by_id, key->cgroup);
	if (by & (FT_BY_FILE | FT_BY_MAPPING) && !key->other)
		out->place = key->file ? file ? file->path : NULL
				       : bracketed(ft_vma_name(key->vma_kind, key->vma_bits));
}
