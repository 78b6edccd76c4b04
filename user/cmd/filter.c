/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/log.h"
#include "cmd/filter.h"
#include "enrich/cgroup.h"
#include "ft_names.h"

/* A comma-separated list of names into a bit mask. */
static int set_names(const char *arg, uint32_t *mask, const char *(*name)(unsigned int),
		     unsigned int n, struct ft_buf *why)
{
	for (const char *p = arg;; p++) {
		size_t len = strcspn(p, ",");
		unsigned int i = 0;

		while (i < n && (strlen(name(i)) != len || strncmp(name(i), p, len)))
			i++;
		if (i == n) {
			ft_buf_str(why, "one of");
			for (i = 0; i < n; i++)
				ft_buf_fmt(why, "%s %s", i ? "," : "", name(i));
			return -EINVAL;
		}
		*mask |= 1U << i;
		p += len;
		if (!*p)
			return 0;
	}
}

static int set_types(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	return set_names(arg, dst, ft_type_name, FT_TYPE_MAX, why);
}

static int set_causes(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	return set_names(arg, dst, ft_cause_name, FT_CAUSE_MAX, why);
}

static int set_accesses(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	return set_names(arg, dst, ft_access_name, FT_ACCESS_MAX, why);
}

static int set_modes(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	return set_names(arg, dst, ft_mode_name, FT_MODE_MAX, why);
}

static int set_uid(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	struct ft_filter_opts *o = dst;

	o->has_uid = true;
	return ft_opt_user(opt, arg, &o->uid, why);
}

static int set_tid(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	struct ft_pidlist *l = dst;

	if (!l->n && !ft_parse_pid(arg, &l->v[0])) {
		l->n = 1;
		return 0;
	}
	ft_buf_str(why, "a TID, one number; -p takes several processes");
	return -EINVAL;
}

static int set_comm(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	if (*arg && strlen(arg) < FT_COMM_LEN) {
		*(const char **)dst = arg;
		return 0;
	}
	ft_buf_fmt(why, "a command name of 1 to %d bytes, as in /proc/PID/comm", FT_COMM_LEN - 1);
	return -EINVAL;
}

#define AT(member) offsetof(struct ft_filter_opts, member)

static const struct ft_opt opts[] = {
	{ "pid", 'p', "PID[,PID...]", "only these processes, with all their threads", ft_opt_pids,
	  AT(pids), NULL },
	{ "tid", 't', "TID", "only this thread", set_tid, AT(tids), NULL },
	{ "all", 'a', NULL, "the whole system (the default without -p, -t and a program)",
	  ft_opt_flag, AT(all), NULL },
	{ "cgroup", 'c', "PATH", "only tasks in this cgroup or below it", ft_opt_str, AT(cgroup),
	  NULL },
	{ "uid", 'u', "USER", "only tasks of this user, a name or an id", set_uid, 0, NULL },
	{ "comm", 'n', "NAME", "only tasks of exactly this command name", set_comm, AT(comm),
	  NULL },
	{ "type", 0, "TYPE[,TYPE...]", "only faults of these types", set_types, AT(types),
	  "minor|major|invalid|aborted" },
	{ "cause", 0, "CAUSE[,CAUSE...]", "only faults of these causes; see CAUSES in the manual",
	  set_causes, AT(causes), NULL },
	{ "access", 0, "ACCESS[,...]", "only these accesses: read, write, exec", set_accesses,
	  AT(accesses), "read|write|exec" },
	{ "mode", 0, "MODE", "only accesses by code in user mode, or by the kernel", set_modes,
	  AT(modes), "user|kernel" },
	{ "min-latency", 0, "DUR", "only faults that took at least this long (250us, 10ms)",
	  ft_opt_latency, AT(min_latency), NULL },
	{ "sample", 0, "N", "show one fault in N; the others are counted", ft_opt_u64_pos,
	  AT(sample), NULL },
};

const struct ft_opt_group ft_filter_group = FT_OPT_GROUP("What is traced", opts);

/* Field `key` of /proc/PID/status as a number, or -errno. */
static long status_field(pid_t pid, const char *key)
{
	char path[32], line[256];
	_cleanup_file_ FILE *f = NULL;
	size_t len = strlen(key);
	long v;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? -ESRCH : -errno;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, len) && sscanf(line + len, ": %ld", &v) == 1)
			return v;
	return -ESRCH;
}

/* Without it no process is found, whether it exists or not. */
static bool no_proc(void)
{
	if (!access("/proc/self", F_OK))
		return false;
	ft_err("/proc is not mounted, and without it processes are not found: mount -t proc proc "
	       "/proc");
	return true;
}

