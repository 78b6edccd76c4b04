/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "enrich/code.h"
#include "golden.h"
#include "model/stacks.h"
#include "view/stacks.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct ft_frame frame(const char *name)
{
	return (struct ft_frame) {
		.ip = 0x401000,
		.sym = { .name = name, .offset = 0x1f, .dso = "/usr/bin/server" },
	};
}

static struct ft_frame kernel_frame(const char *name)
{
	return (struct ft_frame) {
		.ip = 0xffffffff81000010,
		.sym = { .name = name, .offset = 0x10, .dso = "[kernel]" },
		.kernel = true,
	};
}

/* `path`: names, leaf first, NULL-terminated. */
static void add(struct ft_stack_tree *t, const char *comm, struct ft_stack_value sum,
		const char *const *user, const char *const *kernel)
{
	struct ft_frame u[16], k[16];
	struct ft_stack s = { .comm = comm, .sum = sum, .user = u, .kernel = k };

	for (; user && user[s.n_user]; s.n_user++)
		u[s.n_user] = frame(user[s.n_user]);
	for (; kernel && kernel[s.n_kernel]; s.n_kernel++)
		k[s.n_kernel] = kernel_frame(kernel[s.n_kernel]);
	assert_int_equal(ft_stack_tree_add(t, &s), 0);
}

#define PATH(...) ((const char *const[]) { __VA_ARGS__, NULL })

static struct ft_stack_value value(uint64_t count, uint64_t stall_ns, uint64_t bytes)
{
	return (struct ft_stack_value) { count, stall_ns, bytes };
}

static void sample(struct ft_stack_tree *t, enum ft_weight w)
{
	assert_int_equal(ft_stack_tree_init(t, w), 0);
	add(t, "server", value(1000, 1500400, 1000 * 4096), PATH("touch", "b", "a", "main"), NULL);
	add(t, "server", value(9, 300300, 9 * 4096), PATH("touch", "b", "a", "main"), NULL);
	add(t, "server", value(503, 700700, 503 * 4096), PATH("touch", "c", "main"), NULL);
	add(t, "server", value(101, 900, 101UL << 21), PATH("read", "main"),
	    PATH("clear_user", "vfs_read"));
	add(t, "server", value(3, 5000, 3 * 4096), PATH("main"), NULL);
	add(t, "server", value(2, 5000, 2 * 4096), PATH("exit", "main"), NULL);
	add(t, "sh", value(1, 999, 4096), PATH("main"), NULL);
	assert_int_equal(ft_stack_tree_sort(t), 0);
}

/* The same paths are one node, whatever they came from; sums go up to the root. */
static void merges(void **state)
{
	const struct ft_stack_node *n;
	struct ft_stack_tree t;

	sample(&t, FT_WEIGHT_COUNT);
	assert_int_equal(t.nodes[0].total, 1619);
	n = &t.nodes[t.nodes[0].child];
	assert_string_equal(n->name, "server");
	assert_int_equal(n->total, 1618);
	n = &t.nodes[n->child];
	assert_string_equal(n->name, "main");
	assert_int_equal(n->self, 3);
	assert_int_equal(n->n_children, 4);
	n = &t.nodes[n->child];
	assert_string_equal(n->name, "a");
	assert_int_equal(n->total, 1009);
	n = &t.nodes[n->next];
	assert_string_equal(n->name, "c");
	ft_stack_tree_deinit(&t);
}

/* A name of the user's and the same of the kernel's are two. */
static void kernel_is_apart(void **state)
{
	struct ft_stack_tree t;

	assert_int_equal(ft_stack_tree_init(&t, FT_WEIGHT_COUNT), 0);
	add(&t, "x", value(1, 0, 0), PATH("read", "main"), NULL);
	add(&t, "x", value(2, 0, 0), PATH("main"), PATH("read"));
	assert_int_equal(t.n, 5);
	ft_stack_tree_deinit(&t);
}

static void views(void **state)
{
	static const char *const names[] = { "count", "stall", "bytes" };
	struct ft_buf out;

	ft_buf_init(&out, -1);
	for (int w = 0; w < 3; w++) {
		struct ft_stack_tree t;
		char file[64];

		sample(&t, w);
		ft_view_folded(&out, &t, w == 0);
		snprintf(file, sizeof(file), "stacks-%s.folded", names[w]);
		assert_false(golden_differs(&out, file));
		ft_view_stack_tree(&out, &t, 0.5);
		snprintf(file, sizeof(file), "stacks-%s.txt", names[w]);
		assert_false(golden_differs(&out, file));
		ft_stack_tree_deinit(&t);
	}
	ft_buf_deinit(&out);
}

static void expect(struct ft_buf *out, const char *want)
{
	ft_buf_char(out, '\0');
	assert_string_equal(out->data, want);
	out->len = 0;
}

