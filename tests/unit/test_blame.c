/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who took whose pages, over several readings, and how the report shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "enrich/psi.h"
#include "enrich/statm.h"
#include "enrich/swaparea.h"
#include "enrich/vmstat.h"
#include "ft_classify.h"
#include "model/blame.h"
#include "model/thrash.h"
#include "view/thrash.h"

#define SEC	 1000000000ULL
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* --- processes over several readings ---------------------------------------------------------- */

static struct ft_thrash_counts reading(const struct ft_proc_row *rows, size_t n)
{
	struct ft_thrash_counts c = { .n_procs = n };

	c.procs = malloc(n * sizeof(*rows) + 1);
	memcpy(c.procs, rows, n * sizeof(*rows));
	return c;
}

static struct ft_proc_row row(uint32_t tgid, const char *comm, uint64_t refault_ns, uint32_t flags)
{
	struct ft_proc_row r = {
		.tgid = tgid,
		.p = { .refault_ns = refault_ns, .majors = 1, .flags = flags | FT_PROC_INSIDE }
	};

	strncpy(r.p.comm, comm, sizeof(r.p.comm) - 1);
	return r;
}

/* A process ends and its number comes again: two processes. */
static void numbers_come_again(void **state)
{
	const struct ft_proc_row one[] = { row(7, "a", 100, 0), row(5, "b", 40, 0) };
	const struct ft_proc_row two[] = { row(5, "b", 90, 0), row(7, "a", 300, FT_PROC_EXITED) };
	const struct ft_proc_row three[] = { row(7, "c", 10, 0), row(5, "b", 90, 0) };
	struct ft_thrash_counts c;
	struct ft_blame_table t;
	const struct ft_blame_proc *top[4];

	ft_blame_init(&t);
	c = reading(one, 2);
	assert_int_equal(ft_blame_update(&t, &c), 0);
	assert_int_equal(ft_blame_worst(&t), 100);
	c = reading(two, 2);
	assert_int_equal(ft_blame_update(&t, &c), 0);
	assert_int_equal(ft_blame_worst(&t), 200);
	c = reading(three, 2);
	assert_int_equal(ft_blame_update(&t, &c), 0);
	assert_int_equal(t.n, 3);
	assert_string_equal(ft_blame_find(&t, 7)->now.comm, "c");
	assert_int_equal(ft_blame_worst(&t), 10);
	assert_int_equal(ft_blame_top(&t, ft_blame_stall, top, 2), 2);
	assert_string_equal(top[0]->now.comm, "a");
	assert_string_equal(top[1]->now.comm, "b");
	assert_null(ft_blame_find(&t, 9));
	ft_blame_deinit(&t);
}

static void distances(void **state)
{
	__u64 d[FT_DISTANCES] = {};

	assert_int_equal(ft_distance_p50(d), 0);
	d[10] = 3;
	d[20] = 2;
	assert_int_equal(ft_distance_p50(d), 1536000); /* 1.5 * 1024 us */
	d[20] = 4;
	assert_int_equal(ft_distance_p50(d), 1572864000);
}

static struct ft_thrash_counts kswapd_took(uint64_t took, uint64_t a, uint64_t b)
{
	struct ft_thrash_counts c = { .n_procs = 3 };

	c.procs = calloc(3, sizeof(*c.procs));
	assert_non_null(c.procs);
	c.procs[0] = (struct ft_proc_row) {
		49, { .comm = "kswapd0", .flags = FT_PROC_KTHREAD, .took = took }
	};
	c.procs[1] = (struct ft_proc_row) { 100, { .comm = "a", .pages = a } };
	c.procs[2] = (struct ft_proc_row) { 101, { .comm = "b", .pages = b } };
	return c;
}

/* Of one process: the worst thread, or the mean of all; of an interval that is over: nothing. */
static void threads_wait_at_once(void **state)
{
	struct ft_proc_row many = row(7, "many", 900, 0);
	struct ft_thrash_counts c;
	struct ft_blame_table t;

	ft_blame_init(&t);
	many.p.threads = 9;
	many.p.worst_ns = 150;
	many.p.epoch = 3;
	c = reading(&many, 1);
	c.epoch = 3;
	assert_int_equal(ft_blame_update(&t, &c), 0);
	assert_int_equal(ft_blame_worst(&t), 150);
	ft_blame_judged(&t, FT_VERDICT_PRESSURE);
	many.p.refault_ns += 90;
	c = reading(&many, 1);
	c.epoch = 4;
	assert_int_equal(ft_blame_update(&t, &c), 0);
	assert_int_equal(ft_blame_worst(&t), 10);
	ft_blame_judged(&t, FT_VERDICT_PRESSURE);
	assert_int_equal(t.procs[0].waited_ns[FT_VERDICT_PRESSURE], 160);
	assert_int_equal(t.procs[0].waited_ns[FT_VERDICT_THRASHING], 0);
	ft_blame_deinit(&t);
}

