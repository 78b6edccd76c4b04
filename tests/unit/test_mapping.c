/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The staleness protocol, with a clock and /proc trees of our own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/maps.h"
#include "enrich/mapping.h"

#define A    "10000-20000 r-xp 00002000 fe:01 7 /bin/a\n"
#define B    "10000-20000 r-xp 00002000 fe:01 8 /bin/b\n"
#define HEAP "30000-40000 rw-p 00000000 00:00 0 [heap]\n"

static char root[] = "/tmp/ft-mapping-XXXXXX";
static uint64_t clock_ns;

/* Every look at the clock takes 10 ns, so that a read takes time. */
static uint64_t fake_now(void)
{
	return clock_ns += 10;
}

static void write_maps(int pid, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/%d", root, pid);
	mkdir(path, 0700);
	strcat(path, "/maps");
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void gone(int pid)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/proc/%d/maps", root, pid);
	unlink(path);
}

static struct ft_mappings *make(void)
{
	const struct ft_mappings_config c = { .root = root, .now_ns = fake_now };
	struct ft_mappings *m = ft_mappings_create(&c);

	assert_non_null(m);
	clock_ns = 1000000;
	return m;
}

static uint64_t reads(struct ft_mappings *m)
{
	struct ft_mappings_stats st;

	ft_mappings_stats(m, &st);
	return st.reads;
}

/* An event of just now. */
static int look(struct ft_mappings *m, uint64_t addr, uint64_t stamp, struct ft_mapping_info *out)
{
	clock_ns += 1000000;
	return ft_mappings_lookup(m, 5, addr, stamp, clock_ns, out);
}

/* One that makes it read the table, and one that confirms it. */
static void look_twice(struct ft_mappings *m, uint64_t addr, uint64_t stamp,
		       struct ft_mapping_info *out)
{
	assert_int_equal(look(m, addr, stamp, out), -EAGAIN);
	assert_int_equal(look(m, addr, stamp, out), 0);
}

static void fresh_is_read_once(void **state)
{
	struct ft_mappings *m = make();
	struct ft_mapping_info i;

	write_maps(5, A HEAP);
	look_twice(m, 0x12345, 70, &i);
	assert_int_equal(i.start, 0x10000);
	assert_int_equal(i.end, 0x20000);
	assert_int_equal(i.offset, 0x2000);
	assert_int_equal(i.dev, 0xfe << 20 | 1);
	assert_int_equal(i.ino, 7);
	assert_int_equal(i.perms, FT_MAP_R | FT_MAP_X);
	assert_string_equal(i.path, "/bin/a");
	assert_string_equal(i.kind, "file");
	write_maps(5, B); /* the stamp says that this did not happen */
	for (int n = 0; n < 100; n++)
		assert_int_equal(look(m, 0x10000 + n, 70, &i), 0);
	assert_string_equal(i.path, "/bin/a");
	assert_int_equal(look(m, 0x30000, 70, &i), 0);
	assert_string_equal(i.kind, "heap");
	assert_int_equal(look(m, 0x25000, 70, &i), -EFAULT);
	assert_int_equal(i.end, 0);
	assert_int_equal(reads(m), 1);
	ft_mappings_destroy(m);
}

static void changed_is_read_again(void **state)
{
	struct ft_mappings *m = make();
	struct ft_mapping_info i;

	write_maps(5, A);
	look_twice(m, 0x12345, 70, &i);
	write_maps(5, B);
	look_twice(m, 0x12345, 71, &i);
	assert_string_equal(i.path, "/bin/b");
	/* An event from before the change still finds its own table. */
	assert_int_equal(ft_mappings_lookup(m, 5, 0x12345, 70, 2000000, &i), 0);
	assert_string_equal(i.path, "/bin/a");
	assert_int_equal(reads(m), 2);
	ft_mappings_destroy(m);
}

static void between_two_equal_tables(void **state)
{
	struct ft_mappings *m = make();
	struct ft_mapping_info i;
	uint64_t between;

	write_maps(5, A);
	look_twice(m, 0x12345, 70, &i);
	between = clock_ns + 1000;
	write_maps(5, A HEAP);
	look_twice(m, 0x12345, 72, &i);
	/* 71 was between: likely, never sure. */
	assert_int_equal(ft_mappings_lookup(m, 5, 0x12345, 71, between, &i), -ESTALE);
	assert_string_equal(i.path, "/bin/a");
	assert_int_equal(ft_mappings_lookup(m, 5, 0x31000, 71, between, &i), -ESTALE);
	/* And nothing is read for that. */
	assert_int_equal(reads(m), 2);
	assert_int_equal(i.end, 0);
	ft_mappings_destroy(m);
}

static void a_later_event_confirms(void **state)
{
	struct ft_mappings *m = make();
	struct ft_mapping_info i;

	write_maps(5, A);
	assert_int_equal(look(m, 0x12345, 70, &i), -EAGAIN);
	assert_string_equal(i.path, "/bin/a");
	/* Older than the read: proves nothing. */
	assert_int_equal(ft_mappings_lookup(m, 5, 0x12345, 70, 1500000, &i), -EAGAIN);
	assert_int_equal(look(m, 0x12345, 70, &i), 0);
	assert_int_equal(ft_mappings_lookup(m, 5, 0x12345, 70, 1500000, &i), 0);
	assert_int_equal(reads(m), 1);
	ft_mappings_destroy(m);
}

