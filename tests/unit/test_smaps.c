/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "enrich/smaps.h"

#define STACK                                                                                      \
	"7ffcf3fe0000-7ffcf4001000 rw-p 00000000 00:00 0                          [stack]\n"       \
	"Size:                132 kB\nKernelPageSize:        4 kB\nRss:                  12 kB\n"  \
	"Pss:                  11 kB\nPrivate_Dirty:        10 kB\nAnonHugePages:      2048 kB\n"  \
	"FilePmdMapped:         2 kB\nSwap:                  8 kB\nNewInSomeKernel:      x y\n"    \
	"THPeligible:           0\nProtectionKey:         3\nVmFlags: rd wr mr mw me gd ac \n"
#define VSYSCALL                                                                                   \
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0    [vsyscall]\nVmFlags: ex\n"

static int parse(const char *s, size_t n, struct ft_smaps *m)
{
	char *copy = malloc(n ? n : 1);

	memcpy(copy, s, n);
	return ft_smaps_parse(copy, n, m);
}

static void values(void **state)
{
	struct ft_smaps m;
	const struct ft_smap *s;

	assert_int_equal(parse(STACK VSYSCALL, sizeof(STACK VSYSCALL) - 1, &m), 0);
	assert_int_equal(m.maps.n, 2);
	s = ft_smaps_find(&m, 0x7ffcf4000fff);
	assert_ptr_equal(s, &m.v[0]);
	assert_int_equal(s->kb[FT_SMAP_RSS], 12);
	assert_int_equal(s->kb[FT_SMAP_PSS], 11);
	assert_int_equal(s->kb[FT_SMAP_SWAP], 8);
	assert_true(s->kb[FT_SMAP_SHARED_DIRTY] == UINT64_MAX);
	assert_int_equal(ft_smap_thp_kb(s), 2050);
	assert_int_equal(s->pkey, 3);
	assert_true(ft_smap_flag(s, "gd"));
	assert_true(ft_smap_flag(s, "rd"));
	assert_true(ft_smap_flag(s, "ac"));
	assert_false(ft_smap_flag(s, "ht"));
	assert_false(ft_smap_flag(s, "a"));
	assert_true(ft_smap_flag(&m.v[1], "ex"));
	assert_true(ft_smap_thp_kb(&m.v[1]) == UINT64_MAX);
	assert_null(ft_smaps_find(&m, 0x7ffcf4001000));
	ft_smaps_deinit(&m);
}

static void hostile(void **state)
{
	static const char *const bad[] = {
		"Size: 1 kB\n",
		STACK "Rss: -1 kB\n",
		STACK "Rss: 99999999999999999999 kB\n",
		STACK "Rss: 1 MB\n",
		STACK "Rss: 1 kB and more\n",
		STACK "Rss 1 kB\n",
		STACK "Rss: 1 kB",
		STACK "ProtectionKey: x\n",
		STACK STACK,
		STACK "\n",
		"garbage\n",
	};
	struct ft_smaps m;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(parse(bad[i], strlen(bad[i]), &m), -EINVAL);
	assert_int_equal(parse(STACK "Rss\0: 1 kB\n", sizeof(STACK "Rss\0: 1 kB\n") - 1, &m),
			 -EINVAL);
	assert_int_equal(parse("", 0, &m), 0);
	assert_int_equal(m.maps.n, 0);
	ft_smaps_deinit(&m);
}

static void own(void **state)
{
	struct ft_smaps m;
	const struct ft_smap *s;

	assert_int_equal(ft_smaps_read("", 0, &m), 0);
	s = ft_smaps_find(&m, (uint64_t)&m);
	assert_non_null(s);
	assert_true(m.only_maps || s->kb[FT_SMAP_RSS] > 0);
	ft_smaps_deinit(&m);
	assert_int_equal(ft_smaps_read("/nowhere", 1, &m), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(hostile),
		cmocka_unit_test(own),
	};

	return cmocka_run_group_tests_name("smaps", tests, NULL, NULL);
}
