/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/column.h"

struct row {
	const char *name;
	uint64_t count, pages;
	int known;
};

static struct ft_cell get_name(const void *row, const void *ctx)
{
	return ft_cell_text(((const struct row *)row)->name);
}

static struct ft_cell get_count(const void *row, const void *ctx)
{
	const struct row *r = row;

	return r->known ? ft_cell_u64(r->count) : ft_cell_none();
}

static struct ft_cell get_pages(const void *row, const void *ctx)
{
	return ft_cell_pages(((const struct row *)row)->pages);
}

static struct ft_cell get_rate(const void *row, const void *ctx)
{
	return ft_cell_double(((const struct row *)row)->count / 2.0, 1);
}

static const struct ft_column cols[] = {
	{ "count", "COUNT", 5, get_count, NULL, "how many" },
	{ "name", "NAME", -6, get_name, NULL, "who" },
	{ "pages", "PAGES", 1, get_pages, NULL, "memory" },
	{ "rate", "RATE", 6, get_rate, NULL, "how fast" },
};

static const struct row sample[] = {
	{ "b", 3, 256, 1 },
	{ "a\x1b[2J", 20, 1, 1 },
	{ "c", 0, 7, 0 },
	{ "d", 3, 9, 1 },
};

static void expect_text(struct ft_buf *out, const char *want)
{
	ft_buf_char(out, '\0');
	assert_string_equal(out->data, want);
	out->len = 0;
}

static void text(void **state)
{
	struct ft_table t;
	struct ft_buf out;

	FT_TABLE_INIT(&t, cols);
	ft_buf_init(&out, -1);
	ft_table_header(&out, &t);
	ft_table_row(&out, &t, &sample[0]);
	ft_table_row(&out, &t, &sample[1]);
	ft_table_row(&out, &t, &sample[2]);
	expect_text(&out, "COUNT NAME   PAGES   RATE\n"
			  "    3 b        256    1.5\n"
			  "   20 a\\x1b[2J     1   10.0\n"
			  "    - c          7    0.0\n");
	t.unit = FT_UNIT_MB;
	ft_table_row(&out, &t, &sample[0]);
	expect_text(&out, "    3 b       1.00    1.5\n");
	t.unit = FT_UNIT_KB;
	ft_table_row(&out, &t, &sample[0]);
	expect_text(&out, "    3 b       1024    1.5\n");
	ft_buf_deinit(&out);
}

static void fit(void **state)
{
	struct row big = { "a name beyond all that is readable", 1234567, 1, 1 };
	struct ft_table t;

	FT_TABLE_INIT(&t, cols);
	ft_table_fit(&t, &big, 1, sizeof(big));
	assert_int_equal(t.width[0], 7);
	assert_int_equal(t.width[1], 24);
	assert_int_equal(t.width[2], 5);
	assert_int_equal(t.width[3], 8);
}

static void json(void **state)
{
	struct ft_table t;
	struct ft_buf out;
	struct ft_json j;

	FT_TABLE_INIT(&t, cols);
	t.unit = FT_UNIT_MB;
	ft_buf_init(&out, -1);
	j = ft_json_on(&out);
	for (int i = 1; i < 3; i++) {
		ft_json_open(&j, NULL, '{');
		ft_table_json(&j, &t, &sample[i]);
		ft_json_close(&j, '}');
		ft_json_end_line(&j);
	}
	expect_text(&out, "{\"count\":20,\"name\":\"a\\u001b[2J\",\"pages\":1,\"rate\":10.0}\n"
			  "{\"count\":null,\"name\":\"c\",\"pages\":7,\"rate\":0.0}\n");
	ft_buf_deinit(&out);
}

static void sorted_as(const char *arg, const char *want)
{
	const struct ft_column *by;
	struct row rows[4];
	struct ft_table t;
	char got[5] = "";
	bool reverse;

	memcpy(rows, sample, sizeof(rows));
	FT_TABLE_INIT(&t, cols);
	assert_int_equal(ft_table_parse_sort(&t, arg, &by, &reverse), 0);
	assert_int_equal(ft_table_sort(&t, by, reverse, rows, 4, sizeof(*rows)), 0);
	for (int i = 0; i < 4; i++)
		got[i] = rows[i].name[0];
	assert_string_equal(got, want);
}

static void sort(void **state)
{
	sorted_as("count", "abdc");  /* unknown last */
	sorted_as("-count", "bdac"); /* here too; equal ones as they were */
	sorted_as("name", "abcd");
	sorted_as("-NAME", "dcba");
	sorted_as("pages", "bdca");
	sorted_as("rate", "abdc");
}

static void unknown_column(void **state)
{
	const struct ft_column *by = NULL;
	struct ft_table t;
	struct ft_buf out;
	bool reverse;

	FT_TABLE_INIT(&t, cols);
	assert_int_equal(ft_table_parse_sort(&t, "size", &by, &reverse), -ENOENT);
	assert_int_equal(ft_table_parse_sort(&t, "", &by, &reverse), -ENOENT);
	assert_int_equal(ft_table_parse_sort(&t, "-", &by, &reverse), -ENOENT);
	assert_null(by);
	ft_buf_init(&out, -1);
	ft_column_list(&out, &t);
	expect_text(&out, "count, name, pages, rate");
	ft_buf_deinit(&out);
}

static void no_rows(void **state)
{
	struct ft_table t;

	FT_TABLE_INIT(&t, cols);
	ft_table_fit(&t, NULL, 0, sizeof(struct row));
	assert_int_equal(ft_table_sort(&t, &cols[0], false, NULL, 0, sizeof(struct row)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text), cmocka_unit_test(fit),	   cmocka_unit_test(json),
		cmocka_unit_test(sort), cmocka_unit_test(no_rows), cmocka_unit_test(unknown_column),
	};

	return cmocka_run_group_tests_name("column", tests, NULL, NULL);
}
