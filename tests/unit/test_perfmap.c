/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "enrich/perfmap.h"

static int file_of(const char *text, size_t len)
{
	int fd = memfd_create("perf.map", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	return fd;
}

static void is(struct ft_perfmap *m, uint64_t ip, const char *name, uint64_t start)
{
	uint64_t at;
	const char *s = ft_perfmap_find(m, ip, &at);

	assert_non_null(s);
	assert_string_equal(s, name);
	assert_int_equal(at, start);
}

static void none(struct ft_perfmap *m, uint64_t ip)
{
	uint64_t at;

	assert_null(ft_perfmap_find(m, ip, &at));
}

static void entries(void **state)
{
	static const char text[] = "2000 100 LazyCompile:~foo /a b.js:1\n"
				   "1000 10 Builtin:x\n"
				   "0x3000 0x20 with_prefix\n";
	int fd = file_of(text, strlen(text));
	struct ft_perfmap *m = ft_perfmap_create();

	assert_int_equal(ft_perfmap_update(m, fd), 1);
	is(m, 0x2000, "LazyCompile:~foo /a b.js:1", 0x2000);
	is(m, 0x20ff, "LazyCompile:~foo /a b.js:1", 0x2000);
	is(m, 0x100f, "Builtin:x", 0x1000);
	is(m, 0x3010, "with_prefix", 0x3000);
	none(m, 0x2100);
	none(m, 0x1010);
	none(m, 0xfff);
	none(m, 0);
	none(m, UINT64_MAX);
	assert_int_equal(ft_perfmap_update(m, fd), 0);
	ft_perfmap_destroy(m);
	close(fd);
}

static void appended(void **state)
{
	int fd = file_of("1000 10 a\n2000 10 ", 18);
	struct ft_perfmap *m = ft_perfmap_create();

	/* The last line is half written. */
	assert_int_equal(ft_perfmap_update(m, fd), 1);
	is(m, 0x1000, "a", 0x1000);
	none(m, 0x2000);
	assert_int_equal(write(fd, "b\n1008 10 c\n", 12), 12);
	assert_int_equal(ft_perfmap_update(m, fd), 1);
	is(m, 0x2000, "b", 0x2000);
	/* c lies over a: a's code is gone. */
	is(m, 0x1008, "c", 0x1008);
	none(m, 0x1000);
	/* Begun anew. */
	assert_int_equal(ftruncate(fd, 0), 0);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(write(fd, "5000 1 z\n", 9), 9);
	ft_perfmap_update(m, fd);
	is(m, 0x5000, "z", 0x5000);
	none(m, 0x2000);
	ft_perfmap_destroy(m);
	close(fd);
}

static void the_later_entry_wins(void **state)
{
	static const char text[] = "1000 100 outer\n1020 10 inner\n"
				   "2010 10 old\n2000 100 new\n"
				   "3000 10 first\n3000 10 second\n";
	int fd = file_of(text, strlen(text));
	struct ft_perfmap *m = ft_perfmap_create();

	assert_int_equal(ft_perfmap_update(m, fd), 1);
	is(m, 0x1025, "inner", 0x1020);
	none(m, 0x1000);
	none(m, 0x1080);
	is(m, 0x2015, "new", 0x2000);
	is(m, 0x3000, "second", 0x3000);
	ft_perfmap_destroy(m);
	close(fd);
}

static void garbage(void **state)
{
	static const char text[] = "\n\n \n1000\n1000 10\n1000 10 \nxyz 10 name\n-5 10 name\n"
				   "1000 0 empty\nffffffffffffffff 10 wraps\n1000 -1 negative\n"
				   "\0\0\0\n4000 10 good\n";
	int fd = file_of(text, sizeof(text) - 1);
	struct ft_perfmap *m = ft_perfmap_create();

	ft_perfmap_update(m, fd);
	is(m, 0x4000, "good", 0x4000);
	none(m, 0x1000);
	none(m, UINT64_MAX - 3);
	ft_perfmap_destroy(m);
	close(fd);
}

static void long_lines(void **state)
{
	const size_t n = 300 * 1024;
	char *text = malloc(n + 64);
	struct ft_perfmap *m = ft_perfmap_create();
	uint64_t at;
	size_t len;
	int fd;

	len = sprintf(text, "1000 10 ");
	/* What follows the cut must not be taken for a line of its own. */
	for (size_t i = 0; i < n; i += 16)
		memcpy(text + len + i, "7000 10 badname ", 16);
	len += n;
	len += sprintf(text + len, "\n2000 10 after\n");
	fd = file_of(text, len);
	assert_int_equal(ft_perfmap_update(m, fd), 1);
	assert_int_equal(strlen(ft_perfmap_find(m, 0x1000, &at)), 1024);
	is(m, 0x2000, "after", 0x2000);
	none(m, 0x7000);
	ft_perfmap_destroy(m);
	close(fd);
	free(text);
}

static void huge(void **state)
{
	const size_t block = 1 << 20;
	char *text = malloc(block);
	int fd = memfd_create("perf.map", 0);
	struct ft_perfmap *m = ft_perfmap_create();

	for (size_t i = 0; i < block; i += 16) {
		char line[32];

		snprintf(line, sizeof(line), "%07zx 10 name\n\n", i);
		memcpy(text + i, line, 16);
	}
	/* 100 MB, 6.5 million entries. */
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(fd, text, block), block);
	ft_perfmap_update(m, fd);
	assert_true(ft_perfmap_bytes(m) < 64 << 20);
	ft_perfmap_destroy(m);
	close(fd);
	free(text);
}

