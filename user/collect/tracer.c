/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/log.h"
#include "collect/calibrate.h"
#include "collect/object.h"
#include "collect/probe.h"
#include "collect/skel.h"
#include "collect/swevent.h"
#include "collect/tracer.h"
#include "collect/tracer_priv.h"
#include "ft_thrash.h"

/* Which program is loaded when: an ability, and the hook chosen for it (NULL: any). */
static const struct program {
	const char *name;
	enum ft_ability ability;
	const char *hook;
} programs[] = {
	{ "tp_btf__page_fault_user", FT_ABILITY_ENTRY, "tp_btf/page_fault_user" },
	{ "tp_btf__page_fault_kernel", FT_ABILITY_ENTRY, "tp_btf/page_fault_user" },
	{ "perf_event__page_fault", FT_ABILITY_END, NULL },
	{ "fentry__handle_mm_fault", FT_ABILITY_GUP, "fexit/handle_mm_fault" },
	{ "kprobe__handle_mm_fault", FT_ABILITY_ENTRY, "kprobe/handle_mm_fault" },
	{ "fexit__handle_mm_fault", FT_ABILITY_GUP, "fexit/handle_mm_fault" },
	{ "tp_btf__signal_generate", FT_ABILITY_INVALID, NULL },
	{ "tp_btf__signal_deliver", FT_ABILITY_FATAL, NULL },
	{ "tp_btf__sched_wakeup_new", FT_ABILITY_LIFE, NULL },
	{ "tp_btf__task_rename", FT_ABILITY_LIFE, NULL },
	{ "tp_btf__sched_process_exit", FT_ABILITY_LIFE, NULL },
	{ "tp_btf__sched_process_free", FT_ABILITY_LIFE, NULL },
	{ "iter__tasks", FT_ABILITY_COUNTS, "iter/task" },
	{ "ft_count_task", FT_ABILITY_COUNTS, "hash" },
	{ "ft_calibrate", FT_ABILITY_END, NULL },
	{ "ft_see_mapping", FT_ABILITY_END, NULL }, /* with config.prove */
	{ "ft_ksym", FT_ABILITY_END, NULL },
	{ "ft_see_self", FT_ABILITY_END, NULL },
};

/* With FT_OUT_THRASH alone. */
static const struct program thrash_programs[] = {
	{ "tp_btf__rss_stat", FT_ABILITY_EVICTION, NULL },
	{ "tp_btf__mm_vmscan_write_folio", FT_ABILITY_SWAP_OUT, "tp_btf/mm_vmscan_write_folio" },
	{ "tp_btf__mm_vmscan_writepage", FT_ABILITY_SWAP_OUT, "tp_btf/mm_vmscan_writepage" },
	{ "tp_btf__direct_reclaim_begin", FT_ABILITY_RECLAIM, NULL },
	{ "tp_btf__direct_reclaim_end", FT_ABILITY_RECLAIM, NULL },
	{ "tp_btf__memcg_reclaim_begin", FT_ABILITY_RECLAIM, NULL },
	{ "tp_btf__memcg_reclaim_end", FT_ABILITY_RECLAIM, NULL },
	{ "tp_btf__wakeup_kswapd", FT_ABILITY_KSWAPD, NULL },
	{ "tp_btf__compaction_begin", FT_ABILITY_COMPACTION, NULL },
	{ "tp_btf__compaction_end", FT_ABILITY_COMPACTION, NULL },
	{ "tp_btf__mark_victim", FT_ABILITY_OOM, NULL },
	{ "iter__procs", FT_ABILITY_COUNTS, "iter/task" },
	{ "iter__blames", FT_ABILITY_COUNTS, "iter/task" },
	{ "iter__returns", FT_ABILITY_COUNTS, "iter/task" },
};

/* For knobs.evictions. */
static const struct program eviction_programs[] = {
	{ "tp_btf__mm_vmscan_write_folio", FT_ABILITY_SWAP_OUT, "tp_btf/mm_vmscan_write_folio" },
	{ "tp_btf__mm_vmscan_writepage", FT_ABILITY_SWAP_OUT, "tp_btf/mm_vmscan_writepage" },
};

/* For the parts of a fault's time: knobs.breakdown. */
static const struct program breakdown_programs[] = {
	{ "tp_btf__direct_reclaim_begin", FT_ABILITY_RECLAIM, NULL },
	{ "tp_btf__direct_reclaim_end", FT_ABILITY_RECLAIM, NULL },
	{ "tp_btf__memcg_reclaim_begin", FT_ABILITY_RECLAIM, NULL },
	{ "tp_btf__memcg_reclaim_end", FT_ABILITY_RECLAIM, NULL },
	{ "tp_btf__compaction_begin", FT_ABILITY_COMPACTION, NULL },
	{ "tp_btf__compaction_end", FT_ABILITY_COMPACTION, NULL },
	{ "tp_btf__sched_switch", FT_ABILITY_END, NULL },
};

