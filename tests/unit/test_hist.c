/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ft_hist.h"
#include "model/hist.h"

/* --- ft_hist.h -------------------------------------------------------------------------------- */

static void log2_of_powers(void **state)
{
	assert_int_equal(ft_hist_log2(1), 0);
	for (unsigned int i = 1; i < 64; i++) {
		assert_int_equal(ft_hist_log2(1ULL << i), i);
		assert_int_equal(ft_hist_log2((1ULL << i) + 1), i);
		assert_int_equal(ft_hist_log2((1ULL << i) - 1), i - 1);
	}
	assert_int_equal(ft_hist_log2(UINT64_MAX), 63);
}

static void check_value(uint64_t v)
{
	unsigned int b = ft_hist_bucket(v);

	assert_true(b < FT_HIST_BUCKETS);
	assert_true(ft_hist_low(b) <= v);
	assert_true(ft_hist_high(b) >= v);
}

static void edges(void **state)
{
	for (uint64_t v = 0; v < 4096; v++)
		check_value(v);
	for (unsigned int i = 0; i < 64; i++)
		for (int64_t d = -2; d <= 2; d++)
			check_value((1ULL << i) + (uint64_t)d);
	check_value(UINT64_MAX);
	check_value(UINT64_MAX - 1);
	/* Below 32 each value has its own. */
	for (uint64_t v = 0; v < 32; v++) {
		assert_int_equal(ft_hist_bucket(v), v);
		assert_int_equal(ft_hist_low(v), v);
		assert_int_equal(ft_hist_high(v), v);
	}
	assert_int_equal(ft_hist_bucket(32), 32);
	assert_int_equal(ft_hist_bucket(33), 32);
	assert_int_equal(ft_hist_bucket(34), 33);
	/* A power of two begins a bucket, the value before it ends one. */
	for (unsigned int i = 4; i < 64; i++) {
		assert_true(ft_hist_low(ft_hist_bucket(1ULL << i)) == 1ULL << i);
		assert_true(ft_hist_high(ft_hist_bucket((1ULL << i) - 1)) == (1ULL << i) - 1);
	}
	assert_int_equal(ft_hist_bucket(UINT64_MAX), FT_HIST_BUCKETS - 1);
	assert_true(ft_hist_high(FT_HIST_BUCKETS - 1) == UINT64_MAX);
	assert_int_equal(ft_hist_bucket(1ULL << 63), FT_HIST_BUCKETS - 16);
}

/* The buckets follow each other without a gap, each with its own ends, none wider than 1/16. */
static void buckets_tile_u64(void **state)
{
	uint64_t next = 0;

	for (unsigned int b = 0; b < FT_HIST_BUCKETS; b++) {
		uint64_t low = ft_hist_low(b), high = ft_hist_high(b);

		assert_true(low == next);
		assert_true(high >= low);
		assert_int_equal(ft_hist_bucket(low), b);
		assert_int_equal(ft_hist_bucket(high), b);
		assert_int_equal(ft_hist_bucket(low + (high - low) / 2), b);
		if (low >= FT_HIST_SUB)
			assert_true(high - low + 1 <= low / FT_HIST_SUB);
		else
			assert_true(high == low);
		next = high + 1;
	}
	assert_true(next == 0);
}

static void monotonic(void **state)
{
	uint64_t v = 0;
	unsigned int before = 0;

	/* Steps that grow, so that each octave is walked in some thousand of them. */
	while (v < UINT64_MAX / 2) {
		unsigned int b = ft_hist_bucket(v);

		assert_true(b >= before);
		before = b;
		v += v / 4096 + 1;
	}
}

static void few_groups(void **state)
{
	for (uint32_t by = 0; by <= FT_BY_FEW; by++) {
		for (uint32_t i = 0; i < ft_hist_few_size(by); i++) {
			struct ft_group g = ft_hist_few_group(by, i);

			assert_int_equal(ft_hist_few_index(by, g.type, g.cause, g.access), i);
			assert_true(g.type < FT_TYPE_MAX && g.cause < FT_CAUSE_MAX &&
				    g.access < FT_ACCESS_MAX);
			assert_true(g.type == 0 || by & FT_BY_TYPE);
			assert_true(g.cause == 0 || by & FT_BY_CAUSE);
			assert_true(g.access == 0 || by & FT_BY_ACCESS);
		}
	}
	assert_int_equal(ft_hist_few_size(FT_BY_FEW), FT_HIST_FEW);
	assert_int_equal(ft_hist_few_index(0, 3, 20, 2), 0);
}

/* --- a group in an interval ------------------------------------------------------------------- */

static const struct ft_group minor = { .type = FT_TYPE_MINOR };

