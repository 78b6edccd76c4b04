/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "golden.h"
#include "model/meminfo.h"
#include "view/mem.h"
#include "view/wrap.h"

#define ROOT "tests/fsroot/x86-6.18"

/* As the machine that it was captured on, wherever the test runs; its file is not here. */
static int read_captured(struct ft_mem *m, pid_t pid)
{
	int err = ft_mem_read(m, ROOT, pid);

	m->page_size = 4096;
	m->layout = ft_vaddr_x86(false);
	return err;
}

static void kinds(void **state)
{
	struct ft_mem m;

	assert_int_equal(read_captured(&m, 1001), 0);
	assert_int_equal(m.smaps_err, 0);
	assert_int_equal(m.sum[FT_MEM_PROGRAM].mappings, 5);
	assert_int_equal(m.sum[FT_MEM_PROGRAM].files, 1);
	assert_int_equal(m.sum[FT_MEM_LIBRARIES].mappings, 0);
	assert_int_equal(m.sum[FT_MEM_FILES].mappings, 1);
	assert_int_equal(m.sum[FT_MEM_HEAP].mappings, 1);
	assert_int_equal(m.sum[FT_MEM_STACK].mappings, 1);
	assert_int_equal(m.sum[FT_MEM_SHMEM].size, 1024);
	assert_int_equal(m.sum[FT_MEM_SHMEM].rss, 512);
	assert_int_equal(m.sum[FT_MEM_KERNEL].mappings, 4);
	/* All but vsyscall is what statm calls its size. */
	assert_int_equal(m.all.size - 4, m.statm.size * 4);
	ft_mem_deinit(&m);
	assert_int_equal(read_captured(&m, 1002), 0);
	assert_int_equal(m.sum[FT_MEM_PROGRAM].mappings, 5);
	assert_int_equal(m.sum[FT_MEM_LIBRARIES].files, 2);
	assert_int_equal(m.all.size - 4, m.statm.size * 4);
	ft_mem_deinit(&m);
}

static void no_memory(void **state)
{
	struct ft_mem m;

	assert_int_equal(read_captured(&m, 2), 0);
	assert_true(ft_stat_is_kthread(&m.stat));
	assert_int_equal(m.smaps.maps.n, 0);
	ft_mem_deinit(&m);
	assert_int_equal(ft_mem_read(&m, ROOT, 4242), -ESRCH);
	ft_mem_deinit(&m);
	assert_int_equal(ft_mem_read(&m, "/nowhere", 1), -ENOENT);
	ft_mem_deinit(&m);
}

static void golden(void **state)
{
	struct ft_buf out;
	struct ft_mem m;

	assert_int_equal(read_captured(&m, 1001), 0);
	m.elf = (struct ft_elfinfo) {
		.linkage = FT_LINK_STATIC,
		.path = "/opt/odd",
		.file_size = 761848,
		.bss_size = 24440,
	};
	ft_buf_init(&out, -1);
	ft_view_mem_text(&out, &m, NULL);
	assert_false(golden_differs(&out, "mem.txt"));
	ft_view_mem_json(&out, &m, "main");
	assert_false(golden_differs(&out, "mem.json"));
	/* What anybody may see. */
	ft_smaps_deinit(&m.smaps);
	m.smaps_err = -EACCES;
	ft_mem_add_up(&m);
	ft_view_mem_text(&out, &m, NULL);
	assert_false(golden_differs(&out, "mem-hidden.txt"));
	ft_buf_deinit(&out);
	ft_mem_deinit(&m);
}

static void sizes(void **state)
{
	static const struct {
		uint64_t kb;
		const char *want;
	} cases[] = {
		{ 0, "0 KB" },
		{ 4, "4 KB" },
		{ 5780, "5780 KB" },
		{ 4096, "4 MB" },
		{ 15360, "15 MB" },
		{ 24064, "23.5 MB" },
		{ 512UL << 20, "512 GB" },
		{ 256UL << 30, "256 TB" },
	};
	struct ft_buf b;

	ft_buf_init(&b, -1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		b.len = 0;
		ft_view_size(&b, cases[i].kb);
		ft_buf_char(&b, '\0');
		assert_string_equal(b.data, cases[i].want);
	}
	ft_buf_deinit(&b);
}

static void wrap(void **state)
{
	static const char words[] = "one two three";
	char longer[200];
	struct ft_buf b;

	ft_buf_init(&b, -1);
	ft_wrap(&b, "- ", words, sizeof(words) - 1);
	ft_buf_char(&b, '\0');
	assert_string_equal(b.data, "- one two three\n");
	memset(longer, 'x', sizeof(longer));
	longer[40] = longer[120] = ' ';
	b.len = 0;
	ft_wrap(&b, "- ", longer, 160);
	ft_buf_char(&b, '\0');
	assert_int_equal(strcspn(b.data, "\n"), 42);
	assert_int_equal(strspn(b.data + 43, " "), 2);
	assert_int_equal(strlen(b.data), 43 + 2 + 79 + 1 + 2 + 39 + 1);
	ft_buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds), cmocka_unit_test(no_memory), cmocka_unit_test(golden),
		cmocka_unit_test(sizes), cmocka_unit_test(wrap),
	};

	return cmocka_run_group_tests_name("meminfo", tests, NULL, NULL);
}
