/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "enrich/pagemap.h"

static struct ft_pagemap decode(uint64_t entry)
{
	struct ft_pagemap p;

	ft_pagemap_decode(entry, &p);
	return p;
}

static void bits(void **state)
{
	struct ft_pagemap p = decode(0);

	assert_false(p.present || p.swapped || p.file || p.guard || p.uffd_wp || p.exclusive);
	p = decode(1ULL << 63 | 1ULL << 56 | 1ULL << 55 | 0x12345);
	assert_true(p.present && p.exclusive && p.soft_dirty && p.frame_known);
	assert_int_equal(p.frame, 0x12345);
	p = decode(1ULL << 63 | 1ULL << 61);
	assert_true(p.present && p.file && !p.frame_known);
	p = decode(1ULL << 62 | 77ULL << 5 | 3);
	assert_true(p.swapped && !p.present && !p.special);
	assert_int_equal(p.swap_type, 3);
	assert_int_equal(p.swap_offset, 77);
	p = decode(1ULL << 62 | 1ULL << 57 | 31);
	assert_true(p.swapped && p.special && p.uffd_wp);
	p = decode(1ULL << 62 | 1ULL << 58 | 31);
	assert_true(p.guard);
	p = decode(1ULL << 62);
	assert_true(p.swapped && !p.frame_known && !p.special);
	p = decode((1ULL << 55) - 1);
	assert_false(p.present || p.swapped);
}

static void own_pages(void **state)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *m = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t e[2];

	assert_true(m != MAP_FAILED);
	madvise(m, 2 * page, MADV_NOHUGEPAGE);
	m[page] = 1;
	if (ft_pagemap_read("", 0, (uint64_t)m, page, 2, e) == -ENOENT)
		skip();
	assert_false(decode(e[0]).present);
	assert_true(decode(e[1]).present);
	assert_int_equal(ft_pagemap_read("", 0, UINT64_MAX, page, 1, e), -ERANGE);
	munmap(m, 2 * page);
}

static void collect(void *arg, const char *name)
{
	strcat(arg, name);
	strcat(arg, " ");
}

static void flags(void **state)
{
	char got[1024] = "";

	ft_kpageflags_names(1 << 2 | 1 << 12 | 1ULL << 63, collect, got);
	assert_string_equal(got, "referenced anon ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits),
		cmocka_unit_test(own_pages),
		cmocka_unit_test(flags),
	};

	return cmocka_run_group_tests_name("pagemap", tests, NULL, NULL);
}
