/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "enrich/kallsyms.h"

static char root[] = "/tmp/ft-kallsyms-XXXXXX";

static void write_list(const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/kallsyms", root);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void is(struct ft_kallsyms *k, uint64_t ip, const char *name, uint64_t off,
	       const char *module)
{
	struct ft_ksym s;

	assert_int_equal(ft_kallsyms_find(k, ip, 0, &s), 0);
	assert_string_equal(s.name, name);
	assert_int_equal(ip - s.start, off);
	assert_string_equal(s.module, module);
}

static int none(struct ft_kallsyms *k, uint64_t ip)
{
	struct ft_ksym s;

	return ft_kallsyms_find(k, ip, 0, &s);
}

static void functions(void **state)
{
	struct ft_kallsyms *k;

	/* Not in order, as /proc/kallsyms is not; data, per-CPU and padding symbols between. */
	write_list("0000000000000000 A fixed_percpu_data\n"
		   "ffffffff81000200 T second\n"
		   "ffffffff81000100 t __first\n"
		   "ffffffff81000100 T first\n"
		   "ffffffff81000100 t a_local_name\n"
		   "ffffffff810001f0 t __pfx_second\n"
		   "ffffffff81000280 D data\n"
		   "ffffffff82000000 W weak\n"
		   "ffffffffc0001000 t mod_a_fn\t[mod_a]\n"
		   "ffffffffc0001080 t mod_a_last\t[mod_a]\n"
		   "ffffffffc0003010 t mod_b_fn\t[mod_b]\n"
		   "ffffffffc0009000 t bpf_prog_1234_x\t[bpf]\n");
	k = ft_kallsyms_create(root);
	is(k, 0xffffffff81000100, "first", 0, "[kernel]");
	is(k, 0xffffffff810001f8, "first", 0xf8, "[kernel]");
	is(k, 0xffffffff81000290, "second", 0x90, "[kernel]");
	is(k, 0xffffffffc0001044, "mod_a_fn", 0x44, "[mod_a]");
	is(k, 0xffffffffc0001fff, "mod_a_last", 0xf7f, "[mod_a]");
	is(k, 0xffffffffc0003010, "mod_b_fn", 0, "[mod_b]");
	is(k, 0xffffffffc0009123, "bpf_prog_1234_x", 0x123, "[bpf]");
	assert_int_equal(none(k, 0xffffffff81000000), -ENOENT);
	/* Behind the last function of a module, too far behind any, and not the kernel's at all. */
	assert_int_equal(none(k, 0xffffffffc0002000), -ENOENT);
	assert_int_equal(none(k, 0xffffffff81100000), -ENOENT);
	assert_int_equal(none(k, 0x401000), -ENOENT);
	assert_int_equal(none(k, UINT64_MAX), -ENOENT);
	ft_kallsyms_destroy(k);
}

static void hidden(void **state)
{
	struct ft_kallsyms *k;

	write_list("0000000000000000 T first\n0000000000000000 t x\t[mod]\n");
	k = ft_kallsyms_create(root);
	assert_int_equal(none(k, 0xffffffff81000000), -EPERM);
	assert_int_equal(none(k, 0), -EPERM);
	ft_kallsyms_destroy(k);
}

static void odd_text(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n\n",
		"ffffffff81000000",
		"ffffffff81000000 T",
		"ffffffff81000000 T ",
		"xyz T name\n",
		" T name\n",
		"ffffffff81000000 T \t[m]\n",
		"ffffffffffffffffffffffff T too_long\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct ft_kallsyms *k;

		write_list(texts[i]);
		k = ft_kallsyms_create(root);
		assert_int_not_equal(none(k, 0xffffffff81000000), 0);
		ft_kallsyms_destroy(k);
	}
	ft_kallsyms_destroy(NULL);
}

static void no_file(void **state)
{
	struct ft_kallsyms *k = ft_kallsyms_create("/nonexistent");

	assert_int_equal(none(k, 0xffffffff81000000), -EPERM);
	ft_kallsyms_destroy(k);
}

static void read_again(void **state)
{
	struct ft_kallsyms *k;
	struct ft_ksym s;

	write_list("ffffffff81000000 T first\n");
	k = ft_kallsyms_create(root);
	assert_int_equal(ft_kallsyms_find(k, 0xffffffffc0001000, 1000, &s), -ENOENT);
	write_list("ffffffff81000000 T first\nffffffffc0001000 t new\t[mod]\n");
	/* Asking for what is not there does not read the list each time. */
	assert_int_equal(ft_kallsyms_find(k, 0xffffffffc0001000, 9000000000, &s), -ENOENT);
	assert_int_equal(ft_kallsyms_find(k, 0xffffffffc0001000, 11000000000, &s), 0);
	assert_string_equal(s.name, "new");
	ft_kallsyms_destroy(k);
}

static void this_kernel(void **state)
{
	struct ft_kallsyms *k = ft_kallsyms_create("");
	unsigned long long addr = 0;
	char line[512], type, name[256];
	FILE *f = fopen("/proc/kallsyms", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %c %255s", &addr, &type, name) == 3 && addr &&
		    !strcmp(name, "vfs_read"))
			break;
		addr = 0;
	}
	if (f)
		fclose(f);
	if (addr)
		is(k, addr + 3, "vfs_read", 3, "[kernel]");
	else
		assert_int_not_equal(none(k, 0xffffffff81000000), 0);
	assert_true(ft_kallsyms_bytes(k) < 4 << 20);
	ft_kallsyms_destroy(k);
}

static int set_up(void **state)
{
	char path[128];

	if (!mkdtemp(root))
		return -1;
	snprintf(path, sizeof(path), "%s/proc", root);
	return mkdir(path, 0700);
}

static int tear_down(void **state)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", root);
	return system(cmd);
}

/* What lib/vsprintf.c makes of "%pS". */
static void asked(void **state)
{
	static const char *const none[] = {
		"0xffffffff81000000", "", "+0x1/0x2", "f+", "f+0x1", "f+x/0x2", "f+0x9999999999/0x2"
	};
	char kernel[] = "elf_load+0x28a/0x5a0", module[] = "nft_do+0x1/0x20 [nf_tables]";
	struct ft_ksym k;

	(void)state;
	assert_int_equal(ft_ksym_parse(kernel, 0x1000, &k), 0);
	assert_string_equal(k.name, "elf_load");
	assert_string_equal(k.module, "[kernel]");
	assert_int_equal(k.start, 0x1000 - 0x28a);
	assert_int_equal(ft_ksym_parse(module, 0x1001, &k), 0);
	assert_string_equal(k.name, "nft_do");
	assert_string_equal(k.module, "[nf_tables]");
	assert_int_equal(k.start, 0x1000);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%s", none[i]);
		assert_int_equal(ft_ksym_parse(text, 0x1000, &k), -ENOENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions),  cmocka_unit_test(hidden),
		cmocka_unit_test(odd_text),   cmocka_unit_test(no_file),
		cmocka_unit_test(read_again), cmocka_unit_test(this_kernel),
		cmocka_unit_test(asked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
