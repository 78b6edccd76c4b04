/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a program was linked, stripped and packed. */
#include "symbol_target.h"

static void link_layouts(void **state)
{
	static const char *const flags[] = {
		"-fPIE -pie",
		"-fno-pie -no-pie",
		"-fno-pie -no-pie -Wl,-Ttext-segment=0x10000000",
		"-fPIE -pie -Wl,-z,noseparate-code",
		"-fPIE -pie -Wl,-z,max-page-size=0x200000",
		"-fno-pie -static",
		"-fPIE -static-pie",
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		must(sh(CC "%s -o prog prog.c", flags[i]));
		check("prog", "global_fn", "static_fn");
	}
}

static void programs_of_32_bits(void **state)
{
	struct ft_symbols *sy = make();
	struct target t;

	must(sh("cc -m32 -nostdlib -static -fno-pic -fno-pie -no-pie -fno-stack-protector -O1 -w "
		"-o prog32 prog32.c"));
	if (!sh("./prog32 </dev/null >/dev/null")) {
		ft_symbols_destroy(sy);
		skip(); /* a kernel without IA32 emulation */
	}
	start(&t, "prog32");
	is(sy, t.pid, t.global_fn, "global_fn");
	is(sy, t.pid, t.static_fn, "static_fn");
	stop(&t);
	ft_symbols_destroy(sy);
}

static void stripped(void **state)
{
	/* The global function is in .dynsym; the static one must not be taken for a neighbour. */
	must(sh(CC "-s -rdynamic -o stripped prog.c"));
	check("stripped", "global_fn", NULL);
	must(sh(CC "-s -o stripped prog.c"));
	check("stripped", NULL, NULL);
}

static void debug_file_by_build_id(void **state)
{
	must(sh(CC "-Wl,--build-id=0x123456789abcdef0 -o full prog.c"));
	must(sh("objcopy -S full byid && mkdir -p debug/.build-id/12"));
	check("byid", NULL, NULL);
	must(sh("objcopy --only-keep-debug full debug/.build-id/12/3456789abcdef0.debug"));
	check("byid", "global_fn", "static_fn");
	/* A static one has no symbol table at all left, and belongs to somebody. */
	must(sh(CC "-static -Wl,--build-id=0x23456789abcdef01 -o full prog.c && "
		   "objcopy -S full byid && mkdir -p debug/.build-id/23 && "
		   "objcopy --only-keep-debug full debug/.build-id/23/456789abcdef01.debug"));
	if (!geteuid())
		must(sh("chown 1234 byid"));
	check("byid", "global_fn", "static_fn");
	must(sh("rm -f byid && " CC "-Wl,--build-id=0x123456789abcdef0 -o full prog.c && "
		"objcopy -S full byid"));
	/* Another program's under that name. */
	must(sh(CC "-Wl,--build-id=0x0123 -DOTHER -o other prog.c && "
		   "objcopy --only-keep-debug other debug/.build-id/12/3456789abcdef0.debug"));
	check("byid", NULL, NULL);
}

static void debug_file_by_link(void **state)
{
	must(sh(CC "-Wl,--build-id=none -o full prog.c"));
	must(sh("mkdir -p .debug && objcopy --only-keep-debug full .debug/bylink.debug"));
	must(sh("cd .debug && objcopy -S --add-gnu-debuglink=bylink.debug ../full ../bylink"));
	check("bylink", "global_fn", "static_fn");
	must(sh("mv .debug/bylink.debug ."));
	check("bylink", "global_fn", "static_fn");
	must(sh("mkdir -p debug%s && mv bylink.debug debug%s/", dir, dir));
	check("bylink", "global_fn", "static_fn");
	/* Not the file that was linked: its checksum says so. */
	must(sh("printf x >> debug%s/bylink.debug", dir));
	check("bylink", NULL, NULL);
}

static void minidebuginfo(void **state)
{
	if (!sh("command -v xz >/dev/null"))
		skip();
	must(sh(CC "-o full prog.c && objcopy -S --keep-symbol=static_fn full mini && "
		   "xz -kf mini && objcopy -S --add-section .gnu_debugdata=mini.xz full mdi"));
	check("mdi", NULL, "static_fn");
	if (geteuid())
		return;
	/* Of a stranger's file nothing is unpacked. */
	must(sh("chown 1234 mdi"));
	check("mdi", NULL, NULL);
}

static void shared_library(void **state)
{
	struct ft_symbols *sy = make();
	struct target t;

	must(sh("cc -O1 -shared -fPIC -o libt.so lib.c"));
	must(sh(CC "-o user prog.c -L. -Wl,--no-as-needed -lt -Wl,-rpath,%s", dir));
	start(&t, "user");
	is(sy, t.pid, t.lib_fn, "lib_fn");
	is(sy, t.pid, t.global_fn, "global_fn");
	/* Another file from here on, but this one was read. */
	must(sh("strip -o new.so libt.so && mv new.so libt.so"));
	fake_ns += 5000000000;
	is(sy, t.pid, t.lib_fn, "lib_fn");
	stop(&t);
	ft_symbols_destroy(sy);
}