struct ft_tracer {
	struct faulttrace_bpf *skel;
	const struct ft_caps *caps;
	struct ft_swevents events;
	struct bpf_link **links;
	size_t n_links;
	int pte_state;
};

/*
 * What libbpf calls a warning is a detail of an error that we report ourselves. The verifier's log
 * comes as one message of many lines.
 */
static int to_log(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	enum ft_log_level at = level == LIBBPF_DEBUG ? FT_LOG_DEBUG : FT_LOG_INFO;
	char *msg, *line, *rest;

	if ((int)at > ft_log_level() || vasprintf(&msg, fmt, ap) < 0)
		return 0;
	rest = msg;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			ft_log(at, "%s", line);
	free(msg);
	return 0;
}

static bool listed(const struct program *list, size_t n, const struct ft_caps *caps,
		   const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(list[i].name, name))
			return list[i].hook ? ft_caps_uses(caps, list[i].ability, list[i].hook)
					    : ft_caps_has(caps, list[i].ability);
	}
	return false;
}

#define LISTED(list, caps, name) listed(list, sizeof(list) / sizeof(*(list)), caps, name)

static bool program_wanted(const struct ft_caps *caps, const struct ft_knobs *k, const char *name)
{
	return LISTED(programs, caps, name) ||
	       ((k->out & FT_OUT_THRASH) && LISTED(thrash_programs, caps, name)) ||
	       (k->evictions && LISTED(eviction_programs, caps, name)) ||
	       (k->breakdown && LISTED(breakdown_programs, caps, name));
}

static size_t ring_size(size_t bytes)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);

	while (size < bytes)
		size *= 2;
	return size;
}

/* Maps that this trace does not need are not made: a histogram is 8 KB per group and CPU. */
static int choose_maps(struct ft_tracer *t, const struct ft_tracer_config *c, bool storage)
{
	bool hist = c->knobs.out & FT_OUT_HIST, many = c->knobs.by & ~FT_BY_FEW;
	bool stacks = c->knobs.out & FT_OUT_STACKS, thrash = c->knobs.out & FT_OUT_THRASH;
	const struct {
		struct bpf_map *map;
		bool needed;
		size_t entries; /* 0: as it is */
	} maps[] = {
		{ t->skel->maps.ft_states, storage, 0 },
		{ t->skel->maps.ft_states_hash, !storage, 0 },
		{ t->skel->maps.ft_state_zero, !storage, 0 },
		{ t->skel->maps.ft_ring, true, ring_size(c->ring_bytes) },
		{ t->skel->maps.ft_procs, thrash, c->max_processes },
		{ t->skel->maps.ft_proc_new, thrash, 0 },
		{ t->skel->maps.ft_blames, thrash, 0 },
		{ t->skel->maps.ft_evictions, thrash || c->knobs.evictions, c->max_evictions },
		{ t->skel->maps.ft_evictors, c->knobs.evictions, 0 },
		{ t->skel->maps.ft_file_pages, thrash, c->max_pages },
		{ t->skel->maps.ft_returns, thrash, c->max_processes * 4 },
		{ t->skel->maps.ft_thrash, thrash, 0 },
		{ t->skel->maps.ft_hist_few, hist && !many, ft_hist_few_size(c->knobs.by) },
		{ t->skel->maps.ft_hist_many, hist && many, c->max_groups },
		{ t->skel->maps.ft_hist_zero, hist && many, 0 },
		{ t->skel->maps.ft_stacks, stacks, c->max_stacks },
		{ t->skel->maps.ft_stack_traces, stacks, c->max_stacks },
		{ t->skel->maps.ft_stack_now, stacks, 0 },
		{ t->skel->maps.ft_stack_rounds, stacks, 0 },
		{ t->skel->maps.ft_codes, stacks, 0 },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps) && !err; i++) {
		err = bpf_map__set_autocreate(maps[i].map, maps[i].needed);
		if (!err && maps[i].entries)
			err = bpf_map__set_max_entries(maps[i].map, (__u32)maps[i].entries);
	}
	return err;
}