/* Whatever strangers chose: one line, one ';' between frames, one number. */
static void folded_escapes(void **state)
{
	struct ft_stack_tree t;
	struct ft_buf out;

	ft_buf_init(&out, -1);
	assert_int_equal(ft_stack_tree_init(&t, FT_WEIGHT_COUNT), 0);
	add(&t, "a;b\n 12", value(5, 0, 0), PATH("x\x1b[2J 3.5", "; ; 7", "\xff", "op new"), NULL);
	ft_view_folded(&out, &t, false);
	expect(&out, "a\\x3bb\\x0a\\x2012;op new;\\xff;\\x3b \\x3b\\x207;x\\x1b[2J\\x203.5 5\n");
	ft_stack_tree_deinit(&t);
	ft_buf_deinit(&out);
}

/* Names of what has none: the place in the file; unknown ones in a row are one. */
static void nameless(void **state)
{
	struct ft_frame user[] = {
		frame(NULL), { .ip = 1 }, { .ip = 2 }, frame("main"), { .ip = 3 },
	};
	struct ft_stack s = { .comm = "x", .user = user, .n_user = COUNT(user) };
	struct ft_stack_tree t;
	struct ft_buf out;

	ft_buf_init(&out, -1);
	assert_int_equal(ft_stack_tree_init(&t, FT_WEIGHT_COUNT), 0);
	s.sum.count = 3;
	assert_int_equal(ft_stack_tree_add(&t, &s), 0);
	s.n_user = 0; /* not walked */
	assert_int_equal(ft_stack_tree_add(&t, &s), 0);
	s.comm = "";
	assert_int_equal(ft_stack_tree_add(&t, &s), 0);
	s.other = true;
	s.sum.count = 1;
	assert_int_equal(ft_stack_tree_add(&t, &s), 0);
	s.sum.count = 0; /* weighs nothing */
	s.comm = "gone";
	assert_int_equal(ft_stack_tree_add(&t, &s), 0);
	assert_int_equal(ft_stack_tree_sort(&t), 0);
	ft_view_folded(&out, &t, false);
	expect(&out, "x;[unknown] 3\n"
		     "x;[unknown];main;[unknown];server+0x1f 3\n"
		     "[unknown];[unknown] 3\n"
		     "(other) 1\n");
	ft_stack_tree_deinit(&t);
	ft_buf_deinit(&out);
}

