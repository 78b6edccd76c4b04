/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A made-up reading, through the model to text, table and JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "golden.h"
#include "view/hist.h"

#define MAX_GROUPS 16

static struct ft_hist_group groups[MAX_GROUPS];
static struct ft_hist_group *pointers[MAX_GROUPS];
static struct ft_hists hists;
static struct ft_groups names;
static struct ft_hist_rows rows;

static void start(uint32_t by)
{
	memset(groups, 0, sizeof(groups));
	hists = (struct ft_hists) { .v = pointers, .by = by };
}

static struct ft_hist *add(struct ft_group key)
{
	struct ft_hist_group *g = &groups[hists.n];

	pointers[hists.n++] = g;
	g->key = key;
	return &g->now;
}

static void put(struct ft_hist *h, uint64_t latency, uint64_t n)
{
	h->bucket[ft_hist_bucket(latency)] += n;
	h->stall_ns += latency * n;
	if (latency > h->max_ns)
		h->max_ns = latency;
	if (~latency > h->min_ns)
		h->min_ns = ~latency;
}

static void add_file(uint32_t id, const char *leaf, const char *folder)
{
	static struct ft_file rec;

	rec = (struct ft_file) { .h = { .kind = FT_KIND_FILE, .len = sizeof(rec) }, .id = id };
	strcpy(rec.names, leaf);
	strcpy(rec.names + strlen(leaf) + 1, folder);
	rec.names_len = (uint32_t)(strlen(leaf) + strlen(folder) + 2);
	assert_int_equal(ft_groups_record(&names, &rec.h), 0);
}

static void add_process(uint32_t pid, const char *comm)
{
	struct ft_task rec = { .h = { .kind = FT_KIND_TASK, .len = sizeof(rec) }, .pid = pid };

	memcpy(rec.comm, comm, strnlen(comm, sizeof(rec.comm)));
	assert_int_equal(ft_groups_record(&names, &rec.h), 0);
}

/* Sorted by stall, as the command does it. */
static void make(const struct ft_hist_look *look)
{
	struct ft_hist_table t;

	assert_int_equal(ft_hist_rows_name(&hists, &names, 0), 0);
	assert_int_equal(ft_hist_rows_make(&rows, &hists, &names), 0);
	ft_view_hist_columns(&t, look);
	assert_int_equal(ft_table_sort(&t.table, ft_column_find(&t.table, "stall"), false, rows.v,
				       rows.n - rows.has_other, sizeof(*rows.v)),
			 0);
}

static void show(struct ft_buf *out, const struct ft_hist_look *look, const char *name)
{
	struct ft_hist_table t;
	char file[64];

	make(look);
	ft_view_hist_text(out, look, &rows);
	snprintf(file, sizeof(file), "%s.txt", name);
	assert_false(golden_differs(out, file));
	ft_view_hist_columns(&t, look);
	ft_view_hist_table(out, &t, &rows);
	snprintf(file, sizeof(file), "%s-table.txt", name);
	assert_false(golden_differs(out, file));
	ft_view_hist_json(out, look, &rows, 123456789, 1000000000);
	snprintf(file, sizeof(file), "%s.json", name);
	assert_false(golden_differs(out, file));
}

static void fill_types(void)
{
	struct ft_hist *h = add((struct ft_group) { .type = FT_TYPE_MINOR });

	for (uint64_t i = 0; i < 1000; i++)
		put(h, 300 + i * i / 100, 1);
	h = add((struct ft_group) { .type = FT_TYPE_MAJOR });
	put(h, 90000, 5);
	put(h, 4000000, 2);
	h = add((struct ft_group) { .type = FT_TYPE_INVALID });
	h->unknown = 13;
	add((struct ft_group) { .type = FT_TYPE_ABORTED }); /* nothing */
}

static void by_type(void **state)
{
	struct ft_hist_look look = { .parts = { FT_HIST_PART_TYPE }, .n_parts = 1 };
	struct ft_buf out;

	ft_buf_init(&out, -1);
	start(FT_BY_TYPE);
	fill_types();
	show(&out, &look, "hist-type");
	look.unit = FT_HIST_MSECS;
	look.linear = true;
	ft_view_hist_text(&out, &look, &rows);
	assert_false(golden_differs(&out, "hist-linear.txt"));
	ft_buf_deinit(&out);
}

