/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Overlapping, nameless and sizeless symbols; and ELF files made to do harm. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "enrich/symbol_build.h"
#include "enrich/symbol_intern.h"
#include "enrich/symbol_table.h"

static void is(const struct ft_symbuild_result *r, uint64_t addr, const char *name, uint64_t start)
{
	uint64_t at;
	const char *s = ft_symbuild_find(r, addr, &at);

	if (!name) {
		assert_null(s);
		return;
	}
	assert_non_null(s);
	assert_string_equal(s, name);
	assert_int_equal(at, start);
}

static void innermost(void **state)
{
	struct ft_symbuild b = { 0 };
	struct ft_symbuild_result r;

	ft_symbuild_add(&b, "inner", 0x1020, 0x10, 0, STB_LOCAL);
	ft_symbuild_add(&b, "outer", 0x1000, 0x100, 0, STB_GLOBAL);
	ft_symbuild_add(&b, "deepest", 0x1024, 0x4, 0, STB_LOCAL);
	ft_symbuild_add(&b, "across", 0x10f0, 0x20, 0, STB_LOCAL);
	ft_symbuild_add(&b, "far", 0x9000, 0x10, 0, STB_LOCAL);
	assert_int_equal(ft_symbuild_finish(&b, &r), 0);
	ft_symbuild_deinit(&b);
	is(&r, 0xfff, NULL, 0);
	is(&r, 0x1000, "outer", 0x1000);
	is(&r, 0x1021, "inner", 0x1020);
	is(&r, 0x1027, "deepest", 0x1024);
	is(&r, 0x1028, "inner", 0x1020);
	is(&r, 0x1030, "outer", 0x1000);
	is(&r, 0x10ff, "across", 0x10f0);
	is(&r, 0x110f, "across", 0x10f0);
	is(&r, 0x1110, NULL, 0);
	is(&r, 0x900f, "far", 0x9000);
	is(&r, 0x9010, NULL, 0);
	is(&r, UINT64_MAX, NULL, 0);
	ft_symbuild_result_deinit(&r);
}

static void names_of_one_address(void **state)
{
	struct ft_symbuild b = { 0 };
	struct ft_symbuild_result r;

	ft_symbuild_add(&b, "_a_label", 0x1000, 0, 0x2000, STB_GLOBAL);
	ft_symbuild_add(&b, "a_weak", 0x1000, 8, 0, STB_WEAK);
	ft_symbuild_add(&b, "a_local", 0x1000, 8, 0, STB_LOCAL);
	ft_symbuild_add(&b, "__libc_malloc", 0x1000, 8, 0, STB_GLOBAL);
	ft_symbuild_add(&b, "malloc", 0x1000, 8, 0, STB_GLOBAL);
	ft_symbuild_add(&b, "malloc64", 0x1000, 8, 0, STB_GLOBAL);
	assert_int_equal(ft_symbuild_finish(&b, &r), 0);
	ft_symbuild_deinit(&b);
	assert_int_equal(r.n, 1);
	is(&r, 0x1000, "malloc", 0x1000);
	ft_symbuild_result_deinit(&r);
}

static void labels(void **state)
{
	struct ft_symbuild b = { 0 };
	struct ft_symbuild_result r;

	ft_symbuild_add(&b, "start", 0x1000, 0, 0x3000, STB_GLOBAL);
	ft_symbuild_add(&b, "fn", 0x1100, 0x100, 0, STB_GLOBAL);
	ft_symbuild_add(&b, "loop", 0x1110, 0, 0x3000, STB_LOCAL);
	ft_symbuild_add(&b, "last", 0x2f00, 0, 0x3000, STB_LOCAL);
	ft_symbuild_add(&b, "next_section", 0x4000, 4, 0, STB_LOCAL);
	assert_int_equal(ft_symbuild_finish(&b, &r), 0);
	ft_symbuild_deinit(&b);
	is(&r, 0x10ff, "start", 0x1000);
	is(&r, 0x1120, "fn", 0x1100);
	is(&r, 0x1200, NULL, 0);
	is(&r, 0x2fff, "last", 0x2f00);
	is(&r, 0x3000, NULL, 0);
	ft_symbuild_result_deinit(&r);
}

static void extremes(void **state)
{
	struct ft_symbuild b = { 0 };
	struct ft_symbuild_result r;

	assert_int_equal(ft_symbuild_finish(&b, &r), 0);
	is(&r, 0, NULL, 0);
	ft_symbuild_result_deinit(&r);
	ft_symbuild_add(&b, "endless", 0x1000, UINT64_MAX, 0, STB_GLOBAL);
	ft_symbuild_add(&b, "high", UINT64_MAX - 1, 10, 0, STB_GLOBAL);
	for (int i = 0; i < 100000; i++)
		ft_symbuild_add(&b, "nested", 0x2000 + i, 200000 - i, 0, STB_GLOBAL);
	assert_int_equal(ft_symbuild_finish(&b, &r), 0);
	ft_symbuild_deinit(&b);
	is(&r, 0x1500, "endless", 0x1000);
	is(&r, UINT64_MAX, NULL, 0); /* 4 GiB and more above the first: left out */
	ft_symbuild_result_deinit(&r);
}

