/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The columns of a group: which there are depends on --by. */
#include <string.h>

#include "ft_names.h"
#include "view/hist.h"

/* The parts of (other) are unknown, but that it is (other) stands in the first column. */
static struct ft_cell part_text(const struct ft_hist_row *row, const struct ft_hist_look *look,
				enum ft_hist_part part, const char *s)
{
	if (row->key->other)
		return ft_cell_text(look->parts[0] == part ? "(other)" : NULL);
	return ft_cell_text(s);
}

#define NAME_OF(part, PART, name)                                                                  \
	static struct ft_cell get_##part(const void *row, const void *ctx)                         \
	{                                                                                          \
		const struct ft_hist_row *r = row;                                                 \
                                                                                                   \
		return part_text(r, ctx, FT_HIST_PART_##PART, name(r->key->part));                 \
	}

NAME_OF(type, TYPE, ft_type_name)
NAME_OF(cause, CAUSE, ft_cause_name)
NAME_OF(access, ACCESS, ft_access_name)

#define NUMBER_OF(part, PART)                                                                      \
	static struct ft_cell get_##part(const void *row, const void *ctx)                         \
	{                                                                                          \
		const struct ft_hist_row *r = row;                                                 \
                                                                                                   \
		return r->key->other ? part_text(r, ctx, FT_HIST_PART_##PART, NULL)                \
				     : ft_cell_u64(r->key->part);                                  \
	}                                                                                          \
                                                                                                   \
	/* A number that is a name: small ones come first. */                                      \
	static int cmp_##part(const void *a, const void *b, const void *ctx)                       \
	{                                                                                          \
		uint32_t x = ((const struct ft_hist_row *)a)->key->part;                           \
		uint32_t y = ((const struct ft_hist_row *)b)->key->part;                           \
                                                                                                   \
		return (x > y) - (x < y);                                                          \
	}

NUMBER_OF(pid, PID)
NUMBER_OF(cpu, CPU)

static struct ft_cell get_comm(const void *row, const void *ctx)
{
	const struct ft_hist_row *r = row;

	return part_text(r, ctx, FT_HIST_PART_COMM, r->key->comm);
}

static struct ft_cell get_process(const void *row, const void *ctx)
{
	return ft_cell_text(((const struct ft_hist_row *)row)->text.comm);
}

static struct ft_cell get_cgroup(const void *row, const void *ctx)
{
	const struct ft_hist_row *r = row;

	return part_text(r, ctx, FT_HIST_PART_CGROUP, r->text.cgroup);
}

static struct ft_cell get_file(const void *row, const void *ctx)
{
	const struct ft_hist_row *r = row;

	return part_text(r, ctx, FT_HIST_PART_FILE, r->text.place);
}

static struct ft_cell get_mapping(const void *row, const void *ctx)
{
	const struct ft_hist_row *r = row;

	return part_text(r, ctx, FT_HIST_PART_MAPPING, r->text.place);
}

static struct ft_cell get_count(const void *row, const void *ctx)
{
	return ft_cell_u64(((const struct ft_hist_row *)row)->count);
}

static struct ft_cell in_ms(uint64_t ns)
{
	return ns == FT_UNKNOWN_NS ? ft_cell_none() : ft_cell_double((double)ns / 1e6, 3);
}

static struct ft_cell get_stall(const void *row, const void *ctx)
{
	return in_ms(((const struct ft_hist_row *)row)->stall_ns);
}

static struct ft_cell latency(const struct ft_hist_look *look, uint64_t ns)
{
	if (ns == FT_UNKNOWN_NS || look->unit == FT_HIST_MSECS)
		return in_ms(ns);
	return ft_cell_nsec(ns);
}

static struct ft_cell get_avg(const void *row, const void *ctx)
{
	return latency(ctx, ft_hist_row_average(row));
}

#define LATENCY_OF(member)                                                                         \
	static struct ft_cell get_##member(const void *row, const void *ctx)                       \
	{                                                                                          \
		return latency(ctx, ((const struct ft_hist_row *)row)->member##_ns);               \
	}

LATENCY_OF(p50)
LATENCY_OF(p90)
LATENCY_OF(p99)
LATENCY_OF(max)

static struct ft_cell share(const struct ft_hist_row *row, enum ft_hist_share i)
{
	if (!row->stall_ns)
		return ft_cell_none();
	return ft_cell_double((double)row->share_ns[i] * 100 / (double)row->stall_ns, 1);
}

#define SHARE_OF(id, name, header)                                                                 \
	static struct ft_cell get_share_##id(const void *row, const void *ctx)                     \
	{                                                                                          \
		return share(row, FT_HIST_SHARE_##id);                                             \
	}

FT_HIST_SHARES(SHARE_OF)

static const struct ft_column shares[] = {
	{ "reclaim", NULL, 6, get_share_RECLAIM, NULL, "of the stall: direct reclaim, %" },
	{ "memcg", NULL, 6, get_share_MEMCG, NULL,
	  "of the stall: reclaim for a cgroup's limit, %" },
	{ "compaction", NULL, 6, get_share_COMPACTION, NULL, "of the stall: compaction, %" },
	{ "wait", NULL, 6, get_share_WAIT, NULL, "of the stall: off the CPU, %" },
	{ "rest", NULL, 6, get_share_REST, NULL, "of the stall: on the CPU, %" },
};

static const struct ft_column part_columns[FT_HIST_PART_MAX] = {
	[FT_HIST_PART_TYPE] = { "type", "TYPE", -7, get_type, NULL, "type" },
	[FT_HIST_PART_CAUSE] = { "cause", "CAUSE", -10, get_cause, NULL, "cause" },
	[FT_HIST_PART_COMM] = { "comm", "COMM", -15, get_comm, NULL, "the thread's name" },
	[FT_HIST_PART_PID] = { "pid", "PID", 7, get_pid, cmp_pid, "process" },
	[FT_HIST_PART_CGROUP] = { "cgroup", "CGROUP", 0, get_cgroup, NULL, "cgroup" },
	[FT_HIST_PART_CPU] = { "cpu", "CPU", 3, get_cpu, cmp_cpu, "CPU" },
	[FT_HIST_PART_MAPPING] = { "mapping", "MAPPING", 0, get_mapping, NULL, "mapping" },
	[FT_HIST_PART_FILE] = { "file", "FILE", 0, get_file, NULL, "file" },
	[FT_HIST_PART_ACCESS] = { "access", "ACCESS", -6, get_access, NULL, "access" },
};

static const struct ft_column process_columns[] = {
	{ "pid", "PID", 7, get_pid, cmp_pid, "process" },
	{ "process", "PROCESS", -15, get_process, NULL, "the process's name" },
};

static const struct ft_column numbers_us[] = {
	{ "count", "COUNT", 9, get_count, NULL, "faults" },
	{ "stall", "STALL(ms)", 10, get_stall, NULL, "sum of the latencies" },
	{ "avg", "AVG(us)", 8, get_avg, NULL, "average latency" },
	{ "p50", "P50(us)", 8, get_p50, NULL, "median" },
	{ "p90", "P90(us)", 8, get_p90, NULL, "90 % were not longer" },
	{ "p99", "P99(us)", 8, get_p99, NULL, "99 % were not longer" },
	{ "max", "MAX(us)", 9, get_max, NULL, "longest" },
};

static const char *const headers_ms[] = { "COUNT",   "STALL(ms)", "AVG(ms)", "P50(ms)",
					  "P90(ms)", "P99(ms)",	  "MAX(ms)" };

static void add(struct ft_hist_table *t, size_t *n, const struct ft_column *c)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(t->cols[i].name, c->name))
			return;
	t->cols[(*n)++] = *c;
}

void ft_view_hist_columns(struct ft_hist_table *t, const struct ft_hist_look *look)
{
	bool process = false;
	size_t n = 0;

	for (size_t i = 0; i < look->n_parts; i++) {
		const struct ft_column *c = &part_columns[look->parts[i]];

		process = process || look->parts[i] == FT_HIST_PART_PID ||
			  look->parts[i] == FT_HIST_PART_MAPPING;
		if (c->width)
			add(t, &n, c);
	}
	for (size_t i = 0; process && i < 2; i++)
		add(t, &n, &process_columns[i]);
	for (size_t i = 0; i < sizeof(numbers_us) / sizeof(*numbers_us); i++) {
		struct ft_column c = numbers_us[i];

		if (look->unit == FT_HIST_MSECS)
			c.header = headers_ms[i];
		add(t, &n, &c);
	}
	for (int i = 0; look->breakdown && i < FT_HIST_SHARE_MAX; i++) {
		static const char *const headers[] = {
#define FT_X(id, name, header) header,
			FT_HIST_SHARES(FT_X)
#undef FT_X
		};
		struct ft_column c = shares[i];

		c.header = headers[i];
		add(t, &n, &c);
	}
	/* Paths have no limit: they are last. */
	for (size_t i = 0; i < look->n_parts; i++)
		if (!part_columns[look->parts[i]].width)
			add(t, &n, &part_columns[look->parts[i]]);
	ft_table_init(&t->table, t->cols, n);
	t->table.ctx = look;
}
