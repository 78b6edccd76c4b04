/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "golden.h"
#include "model/proctab.h"
#include "view/ps.h"

#define ROOT "tests/fsroot/x86-6.18"

static int scan(struct ft_proctab *t, const char *root, bool kthreads, uint64_t now_ns)
{
	const struct ft_proctab_scan how = {
		.root = root,
		.page_size = 4096,
		.now_ns = now_ns,
		.kthreads = kthreads,
	};

	return ft_proctab_scan(t, &how);
}

static void captured(void **state)
{
	struct ft_proctab t = { 0 };
	const struct ft_proc *p;

	assert_int_equal(scan(&t, ROOT, true, 1), 0);
	assert_int_equal(t.n, 4);
	p = ft_proctab_find(&t, 1001);
	assert_non_null(p);
	assert_string_equal(p->comm, "a) R (b\n\x1b[2J");
	assert_int_equal(p->minflt, 214);
	assert_int_equal(p->majflt, 1);
	assert_int_equal(p->total, 510);
	assert_int_equal(p->res, 307);
	assert_int_equal(p->shared, 295);
	assert_int_equal(p->uid, 0);
	p = ft_proctab_find(&t, 1003); /* a zombie: nothing to know of its memory */
	assert_int_equal(p->state, 'Z');
	assert_true(p->swap == FT_UNKNOWN && p->pte == FT_UNKNOWN);
	assert_true(ft_proctab_find(&t, 2)->kthread);
	assert_null(ft_proctab_find(&t, 3));
	assert_int_equal(scan(&t, ROOT, false, 1), 0);
	assert_int_equal(t.n, 3);
	ft_proctab_deinit(&t);
}

static void some_pids(void **state)
{
	const pid_t pids[] = { 1001, 1002, 99999 };
	const struct ft_proctab_scan how = {
		.root = ROOT,
		.page_size = 4096,
		.pids = pids,
		.npids = 3,
	};
	struct ft_proctab t = { 0 };

	assert_int_equal(ft_proctab_scan(&t, &how), 0);
	assert_int_equal(t.n, 2);
	ft_proctab_deinit(&t);
	assert_int_equal(scan(&t, "/nowhere", false, 1), -ENOENT);
	ft_proctab_deinit(&t);
}

static void rates(void **state)
{
	struct ft_proc before_rows[] = {
		{ .pid = 1, .starttime = 5, .minflt = 100, .majflt = 10 },
		{ .pid = 2, .starttime = 6, .minflt = 50, .majflt = 0 },
	};
	struct ft_proc now_rows[] = {
		{ .pid = 1, .starttime = 5, .minflt = 300, .majflt = 11, .min_rate = -1 },
		{ .pid = 2,
		  .starttime = 9,
		  .minflt = 30,
		  .majflt = 4,
		  .min_rate = -1 }, /* recycled */
		{ .pid = 3, .starttime = 9, .minflt = 8, .majflt = 0, .min_rate = -1 }, /* new */
	};
	struct ft_proctab before = { before_rows, 2, 2, 1000000000 };
	struct ft_proctab now = { now_rows, 3, 3, 3000000000 };

	ft_proctab_rates(&now, &before);
	assert_true(now_rows[0].min_rate == 100 && now_rows[0].maj_rate == 0.5);
	assert_true(now_rows[1].min_rate == 15 && now_rows[1].maj_rate == 2);
	assert_true(now_rows[2].min_rate == 4);
	/* No time between them: not known, not infinite. */
	now_rows[0].min_rate = -1;
	now.ts_ns = before.ts_ns;
	ft_proctab_rates(&now, &before);
	assert_true(now_rows[0].min_rate == -1);
}

static bool keep_odd(const struct ft_proc *p, const void *arg)
{
	return p->pid & 1;
}

static void select_rows(void **state)
{
	struct ft_proctab t = { 0 };
	struct ft_proc *rows;

	assert_int_equal(scan(&t, ROOT, true, 1), 0);
	assert_int_equal(ft_proctab_select(&t, keep_odd, NULL, &rows), 2);
	assert_int_equal(rows[0].pid, 1001);
	assert_int_equal(rows[1].pid, 1003);
	free(rows);
	ft_proctab_deinit(&t);
}

/* What people see, to the byte: escaped names, unknown values, every unit. */
static void golden(void **state)
{
	struct ft_proctab t = { 0 };
	struct ft_table table;
	struct ft_buf out;

	assert_int_equal(scan(&t, ROOT, true, 1), 0);
	ft_buf_init(&out, -1);
	ft_view_ps_init(&table, false, FT_UNIT_PAGES, 4096);
	ft_view_ps_text(&out, &table, t.v, t.n);
	assert_false(golden_differs(&out, "ps.txt"));
	ft_view_ps_init(&table, false, FT_UNIT_MB, 4096);
	ft_view_ps_text(&out, &table, t.v, t.n);
	assert_false(golden_differs(&out, "ps-m.txt"));
	ft_view_ps_json(&out, &table, t.v, t.n, 0, 0);
	assert_false(golden_differs(&out, "ps.json"));
	for (size_t i = 0; i < t.n; i++)
		t.v[i].min_rate = i * 1.25, t.v[i].maj_rate = i ? 0 : -1;
	ft_view_ps_init(&table, true, FT_UNIT_KB, 4096);
	ft_view_ps_text(&out, &table, t.v, t.n);
	assert_false(golden_differs(&out, "ps-rates.txt"));
	ft_view_ps_json(&out, &table, t.v, t.n, 7, 1000);
	assert_false(golden_differs(&out, "ps-rates.json"));
	ft_buf_deinit(&out);
	ft_proctab_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captured),    cmocka_unit_test(some_pids), cmocka_unit_test(rates),
		cmocka_unit_test(select_rows), cmocka_unit_test(golden),
	};

	return cmocka_run_group_tests_name("proctab", tests, NULL, NULL);
}