static char root[] = "/tmp/ft-perfmap-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/7/%s", root, name);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void put_process(unsigned int uid, unsigned long long ticks)
{
	char text[512];

	snprintf(text, sizeof(text), "Name:\ta\nUid:\t%u\t%u\t%u\t%u\nNSpid:\t7\t33\t4\n", uid, uid,
		 uid, uid);
	put("status", text);
	snprintf(text, sizeof(text),
		 "7 (a) ) b) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %llu 0 0\n", ticks);
	put("stat", text);
}

static unsigned long long ticks_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * sysconf(_SC_CLK_TCK);
}

static int try_open(uint64_t *started)
{
	int fd = ft_perfmap_open(root, 7, started);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static void whose_file(void **state)
{
	uint64_t started;
	char path[256];
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	assert_int_equal(try_open(&started), -ESRCH);
	put_process(geteuid(), ticks_now() - 500);
	assert_int_equal(try_open(&started), -ENOENT);
	/* Under the pid that the process itself knows. */
	put("root/tmp/perf-4.map", "1000 10 a\n");
	assert_int_equal(try_open(&started), 0);
	snprintf(path, sizeof(path), "%s/proc/7/root/tmp/perf-4.map", root);
	/* Left by a process that had this pid before. */
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_int_equal(try_open(&started), -EACCES);
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(try_open(&started), -EACCES);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(try_open(&started), -EACCES);
	unlink(path);
	if (geteuid())
		return;
	put("root/tmp/perf-4.map", "1000 10 a\n");
	put_process(1234, ticks_now());
	assert_int_equal(try_open(&started), 0); /* root's: fine */
	assert_int_equal(chown(path, 99, 99), 0);
	assert_int_equal(try_open(&started), -EACCES);
	assert_int_equal(chown(path, 1234, 99), 0);
	assert_int_equal(try_open(&started), 0);
}

static int set_up(void **state)
{
	char cmd[128];

	if (!mkdtemp(root))
		return -1;
	snprintf(cmd, sizeof(cmd), "mkdir -p %s/proc/7/root/tmp", root);
	return system(cmd);
}

static int tear_down(void **state)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", root);
	return system(cmd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries),
		cmocka_unit_test(appended),
		cmocka_unit_test(the_later_entry_wins),
		cmocka_unit_test(garbage),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(huge),
		cmocka_unit_test(whose_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