/* A cgroup that is asked for and gone: what is the machine's is not shown for it. */
static void a_cgroup_vanishes(void **state)
{
	struct ft_kernel_view before = { .ts_ns = SEC, .scoped = true, .cg_known = true },
			      now = { .ts_ns = 2 * SEC, .scoped = true };
	struct ft_blame_table t;
	struct ft_reading r;

	ft_blame_init(&t);
	now.vm.pswpin = now.vm.pswpout = now.vm.refault_anon = now.vm.refault_file = 5000;
	now.mem.available = 1 << 30;
	ft_reading_make(&before, &now, &t, &r);
	assert_int_equal(r.swapin, 0);
	assert_int_equal(r.swapout, 0);
	assert_true(r.refault_anon == FT_UNKNOWN && r.refault_file == FT_UNKNOWN);
	assert_true(r.file_lru == FT_UNKNOWN);
	assert_true(ft_kernel_view_available(&now) == FT_UNKNOWN);
	before.scoped = now.scoped = before.cg_known = false;
	ft_reading_make(&before, &now, &t, &r);
	assert_int_equal(r.swapin, 5000);
	assert_int_equal(r.refault_file, 5000);
	assert_int_equal(ft_kernel_view_available(&now), 1 << 30);
	ft_blame_deinit(&t);
}

/* Two thirds of the new majors on files are re-faults of pages that nobody remembers. */
static void forgotten_files_are_guessed(void **state)
{
	const struct ft_kernel_view before = { .ts_ns = SEC };
	struct ft_kernel_view now = { .ts_ns = 2 * SEC };
	struct ft_proc_row p = row(7, "a", 100, 0);
	struct ft_thrash_counts c;
	struct ft_blame_table t;
	struct ft_reading r;

	ft_blame_init(&t);
	p.p.file_refault_ns = 100;
	p.p.file_major_ns = 400;
	c = reading(&p, 1);
	c.pages_full = true;
	c.sums.file_majors = 40;
	c.sums.file_refaults = 10;
	now.vm.refault_file = 30;
	assert_int_equal(ft_blame_update(&t, &c), 0);
	ft_reading_make(&before, &now, &t, &r);
	assert_int_equal(ft_blame_worst(&t), 300);
	assert_int_equal(ft_blame_stall(&t.procs[0]), 300);
	ft_blame_deinit(&t);
}

/* In the first interval it works for a, in the second for both, a third as much for a. */
static void kswapd_works_for_others(void **state)
{
	struct ft_thrash_counts c = kswapd_took(1000, 500, 0);
	const struct ft_blame_proc *top[3];
	struct ft_blame_table t;

	ft_blame_init(&t);
	assert_int_equal(ft_blame_update(&t, &c), 0);
	c = kswapd_took(5000, 600, 300);
	assert_int_equal(ft_blame_update(&t, &c), 0);
	assert_int_equal(ft_blame_top(&t, ft_blame_behalf, top, 3), 2);
	assert_int_equal(top[0]->tgid, 101);
	assert_int_equal(ft_blame_behalf(top[0]), 3000);
	assert_int_equal(ft_blame_behalf(top[1]), 2000);
	assert_true(ft_blame_is_kswapd(ft_blame_find(&t, 49)));
	ft_blame_deinit(&t);
}

/* Who reads with read() allocates unseen, but wakes it. */
static void kswapd_works_for_readers(void **state)
{
	struct ft_thrash_counts c = kswapd_took(1000, 500, 0);
	const struct ft_blame_proc *top[3];
	struct ft_blame_table t;

	c.procs[2].p.kswapd_wakes = 27;
	ft_blame_init(&t);
	assert_int_equal(ft_blame_update(&t, &c), 0);
	assert_int_equal(ft_blame_top(&t, ft_blame_behalf, top, 3), 2);
	assert_int_equal(ft_blame_behalf(top[0]), 500);
	assert_int_equal(ft_blame_behalf(top[1]), 500);
	ft_blame_deinit(&t);

	c = kswapd_took(1000, 500, 0);
	ft_blame_init(&t);
	t.scoped = true;
	assert_int_equal(ft_blame_update(&t, &c), 0);
	assert_int_equal(ft_blame_top(&t, ft_blame_behalf, top, 3), 0);
	ft_blame_deinit(&t);
}

static struct ft_blame_row pair(uint32_t evictor, uint32_t victim, struct ft_blame v)
{
	return (struct ft_blame_row) { { evictor, victim }, v };
}

