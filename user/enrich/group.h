/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The words behind the numbers of a group of faults: its process's name, its cgroup, its file. What
 * is gone by the time it is shown must be named while it lives, so groups are looked at about once
 * a second (ft_groups_mark()), and processes that end say their name in a record.
 */
#ifndef FT_GROUP_H
#define FT_GROUP_H

#include <stdbool.h>

#include "base/map64.h"
#include "enrich/cgroup.h"
#include "enrich/file.h"
#include "ft_wire.h"

/* NULL: unknown, or not a part of the group. Strangers' text, valid until the next record or mark.
 */
struct ft_group_text {
	const char *comm;   /* of the process `pid`, as it is or was called last */
	const char *cgroup; /* path */
	const char *place;  /* path of the file, or "[heap]", "[anon]", … */
};

struct ft_groups {
	const char *root; /* of /proc; "" here */
	struct ft_files files;
	struct ft_cgroups cgroups;
	struct ft_map64 by_pid;
	unsigned int round; /* of marks */
};

/* `root`: of /proc, "" here; must outlive it. */
void ft_groups_init(struct ft_groups *g, const char *root);
void ft_groups_deinit(struct ft_groups *g);

/* Takes note of a FILE or TASK record; others mean nothing here. 0, -ENOMEM, -EBADMSG. */
int ft_groups_record(struct ft_groups *g, const struct ft_hdr *rec);

/*
 * A round of marks: begin, mark every group that there is, end. Processes of no group are then
 * forgotten: of 10,000 that lived a moment only those that have a group stay.
 */
void ft_groups_begin(struct ft_groups *g);
void ft_groups_mark(struct ft_groups *g, const struct ft_group *key, uint64_t now_ns);
/* 0 or -ENOMEM. */
int ft_groups_end(struct ft_groups *g);

/* Whether the group is of a process that is not there any more. Looks now. */
bool ft_groups_ended(const struct ft_groups *g, const struct ft_group *key);

/* The words of a group that was marked. */
void ft_groups_find(const struct ft_groups *g, uint32_t by, const struct ft_group *key,
		    struct ft_group_text *out);

#endif
