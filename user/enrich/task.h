/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who a tid is: from TASK records, which come before the first fault of a task and on change. */
#ifndef FT_TASK_H
#define FT_TASK_H

#include "base/map64.h"
#include "ft_wire.h"

struct ft_task_info {
	uint32_t pid, tid, ppid, uid;
	uint64_t cgroup;
	char comm[FT_COMM_LEN]; /* NUL-terminated; a stranger's */
};

struct ft_tasks {
	struct ft_map64 by_tid;
};

/* 0 or -ENOMEM. */
int ft_tasks_add(struct ft_tasks *t, const struct ft_task *rec);
/* The task ended: its faults have all been handed over, the number may come again. */
void ft_tasks_remove(struct ft_tasks *t, uint32_t tid);
/* NULL when its record was lost. */
const struct ft_task_info *ft_tasks_find(const struct ft_tasks *t, uint32_t tid);
void ft_tasks_deinit(struct ft_tasks *t);

#endif
