/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* JSON lines. Names are stable: added to, never changed. Unknown is null. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ft_names.h"
#include "view/view.h"

/* What is unknown together, in one piece. */
static const char no_breakdown[] = "\"reclaim_ns\":null,\"memcg_reclaim_ns\":null,"
				   "\"compaction_ns\":null,\"wait_ns\":null";
static const char no_file[] = "\"file\":null,\"file_offset\":null,\"dev\":null,\"inode\":null";
static const char no_swap[] = "\"swap_dev\":null,\"swap_offset\":null,\"swap_kind\":null,"
			      "\"swap_area\":null,\"refault_distance_ns\":null,"
			      "\"evictor_pid\":null,\"evictor_comm\":null";
static const char no_stacks[] = "\"ustack\":null,\"kstack\":null";

static void jsonl_open(const struct ft_view_config *c)
{
	(void)c;
}

static void u64_or_null(struct ft_json *j, const char *key, bool known, uint64_t v)
{
	if (known)
		ft_json_u64(j, key, v);
	else
		ft_json_null(j, key);
}

static void hex_or_null(struct ft_json *j, const char *key, bool known, uint64_t v)
{
	if (known)
		ft_json_hex(j, key, v);
	else
		ft_json_null(j, key);
}

static void write_who(struct ft_json *j, const struct ft_event *ev)
{
	const struct ft_fault *f = ev->f;
	const struct ft_task_info *t = ev->task;

	ft_json_u64(j, "ts_ns", f->h.ts_ns);
	ft_json_u64(j, "pid", f->pid);
	ft_json_u64(j, "tid", f->tid);
	u64_or_null(j, "ppid", t, t ? t->ppid : 0);
	u64_or_null(j, "uid", t, t ? t->uid : 0);
	ft_json_str(j, "comm", t ? t->comm : NULL);
	ft_json_u64(j, "cpu", f->h.cpu);
	ft_json_str(j, "cgroup", ev->cgroup);
}

static void write_breakdown(struct ft_json *j, const struct ft_breakdown *b)
{
	if (!b) {
		ft_json_nulls(j, no_breakdown);
		return;
	}
	ft_json_u64(j, "reclaim_ns", b->reclaim_ns + b->memcg_ns);
	ft_json_u64(j, "memcg_reclaim_ns", b->memcg_ns);
	ft_json_u64(j, "compaction_ns", b->compaction_ns);
	ft_json_u64(j, "wait_ns", b->wait_ns);
}

static void write_what(struct ft_json *j, const struct ft_event *ev)
{
	const struct ft_fault *f = ev->f;

	ft_json_hex(j, "addr", f->addr);
	ft_json_hex(j, "ip", f->ip);
	ft_json_str(j, "sym", ev->sym.name);
	hex_or_null(j, "symoff", ev->sym.name, ev->sym.offset);
	ft_json_str(j, "dso", ev->sym.dso);
	ft_json_str(j, "access", ft_access_name(f->access));
	ft_json_str(j, "mode", ft_mode_name(f->mode));
	ft_json_str(j, "fault", ft_type_name(f->type));
	ft_json_str(j, "cause", ft_cause_name((unsigned int)ev->cause));
	u64_or_null(j, "latency_ns", f->latency_ns != FT_UNKNOWN_NS, f->latency_ns);
	write_breakdown(j, ft_fault_breakdown(f));
	u64_or_null(j, "retries", f->known & FT_KNOWN_RETRIES, f->retries);
	if (f->known & FT_KNOWN_FATAL)
		ft_json_bool(j, "fatal", f->known & FT_FATAL);
	else
		ft_json_null(j, "fatal");
}

static void write_file(struct ft_json *j, const struct ft_event *ev)
{
	char dev[24];
	int n;

	if (!ev->path) {
		ft_json_nulls(j, no_file);
		return;
	}
	n = snprintf(dev, sizeof(dev), "%u:%u", ev->dev >> 20, ev->dev & 0xfffff);
	ft_json_str(j, "file", ev->path);
	ft_json_hex(j, "file_offset", ev->f->addr - ev->vma_start + ev->vma_offset);
	ft_json_strn(j, "dev", dev, (size_t)n);
	ft_json_u64(j, "inode", ev->ino);
}