/* Faults that last for seconds take bcc's wide rows. */
static void wide(void **state)
{
	struct ft_hist_look look = { .parts = { FT_HIST_PART_CPU }, .n_parts = 1 };
	struct ft_buf out;
	struct ft_hist *h;

	ft_buf_init(&out, -1);
	start(FT_BY_CPU);
	h = add((struct ft_group) { .cpu = 127 });
	put(h, 5000000000, 1);
	put(h, 1ULL << 30, 2);
	make(&look);
	ft_view_hist_text(&out, &look, &rows);
	assert_false(golden_differs(&out, "hist-wide.txt"));
	ft_buf_deinit(&out);
}

/* Names: known, unknown, hostile; (other); groups that --rows leaves out. */
static void by_names(void **state)
{
	const struct ft_hist_look look = {
		.parts = { FT_HIST_PART_COMM, FT_HIST_PART_MAPPING, FT_HIST_PART_CGROUP },
		.n_parts = 3,
		.unit = FT_HIST_USECS,
	};
	struct ft_buf out;

	ft_buf_init(&out, -1);
	start(FT_BY_COMM | FT_BY_MAPPING | FT_BY_CGROUP);
	add_process(812, "java");
	add_file(7, "libc.so.6", "lib");
	put(add((struct ft_group) { .comm = "GC Thread#0", .pid = 812, .file = 7, .cgroup = 5 }),
	    20000, 3);
	put(add((struct ft_group) { .comm = "a\x1b[2Jb\"\\", .pid = 9, .vma_kind = FT_VMA_ANON }),
	    1500, 1000);
	put(add((struct ft_group) {
		    .comm = "java", .pid = 812, .vma_kind = FT_VMA_ANON, .vma_bits = FT_VMA_HEAP }),
	    900, 70);
	put(add((struct ft_group) { .comm = "no file", .pid = 813, .file = 8 }), 800, 2);
	put(add((struct ft_group) { .comm = "no vma", .pid = 814 }), 700, 2);
	add((struct ft_group) { .comm = "no time", .pid = 812 })->unknown = 11;
	put(add((struct ft_group) { .other = 1 }), 100000000, 1);
	show(&out, &look, "hist-names");
	ft_hist_rows_limit(&rows, 2);
	assert_int_equal(rows.n, 3);
	assert_true(rows.v[2].key->other);
	assert_int_equal(rows.hidden, 4);
	assert_int_equal(rows.hidden_count, 18);
	ft_view_hist_text(&out, &look, &rows);
	assert_false(golden_differs(&out, "hist-rows.txt"));
	ft_buf_deinit(&out);
}

static void no_faults(void **state)
{
	const struct ft_hist_look look = { .parts = { FT_HIST_PART_TYPE }, .n_parts = 1 };
	struct ft_hist_table t;
	struct ft_buf out;

	ft_buf_init(&out, -1);
	start(FT_BY_TYPE);
	make(&look);
	ft_view_hist_text(&out, &look, &rows);
	ft_view_hist_columns(&t, &look);
	ft_view_hist_table(&out, &t, &rows);
	ft_view_hist_json(&out, &look, &rows, 1, 2);
	ft_buf_char(&out, '\0');
	assert_string_equal(out.data, "no faults\nno faults\n");
	ft_buf_deinit(&out);
}

/* Processes that belong to no group are forgotten, the others keep their names. */
static void forgotten(void **state)
{
	const struct ft_group key = { .pid = 77 };
	struct ft_group_text text;

	for (uint32_t pid = 50; pid < 5000; pid++)
		add_process(pid, "worker");
	ft_groups_begin(&names);
	ft_groups_mark(&names, &key, 0);
	assert_int_equal(ft_groups_end(&names), 0);
	assert_int_equal(names.by_pid.n, 1);
	ft_groups_find(&names, FT_BY_PID, &key, &text);
	assert_string_equal(text.comm, "worker");
	assert_null(text.place);
}

static int setup(void **state)
{
	ft_groups_init(&names, "/nowhere");
	return 0;
}

static int teardown(void **state)
{
	ft_groups_deinit(&names);
	ft_hist_rows_deinit(&rows);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_type),   cmocka_unit_test(wide),
		cmocka_unit_test(by_names),  cmocka_unit_test(no_faults),
		cmocka_unit_test(forgotten),
	};

	return cmocka_run_group_tests_name("hist_view", tests, setup, teardown);
}
