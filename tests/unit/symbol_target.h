/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Small programs, compiled here in every way that changes where a function is found. They run,
 * print the addresses of their functions, and the symbolizer has to name them.
 */
#ifndef SYMBOL_TARGET_H
#define SYMBOL_TARGET_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/maps.h"
#include "enrich/symbol.h"

static char dir[] = "/tmp/ft-symbol-XXXXXX";
static char debug_dir[64];
static uint64_t fake_ns = 1;

static inline uint64_t fake_now(void)
{
	return fake_ns;
}

static const char source[] =
	"#include <stdio.h>\n"
	"#include <stdlib.h>\n"
	"__attribute__((noinline, noipa)) int GLOBAL(int x) { return x * 3 + 1; }\n"
	"__attribute__((noinline, noipa)) static int STATIC(int x) { return x * 5 + 2; }\n"
	"int lib_fn(int) __attribute__((weak));\n"
	"int main(void) {\n"
	"	volatile int s = GLOBAL(1) + STATIC(2) + (lib_fn ? lib_fn(3) : 0);\n"
	"	printf(\"%lx %lx %lx\\n\", (long)GLOBAL, (long)STATIC, (long)lib_fn);\n"
	"	fflush(stdout);\n"
	"	while (getchar() != EOF);\n"
	"	return s * 0;\n"
	"}\n";

static const char lib_source[] =
	"__attribute__((noinline, noipa)) static int lib_static(int x) { return x + 7; }\n"
	"int lib_fn(int x) { return lib_static(x) * 2; }\n";

/* No C library for -m32 is installed: it writes its addresses with system calls of its own. */
static const char source32[] =
	"static int sys(int n, int a, const void *b, int c) { int r;\n"
	"	asm volatile(\"int $0x80\" : \"=a\"(r) : \"a\"(n), \"b\"(a), \"c\"(b), \"d\"(c));\n"
	"	return r; }\n"
	"__attribute__((noinline, noipa)) int global_fn(int x) { return x * 3 + 1; }\n"
	"__attribute__((noinline, noipa)) static int static_fn(int x) { return x * 5 + 2; }\n"
	"static char *hex(char *p, unsigned v) { for (int i = 28; i >= 0; i -= 4)\n"
	"	*p++ = \"0123456789abcdef\"[v >> i & 15]; *p++ = ' '; return p; }\n"
	"void _start(void) { char s[64], *p = s; volatile int x = global_fn(1) + static_fn(2);\n"
	"	p = hex(p, (unsigned)global_fn); p = hex(p, (unsigned)static_fn); p = hex(p, 0);\n"
	"	p[-1] = '\\n'; sys(4, 1, s, p - s); while (sys(3, 0, s, 1) > 0); sys(1, 0, 0, x * "
	"0); }\n";

static inline bool sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static inline bool sh(const char *fmt, ...)
{
	char cmd[4096];
	int n = snprintf(cmd, sizeof(cmd), "cd %s && ", dir);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd + n, sizeof(cmd) - n, fmt, ap);
	va_end(ap);
	return !system(cmd);
}

static inline void must(bool ok)
{
	assert_true(ok);
}

struct target {
	pid_t pid;
	int in; /* closing it ends the program */
	unsigned long global_fn, static_fn, lib_fn;
};

/* Runs in the child before exec. */
typedef void (*prepare_fn)(void);

static inline void start_prepared(struct target *t, const char *path, prepare_fn prepare)
{
	int in[2], out[2];
	char line[256];
	ssize_t n;

	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	t->pid = fork();
	if (!t->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		if (prepare)
			prepare();
		execl(path, path, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	t->in = in[1];
	n = read(out[0], line, sizeof(line) - 1);
	close(out[0]);
	assert_true(n > 0);
	line[n] = '\0';
	assert_int_equal(sscanf(line, "%lx %lx %lx", &t->global_fn, &t->static_fn, &t->lib_fn), 3);
}

static inline void start(struct target *t, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	start_prepared(t, path, NULL);
}

static inline void stop(struct target *t)
{
	close(t->in);
	waitpid(t->pid, NULL, 0);
}

/* What an event at `ip` would ask. The path is kept here until the next call. */
static inline struct ft_sym_query query(pid_t pid, uint64_t ip)
{
	static char path[4096];
	struct ft_sym_query q = { .pid = pid, .ip = ip };
	const struct ft_map *m;
	struct ft_maps maps;

	assert_int_equal(ft_maps_read("", pid, &maps), 0);
	m = ft_maps_find(&maps, ip);
	assert_non_null(m);
	snprintf(path, sizeof(path), "%s", m->path);
	q.path = path;
	q.dev = (uint64_t)m->major << 20 | m->minor;
	q.ino = m->ino;
	q.map_start = m->start;
	q.map_end = m->end;
	q.file_offset = ip - m->start + m->offset;
	ft_maps_deinit(&maps);
	return q;
}

static inline struct ft_symbols *make(void)
{
	const struct ft_symbols_config c = { .debug_dir = debug_dir, .now_ns = fake_now };
	struct ft_symbols *sy = ft_symbols_create(&c);

	assert_non_null(sy);
	return sy;
}

static inline void is(struct ft_symbols *sy, pid_t pid, uint64_t fn, const char *name)
{
	struct ft_sym_query q = query(pid, fn + 2);
	struct ft_sym s;

	if (name) {
		assert_int_equal(ft_symbols_user(sy, &q, &s), 0);
		assert_non_null(s.name);
		assert_string_equal(s.name, name);
		assert_int_equal(s.offset, 2);
	} else {
		assert_int_equal(ft_symbols_user(sy, &q, &s), -ENOENT);
		assert_null(s.name);
		assert_int_equal(s.offset, q.file_offset);
	}
	assert_string_equal(s.dso, q.path);
}

static inline void check(const char *name, const char *global, const char *static_)
{
	struct ft_symbols *sy = make();
	struct target t;

	start(&t, name);
	is(sy, t.pid, t.global_fn, global);
	is(sy, t.pid, t.static_fn, static_);
	stop(&t);
	ft_symbols_destroy(sy);
}

#define CC "cc -O1 -g0 -DGLOBAL=global_fn -DSTATIC=static_fn "

static inline void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static inline int set_up(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(debug_dir, sizeof(debug_dir), "%s/debug", dir);
	write_file("prog.c", source);
	write_file("lib.c", lib_source);
	write_file("prog32.c", source32);
	return 0;
}

static inline int tear_down(void **state)
{
	return sh("rm -rf %s", dir) ? 0 : -1;
}

#endif
