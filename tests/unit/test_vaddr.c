/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/vaddr.h"

static void four_levels(void **state)
{
	struct ft_vaddr_layout l = ft_vaddr_x86(false);
	struct ft_vaddr_split s;

	ft_vaddr_split(&l, 0x7ffcf3fe0abc, 12, &s);
	assert_int_equal(s.levels, 4);
	assert_string_equal(s.level[0].name, "PGD");
	assert_string_equal(s.level[1].name, "PUD");
	assert_string_equal(s.level[3].name, "PTE");
	assert_int_equal(s.level[0].index, 255);
	assert_int_equal(s.level[1].index, 499);
	assert_int_equal(s.level[2].index, 415);
	assert_int_equal(s.level[3].index, 480);
	assert_int_equal(s.level[0].covers, 512ULL << 30);
	assert_int_equal(s.level[3].covers, 4096);
	assert_int_equal(s.offset, 0xabc);
	assert_int_equal(s.page_number, 0x7ffcf3fe0);
}

/* The indexes and the offset put together again are the address, at every level count. */
static void rebuild(const struct ft_vaddr_layout *l, uint64_t addr)
{
	struct ft_vaddr_split s;
	uint64_t again;
	int bits = l->page_shift;

	ft_vaddr_split(l, addr, l->page_shift, &s);
	again = s.offset;
	for (int i = 0; i < s.levels; i++) {
		assert_non_null(s.level[i].name);
		assert_true(s.level[i].index < 1ULL << s.level[i].bits);
		again |= s.level[i].index << s.level[i].shift;
		bits += s.level[i].bits;
	}
	assert_int_equal(bits, l->bits);
	assert_true(again == (addr & ((1ULL << l->bits) - 1)));
}

static void every_layout(void **state)
{
	static const uint64_t addrs[] = { 0, 0xfff, 0x7fffffffffff, 0x123456789abcdef, UINT64_MAX };
	static const struct {
		int page_shift, bits, levels;
	} arm[] = {
		{ 12, 39, 3 }, { 12, 48, 4 }, { 14, 36, 2 }, { 14, 47, 3 }, { 14, 48, 4 },
		{ 16, 42, 2 }, { 16, 48, 3 }, { 16, 52, 3 }, { 12, 52, 5 },
	};

	for (unsigned int i = 0; i < sizeof(addrs) / sizeof(*addrs); i++) {
		struct ft_vaddr_layout l4 = ft_vaddr_x86(false), l5 = ft_vaddr_x86(true);

		assert_int_equal(l5.levels, 5);
		rebuild(&l4, addrs[i]);
		rebuild(&l5, addrs[i]);
		for (unsigned int a = 0; a < sizeof(arm) / sizeof(*arm); a++) {
			struct ft_vaddr_layout l =
				ft_vaddr_arm64(arm[a].page_shift, 1ULL << arm[a].bits);

			assert_int_equal(l.bits, arm[a].bits);
			assert_int_equal(l.levels, arm[a].levels);
			rebuild(&l, addrs[i]);
		}
	}
}

static void halves(void **state)
{
	struct ft_vaddr_layout l4 = ft_vaddr_x86(false), l5 = ft_vaddr_x86(true);
	struct ft_vaddr_layout arm = ft_vaddr_arm64(12, 1ULL << 48);

	assert_int_equal(ft_vaddr_half(&l4, 0), FT_VADDR_USER);
	assert_int_equal(ft_vaddr_half(&l4, 0x7fffffffffff), FT_VADDR_USER);
	assert_int_equal(ft_vaddr_half(&l4, 0x800000000000), FT_VADDR_NONCANONICAL);
	assert_int_equal(ft_vaddr_half(&l5, 0x800000000000), FT_VADDR_USER);
	assert_int_equal(ft_vaddr_half(&l4, 0xffff7fffffffffff), FT_VADDR_NONCANONICAL);
	assert_int_equal(ft_vaddr_half(&l4, 0xffff800000000000), FT_VADDR_KERNEL);
	assert_int_equal(ft_vaddr_half(&l5, 0xff00000000000000), FT_VADDR_KERNEL);
	assert_int_equal(ft_vaddr_half(&l5, 0x0100000000000000), FT_VADDR_NONCANONICAL);
	assert_int_equal(ft_vaddr_half(&arm, 0xffff000000000000), FT_VADDR_KERNEL);
	assert_int_equal(ft_vaddr_half(&arm, 0x0000ffffffffffff), FT_VADDR_USER);
}

static void flat_table(void **state)
{
	struct ft_vaddr_layout l4 = ft_vaddr_x86(false), l5 = ft_vaddr_x86(true);

	assert_true(ft_vaddr_flat_entries(&l4) == 1ULL << 36);
	assert_true(ft_vaddr_flat_bytes(&l4) == 512ULL << 30);
	assert_true(ft_vaddr_flat_bytes(&l5) == 256ULL << 40);
}

/* An entry of the PMD, of the PUD, and arm64's several entries of the PTE together. */
static void huge(void **state)
{
	const struct ft_vaddr_layout l = ft_vaddr_x86(false);
	struct ft_vaddr_split s;

	ft_vaddr_split(&l, 0x7ffcf3fe0abc, 21, &s);
	assert_int_equal(s.levels, 3);
	assert_string_equal(s.level[2].name, "PMD");
	assert_int_equal(s.offset, 0x1e0abc);
	assert_int_equal(s.page_number, 0x7ffcf3fe0abc >> 21);
	ft_vaddr_split(&l, 0x7ffcf3fe0abc, 30, &s);
	assert_int_equal(s.levels, 2);
	ft_vaddr_split(&l, 0x7ffcf3fe0abc, 16, &s);
	assert_int_equal(s.levels, 4);
	assert_int_equal(s.offset, 0xabc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_levels), cmocka_unit_test(every_layout),
		cmocka_unit_test(halves),      cmocka_unit_test(huge),
		cmocka_unit_test(flat_table),
	};

	return cmocka_run_group_tests_name("vaddr", tests, NULL, NULL);
}