static void write_swap(struct ft_json *j, const struct ft_event *ev)
{
	const struct ft_refault *r = ev->refault;
	const struct ft_fault *f = ev->f;

	if (!(f->known & FT_KNOWN_SWAP)) {
		ft_json_nulls(j, no_swap);
		return;
	}
	ft_json_u64(j, "swap_dev", f->swap >> 56);
	ft_json_hex(j, "swap_offset", f->swap & ((1ULL << 56) - 1));
	ft_json_str(j, "swap_kind", ev->swap_kind);
	ft_json_str(j, "swap_area", ev->swap_area);
	u64_or_null(j, "refault_distance_ns", r, r ? r->distance_ns : 0);
	u64_or_null(j, "evictor_pid", r, r ? r->evictor : 0);
	if (r && r->comm[0])
		ft_json_strn(j, "evictor_comm", r->comm, strnlen(r->comm, sizeof(r->comm)));
	else
		ft_json_null(j, "evictor_comm");
}

static void write_where(struct ft_json *j, const struct ft_event *ev)
{
	hex_or_null(j, "vma_start", ev->has_vma, ev->vma_start);
	hex_or_null(j, "vma_end", ev->has_vma, ev->vma_end);
	ft_json_str(j, "vma_perms", ev->has_vma ? ev->perms : NULL);
	ft_json_str(j, "vma_kind", ev->kind);
	write_file(j, ev);
	write_swap(j, ev);
	ft_json_nulls(j, no_stacks);
}

static void jsonl_event(const struct ft_view_config *c, const struct ft_event *ev)
{
	struct ft_json j = ft_json_on(c->out);

	ft_json_open(&j, NULL, '{');
	ft_json_str(&j, "type", "fault");
	write_who(&j, ev);
	write_what(&j, ev);
	write_where(&j, ev);
	ft_json_close(&j, '}');
	ft_json_end_line(&j);
}

static void write_causes(struct ft_json *j, const struct ft_summary *sum)
{
	if (sum->no_causes) {
		ft_json_null(j, "causes");
		return;
	}
	ft_json_open(j, "causes", '{');
	for (int c = 0; c < FT_CAUSE_MAX; c++) {
		struct ft_total t = {};

		for (int type = 0; type < FT_TYPE_MAX; type++) {
			t.count += sum->s.total[type][c].count;
			t.stall_ns += sum->s.total[type][c].stall_ns;
		}
		if (!t.count)
			continue;
		ft_json_open(j, ft_cause_name(c), '{');
		ft_json_u64(j, "count", t.count);
		ft_json_u64(j, "stall_ns", t.stall_ns);
		ft_json_close(j, '}');
	}
	ft_json_close(j, '}');
}

static void jsonl_close(const struct ft_view_config *c, const struct ft_summary *sum)
{
	struct ft_json j = ft_json_on(c->out);

	ft_json_open(&j, NULL, '{');
	ft_json_str(&j, "type", "summary");
	ft_json_u64(&j, "duration_ns", sum->duration_ns);
	ft_json_open(&j, "faults", '{');
	for (int t = 0; t < FT_TYPE_MAX; t++)
		ft_json_u64(&j, ft_type_name(t), sum->faults[t]);
	ft_json_close(&j, '}');
	write_causes(&j, sum);
	ft_json_u64(&j, "stall_ns", sum->stall_ns);
	ft_json_u64(&j, "shown", sum->shown);
	ft_json_open(&j, "loss", '{');
	for (int l = 0; l < FT_LOSS_MAX; l++)
		ft_json_u64(&j, ft_loss_name(l), sum->s.loss[l]);
	ft_json_u64(&j, "gup", sum->gup);
	ft_json_u64(&j, "trampoline-misses", sum->s.misses);
	ft_json_close(&j, '}');
	ft_json_bool(&j, "gup_measured", sum->s.gup_measured);
	ft_json_open(&j, "kernel", '{');
	ft_json_u64(&j, "min_flt", sum->kernel_min);
	ft_json_u64(&j, "maj_flt", sum->kernel_maj);
	ft_json_close(&j, '}');
	ft_json_open(&j, "seen", '{');
	ft_json_u64(&j, "min_flt", sum->seen_min);
	ft_json_u64(&j, "maj_flt", sum->seen_maj);
	ft_json_close(&j, '}');
	ft_json_i64(&j, "unexplained", sum->unexplained);
	ft_json_close(&j, '}');
	ft_json_end_line(&j);
}

const struct ft_view ft_view_jsonl = {
	.open = jsonl_open,
	.event = jsonl_event,
	.close = jsonl_close,
};