/* Whether no finished fault is left out for what it was. */
static bool wants_all(const struct ft_knobs *k)
{
	const __u32 types = (1U << FT_TYPE_MAX) - 1, causes = (1U << FT_CAUSE_MAX) - 1;
	const __u32 accesses = (1U << FT_ACCESS_MAX) - 1, modes = (1U << FT_MODE_MAX) - 1;

	return !k->min_ns && k->sample <= 1 && (k->types & types) == types &&
	       (k->causes & causes) == causes && (k->accesses & accesses) == accesses &&
	       (k->modes & modes) == modes;
}

static int prepare(struct ft_tracer *t, const struct ft_tracer_config *c)
{
	struct ft_knobs knobs = c->knobs;
	bool storage = ft_caps_uses(c->caps, FT_ABILITY_STATE, "task-storage");
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, t->skel->obj) bpf_program__set_autoload(
		prog, program_wanted(c->caps, &knobs, bpf_program__name(prog)));
	bpf_program__set_autoload(t->skel->progs.ft_see_mapping, c->prove);
	if (!knobs.follow) {
		bpf_program__set_autoload(t->skel->progs.tp_btf__sched_wakeup_new, false);
		bpf_program__set_autoload(t->skel->progs.tp_btf__task_rename, false);
	}
	knobs.entry_attempt = !ft_caps_uses(c->caps, FT_ABILITY_ENTRY, "tp_btf/page_fault_user");
	knobs.task_storage = storage;
	knobs.cast = c->caps->cast > 0;
	knobs.want_all = wants_all(&knobs);
	knobs.self = (__u32)getpid();
	memcpy((void *)&t->skel->rodata->ft_knobs, &knobs, sizeof(knobs));
	return choose_maps(t, c, storage);
}

/* An empty element of a per-CPU map for what finds no room of its own. */
static int add_other(struct bpf_map *map, const void *key)
{
	int cpus = libbpf_num_possible_cpus();
	void *zero;
	int err;

	if (bpf_map__fd(map) < 0)
		return 0;
	zero = cpus > 0 ? calloc((size_t)cpus, bpf_map__value_size(map)) : NULL;
	if (!zero)
		return -ENOMEM;
	err = bpf_map_update_elem(bpf_map__fd(map), key, zero, BPF_ANY) ? -errno : 0;
	free(zero);
	return err;
}

static int add_others(struct ft_tracer *t)
{
	const struct ft_group group = { .other = 1 };
	const struct ft_stack_key stack = { .other = 1 };
	const struct ft_blame_key pair = {};
	const struct ft_return_key file = {}, memory = { .vma = FT_RETURN_OTHER };
	const __u32 zero = 0;
	int err = add_other(t->skel->maps.ft_hist_many, &group);

	if (!err)
		err = add_other(t->skel->maps.ft_stacks, &stack);
	if (!err)
		err = add_other(t->skel->maps.ft_procs, &zero);
	if (!err)
		err = add_other(t->skel->maps.ft_returns, &file);
	if (!err)
		err = add_other(t->skel->maps.ft_returns, &memory);
	return err ? err : add_other(t->skel->maps.ft_blames, &pair);
}

static int add_targets(struct ft_tracer *t, const struct ft_tracer_config *c)
{
	__u32 one = 1;

	for (size_t i = 0; i < c->n_tgids; i++) {
		__u32 tgid = (__u32)c->tgids[i];
		int err = bpf_map__update_elem(t->skel->maps.ft_targets, &tgid, sizeof(tgid), &one,
					       sizeof(one), BPF_ANY);

		if (err)
			return err;
	}
	return 0;
}

int ft_tracer_open(struct ft_tracer **out, const struct ft_tracer_config *config)
{
	struct ft_tracer *t = calloc(1, sizeof(*t));
	int err, types = -1;

	*out = NULL;
	if (!t)
		return -ENOMEM;
	libbpf_set_print(to_log);
	t->caps = config->caps;
	err = ft_object_open(&t->skel, &types, t->caps, !config->btf_path);
	if (!err)
		err = prepare(t, config);
	if (!err)
		err = faulttrace_bpf__load(t->skel);
	if (err == -EPERM && ft_probe_memlock(t->caps->types))
		err = -EDQUOT;
	if (types >= 0)
		close(types);
	if (!err)
		err = ft_calibrate_self(t->skel);
	if (!err)
		err = add_targets(t, config);
	if (!err)
		err = add_others(t);
	if (err) {
		ft_tracer_close(t);
		return err;
	}
	t->pte_state = ft_calibrate_run(t->skel);
	*out = t;
	return 0;
}

