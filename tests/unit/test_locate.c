/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names of this very process: what the linker bound must be what is found. */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cmocka.h>

#include "enrich/locate.h"

int located_global = 1;
static int located_static = 2;
_Thread_local int located_tls = 3;
int main(void);

static struct ft_maps maps;
static char exe[4096];

static int setup(void **state)
{
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	return n < 0 || ft_maps_read("", 0, &maps);
}

static int teardown(void **state)
{
	ft_maps_deinit(&maps);
	return 0;
}

static uint64_t find(const char *what)
{
	struct ft_located l;

	assert_int_equal(ft_locate("", getpid(), &maps, exe, what, &l), 0);
	assert_ptr_equal(ft_maps_find(&maps, l.map->start), l.map);
	return l.addr;
}

static void own_symbols(void **state)
{
	assert_true(find("main") == (uint64_t)main);
	assert_true(find("located_global") == (uint64_t)&located_global);
	assert_true(find("located_static") == (uint64_t)&located_static);
	assert_true(find("main+0x10") == (uint64_t)main + 16);
	assert_true(find("main+16") == (uint64_t)main + 16);
}

static void library_symbols(void **state)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	struct ft_located l;

	assert_non_null(libc);
	assert_true(find("libc.so.6:getenv") == (uint64_t)dlsym(libc, "getenv"));
	assert_true(find("libc.so.6:stdout") == (uint64_t)dlsym(libc, "stdout"));
	/* Two versions: the default one. */
	assert_true(find("libc.so.6:pthread_cond_wait") ==
		    (uint64_t)dlsym(libc, "pthread_cond_wait"));
#ifdef __x86_64__
	assert_int_equal(ft_locate("", getpid(), &maps, exe, "libc.so.6:strlen", &l), 0);
	assert_true(l.ifunc);
#endif
	dlclose(libc);
	(void)l;
}

static void vdso(void **state)
{
	uint64_t base = getauxval(AT_SYSINFO_EHDR), found;

	if (!base)
		skip();
#ifdef __x86_64__
	found = find("[vdso]:__vdso_clock_gettime");
#else
	found = find("[vdso]:__kernel_clock_gettime");
#endif
	assert_true(found > base && found < base + 65536);
}

static void not_there(void **state)
{
	struct ft_located l;

	assert_int_equal(ft_locate("", getpid(), &maps, exe, "nowhere_to_be_found", &l), -ENOENT);
	assert_int_equal(ft_locate("", getpid(), &maps, exe, "mai", &l), -ENOENT);
	assert_int_equal(ft_locate("", getpid(), &maps, exe, "", &l), -ENOENT);
	assert_int_equal(ft_locate("", getpid(), &maps, exe, "libnone.so:main", &l), -ENODEV);
	assert_int_equal(ft_locate("", getpid(), &maps, exe, "located_tls", &l), -ENOTSUP);
	assert_int_equal(ft_locate("", getpid(), &maps, exe, "main+", &l), -EINVAL);
	assert_int_equal(ft_locate("", getpid(), &maps, exe, "main+x", &l), -EINVAL);
	assert_int_equal(ft_locate("", getpid(), &maps, exe, "main+-4", &l), -EINVAL);
}

static void file_names(void **state)
{
	assert_true(ft_locate_is_file("/usr/lib/libc.so.6", "libc.so.6"));
	assert_true(ft_locate_is_file("/usr/lib/libc.so.6", "/usr/lib/libc.so.6"));
	assert_false(ft_locate_is_file("/usr/lib/libc.so.6", "c.so.6"));
	assert_false(ft_locate_is_file("", ""));
	assert_false(ft_locate_is_file("[vdso]", "vdso"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_symbols), cmocka_unit_test(library_symbols),
		cmocka_unit_test(vdso),	       cmocka_unit_test(not_there),
		cmocka_unit_test(file_names),
	};

	located_static += located_tls;
	return cmocka_run_group_tests_name("locate", tests, setup, teardown);
}