static void plt_has_no_name(void **state)
{
	struct ft_symbols *sy = make();
	struct ft_sym_query q;
	struct ft_sym s;
	unsigned long plt, fn;
	struct target t;
	char path[128];
	FILE *f;

	must(sh(CC "-fcf-protection=none -Wl,-z,lazy -o prog prog.c"));
	must(sh("objdump -h prog | awk '$2 == \".plt\" {print $4}' > plt; "
		"nm prog | awk '$3 == \"global_fn\" {print $1}' >> plt"));
	snprintf(path, sizeof(path), "%s/plt", dir);
	f = fopen(path, "r");
	assert_int_equal(fscanf(f, "%lx %lx", &plt, &fn), 2);
	fclose(f);
	start(&t, "prog");
	q = query(t.pid, t.global_fn - fn + plt + 0x12);
	assert_int_equal(ft_symbols_user(sy, &q, &s), -ENOENT);
	stop(&t);
	ft_symbols_destroy(sy);
}

static void vdso(void **state)
{
	struct ft_symbols *sy = make();
	uint64_t at = getauxval(AT_SYSINFO_EHDR);
	struct ft_sym_query q;
	struct ft_sym s;
	bool found = false;

	if (!at) {
		ft_symbols_destroy(sy);
		skip();
	}
	q = query(getpid(), at);
	q.file_offset = 0x12345; /* special mappings have no offset worth the name */
	for (; q.ip < q.map_end && !found; q.ip += 16) {
		ft_symbols_user(sy, &q, &s);
		assert_string_equal(s.dso, "[vdso]");
		found = s.name && !strcmp(s.name, "__vdso_clock_gettime");
	}
	assert_true(found);
	/* Of another process, which is gone. */
	q.pid = 0x3fffff;
	q.ip -= 16;
	assert_int_equal(ft_symbols_user(sy, &q, &s), 0);
	ft_symbols_destroy(sy);
}

static void tables_are_bounded(void **state)
{
	const struct ft_symbols_config c = { .debug_dir = debug_dir,
					     .now_ns = fake_now,
					     .table_bytes = 1 };
	struct ft_symbols *sy = ft_symbols_create(&c);
	struct ft_symbols_stats st;
	struct target a, b;

	must(sh(CC "-o prog prog.c && " CC "-UGLOBAL -DGLOBAL=b_fn -o prog_b prog.c"));
	start(&a, "prog");
	start(&b, "prog_b");
	for (int i = 0; i < 3; i++) {
		is(sy, a.pid, a.global_fn, "global_fn");
		is(sy, b.pid, b.global_fn, "b_fn");
	}
	ft_symbols_stats(sy, &st);
	assert_int_equal(st.files, 2); /* results stay when tables go */
	assert_int_equal(st.evicted, 1);
	is(sy, a.pid, a.static_fn, "static_fn"); /* and tables come back */
	ft_symbols_stats(sy, &st);
	assert_int_equal(st.files, 3);
	stop(&a);
	stop(&b);
	ft_symbols_destroy(sy);
}

static void kernel(void **state)
{
	struct ft_symbols *sy = make();
	unsigned long long addr = 0;
	char line[512], type, name[256];
	FILE *f = fopen("/proc/kallsyms", "r");
	struct ft_sym s;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %c %255s", &addr, &type, name) == 3 && addr &&
		    !strcmp(name, "vfs_read"))
			break;
		addr = 0;
	}
	if (f)
		fclose(f);
	for (int i = 0; addr && i < 2; i++) {
		assert_int_equal(ft_symbols_kernel(sy, addr + 1, &s), 0);
		assert_string_equal(s.name, "vfs_read");
		assert_int_equal(s.offset, 1);
		assert_string_equal(s.dso, "[kernel]");
	}
	assert_int_equal(ft_symbols_kernel(sy, 0x401000, &s), -ENOENT);
	assert_null(s.name);
	ft_symbols_destroy(sy);
	ft_symbols_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_layouts),
		{ .name = "programs of 32 bits, needs ia32", .test_func = programs_of_32_bits },
		cmocka_unit_test(stripped),
		cmocka_unit_test(debug_file_by_build_id),
		cmocka_unit_test(debug_file_by_link),
		cmocka_unit_test(minidebuginfo),
		cmocka_unit_test(shared_library),
		cmocka_unit_test(plt_has_no_name),
		cmocka_unit_test(vdso),
		cmocka_unit_test(tables_are_bounded),
		cmocka_unit_test(kernel),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