static int check_pid(pid_t pid)
{
	long tgid = status_field(pid, "Tgid");

	if (tgid == pid)
		return 0;
	if (tgid < 0 && no_proc())
		return FT_EXIT_FAILURE;
	if (tgid < 0)
		ft_err("no process has PID %d; 'faulttrace ps' lists those there are", pid);
	else
		ft_err("%d is a thread of process %ld; use -t %d for the thread, or -p %ld", pid,
		       tgid, pid, tgid);
	return FT_EXIT_USAGE;
}

static int check_tid(pid_t tid)
{
	if (status_field(tid, "Tgid") > 0)
		return 0;
	if (no_proc())
		return FT_EXIT_FAILURE;
	ft_err("no thread has TID %d; 'ps -eL' lists those there are", tid);
	return FT_EXIT_USAGE;
}

static int apply_who(const struct ft_filter_opts *o, bool program, struct ft_knobs *k)
{
	int err = 0;

	if (program && (o->pids.n || o->tids.n || o->all)) {
		ft_err("-p, -t and -a trace what runs already, '-- PROGRAM' starts one: use one of "
		       "them");
		return FT_EXIT_USAGE;
	}
	if (!!o->pids.n + !!o->tids.n + o->all > 1) {
		ft_err("use one of -p PID[,PID...], -t TID and -a");
		return FT_EXIT_USAGE;
	}
	for (size_t i = 0; i < o->pids.n && !err; i++)
		err = check_pid(o->pids.v[i]);
	if (!err && o->tids.n)
		err = check_tid(o->tids.v[0]);
	if (err)
		return err;
	if (program) {
		k->filters |= FT_FILTER_TGIDS;
		k->follow = 1;
	} else if (o->pids.n == 1) {
		k->filters |= FT_FILTER_TGID;
		k->tgid = (__u32)o->pids.v[0];
	} else if (o->pids.n) {
		k->filters |= FT_FILTER_TGIDS;
	} else if (o->tids.n) {
		k->filters |= FT_FILTER_TID;
		k->tid = (__u32)o->tids.v[0];
	}
	return 0;
}

static int apply_cgroup(const struct ft_filter_opts *o, struct ft_knobs *k)
{
	struct ft_cgroups cg;
	uint64_t id = 0;
	int err;

	ft_cgroups_init(&cg, "");
	k->cgroup_v1 = cg.v1;
	err = o->cgroup ? ft_cgroups_id(&cg, o->cgroup, &id) : 0;
	if (err)
		ft_err("--cgroup: no cgroup '%s' under %s", o->cgroup,
		       cg.root[0] ? cg.root : "(no hierarchy is mounted)");
	ft_cgroups_deinit(&cg);
	if (err)
		return FT_EXIT_USAGE;
	if (o->cgroup) {
		k->filters |= FT_FILTER_CGROUP;
		k->cgroup = id;
	}
	return 0;
}

int ft_filter_apply(const struct ft_filter_opts *o, bool program, struct ft_knobs *k)
{
	int err = apply_who(o, program, k);

	if (!err)
		err = apply_cgroup(o, k);
	if (err)
		return err;
	if (o->has_uid) {
		k->filters |= FT_FILTER_UID;
		k->uid = (__u32)o->uid;
	}
	if (o->comm) {
		k->filters |= FT_FILTER_COMM;
		strncpy(k->comm, o->comm, sizeof(k->comm) - 1);
	}
	k->types = o->types ?: ~0U;
	k->causes = o->causes ?: ~0U;
	k->accesses = o->accesses ?: ~0U;
	k->modes = o->modes ?: ~0U;
	k->min_ns = o->min_latency;
	k->sample = (__u32)(o->sample < UINT32_MAX ? o->sample : UINT32_MAX);
	return 0;
}

void ft_filter_describe(const struct ft_filter_opts *o, struct ft_buf *out)
{
	if (o->tids.n) {
		ft_buf_fmt(out, "TID %d", o->tids.v[0]);
	} else if (o->pids.n) {
		ft_buf_str(out, "PID");
		for (size_t i = 0; i < o->pids.n && i < 8; i++)
			ft_buf_fmt(out, "%s%d", i ? "," : " ", o->pids.v[i]);
		if (o->pids.n > 8)
			ft_buf_fmt(out, " and %zu more", o->pids.n - 8);
	} else {
		ft_buf_str(out, "all processes");
	}
	if (o->cgroup) {
		ft_buf_str(out, " in ");
		ft_buf_escaped(out, o->cgroup, strlen(o->cgroup));
	}
	if (o->comm) {
		ft_buf_str(out, " named ");
		ft_buf_escaped(out, o->comm, strlen(o->comm));
	}
	if (o->has_uid)
		ft_buf_fmt(out, " of user %lu", (unsigned long)o->uid);
}

int ft_filter_check_process(pid_t pid)
{
	long tgid = status_field(pid, "Tgid");

	if (tgid <= 0 || tgid == pid)
		return check_pid(pid);
	ft_err("%d is a thread of process %ld; use -p %ld", pid, tgid, tgid);
	return FT_EXIT_USAGE;
}