/* Of each kind by what of it an evictor took; nothing of what nobody was seen to take. */
static void unseen_is_shared_out(void **state)
{
	const struct ft_blame_row rows[] = {
		pair(1, 7, (struct ft_blame) { .evicted = 100, .written = 70, .evicted_file = 10 }),
		pair(2, 7,
		     (struct ft_blame) { .evicted = 50, .evicted_shmem = 40, .evicted_file = 30 }),
		pair(FT_EVICTOR_CLEAN, 7, (struct ft_blame) { .returned = 80, .stall_ns = 800 }),
		pair(FT_EVICTOR_SHMEM, 7, (struct ft_blame) { .returned = 20, .stall_ns = 2000 }),
		pair(FT_EVICTOR_FILE, 7, (struct ft_blame) { .returned = 40, .stall_ns = 4000 }),
		pair(FT_EVICTOR_FILE, 8, (struct ft_blame) { .returned = 5, .stall_ns = 50 }),
	};
	struct ft_thrash_counts c = { .n_blames = COUNT(rows) };
	struct ft_blame_table t;
	struct ft_blame_part one, two;

	c.blames = malloc(sizeof(rows));
	memcpy(c.blames, rows, sizeof(rows));
	ft_blame_init(&t);
	assert_int_equal(ft_blame_update(&t, &c), 0);
	one = ft_blame_part_of(&t, &rows[0]);
	two = ft_blame_part_of(&t, &rows[1]);
	assert_int_equal(one.returned, 60 + 0 + 10);
	assert_int_equal(one.stall_ns, 600 + 0 + 1000);
	assert_int_equal(two.returned, 20 + 20 + 30);
	assert_int_equal(two.stall_ns, 200 + 2000 + 3000);
	assert_int_equal(ft_blame_part_of(&t, &rows[5]).returned, 0);
	assert_int_equal(ft_blame_culprit(&t, 7)->key.evictor, 2);
	assert_null(ft_blame_culprit(&t, 8));
	ft_blame_deinit(&t);
}

/* --- what came back --------------------------------------------------------------------------- */

static const struct ft_return_row returned[] = {
	{ { 42, 0, FT_VMA_ANON | FT_VMA_HEAP }, { 12345, 12000, 11000, 3200000000 } },
	{ { 0, 0, 0 }, {} },
	{ { 0, 9, 0 }, { 10, 10, 3, 5000000 } },
	{ { 0, 0, FT_RETURN_OTHER }, { 4, 4, 0, 1000000 } },
	{ { 42, 0, FT_VMA_STACK | FT_VMA_IS_STACK }, { 5, 5, 5, 9000000000 } },
	{ { 0, 8, 0 }, { 900, 900, 700, 1000 } },
	{ { 43, 0, FT_VMA_UNKNOWN }, { 1, 0, 0, 0 } },
};

static struct ft_blame_table table_of(const struct ft_return_row *rows, size_t n)
{
	const struct ft_proc_row db = row(42, "db", 0, 0);
	struct ft_thrash_counts c = reading(&db, 1);
	struct ft_blame_table t;

	c.returns = malloc(n * sizeof(*rows) + 1);
	memcpy(c.returns, rows, n * sizeof(*rows));
	c.n_returns = n;
	ft_blame_init(&t);
	assert_int_equal(ft_blame_update(&t, &c), 0);
	return t;
}

/* Files and memory apart, each in its order; a row of (other) only where it has something. */
static void files_and_memory(void **state)
{
	struct ft_blame_table t = table_of(returned, COUNT(returned));

	assert_int_equal(t.n_files, 2);
	assert_int_equal(t.files[0].key.file, 8);
	assert_int_equal(t.files[1].key.file, 9);
	assert_int_equal(t.n_mappings, 4);
	assert_int_equal(t.mappings[0].key.vma, FT_VMA_STACK | FT_VMA_IS_STACK);
	assert_int_equal(t.mappings[1].key.vma, FT_VMA_ANON | FT_VMA_HEAP);
	assert_int_equal(t.mappings[2].key.vma, FT_RETURN_OTHER);
	assert_int_equal(t.mappings[3].key.tgid, 43);
	ft_blame_deinit(&t);
}

static char *report_of(const struct ft_blame_table *t, size_t rows,
		       void (*view)(struct ft_buf *, const struct ft_thrash_report *))
{
	static const struct ft_reading r;
	static const struct ft_evidence ev[FT_RULE_MAX];
	static const struct ft_kernel_view k;
	static const struct ft_files files;
	const struct ft_thrash_report p = {
		.r = &r, .ev = ev, .t = t, .first = &k, .now = &k, .files = &files, .rows = rows
	};
	struct ft_buf b;
	char *text;

	ft_buf_init(&b, -1);
	view(&b, &p);
	text = strndup(b.data, b.len);
	ft_buf_deinit(&b);
	return text;
}