/* As hist_add() of bpf/count.bpf.h. */
static void put(struct ft_hist *h, uint64_t latency, uint64_t n)
{
	h->bucket[ft_hist_bucket(latency)] += n;
	h->stall_ns += latency * n;
	if (latency > h->max_ns)
		h->max_ns = latency;
	if (~latency > h->min_ns)
		h->min_ns = ~latency;
}

static void nothing(void **state)
{
	static const struct ft_hist none;
	struct ft_hist_row row;
	struct ft_hist_linear lin;
	uint64_t rows[64];

	assert_false(ft_hist_row_fill(&row, &minor, &none, NULL));
	assert_int_equal(row.count, 0);
	assert_true(row.p50_ns == FT_UNKNOWN_NS && row.max_ns == FT_UNKNOWN_NS);
	assert_true(ft_hist_row_average(&row) == FT_UNKNOWN_NS);
	assert_int_equal(ft_hist_row_log2(&row, 1, rows), 0);
	ft_hist_row_linear(&row, 1, &lin);
	assert_int_equal(lin.n, 0);
}

static void unknown_latency(void **state)
{
	static struct ft_hist h = { .unknown = 7 };
	struct ft_hist_row row;

	assert_true(ft_hist_row_fill(&row, &minor, &h, NULL));
	assert_int_equal(row.count, 7);
	assert_int_equal(row.unknown, 7);
	assert_true(row.p50_ns == FT_UNKNOWN_NS && row.min_ns == FT_UNKNOWN_NS);
	assert_true(ft_hist_row_average(&row) == FT_UNKNOWN_NS);
	put(&h, 100, 2);
	assert_true(ft_hist_row_fill(&row, &minor, &h, NULL));
	assert_int_equal(row.count, 9);
	assert_int_equal(ft_hist_row_average(&row), 100);
	assert_int_equal(row.p99_ns, 100);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Nearest rank in the sorted values lies in the bucket whose upper bound is said. */
static void percentiles(void **state)
{
	static struct ft_hist h;
	struct ft_hist_row row;
	uint64_t v[1009], seed = 42;

	for (size_t n = 1; n <= sizeof(v) / sizeof(*v); n += n < 20 ? 1 : 89) {
		memset(&h, 0, sizeof(h));
		for (size_t i = 0; i < n; i++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			v[i] = (seed >> 33) >> (seed & 15);
			put(&h, v[i], 1);
		}
		qsort(v, n, sizeof(*v), by_value);
		assert_true(ft_hist_row_fill(&row, &minor, &h, NULL));
		for (unsigned int p = 1; p <= 100; p++) {
			uint64_t want = v[(n * p + 99) / 100 - 1], is;

			is = ft_hist_row_percentile(&row, p);
			assert_true(is >= want);
			assert_int_equal(ft_hist_bucket(is), ft_hist_bucket(want));
		}
		assert_true(row.min_ns == v[0] && row.max_ns == v[n - 1]);
		assert_true(ft_hist_row_percentile(&row, 100) == v[n - 1]);
	}
}

/* Counts so large that rank * 100 would not fit. */
static void percentile_of_many(void **state)
{
	static struct ft_hist h;
	struct ft_hist_row row;

	h.bucket[3] = 1ULL << 62;
	h.bucket[9] = 1ULL << 60;
	h.min_ns = ~3ULL;
	h.max_ns = 9;
	assert_true(ft_hist_row_fill(&row, &minor, &h, NULL));
	assert_int_equal(row.p50_ns, 3);
	assert_int_equal(row.p90_ns, 9);
}

static void intervals(void **state)
{
	static struct ft_hist first, second;
	struct ft_hist_row row;

	put(&first, 1000, 10);
	put(&first, 1000000, 1);
	first.unknown = 2;
	second = first;
	put(&second, 2000, 5);
	second.unknown = 5;

	assert_true(ft_hist_row_fill(&row, &minor, &first, NULL));
	assert_int_equal(row.count, 13);
	assert_int_equal(row.max_ns, 1000000);
	assert_int_equal(row.min_ns, 1000);

	/* The extremes since the start are older: this interval's are bounds. */
	assert_true(ft_hist_row_fill(&row, &minor, &second, &first));
	assert_int_equal(row.count, 8);
	assert_int_equal(row.unknown, 3);
	assert_int_equal(row.stall_ns, 10000);
	assert_int_equal(ft_hist_row_average(&row), 2000);
	assert_int_equal(row.min_ns, ft_hist_low(ft_hist_bucket(2000)));
	assert_int_equal(row.max_ns, ft_hist_high(ft_hist_bucket(2000)));
	assert_int_equal(row.p99_ns, row.max_ns);

	/* A new extreme is exact, also in the bucket of the old one. */
	first = second;
	put(&second, 1000001, 1);
	put(&second, 999, 1);
	assert_true(ft_hist_row_fill(&row, &minor, &second, &first));
	assert_int_equal(row.max_ns, 1000001);
	assert_int_equal(row.min_ns, 999);
	assert_false(ft_hist_row_fill(&row, &minor, &second, &second));
}

static void sum_of_cpus(void **state)
{
	static struct ft_hist sum, a, b;

	put(&a, 500, 3);
	put(&b, 70, 2);
	put(&b, 9000, 1);
	b.unknown = 4;
	ft_hist_add(&sum, &a);
	ft_hist_add(&sum, &b);
	assert_int_equal(sum.stall_ns, 500 * 3 + 70 * 2 + 9000);
	assert_int_equal(sum.unknown, 4);
	assert_int_equal(~sum.min_ns, 70);
	assert_int_equal(sum.max_ns, 9000);
	assert_int_equal(sum.bucket[ft_hist_bucket(500)], 3);
}

/* --- rows of a picture ------------------------------------------------------------------------ */

static uint64_t sum(const uint64_t *v, unsigned int n)
{
	uint64_t s = 0;

	while (n)
		s += v[--n];
	return s;
}

static void powers(void **state)
{
	static struct ft_hist h;
	struct ft_hist_row row;
	uint64_t v[64];

	put(&h, 0, 1);
	put(&h, 1, 2);
	put(&h, 2, 4);
	put(&h, 3, 8);
	put(&h, 1023, 16);
	put(&h, 1024, 32);
	assert_true(ft_hist_row_fill(&row, &minor, &h, NULL));
	assert_int_equal(ft_hist_row_log2(&row, 1, v), 11);
	assert_int_equal(v[0], 3);
	assert_int_equal(v[1], 12);
	assert_int_equal(v[9], 16);
	assert_int_equal(v[10], 32);
	/* In us all of them are 0 or 1. */
	assert_int_equal(ft_hist_row_log2(&row, 1000, v), 1);
	assert_int_equal(v[0], 63);
	put(&h, UINT64_MAX, 1);
	assert_true(ft_hist_row_fill(&row, &minor, &h, NULL));
	assert_int_equal(ft_hist_row_log2(&row, 1, v), 64);
	assert_int_equal(sum(v, 64), row.count);
}

static void check_linear(const struct ft_hist_row *row, uint64_t unit)
{
	struct ft_hist_linear lin;

	ft_hist_row_linear(row, unit, &lin);
	assert_in_range(lin.n, 1, FT_HIST_LINEAR_MAX);
	assert_true(lin.step > 0);
	assert_true(lin.from <= row->min_ns / unit);
	assert_int_equal(sum(lin.v, lin.n) + lin.rest, row->count);
	assert_true(lin.rest == 0 || lin.rest_to >= lin.from + lin.n * lin.step);
}

static void linear(void **state)
{
	static const uint64_t units[] = { 1, 1000, 1000000 };
	static struct ft_hist h;
	struct ft_hist_row row;
	struct ft_hist_linear lin;
	uint64_t seed = 7;

	for (int round = 0; round < 400; round++) {
		memset(&h, 0, sizeof(h));
		for (int i = 0; i < round + 1; i++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			put(&h, seed >> (round % 64), 1);
		}
		assert_true(ft_hist_row_fill(&row, &minor, &h, NULL));
		for (int u = 0; u < 3; u++)
			check_linear(&row, units[u]);
	}
	/* 99 of 100 between 2.0 and 2.2 ms, one of 80 ms: the rows are for the 99. */
	memset(&h, 0, sizeof(h));
	for (int i = 0; i < 198; i++)
		put(&h, 2000000 + (uint64_t)i * 1000, 1);
	put(&h, 80000000, 2);
	assert_true(ft_hist_row_fill(&row, &minor, &h, NULL));
	ft_hist_row_linear(&row, 1000, &lin);
	assert_int_equal(lin.from, 2000);
	assert_int_equal(lin.step, 200);
	assert_int_equal(lin.rest, 2);
	assert_int_equal(lin.rest_to, 80000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log2_of_powers),
		cmocka_unit_test(edges),
		cmocka_unit_test(buckets_tile_u64),
		cmocka_unit_test(monotonic),
		cmocka_unit_test(few_groups),
		cmocka_unit_test(nothing),
		cmocka_unit_test(unknown_latency),
		cmocka_unit_test(percentiles),
		cmocka_unit_test(percentile_of_many),
		cmocka_unit_test(intervals),
		cmocka_unit_test(sum_of_cpus),
		cmocka_unit_test(powers),
		cmocka_unit_test(linear),
	};

	return cmocka_run_group_tests_name("hist", tests, NULL, NULL);
}
