/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "view/ps.h"

#define COUNT_OF(member)                                                                           \
	static struct ft_cell get_##member(const void *row, const void *ctx)                       \
	{                                                                                          \
		return ft_cell_u64(((const struct ft_proc *)row)->member);                         \
	}

#define PAGES_OF(member)                                                                           \
	static struct ft_cell get_##member(const void *row, const void *ctx)                       \
	{                                                                                          \
		uint64_t v = ((const struct ft_proc *)row)->member;                                \
                                                                                                   \
		return v == FT_UNKNOWN ? ft_cell_none() : ft_cell_pages(v);                        \
	}

#define RATE_OF(member)                                                                            \
	static struct ft_cell get_##member(const void *row, const void *ctx)                       \
	{                                                                                          \
		double v = ((const struct ft_proc *)row)->member;                                  \
                                                                                                   \
		return v < 0 ? ft_cell_none() : ft_cell_double(v, 1);                              \
	}

COUNT_OF(minflt)
COUNT_OF(majflt)
PAGES_OF(total)
PAGES_OF(res)
PAGES_OF(shared)
PAGES_OF(swap)
PAGES_OF(pte)
RATE_OF(min_rate)
RATE_OF(maj_rate)

static struct ft_cell get_pid(const void *row, const void *ctx)
{
	return ft_cell_u64(((const struct ft_proc *)row)->pid);
}

static struct ft_cell get_comm(const void *row, const void *ctx)
{
	return ft_cell_text(((const struct ft_proc *)row)->comm);
}

/* Small numbers come first: a PID is a name, not a size. */
static int cmp_pid(const void *a, const void *b, const void *ctx)
{
	const struct ft_proc *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Most majors first; among the many with none, most minors. */
static int cmp_majors(const void *a, const void *b, const void *ctx)
{
	const struct ft_proc *x = a, *y = b;

	if (x->maj_rate != y->maj_rate)
		return x->maj_rate < y->maj_rate ? 1 : -1;
	return (x->min_rate < y->min_rate) - (x->min_rate > y->min_rate);
}

static const struct ft_column totals[] = {
	{ "pid", "PID", 7, get_pid, cmp_pid, "process" },
	{ "comm", "COMMAND", -15, get_comm, NULL, "its name" },
	{ "minflt", "MINFLT", 8, get_minflt, NULL, "minor faults since it began" },
	{ "majflt", "MAJFLT", 7, get_majflt, NULL, "major faults since it began" },
	{ "total", "TOTAL", 8, get_total, NULL, "address space" },
	{ "res", "RES", 7, get_res, NULL, "in RAM" },
	{ "shared", "SHARED", 7, get_shared, NULL, "of it, files and shared memory" },
	{ "swap", "SWAP", 6, get_swap, NULL, "swapped out" },
	{ "pte", "PTE", 5, get_pte, NULL, "page tables" },
};

static const struct ft_column per_second[] = {
	{ "pid", "PID", 7, get_pid, cmp_pid, "process" },
	{ "comm", "COMMAND", -15, get_comm, NULL, "its name" },
	{ "minflt_per_s", "MIN/s", 8, get_min_rate, NULL, "minor faults per second" },
	{ "majflt_per_s", "MAJ/s", 7, get_maj_rate, cmp_majors, "major faults per second" },
	{ "total", "TOTAL", 8, get_total, NULL, "address space" },
	{ "res", "RES", 7, get_res, NULL, "in RAM" },
	{ "shared", "SHARED", 7, get_shared, NULL, "of it, files and shared memory" },
	{ "swap", "SWAP", 6, get_swap, NULL, "swapped out" },
	{ "pte", "PTE", 5, get_pte, NULL, "page tables" },
};

void ft_view_ps_init(struct ft_table *t, bool rates, enum ft_unit unit, uint64_t page_size)
{
	if (rates)
		FT_TABLE_INIT(t, per_second);
	else
		FT_TABLE_INIT(t, totals);
	t->unit = unit;
	t->page_size = page_size;
}

void ft_view_ps_text(struct ft_buf *out, struct ft_table *t, const struct ft_proc *rows, size_t n)
{
	ft_table_fit(t, rows, n, sizeof(*rows));
	ft_table_header(out, t);
	for (size_t i = 0; i < n; i++)
		ft_table_row(out, t, &rows[i]);
}

void ft_view_ps_json(struct ft_buf *out, const struct ft_table *t, const struct ft_proc *rows,
		     size_t n, uint64_t ts_ns, uint64_t interval_ns)
{
	struct ft_json j = ft_json_on(out);

	for (size_t i = 0; i < n; i++) {
		ft_json_open(&j, NULL, '{');
		ft_json_str(&j, "type", "process");
		if (interval_ns) {
			ft_json_u64(&j, "ts_ns", ts_ns);
			ft_json_u64(&j, "interval_ns", interval_ns);
		}
		ft_table_json(&j, t, &rows[i]);
		ft_json_close(&j, '}');
		ft_json_end_line(&j);
	}
}
