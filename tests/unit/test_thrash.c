/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The verdict over a table of readings, its thresholds, and the parsers of what goes into it. */
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

#pragma GCC diagnostic ignored "-Woverride-init"

/* A second with nothing in it, and PSI at hand. */
#define READING(...)                                                                               \
	{                                                                                          \
		.interval_ns = SEC, .psi_known = true, .file_lru = 250000, __VA_ARGS__             \
	}

static const struct {
	const char *what;
	enum ft_verdict want;
	struct ft_reading r;
} cases[] = {
	{ "nothing happens", FT_VERDICT_HEALTHY, READING() },
	{ "swap both ways, and everybody waits", FT_VERDICT_THRASHING,
	  READING(.psi_full = 40, .psi_some = 60, .swapin = 5000, .swapout = 5000, .majors = 5000,
		  .refaults = 4900) },
	{ "one of many processes waits: PSI full is low", FT_VERDICT_THRASHING,
	  READING(.psi_full = 0.5, .psi_some = 8, .victim_pct = 80, .swapin = 5000, .swapout = 5000,
		  .majors = 5000, .refaults = 4900) },
	{ "the same without PSI", FT_VERDICT_THRASHING,
	  READING(.psi_known = false, .victim_pct = 80, .swapin = 5000, .swapout = 5000,
		  .majors = 5000, .refaults = 4900) },
	{ "pages leave and none comes back", FT_VERDICT_HEALTHY,
	  READING(.psi_some = 3, .swapout = 40000, .reclaims = 100, .reclaim_ns = SEC / 50) },
	{ "… and it costs time", FT_VERDICT_PRESSURE,
	  READING(.psi_some = 30, .psi_full = 12, .swapout = 40000, .reclaims = 1000,
		  .reclaim_ns = SEC / 3) },
	{ "pages come back and none leaves: someone wakes up", FT_VERDICT_HEALTHY,
	  READING(.psi_some = 2, .victim_pct = 50, .swapin = 3000, .majors = 3000,
		  .refaults = 3000) },
	{ "what comes is not what went", FT_VERDICT_COLD_START,
	  READING(.psi_some = 5, .victim_pct = 1, .swapout = 3000, .majors = 3000,
		  .refaults = 30) },
	{ "a file is read for the first time", FT_VERDICT_COLD_START,
	  READING(.majors = 3000, .file_majors = 3000) },
	{ "… while others read a little of theirs again", FT_VERDICT_COLD_START,
	  READING(.majors = 3000, .file_majors = 3000, .refault_file = 1000) },
	{ "… while as much is read again, by whom is not known", FT_VERDICT_HEALTHY,
	  READING(.majors = 3000, .file_majors = 3000, .refault_file = 5000) },
	{ "a file of more pages than are remembered is read again and again", FT_VERDICT_THRASHING,
	  READING(.psi_full = 30, .psi_some = 30, .majors = 3000, .file_majors = 3000,
		  .file_full = true, .refault_file = 2900) },
	{ "… and once, with as many forgotten", FT_VERDICT_COLD_START,
	  READING(.psi_full = 3, .majors = 3000, .file_majors = 3000, .file_full = true) },
	{ "what was thrown away is read again: reclaim took none of it", FT_VERDICT_COLD_START,
	  READING(.psi_full = 3, .victim_pct = 60, .majors = 4000, .file_majors = 4000,
		  .refaults = 4000, .file_refaults = 4000) },
	{ "… it took them, and the kernel does not count who reads them again",
	  FT_VERDICT_THRASHING,
	  READING(.victim_pct = 60, .majors = 4000, .file_majors = 4000, .refaults = 4000,
		  .file_refaults = 4000, .evicted_file = 4000, .refault_file = FT_UNKNOWN) },
	{ "PSI of the machine is no evidence of a cgroup", FT_VERDICT_HEALTHY,
	  READING(.psi_system = true, .psi_full = 60, .psi_some = 70, .swapin = 30, .swapout = 30,
		  .majors = 30, .refaults = 30, .reclaims = 5) },
	{ "… nor against its cold start", FT_VERDICT_COLD_START,
	  READING(.psi_system = true, .psi_full = 60, .psi_some = 70, .majors = 3000,
		  .file_majors = 3000) },
	{ "… in a cgroup that reads its files again", FT_VERDICT_THRASHING,
	  READING(.scoped = true, .psi_full = 30, .psi_some = 30, .majors = 3000,
		  .file_majors = 3000, .refault_file = 5000, .file_lru = 8000) },
	{ "a file is read again and again", FT_VERDICT_THRASHING,
	  READING(.psi_some = 20, .victim_pct = 60, .majors = 4000, .file_majors = 4000,
		  .refaults = 3000, .file_refaults = 3000, .refault_file = 3000) },
	{ "a file larger than the cache goes through once", FT_VERDICT_HEALTHY,
	  READING(.psi_some = 4, .majors = 30, .file_majors = 30, .reclaims = 500,
		  .reclaim_ns = SEC / 20) },
	{ "few majors, all again: nobody waits", FT_VERDICT_HEALTHY,
	  READING(.victim_pct = 2, .swapin = 30, .swapout = 30, .majors = 30, .refaults = 30) },
	{ "unchanged pages go without a write", FT_VERDICT_THRASHING,
	  READING(.psi_full = 3, .victim_pct = 90, .swapin = 7000, .swapout = 5, .evicted = 7000,
		  .majors = 7000, .refaults = 6000) },
	{ "the trace begins in the middle of it", FT_VERDICT_THRASHING,
	  READING(.psi_full = 30, .victim_pct = 20, .swapin = 7000, .evicted = 7000, .majors = 7000,
		  .refaults = 300, .swapin_old = 6700) },
	{ "what was swapped out before the trace comes back, nothing goes", FT_VERDICT_COLD_START,
	  READING(.psi_full = 3, .victim_pct = 5, .swapin = 7000, .majors = 7000,
		  .swapin_old = 7000) },
	{ "reclaim alone, without PSI", FT_VERDICT_PRESSURE,
	  READING(.psi_known = false, .reclaims = 10, .reclaim_ns = SEC / 4) },
	{ "pressure by PSI without reclaim is someone else's", FT_VERDICT_HEALTHY,
	  READING(.psi_some = 30) },
	{ "an interval of no length", FT_VERDICT_HEALTHY, { .psi_known = true } },
};

