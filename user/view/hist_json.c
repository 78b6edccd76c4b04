/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "base/json.h"
#include "ft_names.h"
#include "view/hist.h"

static bool has_part(const struct ft_hist_look *look, enum ft_hist_part part)
{
	for (size_t i = 0; i < look->n_parts; i++)
		if (look->parts[i] == part)
			return true;
	return false;
}

/* "process" is what the process is called, "comm" the thread. */
static void write_process(struct ft_json *j, const struct ft_hist_row *row)
{
	ft_json_u64(j, "pid", row->key->pid);
	ft_json_str(j, "process", row->text.comm);
}

static void write_part(struct ft_json *j, const struct ft_hist_look *look,
		       const struct ft_hist_row *row, enum ft_hist_part part)
{
	const struct ft_group *g = row->key;
	const char *name = ft_hist_part_name(part);

	switch (part) {
	case FT_HIST_PART_TYPE:
		ft_json_str(j, name, ft_type_name(g->type));
		break;
	case FT_HIST_PART_CAUSE:
		ft_json_str(j, name, ft_cause_name(g->cause));
		break;
	case FT_HIST_PART_ACCESS:
		ft_json_str(j, name, ft_access_name(g->access));
		break;
	case FT_HIST_PART_COMM:
		ft_json_strn(j, name, g->comm, strnlen(g->comm, sizeof(g->comm)));
		break;
	case FT_HIST_PART_PID:
		write_process(j, row);
		break;
	case FT_HIST_PART_CGROUP:
		ft_json_str(j, name, row->text.cgroup);
		if (g->cgroup)
			ft_json_u64(j, "cgroup_id", g->cgroup);
		else
			ft_json_null(j, "cgroup_id");
		break;
	case FT_HIST_PART_CPU:
		ft_json_u64(j, name, g->cpu);
		break;
	case FT_HIST_PART_MAPPING:
		if (!has_part(look, FT_HIST_PART_PID))
			write_process(j, row);
		/* fall through */
	default:
		ft_json_str(j, name, row->text.place);
	}
}

static void write_by(struct ft_json *j, const struct ft_hist_look *look,
		     const struct ft_hist_row *row)
{
	ft_json_open(j, "by", '{');
	for (size_t i = 0; i < look->n_parts; i++) {
		if (row->key->other)
			ft_json_null(j, ft_hist_part_name(look->parts[i]));
		else
			write_part(j, look, row, look->parts[i]);
	}
	if (row->key->other)
		ft_json_bool(j, "other", true);
	ft_json_close(j, '}');
}

static void write_ns(struct ft_json *j, const char *key, uint64_t ns)
{
	if (ns == FT_UNKNOWN_NS)
		ft_json_null(j, key);
	else
		ft_json_u64(j, key, ns);
}

/* Names as in a fault of `stream`: reclaim_ns is with memcg_reclaim_ns. null: not asked for. */
static void write_shares(struct ft_json *j, const struct ft_hist_look *look,
			 const struct ft_hist_row *row)
{
	const uint64_t *ns = row->share_ns;
	const struct {
		const char *key;
		uint64_t ns;
	} v[] = {
		{ "reclaim_ns", ns[FT_HIST_SHARE_RECLAIM] + ns[FT_HIST_SHARE_MEMCG] },
		{ "memcg_reclaim_ns", ns[FT_HIST_SHARE_MEMCG] },
		{ "compaction_ns", ns[FT_HIST_SHARE_COMPACTION] },
		{ "wait_ns", ns[FT_HIST_SHARE_WAIT] },
		{ "rest_ns", ns[FT_HIST_SHARE_REST] },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		if (look->breakdown)
			ft_json_u64(j, v[i].key, v[i].ns);
		else
			ft_json_null(j, v[i].key);
	}
}

static void write_buckets(struct ft_json *j, const struct ft_hist_row *row)
{
	ft_json_open(j, "buckets", '[');
	for (unsigned int i = row->first; row->unknown < row->count && i <= row->last; i++) {
		uint64_t n = ft_hist_row_bucket(row, i);

		if (!n)
			continue;
		ft_json_open(j, NULL, '[');
		ft_json_u64(j, NULL, ft_hist_low(i));
		ft_json_u64(j, NULL, ft_hist_high(i));
		ft_json_u64(j, NULL, n);
		ft_json_close(j, ']');
	}
	ft_json_close(j, ']');
}

void ft_view_hist_json(struct ft_buf *out, const struct ft_hist_look *look,
		       const struct ft_hist_rows *rows, uint64_t ts_ns, uint64_t interval_ns)
{
	struct ft_json j = ft_json_on(out);

	for (size_t i = 0; i < rows->n; i++) {
		const struct ft_hist_row *row = &rows->v[i];

		ft_json_open(&j, NULL, '{');
		ft_json_str(&j, "type", "hist");
		ft_json_u64(&j, "ts_ns", ts_ns);
		ft_json_u64(&j, "interval_ns", interval_ns);
		write_by(&j, look, row);
		ft_json_u64(&j, "count", row->count);
		ft_json_u64(&j, "unknown_latency", row->unknown);
		ft_json_u64(&j, "stall_ns", row->stall_ns);
		write_ns(&j, "min_ns", row->min_ns);
		write_ns(&j, "max_ns", row->max_ns);
		write_ns(&j, "avg_ns", ft_hist_row_average(row));
		write_ns(&j, "p50_ns", row->p50_ns);
		write_ns(&j, "p90_ns", row->p90_ns);
		write_ns(&j, "p99_ns", row->p99_ns);
		write_shares(&j, look, row);
		write_buckets(&j, row);
		ft_json_close(&j, '}');
		ft_json_end_line(&j);
	}
}
