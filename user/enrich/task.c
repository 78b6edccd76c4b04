/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "enrich/task.h"

int ft_tasks_add(struct ft_tasks *t, const struct ft_task *rec)
{
	struct ft_task_info *i = ft_map64_get(&t->by_tid, rec->tid);

	if (!i) {
		i = calloc(1, sizeof(*i));
		if (!i || ft_map64_put(&t->by_tid, rec->tid, i)) {
			free(i);
			return -ENOMEM;
		}
	}
	i->pid = rec->pid;
	i->tid = rec->tid;
	i->ppid = rec->ppid;
	i->uid = rec->uid;
	i->cgroup = rec->cgroup;
	memcpy(i->comm, rec->comm, sizeof(i->comm));
	i->comm[sizeof(i->comm) - 1] = '\0';
	return 0;
}

void ft_tasks_remove(struct ft_tasks *t, uint32_t tid)
{
	free(ft_map64_del(&t->by_tid, tid));
}

const struct ft_task_info *ft_tasks_find(const struct ft_tasks *t, uint32_t tid)
{
	return ft_map64_get(&t->by_tid, tid);
}

void ft_tasks_deinit(struct ft_tasks *t)
{
	ft_map64_deinit(&t->by_tid, free);
}