static void verdicts(void **state)
{
	struct ft_evidence ev[FT_RULE_MAX];

	for (size_t i = 0; i < COUNT(cases); i++) {
		enum ft_verdict got = ft_thrash_verdict(&cases[i].r, &ft_thresholds_default, ev);

		if (got != cases[i].want)
			fail_msg("%s: %s, not %s", cases[i].what, ft_verdict_name(got),
				 ft_verdict_name(cases[i].want));
	}
}

/* Half of the interval, half of the counts: the same verdict. */
static void intervals_of_any_length(void **state)
{
	struct ft_evidence ev[FT_RULE_MAX];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ft_reading twice = cases[i].r;

		if (!twice.interval_ns)
			continue;
		ft_reading_add(&twice, &cases[i].r);
		assert_int_equal(ft_thrash_verdict(&twice, &ft_thresholds_default, ev),
				 cases[i].want);
	}
}

static void unknown_is_no_evidence(void **state)
{
	struct ft_reading r =
		READING(.psi_known = false, .file_lru = FT_UNKNOWN, .refault_file = FT_UNKNOWN);
	struct ft_evidence ev[FT_RULE_MAX];

	ft_thrash_verdict(&r, &ft_thresholds_default, ev);
	assert_false(ev[FT_RULE_FULL].known);
	assert_false(ev[FT_RULE_FULL].holds);
	assert_false(ev[FT_RULE_SOME].known);
	assert_false(ev[FT_RULE_FILE_SHARE].known);
	assert_true(ev[FT_RULE_COLD_FULL].holds);
}

static void thresholds(void **state)
{
	static const char *const wrong[] = { "",	 "full",  "full=",   "full=x", "full=-1",
					     "full=10%", "ful=1", "fulll=1", "=1",     "full=nan" };
	struct ft_thresholds t = ft_thresholds_default;
	struct ft_evidence ev[FT_RULE_MAX];
	struct ft_reading r = READING(.psi_full = 40, .swapin = 5000, .swapout = 5000,
				      .majors = 5000, .refaults = 4900);
	struct ft_buf why;

	ft_buf_init(&why, -1);
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(ft_threshold_set(&t, wrong[i], &why), -22);
	assert_int_equal(ft_threshold_set(&t, "full=50.5", &why), 0);
	assert_true(t.full == 50.5);
	assert_int_equal(ft_thrash_verdict(&r, &t, ev), FT_VERDICT_HEALTHY);
	assert_int_equal(ft_threshold_set(&t, "full=40", &why), 0);
	assert_int_equal(ft_thrash_verdict(&r, &t, ev), FT_VERDICT_THRASHING);
	ft_buf_deinit(&why);
}

static void the_whole_is_judged_by_time(void **state)
{
	struct ft_spell s[FT_VERDICT_MAX] = {};

	assert_int_equal(ft_thrash_overall(s), FT_VERDICT_HEALTHY);
	s[FT_VERDICT_HEALTHY] = (struct ft_spell) { { .interval_ns = 8 * SEC }, 8 };
	s[FT_VERDICT_THRASHING] = (struct ft_spell) { { .interval_ns = SEC }, 1 };
	assert_int_equal(ft_thrash_overall(s), FT_VERDICT_HEALTHY); /* a passing one */
	s[FT_VERDICT_PRESSURE] = (struct ft_spell) { { .interval_ns = SEC }, 1 };
	assert_int_equal(ft_thrash_overall(s), FT_VERDICT_PRESSURE);
	s[FT_VERDICT_PRESSURE] = (struct ft_spell) {};
	s[FT_VERDICT_HEALTHY] = (struct ft_spell) { { .interval_ns = 12 * SEC }, 3 };
	s[FT_VERDICT_THRASHING].sum.interval_ns = 4 * SEC; /* one of four, but long */
	assert_int_equal(ft_thrash_overall(s), FT_VERDICT_THRASHING);
	s[FT_VERDICT_HEALTHY].sum.interval_ns = 50 * SEC;
	assert_int_equal(ft_thrash_overall(s), FT_VERDICT_HEALTHY);
}