static void strings(void **state)
{
	struct ft_intern in;
	const char *a, *b;

	ft_intern_init(&in, 100000);
	a = ft_intern(&in, "memcpy@@GLIBC", 6);
	b = ft_intern(&in, "memcpy", 6);
	assert_string_equal(a, "memcpy");
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(ft_intern(&in, "memcp", 5), a);
	assert_ptr_not_equal(ft_intern(&in, "memcpy2", 7), a);
	for (int i = 0; i < 20000; i++) {
		char s[16];

		snprintf(s, sizeof(s), "%d", i);
		b = ft_intern(&in, s, strlen(s));
		if (b)
			assert_string_equal(b, s);
	}
	assert_null(b);
	assert_true(in.bytes <= 100000);
	assert_ptr_equal(ft_intern(&in, "memcpy", 6), a);
	ft_intern_deinit(&in);
}

/* This test program itself. */
static char *self(size_t *len)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	struct stat st;
	char *p;

	assert_int_equal(fstat(fd, &st), 0);
	p = malloc(st.st_size);
	assert_int_equal(read(fd, p, st.st_size), st.st_size);
	close(fd);
	*len = st.st_size;
	return p;
}

static int load(const void *bytes, size_t len, bool trusted, struct ft_symtab **t)
{
	int fd = memfd_create("elf", 0), err;
	struct ft_symtab_src src = {
		.fd = fd,
		.access = "/x/y",
		.path = "/x/y",
		.debug_dir = "/nonexistent",
		.trusted = trusted,
	};

	assert_int_equal(write(fd, bytes, len), len);
	err = ft_symtab_load(&src, t);
	close(fd);
	return err;
}

static uint64_t vaddr_of(const struct ft_symtab *t, const char *want)
{
	uint64_t start = 0;
	size_t len;

	for (uint64_t off = 0; off < 64 << 20; off += 4) {
		uint64_t vaddr;
		const char *s;

		if (!ft_symtab_vaddr(t, off, &vaddr))
			continue;
		s = ft_symtab_find(t, vaddr, &start, &len);
		if (s && len == strlen(want) && !strncmp(s, want, len))
			return start;
	}
	return 0;
}

static void whole_file(void **state)
{
	struct ft_symtab *t;
	size_t len;
	char *p = self(&len);

	assert_int_equal(load(p, len, false, &t), 0);
	assert_true(ft_symtab_count(t) > 10);
	assert_int_not_equal(vaddr_of(t, "whole_file"), 0);
	assert_int_not_equal(vaddr_of(t, "main"), 0);
	ft_symtab_destroy(t);
	free(p);
}

static void try(const char *p, size_t len)
{
	for (int trusted = 0; trusted < 2; trusted++) {
		struct ft_symtab *t;
		uint64_t at;
		size_t n;

		if (load(p, len, trusted, &t))
			continue;
		for (uint64_t a = 0; a < 1 << 20; a += 4093) {
			uint64_t v;
			const char *s =
				ft_symtab_vaddr(t, a, &v) ? ft_symtab_find(t, v, &at, &n) : NULL;

			if (s)
				assert_true(strlen(s) >= n);
		}
		ft_symtab_destroy(t);
	}
}

static void cut_short(void **state)
{
	size_t len;
	char *p = self(&len);

	for (size_t n = 0; n < 200; n++)
		try(p, n);
	for (size_t n = 1; n < 64; n++)
		try(p, len * n / 64);
	for (size_t n = 1; n < 300; n += 7)
		try(p, len - n);
	free(p);
}

static uint64_t random_state = 88172645463325252;

static uint64_t rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Headers with forged fields: the bytes that say where and how much. */
static void forged(void **state)
{
	static const uint64_t bad[] = { 0,	    1,		0x7fffffff, 0xffffffff,
					1ULL << 40, 1ULL << 63, UINT64_MAX };
	size_t len;
	char *p = self(&len), *copy = malloc(len);
	const Elf64_Ehdr *eh = (const void *)p;
	size_t at[3] = { 0, eh->e_phoff, eh->e_shoff };
	size_t size[3] = { sizeof(*eh), eh->e_phnum * sizeof(Elf64_Phdr),
			   eh->e_shnum * sizeof(Elf64_Shdr) };

	for (int i = 0; i < 3000; i++) {
		int n = 1 + rnd() % 3;

		memcpy(copy, p, len);
		while (n--) {
			int part = rnd() % 3;
			size_t where = at[part] + rnd() % size[part];
			uint64_t v = rnd() % 2 ? bad[rnd() % 7] : rnd();
			size_t bytes = 1UL << rnd() % 4;

			if (where >= 16 && where + bytes <= len)
				memcpy(copy + where, &v, bytes);
		}
		try(copy, len);
	}
	free(copy);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(innermost), cmocka_unit_test(names_of_one_address),
		cmocka_unit_test(labels),    cmocka_unit_test(extremes),
		cmocka_unit_test(strings),   cmocka_unit_test(whole_file),
		cmocka_unit_test(cut_short), cmocka_unit_test(forged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