static int attach_one(struct ft_tracer *t, struct bpf_program *prog)
{
	struct bpf_link **links = realloc(t->links, (t->n_links + 1) * sizeof(*links));
	struct bpf_link *link;

	if (!links)
		return -ENOMEM;
	t->links = links;
	link = bpf_program__attach(prog);
	if (!link)
		return -errno;
	t->links[t->n_links++] = link;
	return 0;
}

/* Programs that are not attached to a hook of the kernel's. */
static bool attached_otherwise(const struct ft_tracer *t, const struct bpf_program *prog)
{
	return bpf_program__expected_attach_type(prog) == BPF_TRACE_ITER ||
	       prog == t->skel->progs.ft_calibrate || prog == t->skel->progs.ft_see_mapping ||
	       prog == t->skel->progs.ft_ksym || prog == t->skel->progs.ft_see_self ||
	       prog == t->skel->progs.ft_count_task ||
	       prog == t->skel->progs.perf_event__page_fault;
}

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec * 1000000000 + (__u64)ts.tv_nsec;
}

/*
 * Ends before beginnings: an end without a beginning is ignored for a task not seen yet, while a
 * beginning without its end would look like a fault that never ended.
 */
int ft_tracer_attach(struct ft_tracer *t)
{
	struct bpf_program *prog;
	int err;

	err = ft_swevents_attach(&t->events, t->skel->progs.perf_event__page_fault,
				 PERF_COUNT_SW_PAGE_FAULTS_MIN);
	if (!err)
		err = ft_swevents_attach(&t->events, t->skel->progs.perf_event__page_fault,
					 PERF_COUNT_SW_PAGE_FAULTS_MAJ);
	for (prog = NULL; !err && (prog = bpf_object__prev_program(t->skel->obj, prog));)
		if (bpf_program__autoload(prog) && !attached_otherwise(t, prog))
			err = attach_one(t, prog);
	if (err)
		ft_tracer_detach(t);
	else
		t->skel->bss->ft_attached_ns = now_ns();
	return err;
}

uint64_t ft_tracer_next_epoch(struct ft_tracer *t)
{
	return t->skel->bss->ft_thrash_epoch++;
}

void ft_tracer_detach(struct ft_tracer *t)
{
	if (t->n_links && t->skel->bss)
		t->skel->bss->ft_closing = 1;
	while (t->n_links)
		bpf_link__destroy(t->links[--t->n_links]);
	free(t->links);
	t->links = NULL;
	ft_swevents_deinit(&t->events);
}

void ft_tracer_close(struct ft_tracer *t)
{
	if (!t)
		return;
	ft_tracer_detach(t);
	faulttrace_bpf__destroy(t->skel);
	free(t);
}

int ft_tracer_pte_state(const struct ft_tracer *t)
{
	return t->pte_state;
}

int ft_tracer_nonpresent_state(const struct ft_tracer *t)
{
	return t->pte_state ? t->pte_state : ft_calibrate_nonpresent(t->skel);
}

int ft_tracer_vma_state(struct ft_tracer *t)
{
	return ft_calibrate_mapping(t->skel);
}

int ft_tracer_ksym(void *ctx, uint64_t ip, char *text, size_t size)
{
	struct faulttrace_bpf *skel = ((struct ft_tracer *)ctx)->skel;
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	skel->bss->ft_ksym_ip = ip;
	if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.ft_ksym), &opts))
		return -errno;
	if (!skel->bss->ft_ksym_text[0])
		return -EOPNOTSUPP;
	snprintf(text, size, "%s", skel->bss->ft_ksym_text);
	return 0;
}

void ft_tracer_programs(struct ft_tracer *t,
			void (*fn)(void *ctx, const struct ft_program_info *info), void *ctx)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, t->skel->obj)
	{
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);

		if (bpf_program__fd(prog) < 0 ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			continue;
		fn(ctx, &(struct ft_program_info) { .name = bpf_program__name(prog),
						    .insns = info.verified_insns });
	}
}

int ft_tracer_map_fd(const struct ft_tracer *t, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(t->skel->obj, name);

	return fd >= 0 ? fd : -ENOENT;
}

void ft_tracer_groups_freed(struct ft_tracer *t)
{
	t->skel->bss->ft_groups_full = 0;
}

struct faulttrace_bpf *ft_tracer_skel(struct ft_tracer *t)
{
	return t->skel;
}

struct bpf_object *ft_tracer_object(struct ft_tracer *t)
{
	return t->skel->obj;
}

const struct ft_caps *ft_tracer_caps(const struct ft_tracer *t)
{
	return t->caps;
}
