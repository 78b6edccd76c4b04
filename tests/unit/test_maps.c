/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/maps.h"

#define LINE1 "00400000-00401000 r-xp 00001000 fe:00 42                         /bin/a b\n"
#define LINE2 "7f0000000000-7f0000021000 rw-p 00000000 00:00 0 \n"
#define VSYSCALL                                                                                   \
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n"

static int parse(const char *s, size_t n, struct ft_maps *m)
{
	/* Exactly as long as the text: a read past its end is an ASan report. */
	char *copy = malloc(n ? n : 1);

	memcpy(copy, s, n);
	return ft_maps_parse(copy, n, m);
}

static int parse_str(const char *s, struct ft_maps *m)
{
	return parse(s, strlen(s), m);
}

static void good_lines(void **state)
{
	struct ft_maps m;

	assert_int_equal(parse_str(LINE1 LINE2 VSYSCALL, &m), 0);
	assert_int_equal(m.n, 3);
	assert_int_equal(m.v[0].start, 0x400000);
	assert_int_equal(m.v[0].end, 0x401000);
	assert_int_equal(m.v[0].offset, 0x1000);
	assert_int_equal(m.v[0].major, 0xfe);
	assert_int_equal(m.v[0].ino, 42);
	assert_int_equal(m.v[0].perms, FT_MAP_R | FT_MAP_X);
	assert_string_equal(m.v[0].path, "/bin/a b");
	assert_string_equal(m.v[1].path, "");
	assert_int_equal(m.v[2].start, 0xffffffffff600000);
	ft_maps_deinit(&m);
}

static void empty_is_a_table(void **state)
{
	struct ft_maps m;

	assert_int_equal(parse_str("", &m), 0);
	assert_int_equal(m.n, 0);
	assert_null(ft_maps_find(&m, 0));
	assert_int_equal(ft_maps_after(&m, 0), 0);
	ft_maps_deinit(&m);
}

static void newlines_in_paths(void **state)
{
	struct ft_maps m;

	assert_int_equal(
		parse_str("1000-2000 rw-s 00000000 00:01 7 /tmp/x\\012y\\01z\\\\012\n", &m), 0);
	assert_string_equal(m.v[0].path, "/tmp/x\ny\\01z\\\n");
	assert_int_equal(m.v[0].perms, FT_MAP_R | FT_MAP_W | FT_MAP_SHARED);
	ft_maps_deinit(&m);
}

static void hostile_is_refused(void **state)
{
	static const char *const bad[] = {
		"\n",
		"1000",
		"1000-2000 rw-p 00000000 00:00 0", /* cut: no newline */
		LINE1 "7f00",
		"2000-1000 rw-p 00000000 00:00 0 \n", /* negative size */
		"1000-1000 rw-p 00000000 00:00 0 \n",
		"10000000000000000-2 rw-p 0 00:00 0 \n", /* 65 bits */
		"0-11111111111111111 rw-p 0 00:00 0 \n",
		"-1000-2000 rw-p 0 00:00 0 \n",
		"1000-2000 rwzp 0 00:00 0 \n",
		"1000-2000 rw-x 0 00:00 0 \n",
		"1000-2000 rw- 0 00:00 0 \n",
		"1000-2000 rw-p 0 100000000:00 0 \n",
		"1000-2000 rw-p 0 00:00 18446744073709551616 \n",
		"1000-2000 rw-p 0 00:00 0x \n",
		"1000-2000 rw-p 0 00:00 \n",
		LINE2 LINE1, /* backwards */
		LINE1 LINE1,
		"\377\376\n",
	};
	struct ft_maps m;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(parse_str(bad[i], &m), -EINVAL);
		assert_null(m.v);
		assert_null(m.text);
	}
	assert_int_equal(parse("1000-2000 rw-p 0 00:00 0 /a\0b\n", 31, &m), -EINVAL);
}

static void find_at_the_edges(void **state)
{
	struct ft_maps m;

	assert_int_equal(parse_str(LINE1 LINE2 VSYSCALL, &m), 0);
	assert_null(ft_maps_find(&m, 0x3fffff));
	assert_ptr_equal(ft_maps_find(&m, 0x400000), &m.v[0]);
	assert_ptr_equal(ft_maps_find(&m, 0x400fff), &m.v[0]);
	assert_null(ft_maps_find(&m, 0x401000));
	assert_int_equal(ft_maps_after(&m, 0x401000), 1);
	assert_ptr_equal(ft_maps_find(&m, 0xffffffffff600fff), &m.v[2]);
	assert_null(ft_maps_find(&m, UINT64_MAX));
	assert_int_equal(ft_maps_after(&m, UINT64_MAX), 3);
	ft_maps_deinit(&m);
}

static void kinds(void **state)
{
	static const char *const want[][2] = {
		{ "", "anon" },
		{ "[heap]", "heap" },
		{ "[stack]", "stack" },
		{ "[stack:12]", "stack" },
		{ "[anon:glibc: malloc]", "anon" },
		{ "[anon_shmem:x]", "shmem" },
		{ "[vdso]", "vdso" },
		{ "[vvar_vclock]", "vvar" },
		{ "[vsyscall]", "vsyscall" },
		{ "[uprobes]", "special" },
		{ "/dev/zero (deleted)", "shmem" },
		{ "/dev/zero", "anon" },
		{ "/dev/zeros", "file" },
		{ "/SYSV00000000 (deleted)", "shmem" },
		{ "/memfd:a (deleted)", "shmem" },
		{ "/anon_hugepage (deleted)", "hugetlb" },
		{ "/usr/lib/libc.so.6", "file" },
		{ "anon_inode:[perf_event]", "file" },
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		struct ft_map m = { .path = want[i][0] };

		assert_string_equal(ft_map_kind(&m), want[i][1]);
	}
	assert_string_equal(
		ft_map_kind(&(struct ft_map) { .path = "/dev/zero", .perms = FT_MAP_SHARED }),
		"file");
}

static void perms_as_text(void **state)
{
	char s[5];

	ft_map_perms(FT_MAP_R | FT_MAP_X, s);
	assert_string_equal(s, "r-xp");
	ft_map_perms(FT_MAP_W | FT_MAP_SHARED, s);
	assert_string_equal(s, "-w-s");
}

static void own_maps(void **state)
{
	struct ft_maps m;

	assert_int_equal(ft_maps_read("", 0, &m), 0);
	assert_non_null(ft_maps_find(&m, (uint64_t)&m));
	assert_string_equal(ft_map_kind(ft_maps_find(&m, (uint64_t)&m)), "stack");
	ft_maps_deinit(&m);
	assert_int_equal(ft_maps_read("/nowhere", 1, &m), -ESRCH);
	assert_int_equal(m.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines),	     cmocka_unit_test(empty_is_a_table),
		cmocka_unit_test(newlines_in_paths), cmocka_unit_test(hostile_is_refused),
		cmocka_unit_test(find_at_the_edges), cmocka_unit_test(kinds),
		cmocka_unit_test(perms_as_text),     cmocka_unit_test(own_maps),
	};

	return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}
