/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/opt.h"

#define SEC	 1000000000ULL
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char *const not_numbers[] = { "",	 " ",	"-1",  "+1",  "0x10", "1e3",  "abc",
					   "1 ", " 1",	"1,5", ".",   ".5",   "1..2", "1.",
					   "١",	 "1\n", "--",  "NaN", "inf" };

static void u64(void **state)
{
	uint64_t v;

	assert_int_equal(ft_parse_u64("0", &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(ft_parse_u64("00042", &v), 0);
	assert_int_equal(v, 42);
	assert_int_equal(ft_parse_u64("18446744073709551615", &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(ft_parse_u64("18446744073709551616", &v), -ERANGE);
	assert_int_equal(ft_parse_u64("99999999999999999999999999", &v), -ERANGE);
	assert_int_equal(ft_parse_u64("1.5", &v), -EINVAL);
	assert_int_equal(ft_parse_u64("1s", &v), -EINVAL);
	for (size_t i = 0; i < COUNT(not_numbers); i++)
		assert_int_equal(ft_parse_u64(not_numbers[i], &v), -EINVAL);
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t unit, ns;
	} good[] = {
		{ "10", SEC, 10 * SEC },
		{ "10", 1000, 10000 },
		{ "0", SEC, 0 },
		{ "250us", SEC, 250000 },
		{ "10ms", SEC, 10000000 },
		{ "2s", 1000, 2 * SEC },
		{ "7ns", SEC, 7 },
		{ "1m", SEC, 60 * SEC },
		{ "1min", SEC, 60 * SEC },
		{ "1h", SEC, 3600 * SEC },
		{ "1.5s", SEC, SEC + SEC / 2 },
		{ "0.000000001", SEC, 1 },
		{ "0.0000000019", SEC, 1 }, /* digits past the ninth are cut */
		{ "1.5ns", SEC, 1 },
		{ "0.25m", SEC, 15 * SEC },
		{ "18446744073.709551615s", SEC, UINT64_MAX },
	};
	static const char *const bad[] = { "s",	    "10 s", "10sec", "10S", "10us2",
					   "1m30s", "-5s",  "1.s",   "ms",  "1.5.2s" };
	uint64_t ns;

	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(ft_parse_duration(good[i].text, good[i].unit, &ns), 0);
		assert_true(ns == good[i].ns);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(ft_parse_duration(bad[i], SEC, &ns), -EINVAL);
	for (size_t i = 0; i < COUNT(not_numbers); i++)
		assert_int_equal(ft_parse_duration(not_numbers[i], SEC, &ns), -EINVAL);
	assert_int_equal(ft_parse_duration("18446744073.709551616s", SEC, &ns), -ERANGE);
	assert_int_equal(ft_parse_duration("18446744074", SEC, &ns), -ERANGE);
	assert_int_equal(ft_parse_duration("5124096h", SEC, &ns), -ERANGE);
	assert_int_equal(ft_parse_duration("99999999999999999999s", SEC, &ns), -ERANGE);
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "4096", 4096 },
		{ "0", 0 },
		{ "4096B", 4096 },
		{ "64K", 65536 },
		{ "64k", 65536 },
		{ "64KB", 65536 },
		{ "64KiB", 65536 },
		{ "16M", 16 << 20 },
		{ "16MiB", 16 << 20 },
		{ "1G", 1 << 30 },
		{ "2T", 2ULL << 40 },
		{ "1.5M", 3 << 19 },
		{ "16777215T", 16777215ULL << 40 },
	};
	static const char *const bad[] = { "K",	  "16 M", "16MM", "16Mi", "16iB",
					   "16P", "16BB", "M16",  "-1M" };
	uint64_t bytes;

	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(ft_parse_size(good[i].text, &bytes), 0);
		assert_true(bytes == good[i].bytes);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(ft_parse_size(bad[i], &bytes), -EINVAL);
	for (size_t i = 0; i < COUNT(not_numbers); i++)
		assert_int_equal(ft_parse_size(not_numbers[i], &bytes), -EINVAL);
	assert_int_equal(ft_parse_size("16777216T", &bytes), -ERANGE);
	assert_int_equal(ft_parse_size("18446744073709551616", &bytes), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(u64),
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
