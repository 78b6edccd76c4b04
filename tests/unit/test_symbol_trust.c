/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files that are not what their path says, processes that are gone, JIT code. */
#include "symbol_target.h"

static void deleted_while_it_runs(void **state)
{
	struct ft_symbols *sy = make();
	struct target t;

	must(sh(CC "-o gone prog.c"));
	start(&t, "gone");
	must(sh("rm gone"));
	is(sy, t.pid, t.static_fn, "static_fn");
	stop(&t);
	ft_symbols_destroy(sy);
}

static void replaced_while_it_runs(void **state)
{
	struct ft_symbols *sy = make();
	struct target t, t2;

	must(sh(CC "-o repl prog.c"));
	must(sh(CC "-UGLOBAL -DGLOBAL=other_fn -o repl2 prog.c"));
	start(&t, "repl");
	must(sh("mv repl2 repl"));
	start(&t2, "repl");
	is(sy, t2.pid, t2.global_fn, "other_fn");
	is(sy, t.pid, t.global_fn, "global_fn");
	is(sy, t2.pid, t2.global_fn, "other_fn");
	stop(&t);
	stop(&t2);
	ft_symbols_destroy(sy);
}

/* The inode number of a deleted file is given to the next one: ext4 does it at once. */
static void inode_used_again(void **state)
{
	struct ft_symbols *sy = make();
	struct target t;

	for (int i = 0; i < 6; i++) {
		char name[32];

		snprintf(name, sizeof(name), "function_%d", i);
		must(sh("rm -f again; " CC "-UGLOBAL -DGLOBAL=%s -o again prog.c", name));
		start(&t, "again");
		is(sy, t.pid, t.global_fn, name);
		stop(&t);
	}
	/* Rewritten in place: the same inode, other content. */
	must(sh(CC "-UGLOBAL -DGLOBAL=rewritten -o x prog.c && cat x > again"));
	start(&t, "again");
	is(sy, t.pid, t.global_fn, "rewritten");
	stop(&t);
	ft_symbols_destroy(sy);
}

static void after_the_process(void **state)
{
	struct ft_symbols *sy = make();
	struct ft_sym_query q, q2;
	struct ft_sym s;
	struct target t;
	char path[256];

	must(sh(CC "-o late prog.c"));
	start(&t, "late");
	q = query(t.pid, t.global_fn + 2);
	q.path = strcpy(path, q.path);
	q2 = query(t.pid, t.static_fn + 3);
	stop(&t);
	/* Never asked for while it lived: the path still leads to that very file. */
	assert_int_equal(ft_symbols_user(sy, &q, &s), 0);
	assert_string_equal(s.name, "global_fn");
	must(sh("rm late"));
	fake_ns += 5000000000;
	assert_int_equal(ft_symbols_user(sy, &q2, &s), 0);
	assert_string_equal(s.name, "static_fn");
	/* A process that nobody saw, and no file any more: unknown, whatever the inode number says.
	 */
	q.pid = q2.pid = 0x3fffff;
	assert_int_equal(ft_symbols_user(sy, &q, &s), -ENOENT);
	assert_null(s.name);
	ft_symbols_destroy(sy);
}

static void wrong_identity(void **state)
{
	struct ft_symbols *sy = make();
	struct ft_sym_query q;
	struct ft_sym s;
	struct target t;

	must(sh(CC "-o prog prog.c"));
	start(&t, "prog");
	q = query(t.pid, t.global_fn);
	q.ino++;
	assert_int_equal(ft_symbols_user(sy, &q, &s), -ENOENT);
	/* Without any identity only the mapping itself is proof. */
	q.ino = q.dev = 0;
	assert_int_equal(ft_symbols_user(sy, &q, &s), geteuid() ? -ENOENT : 0);
	q.map_end = 0;
	q.map_start++;
	assert_int_equal(ft_symbols_user(sy, &q, &s), -ENOENT);
	stop(&t);
	ft_symbols_destroy(sy);
}