static void another_stamp_refutes(void **state)
{
	struct ft_mappings *m = make();
	struct ft_mapping_info i;

	write_maps(5, A);
	assert_int_equal(look(m, 0x12345, 70, &i), -EAGAIN);
	write_maps(5, B);
	assert_int_equal(look(m, 0x12345, 71, &i), -EAGAIN);
	assert_string_equal(i.path, "/bin/b");
	/* It changed during or after the first read; nobody knows which. */
	assert_int_equal(ft_mappings_lookup(m, 5, 0x12345, 70, 1500000, &i), -ESTALE);
	ft_mappings_note(m, 5, 71, clock_ns += 1000);
	assert_int_equal(ft_mappings_lookup(m, 5, 0x12345, 71, clock_ns, &i), 0);
	assert_string_equal(i.path, "/bin/b");
	assert_int_equal(reads(m), 2);
	ft_mappings_destroy(m);
}

/* Events of two CPUs out of order: the label is the last stamp before the read, not the first seen.
 */
static void the_last_event_before_the_read_labels(void **state)
{
	struct ft_mappings *m = make();
	struct ft_mapping_info i;

	write_maps(5, B);
	clock_ns = 5000000;
	assert_int_equal(ft_mappings_lookup(m, 5, 0x12345, 70, 2000000, &i), -EAGAIN);
	assert_int_equal(ft_mappings_lookup(m, 5, 0x12345, 71, 3000000, &i), -EAGAIN);
	assert_int_equal(reads(m), 1);
	assert_int_equal(ft_mappings_lookup(m, 5, 0x12345, 70, 2500000, &i), -ESTALE);
	assert_int_equal(look(m, 0x12345, 71, &i), 0);
	assert_int_equal(reads(m), 1);
	ft_mappings_destroy(m);
}

static void tables_outlive_the_process(void **state)
{
	struct ft_mappings *m = make();
	struct ft_mapping_info i;

	gone(5);
	assert_int_equal(look(m, 0x12345, 70, &i), -ESRCH);
	write_maps(5, A);
	look_twice(m, 0x12345, 70, &i);
	gone(5);
	assert_int_equal(look(m, 0x12345, 70, &i), 0);
	assert_int_equal(look(m, 0x12345, 71, &i), -ESTALE);
	ft_mappings_forget(m, 5);
	assert_int_equal(look(m, 0x12345, 70, &i), -ESRCH);
	write_maps(5, ""); /* a zombie has a maps file without a line */
	assert_int_equal(look(m, 0x12345, 70, &i), -ESRCH);
	ft_mappings_destroy(m);
}

static void reads_are_rationed(void **state)
{
	struct ft_mappings *m = make();
	struct ft_mapping_info i;
	uint64_t begin;

	write_maps(5, A);
	begin = clock_ns;
	for (uint64_t s = 1; s <= 10000; s++)
		ft_mappings_lookup(m, 5, 0x12345, s, clock_ns, &i);
	/* A read takes 10 ns of the fake clock: 1/20 of the time. */
	assert_in_range(reads(m) * 10, 10, (clock_ns - begin) / 20 + 10);
	ft_mappings_destroy(m);
}

static void without_any_stamp(void **state)
{
	struct ft_mappings *m = make();
	struct ft_mapping_info i;

	write_maps(5, A);
	assert_int_equal(look(m, 0x12345, 0, &i), -EAGAIN);
	assert_string_equal(i.path, "/bin/a");
	assert_int_equal(look(m, 0x25000, 0, &i), -EAGAIN);
	assert_int_equal(i.end, 0);
	ft_mappings_destroy(m);
}

static void processes_are_bounded(void **state)
{
	const struct ft_mappings_config c = { .root = root, .now_ns = fake_now, .processes = 3 };
	struct ft_mappings *m = ft_mappings_create(&c);
	struct ft_mappings_stats st;
	struct ft_mapping_info i;

	for (int pid = 100; pid < 110; pid++) {
		write_maps(pid, A);
		clock_ns += 1000000;
		assert_int_equal(ft_mappings_lookup(m, pid, 0x10000, 9, clock_ns, &i), -EAGAIN);
		/* The one in use is not the one to go. */
		assert_int_equal(ft_mappings_lookup(m, 100, 0x10000, 9, clock_ns, &i), 0);
	}
	ft_mappings_stats(m, &st);
	assert_int_equal(st.processes, 3);
	assert_int_equal(st.reads, 10);
	ft_mappings_destroy(m);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_is_read_once),
		cmocka_unit_test(changed_is_read_again),
		cmocka_unit_test(between_two_equal_tables),
		cmocka_unit_test(a_later_event_confirms),
		cmocka_unit_test(another_stamp_refutes),
		cmocka_unit_test(the_last_event_before_the_read_labels),
		cmocka_unit_test(tables_outlive_the_process),
		cmocka_unit_test(reads_are_rationed),
		cmocka_unit_test(without_any_stamp),
		cmocka_unit_test(processes_are_bounded),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
