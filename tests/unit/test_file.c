/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "enrich/file.h"

static int announce(struct ft_files *f, uint32_t id)
{
	struct ft_file rec = { .h.kind = FT_KIND_FILE, .id = id, .ino = id };

	rec.names_len = (uint32_t)snprintf(rec.names, sizeof(rec.names), "f%u", id) + 1;
	return ft_files_add(f, &rec);
}

static void is(const struct ft_files *f, uint32_t id)
{
	const struct ft_file_info *i = ft_files_find(f, id);
	char want[16];

	snprintf(want, sizeof(want), "/f%u", id);
	assert_non_null(i);
	assert_string_equal(i->path, want);
	assert_int_equal(i->ino, id);
}

static void what_is_kept_is_bounded(void **state)
{
	const uint32_t n = 300000, used = 12345;
	struct ft_files f = {};
	size_t most = 0;

	for (uint32_t id = 1; id <= n; id++) {
		assert_int_equal(announce(&f, id), 0);
		if (id >= used)
			is(&f, used);
		if (f.by_id.n > most)
			most = f.by_id.n;
	}
	assert_true(most <= FT_FILES_MAX);
	assert_true(f.by_id.cap <= 2 * FT_FILES_MAX);
	is(&f, 1);
	is(&f, FT_FILES_EDGE);
	is(&f, n);
	is(&f, n - FT_FILES_EDGE + 1);
	assert_null(ft_files_find(&f, used + 1));
	ft_files_deinit(&f);
}

/* Each is asked for, none is to be forgotten: the bound holds all the same. */
static void all_are_used(void **state)
{
	struct ft_files f = {};

	for (uint32_t id = 1; id <= 100000; id++) {
		assert_int_equal(announce(&f, id), 0);
		is(&f, id);
		assert_true(f.by_id.n <= FT_FILES_MAX);
	}
	ft_files_deinit(&f);
}

static void an_id_that_comes_again_has_the_new_name(void **state)
{
	struct ft_file rec = { .h.kind = FT_KIND_FILE, .id = 7, .names_len = 4, .names = "new" };
	struct ft_files f = {};

	assert_int_equal(announce(&f, 7), 0);
	assert_int_equal(ft_files_add(&f, &rec), 0);
	assert_string_equal(ft_files_find(&f, 7)->path, "/new");
	assert_int_equal(f.by_id.n, 1);
	assert_null(ft_files_find(&f, 0));
	ft_files_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_bounded),
		cmocka_unit_test(all_are_used),
		cmocka_unit_test(an_id_that_comes_again_has_the_new_name),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
