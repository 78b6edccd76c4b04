/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/procfs.h"
#include "enrich/statm.h"

#define REST " S 1 2 3 0 -1 4194560 101 202 303 404 1 2 3 4 -20 -10 13 0 22 45125632 3552\n"

/* A copy of exactly the text: ASan sees a read past its end. */
static char *exact(const char *s, size_t n)
{
	char *copy = malloc(n ? n : 1);

	memcpy(copy, s, n);
	return copy;
}

static int stat_of(const char *s, size_t n, struct ft_stat *out)
{
	char *copy = exact(s, n);
	int err = ft_stat_parse(copy, n, out);

	free(copy);
	return err;
}

static void stat_fields(void **state)
{
	struct ft_stat s;
	const char text[] = "77 (cat)" REST;

	assert_int_equal(stat_of(text, sizeof(text) - 1, &s), 0);
	assert_int_equal(s.pid, 77);
	assert_string_equal(s.comm, "cat");
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.ppid, 1);
	assert_int_equal(s.flags, 4194560);
	assert_int_equal(s.minflt, 101);
	assert_int_equal(s.majflt, 303);
	assert_int_equal(s.starttime, 22);
	assert_false(ft_stat_is_kthread(&s));
}

static void stat_names(void **state)
{
	static const char *const names[] = {
		"",	      " ",
		"a b",	      ")",
		"(",	      "((",
		"))",	      ") S 1 2 3",
		"a\nb",	      "\xff\x1b[2J",
		"((sd-pam))", "kworker/R-mm_percpu_wq-and-more-up-to-sixty-three-bytes-of-name",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char text[512];
		int n = snprintf(text, sizeof(text), "9 (%s)" REST, names[i]);
		struct ft_stat s;

		assert_int_equal(stat_of(text, n, &s), 0);
		assert_string_equal(s.comm, names[i]);
		assert_int_equal(s.majflt, 303);
	}
}

static void stat_hostile(void **state)
{
	static const char *const bad[] = {
		"",
		"1",
		"1 (",
		"1 (a",
		"1 (a)",
		"1 (a) ",
		"1 (a) S",
		"1 a S 1",
		"-1 (a)" REST,
		"99999999999 (a)" REST,
		"1 (a) S 1 2 3 0 -1 4194560 -101 202 303 404 1 2 3 4 0 0 1 0 22\n",
		"1 (a) S 1 2 3 0 -1 4194560 101 202 99999999999999999999 404 1 2 3 4 0 0 1 0 22\n",
		"1 (a) S 1 2 3 0 -1 4194560 101 202 303\n",
		"1 (a) S 1 2 3 0 - 4194560 101 202 303 404 1 2 3 4 0 0 1 0 22\n",
		"1 (sixty-four-bytes-are-one-too-many-for-the-buffer-of-the-kernel---)" REST,
	};
	struct ft_stat s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(stat_of(bad[i], strlen(bad[i]), &s), -EINVAL);
	assert_int_equal(stat_of("1 (a\0b)" REST, sizeof("1 (a\0b)" REST) - 1, &s), -EINVAL);
}

static void statm(void **state)
{
	struct ft_statm m;

	assert_int_equal(ft_statm_parse("10 9 8 7 0 6 0\n", 15, &m), 0);
	assert_int_equal(m.size, 10);
	assert_int_equal(m.resident, 9);
	assert_int_equal(m.shared, 8);
	assert_int_equal(m.text, 7);
	assert_int_equal(m.data, 6);
	assert_int_equal(ft_statm_parse("10 9 8 7 0 6", 12, &m), -EINVAL);
	assert_int_equal(ft_statm_parse("10 -9 8 7 0 6 0", 15, &m), -EINVAL);
	assert_int_equal(ft_statm_parse("", 0, &m), -EINVAL);
}

static void status(void **state)
{
	static const char text[] = "Name:\tVmSwap: 9 kB\nUid:\t1000\t0\t0\t0\nVmPTE:\t      44 kB\n"
				   "VmSwap:\t       8 kB\n";
	static const char none[] = "Name:\tkthreadd\nUid:\t0\t0\t0\t0\n";
	static const char bad[] = "Uid:\t0\t0\t0\t0\nVmSwap:\t-8 kB\n";
	struct ft_status s;

	assert_int_equal(ft_status_parse(text, sizeof(text) - 1, &s), 0);
	assert_int_equal(s.uid, 1000);
	assert_int_equal(s.page_tables_kb, 44);
	assert_int_equal(s.swap_kb, 8);
	assert_int_equal(ft_status_parse(none, sizeof(none) - 1, &s), 0);
	assert_true(s.swap_kb == FT_UNKNOWN);
	assert_true(ft_kb_to_pages(s.swap_kb, 4096) == FT_UNKNOWN);
	assert_int_equal(ft_kb_to_pages(44, 4096), 11);
	assert_int_equal(ft_status_parse(bad, sizeof(bad) - 1, &s), -EINVAL);
	assert_int_equal(ft_status_parse("Name:\tx\n", 8, &s), -EINVAL);
}

static void own(void **state)
{
	int procfd = ft_proc_open_dir("");
	struct ft_status status;
	struct ft_statm m;
	struct ft_stat s;

	assert_true(procfd >= 0);
	assert_int_equal(ft_stat_read(procfd, getpid(), &s), 0);
	assert_int_equal(s.pid, getpid());
	assert_int_equal(ft_statm_read(procfd, getpid(), &m), 0);
	assert_true(m.resident > 0 && m.size >= m.resident);
	assert_int_equal(ft_status_read(procfd, getpid(), &status), 0);
	assert_int_equal(status.uid, getuid());
	assert_int_equal(ft_stat_read(procfd, 4194305, &s), -ESRCH);
	close(procfd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_fields),	cmocka_unit_test(stat_names),
		cmocka_unit_test(stat_hostile), cmocka_unit_test(statm),
		cmocka_unit_test(status),	cmocka_unit_test(own),
	};

	return cmocka_run_group_tests_name("statm", tests, NULL, NULL);
}
