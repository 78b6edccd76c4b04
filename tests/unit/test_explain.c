/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which facts explain finds in a captured process, and how it shows them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"
#include "model/explain.h"
#include "view/explain.h"

#define ROOT	    "tests/fsroot/x86-6.18"
#define STACK_START 0x7ffdcf285000
#define STACK_END   0x7ffdcf2a6000

static struct ft_explain e;

/* As on the machine that it was captured on, wherever the test runs. */
static int setup(void **state)
{
	int err = ft_explain_open(&e, ROOT, 1001);

	e.machine.x86 = true;
	e.machine.page_shift = 12;
	e.machine.own_zeros = false;
	e.machine.dirty_retries = false;
	e.machine.ksm_unknown = false;
	e.layout = ft_vaddr_x86(false);
	return err;
}

static int teardown(void **state)
{
	ft_explain_close(&e);
	return 0;
}

static enum ft_where where(uint64_t addr)
{
	assert_int_equal(ft_explain_address(&e, ROOT, addr), 0);
	return e.in.where;
}

static void places(void **state)
{
	assert_int_equal(where(0), FT_WHERE_NOTHING);
	assert_int_equal(where(0x401000), FT_WHERE_MAPPED);
	assert_int_equal(where(0xe4f0000), FT_WHERE_NOTHING);
	assert_int_equal(where(STACK_START), FT_WHERE_MAPPED);
	assert_int_equal(where(STACK_START - 1), FT_WHERE_BELOW_STACK);
	assert_int_equal(where(STACK_END - (8 << 20)), FT_WHERE_BELOW_STACK);
	assert_int_equal(where(STACK_END - (8 << 20) - 1), FT_WHERE_STACK_REFUSED);
	assert_int_equal(where(STACK_END), FT_WHERE_NOTHING);
	assert_int_equal(where(0xffffffffff600000), FT_WHERE_VSYSCALL);
	assert_int_equal(where(0xffffffff81000000), FT_WHERE_KERNEL);
	assert_int_equal(where(0x800000000000), FT_WHERE_NONCANONICAL);
	assert_int_equal(where(UINT64_MAX), FT_WHERE_KERNEL);
}

static enum ft_vma vma(uint64_t addr)
{
	assert_int_equal(ft_explain_address(&e, ROOT, addr), 0);
	return e.in.vma;
}

static void mappings(void **state)
{
	assert_int_equal(vma(0x401000), FT_VMA_FILE_PRIVATE);
	assert_int_equal(vma(0x4a9000), FT_VMA_ANON);
	assert_int_equal(vma(0xe50d000), FT_VMA_ANON);
	assert_int_equal(vma(0x7fb153d0d000), FT_VMA_SHMEM);
	assert_int_equal(vma(0x7fb153e0d000), FT_VMA_SPECIAL);
	assert_int_equal(vma(0x7fb153e13000), FT_VMA_SPECIAL);
	assert_int_equal(vma(STACK_START), FT_VMA_STACK);
}

static void neighbours(void **state)
{
	assert_int_equal(ft_explain_address(&e, ROOT, 0), 0);
	assert_null(e.below);
	assert_int_equal(e.above->start, 0x400000);
	assert_int_equal(ft_explain_address(&e, ROOT, 0xe4f0000), 0);
	assert_int_equal(e.below->end, 0x4af000);
	assert_int_equal(e.above->start, 0xe50d000);
	assert_int_equal(ft_explain_address(&e, ROOT, UINT64_MAX), 0);
	assert_null(e.above);
	assert_null(e.map);
}

/* The other functions show what a kernel with page tables says: one entry of each sort. */
static void show(uint64_t addr, uint64_t entry, struct ft_buf *out)
{
	assert_int_equal(ft_explain_address(&e, ROOT, addr), 0);
	ft_pagemap_decode(entry, &e.entry);
	e.pagemap_err = 0;
	if (e.entry.present) {
		e.kpage_err = 0;
		e.kpageflags = 1 << FT_KPF_UPTODATE | 1 << FT_KPF_ANON | 1 << FT_KPF_LRU;
		e.kpagecount = 1;
	} else if (e.entry.swapped) {
		strcpy(e.swap_device, "/dev/zram0");
		e.swap_device_sure = true;
	}
	e.in.entry = e.entry.present   ? FT_ENTRY_PRESENT
		     : e.entry.swapped ? FT_ENTRY_SWAP
				       : FT_ENTRY_NONE;
	for (int a = 0; a < FT_ACCESS_MAX; a++)
		ft_predict(&e.in, a, &e.prediction[a]);
	ft_view_explain_text(out, &e, NULL, NULL);
	ft_view_explain_json(out, &e, NULL, NULL);
}

static void golden(void **state)
{
	struct ft_buf out;

	ft_buf_init(&out, -1);
	show(0xe50e010, 1ULL << 63 | 1ULL << 56 | 1ULL << 55 | 0x1234, &out);
	assert_false(golden_differs(&out, "explain-present.txt"));
	show(0xe50e010, 1ULL << 62 | 77 << 5, &out);
	assert_false(golden_differs(&out, "explain-swapped.txt"));
	show(STACK_START - 0x1000, 0, &out);
	assert_false(golden_differs(&out, "explain-below-stack.txt"));
	show(0xe4f0123, 0, &out);
	assert_false(golden_differs(&out, "explain-unmapped.txt"));
	ft_buf_deinit(&out);
}

static void gone(void **state)
{
	struct ft_explain other;

	assert_int_equal(ft_explain_open(&other, ROOT, 4242), -ESRCH);
	ft_explain_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places), cmocka_unit_test(mappings), cmocka_unit_test(neighbours),
		cmocka_unit_test(golden), cmocka_unit_test(gone),
	};

	return cmocka_run_group_tests_name("explain", tests, setup, teardown);
}
