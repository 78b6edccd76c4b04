/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "collect/probe.h"
#include "collect/swevent.h"

/* r0 = 0; exit */
static const struct bpf_insn empty[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
	{ .code = BPF_JMP | BPF_EXIT },
};

#define EMPTY_LEN (sizeof(empty) / sizeof(*empty))

/* The BTF id that a tracing program names its target by; 0 when the kernel has none. */
static int target_id(enum ft_hook_kind kind, const char *target, const struct btf *btf)
{
	char name[128];
	int id;

	if (kind == FT_HOOK_TP_BTF || kind == FT_HOOK_RAW_TP || kind == FT_HOOK_ITER) {
		snprintf(name, sizeof(name), "%s%s",
			 kind == FT_HOOK_ITER ? "bpf_iter_" : "btf_trace_", target);
		id = btf__find_by_name_kind(
			btf, name, kind == FT_HOOK_ITER ? BTF_KIND_FUNC : BTF_KIND_TYPEDEF);
	} else {
		id = btf__find_by_name_kind(btf, target, BTF_KIND_FUNC);
	}
	return id > 0 ? id : 0;
}

int ft_probe_listed(enum ft_hook_kind kind, const char *target, const struct btf *btf)
{
	return target_id(kind, target, btf) ? 0 : -ENOENT;
}

static int probe_tracing(enum ft_hook_kind kind, const char *target, const struct btf *btf)
{
	static const enum bpf_attach_type types[] = {
		[FT_HOOK_TP_BTF] = BPF_TRACE_RAW_TP,
		[FT_HOOK_FENTRY] = BPF_TRACE_FENTRY,
		[FT_HOOK_FEXIT] = BPF_TRACE_FEXIT,
		[FT_HOOK_ITER] = BPF_TRACE_ITER,
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = types[kind]);
	_cleanup_fd_ int prog = -1, link = -1;

	opts.attach_btf_id = target_id(kind, target, btf);
	if (!opts.attach_btf_id)
		return -ENOENT;
	prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, "ft_probe", "GPL", empty, EMPTY_LEN, &opts);
	if (prog < 0)
		return -errno;
	if (kind == FT_HOOK_ITER)
		link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL);
	else
		link = bpf_raw_tracepoint_open(NULL, prog);
	return link < 0 ? -errno : 0;
}

static int probe_raw(const char *target)
{
	_cleanup_fd_ int prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "ft_probe", "GPL",
					      empty, EMPTY_LEN, NULL);
	_cleanup_fd_ int link = -1;

	if (prog < 0)
		return -errno;
	link = bpf_raw_tracepoint_open(target, prog);
	return link < 0 ? -errno : 0;
}

/* A kprobe by its PMU (4.17): the perf event alone shows whether the function can be probed. */
static int probe_kprobe(const char *target)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	_cleanup_file_ FILE *f = fopen("/sys/bus/event_source/devices/kprobe/type", "re");
	_cleanup_fd_ int fd = -1;

	if (!f || fscanf(f, "%u", &attr.type) != 1)
		return -ENOENT;
	attr.config1 = (unsigned long)target;
	fd = ft_perf_event_open(&attr, -1, 0);
	return fd < 0 ? fd : 0;
}

static int probe_sw_event(void)
{
	_cleanup_fd_ int fd = ft_swevent_open(PERF_COUNT_SW_PAGE_FAULTS_MIN, 0);

	return fd < 0 ? fd : 0;
}

static int probe_task_storage(void)
{
	/* A map of this type must describe its key and value by BTF; the smallest: an int. */
	struct btf *btf = btf__new_empty();
	int type = btf ? btf__add_int(btf, "int", 4, BTF_INT_SIGNED) : -ENOMEM;
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC,
		    .btf_key_type_id = type, .btf_value_type_id = type);
	_cleanup_fd_ int fd = -1;
	int err = type < 0 ? type : btf__load_into_kernel(btf);

	if (!err) {
		opts.btf_fd = btf__fd(btf);
		fd = bpf_map_create(BPF_MAP_TYPE_TASK_STORAGE, "ft_probe", 4, 4, 0, &opts);
		err = fd < 0 ? -errno : 0;
	}
	btf__free(btf);
	return err;
}