static void no_elf_file(void **state)
{
	struct ft_symbols *sy = make();
	struct ft_sym s;
	char path[128];
	struct ft_sym_query q;
	void *p;
	int fd;

	must(sh("head -c 8192 /dev/urandom > noise"));
	snprintf(path, sizeof(path), "%s/noise", dir);
	fd = open(path, O_RDONLY);
	p = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	q = query(getpid(), (uintptr_t)p + 5);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ft_symbols_user(sy, &q, &s), -ENOENT);
		assert_string_equal(s.dso, path);
	}
	munmap(p, 8192);
	close(fd);
	ft_symbols_destroy(sy);
}

static void prepare_namespace(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !sh("cp nsprog nsprog.tmp && mkdir -p hide && mount -t tmpfs none hide && "
		"cp nsprog.tmp hide/nsprog && mount -o remount,ro hide"))
		_exit(126);
}

static void another_mount_namespace(void **state)
{
	struct ft_symbols *sy;
	struct target t;
	char path[128];

	if (geteuid())
		skip();
	sy = make();
	must(sh(CC "-o nsprog prog.c && mkdir -p hide"));
	/* Where we look, the path is another program. */
	must(sh(CC "-UGLOBAL -DGLOBAL=impostor -o hide/nsprog prog.c"));
	snprintf(path, sizeof(path), "%s/hide/nsprog", dir);
	start_prepared(&t, path, prepare_namespace);
	is(sy, t.pid, t.global_fn, "global_fn");
	is(sy, t.pid, t.static_fn, "static_fn");
	stop(&t);
	ft_symbols_destroy(sy);
}

static void prepare_overlay(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !sh("mount -t overlay none -o lowerdir=low,upperdir=up,workdir=work merged"))
		_exit(126);
}

static void on_overlayfs(void **state)
{
	struct ft_symbols *sy;
	struct target t;
	char path[128];

	if (geteuid() || !sh("grep -qw overlay /proc/filesystems"))
		skip();
	sy = make();
	must(sh("mkdir -p low up work merged && " CC "-o low/prog prog.c"));
	snprintf(path, sizeof(path), "%s/merged/prog", dir);
	start_prepared(&t, path, prepare_overlay);
	is(sy, t.pid, t.global_fn, "global_fn");
	stop(&t);
	ft_symbols_destroy(sy);
}

static void jit(void **state)
{
	struct ft_symbols *sy = make();
	struct ft_sym_query q = { .pid = getpid(), .ip = 0x7000012, .path = "" };
	char path[64];
	struct ft_sym s;
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	unlink(path);
	assert_int_equal(ft_symbols_user(sy, &q, &s), -ENOENT);
	assert_null(s.dso);
	f = fopen(path, "w");
	fprintf(f, "7000000 20 LazyCompile:\033[31m x\n");
	fflush(f);
	fake_ns += 200000000;
	assert_int_equal(ft_symbols_user(sy, &q, &s), 0);
	assert_string_equal(s.name, "LazyCompile:\033[31m x");
	assert_int_equal(s.offset, 0x12);
	assert_string_equal(s.dso, "[JIT]");
	q.path = "[anon:v8]";
	assert_int_equal(ft_symbols_user(sy, &q, &s), 0);
	q.path = "/memfd:doublemapper (deleted)";
	q.dev = 1;
	q.ino = 12345;
	assert_int_equal(ft_symbols_user(sy, &q, &s), 0);
	/* Compiled again at the same place. */
	fprintf(f, "7000010 20 newer\n");
	fflush(f);
	fake_ns += 200000000;
	assert_int_equal(ft_symbols_user(sy, &q, &s), 0);
	assert_string_equal(s.name, "newer");
	assert_int_equal(s.offset, 2);
	fclose(f);
	unlink(path);
	/* Only the process itself may be named by its file. */
	fake_ns += 200000000;
	q.pid = getppid();
	q.path = NULL;
	assert_int_equal(ft_symbols_user(sy, &q, &s), -ENOENT);
	ft_symbols_destroy(sy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deleted_while_it_runs),
		cmocka_unit_test(replaced_while_it_runs),
		cmocka_unit_test(inode_used_again),
		cmocka_unit_test(after_the_process),
		cmocka_unit_test(wrong_identity),
		cmocka_unit_test(no_elf_file),
		cmocka_unit_test(another_mount_namespace),
		cmocka_unit_test(on_overlayfs),
		cmocka_unit_test(jit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
