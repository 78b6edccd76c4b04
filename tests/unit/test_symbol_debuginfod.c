/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Debug files from a server: a directory, since libdebuginfod takes file:// too; and one that
 * hangs. */
#include "symbol_target.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <time.h>

static int build_stripped(struct target *t)
{
	if (!dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_NODELETE))
		return -1;
	must(sh(CC "-Wl,--build-id=0x%s -o full prog.c && objcopy -S full served",
		"00112233445566778899aabbccddeeff00112233"));
	start(t, "served");
	return 0;
}

static void configure(const char *url)
{
	char cache[128];

	snprintf(cache, sizeof(cache), "%s/cache", dir);
	setenv("DEBUGINFOD_CACHE_PATH", cache, 1);
	setenv("DEBUGINFOD_URLS", url, 1);
}

static void arrives_later(void **state)
{
	struct ft_symbols *sy;
	struct ft_sym_query q;
	struct target t;
	struct ft_sym s;
	char url[128];
	int left = 1000;

	if (build_stripped(&t))
		skip();
	must(sh("mkdir -p srv/buildid/00112233445566778899aabbccddeeff00112233 && "
		"objcopy --only-keep-debug full "
		"srv/buildid/00112233445566778899aabbccddeeff00112233/debuginfo"));
	snprintf(url, sizeof(url), "file://%s/srv", dir);
	configure(url);
	sy = make();
	q = query(t.pid, t.static_fn + 2);
	while (ft_symbols_user(sy, &q, &s) && left--)
		usleep(10000);
	assert_non_null(s.name);
	is(sy, t.pid, t.static_fn, "static_fn");
	is(sy, t.pid, t.global_fn, "global_fn");
	stop(&t);
	ft_symbols_destroy(sy);
	unsetenv("DEBUGINFOD_URLS");
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void a_server_that_hangs(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct ft_symbols *sy;
	struct target t;
	char url[64];
	double begin;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (build_stripped(&t))
		skip();
	/* Connections are taken by the kernel and never answered. */
	if (bind(s, (struct sockaddr *)&at, sizeof(at)) || listen(s, 16) ||
	    getsockname(s, (struct sockaddr *)&at, &len))
		skip();
	must(sh("rm -rf cache"));
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(at.sin_port));
	configure(url);
	sy = make();
	begin = now_s();
	for (int i = 0; i < 100; i++)
		is(sy, t.pid, t.static_fn, NULL);
	assert_true(now_s() - begin < 1);
	usleep(100000);
	begin = now_s();
	ft_symbols_destroy(sy);
	assert_true(now_s() - begin < 1.5);
	stop(&t);
	close(s);
	unsetenv("DEBUGINFOD_URLS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrives_later),
		cmocka_unit_test(a_server_that_hangs),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