static void a_second_time_is_news(void **state)
{
	static const struct {
		enum ft_verdict v;
		bool worse;
	} steps[] = {
		{ FT_VERDICT_HEALTHY, false },	 { FT_VERDICT_PRESSURE, true },
		{ FT_VERDICT_THRASHING, true },	 { FT_VERDICT_PRESSURE, false },
		{ FT_VERDICT_HEALTHY, false },	 { FT_VERDICT_THRASHING, false },
		{ FT_VERDICT_HEALTHY, false },	 { FT_VERDICT_PRESSURE, false },
		{ FT_VERDICT_HEALTHY, false },	 { FT_VERDICT_PRESSURE, false },
		{ FT_VERDICT_THRASHING, true },	 { FT_VERDICT_HEALTHY, false },
		{ FT_VERDICT_HEALTHY, false },	 { FT_VERDICT_HEALTHY, false },
		{ FT_VERDICT_COLD_START, true },
	};
	struct ft_alarm a = {};

	for (size_t i = 0; i < COUNT(steps); i++)
		assert_int_equal(ft_alarm_next(&a, steps[i].v), steps[i].worse);
}

static void zswap_writes_once(void **state)
{
	struct ft_vmstat v = { .pswpout = 100, .swpout_zero = 10, .zswpout = 60, .zswpwb = 40 };

	assert_int_equal(ft_vmstat_out(&v), 130);
	v.zswpwb = FT_UNKNOWN;
	assert_int_equal(ft_vmstat_out(&v), 170);
}

static void psi(void **state)
{
	static const char good[] = "some avg10=0.00 avg60=1.20 avg300=0.00 total=31065\n"
				   "full avg10=0.00 avg60=0.00 avg300=0.00 total=20161\n";
	struct ft_psi p;

	assert_int_equal(ft_psi_parse(good, strlen(good), &p), 0);
	assert_int_equal(p.some_us, 31065);
	assert_int_equal(p.full_us, 20161);
	for (size_t cut = 0; cut + 1 < strlen(good); cut++) {
		char *part = malloc(cut + 1);

		memcpy(part, good, cut);
		/* Only digits at the very end may be missing unnoticed. */
		if (cut < strlen(good) - 6)
			assert_int_equal(ft_psi_parse(part, cut, &p), -22);
		free(part);
	}
}

static void fields(void **state)
{
	static const char text[] = "pswpin 12\npswpout 34\nMemTotal:       24684 kB\nodd\nlast x\n";

	assert_int_equal(ft_vmstat_field(text, "pswpin"), 12);
	assert_int_equal(ft_vmstat_field(text, "pswpout"), 34);
	assert_int_equal(ft_vmstat_field(text, "MemTotal"), 24684);
	assert_true(ft_vmstat_field(text, "pswp") == FT_UNKNOWN);
	assert_true(ft_vmstat_field(text, "swpin") == FT_UNKNOWN);
	assert_true(ft_vmstat_field(text, "last") == FT_UNKNOWN);
	assert_true(ft_vmstat_field("", "x") == FT_UNKNOWN);
}

static void swap_kinds(void **state)
{
	static const struct {
		struct ft_swap_areas s;
		const char *with_io, *without;
	} areas[] = {
		{ { .disk = true }, "disk", "unknown" },
		{ { .disk = true, .zeros = true }, "disk", "zero-page" },
		{ { .disk = true, .zswapped = true }, "disk", "zswap" },
		{ { .disk = true, .zswapped = true, .zeros = true }, "disk", "unknown" },
		{ { .zram = true }, "zram", "zram" },
		{ { .zram = true, .zeros = true }, "zram", "unknown" },
		{ { .zram = true, .disk = true }, "unknown", "unknown" },
		{ {}, "unknown", "unknown" },
	};

	for (size_t i = 0; i < COUNT(areas); i++) {
		assert_string_equal(ft_swap_areas_kind(&areas[i].s, true), areas[i].with_io);
		assert_string_equal(ft_swap_areas_kind(&areas[i].s, false), areas[i].without);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(intervals_of_any_length),
		cmocka_unit_test(unknown_is_no_evidence),
		cmocka_unit_test(thresholds),
		cmocka_unit_test(the_whole_is_judged_by_time),
		cmocka_unit_test(a_second_time_is_news),
		cmocka_unit_test(zswap_writes_once),
		cmocka_unit_test(psi),
		cmocka_unit_test(fields),
		cmocka_unit_test(swap_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