static int probe_stack_map(void)
{
	_cleanup_fd_ int fd = bpf_map_create(BPF_MAP_TYPE_STACK_TRACE, "ft_probe", 4, 8, 1, NULL);

	return fd < 0 ? -errno : 0;
}

/* Whether the root of a unified hierarchy has a controller: the old one may have taken it. */
static bool has_controller(const char *dir, const char *name)
{
	char path[PATH_MAX], word[64];
	_cleanup_file_ FILE *f = NULL;
	int n = snprintf(path, sizeof(path), "%s/cgroup.controllers", dir);

	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	f = fopen(path, "re");
	while (f && fscanf(f, "%63s", word) == 1)
		if (!strcmp(word, name))
			return true;
	return false;
}

/* "TYPE OPTION": the option is the controller. -ENXIO: mounted, but without it. */
static int probe_mount(const char *target)
{
	size_t len = strcspn(target, " ");
	const char *option = target + len + 1;
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct mntent *m;
	int err = -ENOENT;

	while (f && err && (m = getmntent(f))) {
		bool unified = !strcmp(m->mnt_type, "cgroup2");

		if (strlen(m->mnt_type) != len || strncmp(m->mnt_type, target, len) != 0)
			continue;
		if (unified ? has_controller(m->mnt_dir, option) : !!hasmntopt(m, option))
			err = 0;
		else if (unified)
			err = -ENXIO;
	}
	if (f)
		endmntent(f);
	return err;
}

/* PROCMAP_QUERY, include/uapi/linux/fs.h from 6.11 on: asked with nothing, it says EINVAL. */
static int probe_procmap(void)
{
	_cleanup_fd_ int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	__u64 query[13] = {};

	if (fd < 0)
		return -errno;
	if (!ioctl(fd, _IOWR('f', 17, query), query) || errno != ENOTTY)
		return 0;
	return -ENOTTY;
}

static int probe_ringbuf(void)
{
	_cleanup_fd_ int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ft_probe", 0, 0,
					     (unsigned int)sysconf(_SC_PAGESIZE), NULL);

	return fd < 0 ? -errno : 0;
}

int ft_probe(enum ft_hook_kind kind, const char *target, const struct btf *btf)
{
	switch (kind) {
	case FT_HOOK_RAW_TP:
		return probe_raw(target);
	case FT_HOOK_KPROBE:
		return probe_kprobe(target);
	case FT_HOOK_SW_EVENT:
		return probe_sw_event();
	case FT_HOOK_TASK_STORAGE:
		return probe_task_storage();
	case FT_HOOK_RINGBUF:
		return probe_ringbuf();
	case FT_HOOK_STACK_MAP:
		return probe_stack_map();
	case FT_HOOK_FILE:
		return access(target, R_OK) ? -errno : 0;
	case FT_HOOK_MOUNT:
		return probe_mount(target);
	case FT_HOOK_PROCMAP:
		return probe_procmap();
	default:
		return probe_tracing(kind, target, btf);
	}
}

/* Whether the kernel has a helper of this name. */
static bool has_helper(const struct btf *types, const char *name)
{
	int id = btf__find_by_name_kind(types, "bpf_func_id", BTF_KIND_ENUM);
	const struct btf_type *t = id > 0 ? btf__type_by_id(types, (__u32)id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(types, btf_enum(t)[i].name_off), name))
			return true;
	return false;
}

bool ft_probe_memlock(const struct btf *types)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY || !types)
		return false;
	/* Came in the same version; libbpf goes by it, too: bump_rlimit_memlock(). */
	return !has_helper(types, "BPF_FUNC_ktime_get_coarse_ns");
}