static void memory_is_shown(void **state)
{
	struct ft_blame_table t = table_of(returned, COUNT(returned));
	char *text = report_of(&t, 3, ft_view_thrash_report);

	assert_non_null(strstr(
		text, "\n\nMemory that came back from swap\n"
		      "     PAGES  MAJORS   AGAIN    STALL(ms)  PROCESS                  MAPPING\n"
		      "         5       5       5       9000.0  db 42                    [stack]\n"
		      "     12345   12000   11000       3200.0  db 42                    [heap]\n"
		      "         4       4       0          1.0  (other)                  [any]\n"
		      "  1 more (--rows)\n\n"));
	free(text);
	ft_blame_deinit(&t);

	t = table_of(&returned[1], 3);
	t.n_mappings = 0;
	text = report_of(&t, 3, ft_view_thrash_report);
	assert_null(strstr(text, "Memory that came back"));
	free(text);
	ft_blame_deinit(&t);
}

static void memory_in_json(void **state)
{
	struct ft_blame_table t = table_of(returned, COUNT(returned));
	char *text = report_of(&t, 3, ft_view_thrash_report_json);

	assert_non_null(strstr(text,
			       ",\"mappings\":[{\"pid\":42,\"comm\":\"db\",\"vma_kind\":\"stack\","
			       "\"path\":null,\"pages\":5,\"majors\":5,\"refaults\":5,"
			       "\"stall_ns\":9000000000},"));
	assert_non_null(strstr(text, "{\"pid\":null,\"comm\":\"(other)\",\"vma_kind\":null,"));
	assert_non_null(strstr(text, "{\"pid\":43,\"comm\":null,\"vma_kind\":null,\"path\":null,"
				     "\"pages\":1,\"majors\":0,\"refaults\":0,\"stall_ns\":0}],"));
	free(text);
	ft_blame_deinit(&t);
}

/* A table says how many rows it leaves out; JSON leaves out none. */
static void nothing_is_cut_silently(void **state)
{
	enum { MANY = 300 };
	struct ft_thrash_counts c = { .n_procs = MANY };
	struct ft_blame_table t;
	size_t rows = 0;
	char *text;

	c.procs = calloc(MANY, sizeof(*c.procs));
	for (uint32_t i = 0; i < MANY; i++)
		c.procs[i] = row(i + 1, "v", 1000 + i, 0);
	ft_blame_init(&t);
	assert_int_equal(ft_blame_update(&t, &c), 0);
	text = report_of(&t, 3, ft_view_thrash_report);
	assert_non_null(strstr(text, "\n  297 more (--rows)\n"));
	free(text);
	text = report_of(&t, 3, ft_view_thrash_report_json);
	for (const char *at = text; (at = strstr(at, "\"fault_stall_ns\"")); at++)
		rows++;
	assert_int_equal(rows, MANY);
	free(text);
	ft_blame_deinit(&t);
}

/* What the kernel read and no fault asked for; of zram the tasks may not be charged. */
static void swapins_without_fault(void **state)
{
	const struct ft_kernel_view first = {};
	struct ft_kernel_view now = { .vm = { .pswpin = 1000, .swpin_zero = 50 } };
	struct ft_thrash_sums s = { .swapin_pages = 300, .swap_faults = 250 };

	assert_int_equal(ft_swapins_without_fault(&first, &now, &s), 700);
	s.swap_faults = 700;
	s.shmem_faults = 150;
	assert_int_equal(ft_swapins_without_fault(&first, &now, &s), 200);
	s.swapin_pages = 1003;
	assert_int_equal(ft_swapins_without_fault(&first, &now, &s), 0);
	now.scoped = true;
	assert_true(ft_swapins_without_fault(&first, &now, &s) == FT_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_again),
		cmocka_unit_test(distances),
		cmocka_unit_test(kswapd_works_for_others),
		cmocka_unit_test(kswapd_works_for_readers),
		cmocka_unit_test(threads_wait_at_once),
		cmocka_unit_test(a_cgroup_vanishes),
		cmocka_unit_test(forgotten_files_are_guessed),
		cmocka_unit_test(unseen_is_shared_out),
		cmocka_unit_test(files_and_memory),
		cmocka_unit_test(memory_is_shown),
		cmocka_unit_test(memory_in_json),
		cmocka_unit_test(nothing_is_cut_silently),
		cmocka_unit_test(swapins_without_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