/* Lines are rounded, their sum is not. */
static void stall_adds_up(void **state)
{
	struct ft_stack_tree t;
	struct ft_buf out;
	uint64_t sum = 0, all = 0;
	char name[16], *line, *rest;

	ft_buf_init(&out, -1);
	assert_int_equal(ft_stack_tree_init(&t, FT_WEIGHT_STALL), 0);
	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		add(&t, "x", value(1, 100 + i * 7, 0), PATH(name), NULL);
		all += 100 + i * 7;
	}
	ft_view_folded(&out, &t, false);
	ft_buf_char(&out, '\0');
	for (line = strtok_r(out.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		sum += strtoull(strrchr(line, ' ') + 1, NULL, 10);
	assert_int_equal(sum, all / 1000);
	ft_stack_tree_deinit(&t);
	ft_buf_deinit(&out);
}

static void json(void **state)
{
	struct ft_frame user[] = { frame("touch"), frame(NULL), { .ip = 0x10 } };
	struct ft_frame kernel[] = { kernel_frame("clear_user") };
	struct ft_stack s = {
		.comm = "a\"b",
		.pid = 42,
		.type = FT_TYPE_MINOR,
		.cause = FT_CAUSE_ZERO_FILL,
		.mode = FT_MODE_KERNEL,
		.sum = { 3, 4500, 12288 },
		.user = user,
		.kernel = kernel,
		.n_user = COUNT(user),
		.n_kernel = COUNT(kernel),
	};
	const struct ft_stack other = { .other = true, .comm = "", .sum = { 7, 8, 9 } };
	struct ft_buf out;

	ft_buf_init(&out, -1);
	ft_view_stack_json(&out, &s);
	ft_view_stack_json(&out, &other);
	assert_false(golden_differs(&out, "stacks.json"));
	ft_buf_deinit(&out);
}

static struct ft_code code(uint32_t pid, uint64_t start, uint64_t end, uint64_t pgoff,
			   uint32_t file)
{
	return (struct ft_code) { .h = { .kind = FT_KIND_CODE, .len = sizeof(struct ft_code) },
				  .ip = start,
				  .start = start,
				  .end = end,
				  .pgoff = pgoff,
				  .pid = pid,
				  .space = 7,
				  .file = file };
}

static int learn(struct ft_codes *c, struct ft_code m)
{
	return ft_codes_add(c, &m);
}

static void mappings(void **state)
{
	struct ft_codes c = {};
	const struct ft_code *m;

	assert_int_equal(learn(&c, code(1, 0x1000, 0x3000, 0, 5)), 0);
	assert_int_equal(learn(&c, code(1, 0x1000, 0x3000, 0, 5)), 0);
	assert_int_equal(c.n, 1);
	assert_int_equal(learn(&c, code(2, 0x1000, 0x3000, 0, 6)), 0);
	m = ft_codes_find(&c, 1, 7, 0x2fff);
	assert_non_null(m);
	assert_int_equal(m->file, 5);
	assert_null(ft_codes_find(&c, 1, 7, 0x3000));
	assert_null(ft_codes_find(&c, 1, 7, 0xfff));
	assert_null(ft_codes_find(&c, 1, 8, 0x1000)); /* another program of the same pid */
	assert_null(ft_codes_find(&c, 3, 7, 0x1000));
	ft_codes_deinit(&c);
}

/* A mapping that was split agrees with what it was; another file there contradicts. */
static void contradictions(void **state)
{
	struct ft_codes c = {};

	assert_int_equal(learn(&c, code(1, 0x1000, 0x9000, 1, 5)), 0);
	assert_int_equal(learn(&c, code(1, 0x3000, 0x5000, 3, 5)), 0);
	assert_non_null(ft_codes_find(&c, 1, 7, 0x4000));
	assert_int_equal(learn(&c, code(1, 0x8000, 0xa000, 0, 6)), 0);
	assert_null(ft_codes_find(&c, 1, 7, 0x8000));
	assert_non_null(ft_codes_find(&c, 1, 7, 0x7fff));
	assert_int_equal(ft_codes_find(&c, 1, 7, 0x9000)->file, 6);
	/* The same file at another offset. */
	assert_int_equal(learn(&c, code(1, 0x1000, 0x2000, 9, 5)), 0);
	assert_null(ft_codes_find(&c, 1, 7, 0x1000));
	ft_codes_deinit(&c);
}

/* A process that ended is kept for one round more: it may have counted in that. */
static void ended_processes(void **state)
{
	struct ft_codes c = {};
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	assert_true(pid > 0);
	waitpid(pid, NULL, 0);
	assert_int_equal(learn(&c, code((uint32_t)pid, 0x1000, 0x2000, 0, 5)), 0);
	assert_int_equal(learn(&c, code((uint32_t)getpid(), 0x1000, 0x2000, 0, 5)), 0);
	ft_codes_age(&c);
	assert_non_null(ft_codes_find(&c, (uint32_t)pid, 7, 0x1000));
	ft_codes_age(&c);
	assert_null(ft_codes_find(&c, (uint32_t)pid, 7, 0x1000));
	assert_int_equal(c.n, 1);
	ft_codes_age(&c);
	assert_non_null(ft_codes_find(&c, (uint32_t)getpid(), 7, 0x1000));
	ft_codes_deinit(&c);
}

static void bad_records(void **state)
{
	struct ft_codes c = {};
	struct ft_code m = code(1, 0x1000, 0x3000, 0, 5);

	m.ip = 0x3000;
	assert_int_equal(learn(&c, m), -EBADMSG);
	assert_int_equal(learn(&c, code(1, 0x1000, 0x1000, 0, 5)), -EBADMSG);
	assert_int_equal(learn(&c, code(0, 0x1000, 0x3000, 0, 5)), -EBADMSG);
	assert_int_equal(c.n, 0);
	m = code(1, 0x1000, 0x3000, 0, 5);
	m.h.len--;
	assert_int_equal(ft_record_check(&m, sizeof(m)), -EBADMSG);
	m.h.len++;
	assert_int_equal(ft_record_check(&m, sizeof(m) - 1), -EBADMSG);
	assert_int_equal(ft_record_check(&m, sizeof(m)), 0);
	ft_codes_deinit(&c);
}

/* Without a mapping a frame has its address and nothing else. */
static void unknown_frames(void **state)
{
	struct ft_enrich e = {};
	struct ft_codes c = {};
	struct ft_frame f;

	ft_codes_frame(&c, &e, 1, 7, 0x1234, true, &f);
	assert_int_equal(f.ip, 0x1234);
	assert_null(f.sym.name);
	assert_null(f.sym.dso);
	assert_false(f.kernel);
	ft_codes_frame(&c, &e, 1, 7, 0, false, &f);
	ft_codes_kernel_frame(&e, 0, false, &f);
	assert_true(f.kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges),	  cmocka_unit_test(kernel_is_apart),
		cmocka_unit_test(views),	  cmocka_unit_test(folded_escapes),
		cmocka_unit_test(nameless),	  cmocka_unit_test(stall_adds_up),
		cmocka_unit_test(json),		  cmocka_unit_test(mappings),
		cmocka_unit_test(contradictions), cmocka_unit_test(bad_records),
		cmocka_unit_test(unknown_frames), cmocka_unit_test(ended_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
