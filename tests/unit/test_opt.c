/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/opt.h"

struct values {
	bool flag;
	int count;
	const char *str;
	uint64_t u64, pos, duration, latency, size;
	int word;
};

static const struct ft_opt opts[] = {
	{ "flag", 'f', NULL, "a flag", ft_opt_flag, offsetof(struct values, flag), NULL },
	{ "count", 'c', NULL, "counts", ft_opt_count, offsetof(struct values, count), NULL },
	{ "string", 's', "NAME", "a name", ft_opt_str, offsetof(struct values, str), NULL },
	{ "u64", 0, "N", "from 0", ft_opt_u64, offsetof(struct values, u64), NULL },
	{ "pos", 0, "N", "from 1", ft_opt_u64_pos, offsetof(struct values, pos), NULL },
	{ "duration", 'd', "SEC", "how long", ft_opt_duration, offsetof(struct values, duration),
	  NULL },
	{ "latency", 'l', "DUR", "at least", ft_opt_latency, offsetof(struct values, latency),
	  NULL },
	{ "size", 0, "SIZE", "how much", ft_opt_size, offsetof(struct values, size), NULL },
	{ "word", 'w', "WORD", "one of", ft_opt_word, offsetof(struct values, word),
	  "count|stall|p99" },
};
static const struct ft_opt_group group = FT_OPT_GROUP("Tested", opts);
static const struct ft_opt_group *const groups[] = { &group, NULL };
static const struct ft_cmd cmd = { "test", "[INTERVAL]", "summary", "Text.", groups, NULL, NULL };

static struct values v;
static int rest, program, argc;
static char **argv;
static char said[8192]; /* what the last parse() wrote to stdout and stderr */

/* Runs fn with stdout and stderr going to `said`. */
static int quietly(int (*fn)(void))
{
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), ret;
	FILE *f = tmpfile();
	size_t n;

	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	dup2(fileno(f), STDERR_FILENO);
	ret = fn();
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	rewind(f);
	n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = '\0';
	fclose(f);
	return ret;
}

static int call_parse(void)
{
	void *bases[] = { &v };

	return ft_opt_parse(&cmd, argc, argv, bases, &rest, &program);
}

#define PARSE(...)                                                                                 \
	({                                                                                         \
		static char *args[] = { "test", ##__VA_ARGS__, NULL };                             \
		argv = args;                                                                       \
		argc = sizeof(args) / sizeof(*args) - 1;                                           \
		v = (struct values) { .word = -1 };                                                \
		rest = program = -1;                                                               \
		quietly(call_parse);                                                               \
	})

/* One line on stderr that holds both texts. */
static void expect_said(const char *a, const char *b)
{
	assert_int_equal(strncmp(said, "faulttrace: ", 12), 0);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	if (!strstr(said, a) || !strstr(said, b))
		fail_msg("'%s' lacks '%s' or '%s'", said, a, b);
}

static void nothing(void **state)
{
	assert_int_equal(PARSE(), 0);
	assert_int_equal(rest, 1);
	assert_int_equal(program, 0);
	assert_false(v.flag);
}

static void every_kind(void **state)
{
	assert_int_equal(PARSE("-f", "--count", "-c", "-cc", "--string=a b", "--u64", "0",
			       "--pos=1", "-d", "1.5", "-l250", "--size", "16M", "-w", "p99"),
			 0);
	assert_true(v.flag);
	assert_int_equal(v.count, 4);
	assert_string_equal(v.str, "a b");
	assert_int_equal(v.u64, 0);
	assert_int_equal(v.pos, 1);
	assert_int_equal(v.duration, 1500000000);
	assert_int_equal(v.latency, 250000);
	assert_int_equal(v.size, 16 << 20);
	assert_int_equal(v.word, 2);
	assert_int_equal(rest, argc);
	assert_string_equal(said, "");
}

static void the_last_one_counts(void **state)
{
	assert_int_equal(PARSE("-w", "count", "-w", "stall", "--u64=1", "--u64=2"), 0);
	assert_int_equal(v.word, 1);
	assert_int_equal(v.u64, 2);
}

static void unknown(void **state)
{
	assert_int_equal(PARSE("--nonsense"), -EINVAL);
	expect_said("--nonsense", "faulttrace test --help");
	assert_int_equal(PARSE("-z"), -EINVAL);
	expect_said("-z", "--help");
	assert_int_equal(PARSE("-fz"), -EINVAL);
	expect_said("z", "--help");
	assert_int_equal(PARSE("--\033[31m"), -EINVAL); /* nothing reaches the terminal raw */
	assert_null(strchr(said, '\033'));
	expect_said("\\x1b", "--help");
	assert_int_equal(PARSE("-zf"), -EINVAL);
	expect_said("unknown option '-z'", "--help");
	assert_int_equal(PARSE("-\033"), -EINVAL);
	expect_said("'-\\x1b'", "--help");
	assert_int_equal(PARSE("ls", "-z"), -EINVAL);
	expect_said("unknown option '-z'", "after '--'");
	assert_int_equal(PARSE("--flag=1"), -EINVAL);
	expect_said("--flag takes no value: '--flag=1'", "");
	assert_int_equal(PARSE("--s=1"), -EINVAL);
	expect_said("'--s=1' may be any of --string, --size", "");
}

static void missing_argument(void **state)
{
	assert_int_equal(PARSE("--duration"), -EINVAL);
	expect_said("--duration needs an argument", "SEC");
	assert_int_equal(PARSE("-f", "-d"), -EINVAL);
	expect_said("--duration needs an argument", "SEC");
	assert_int_equal(PARSE("--string", ""), -EINVAL);
	expect_said("--string: '' is not a value", "");
}

static void bad_values(void **state)
{
	assert_int_equal(PARSE("-d", "soon"), -EINVAL);
	expect_said("--duration: 'soon'", "a duration such as");
	assert_int_equal(PARSE("-d", "0"), -EINVAL);
	expect_said("--duration: '0'", "a duration such as");
	assert_int_equal(PARSE("-d", "-1"), -EINVAL);
	assert_int_equal(PARSE("-d", "99999999999999999999"), -EINVAL);
	assert_int_equal(PARSE("-l", "5 ms"), -EINVAL);
	expect_said("--latency: '5 ms'", "250us");
	assert_int_equal(PARSE("--pos", "0"), -EINVAL);
	expect_said("--pos: '0'", "1 or more");
	assert_int_equal(PARSE("--pos", "18446744073709551616"), -EINVAL);
	assert_int_equal(PARSE("--u64", "0x10"), -EINVAL);
	expect_said("--u64: '0x10'", "a number");
	assert_int_equal(PARSE("--size", "16X"), -EINVAL);
	expect_said("--size: '16X'", "16M");
	assert_int_equal(PARSE("-w", "p9"), -EINVAL);
	expect_said("--word: 'p9'", "count|stall|p99");
	assert_int_equal(PARSE("-w", "count|stall"), -EINVAL);
	assert_int_equal(PARSE("-w", ""), -EINVAL);
	assert_int_equal(PARSE("-w", "|"), -EINVAL);
}

/* A mistake changes nothing. */
static void bad_values_are_not_kept(void **state)
{
	assert_int_equal(PARSE("--pos=5", "--pos=0"), -EINVAL);
	assert_int_equal(v.pos, 5);
	assert_int_equal(PARSE("-d5", "-dx"), -EINVAL);
	assert_int_equal(v.duration, 5000000000);
}

static void operands_and_program(void **state)
{
	assert_int_equal(PARSE("-f", "5", "10"), 0);
	assert_int_equal(rest, 2);
	assert_int_equal(program, 0);

	assert_int_equal(PARSE("-f", "--", "/bin/ls", "-l", "--flag"), 0);
	assert_int_equal(program, 3);
	assert_string_equal(argv[program], "/bin/ls");

	assert_int_equal(PARSE("-f", "-"), 0); /* a name, not an option */
	assert_string_equal(argv[rest], "-");
	assert_int_equal(PARSE("5", "--", "ls", "--", "-c"), 0); /* its own "--" is not ours */
	assert_int_equal(rest, 1);
	assert_int_equal(program, 3);
	assert_int_equal(v.count, 0);

	assert_int_equal(PARSE("--", "ls", "--", "x"), 0);
	assert_int_equal(program, 2);
	assert_int_equal(PARSE("-s", "--", "--", "ls"), 0); /* the first is an argument */
	assert_string_equal(v.str, "--");
	assert_int_equal(program, 4);

	assert_int_equal(PARSE("5", "-f", "10", "-s", "x", "--", "ls", "-c"), 0); /* any order */
	assert_true(v.flag);
	assert_string_equal(v.str, "x");
	assert_int_equal(v.count, 0);
	assert_int_equal(rest, 4);
	assert_string_equal(argv[rest], "5");
	assert_string_equal(argv[rest + 1], "10");
	assert_int_equal(program, 7);
	assert_string_equal(argv[program], "ls");
	assert_int_equal(PARSE("5", "-f"), 0);
	assert_int_equal(rest, 2);
	assert_string_equal(argv[rest], "5");
	assert_int_equal(program, 0);
	assert_int_equal(PARSE("--"), 0);
	assert_int_equal(rest, 2);
	assert_int_equal(program, 2); /* a program that is not there: argv[2] is NULL */
	assert_null(argv[program]);
}

static uint64_t interval, count;

static int call_interval(void)
{
	return ft_opt_interval(argc, argv, rest, program, &interval, &count);
}

#define INTERVAL(...)                                                                              \
	({                                                                                         \
		assert_int_equal(PARSE(__VA_ARGS__), 0);                                           \
		quietly(call_interval);                                                            \
	})

static void intervals(void **state)
{
	assert_int_equal(INTERVAL(), 0);
	assert_int_equal(interval, 0);
	assert_int_equal(INTERVAL("-f", "5"), 0);
	assert_int_equal(interval, 5000000000);
	assert_int_equal(count, 0);
	assert_int_equal(INTERVAL("500ms", "3"), 0);
	assert_int_equal(interval, 500000000);
	assert_int_equal(count, 3);
	assert_int_equal(INTERVAL("1", "2", "--", "ls", "3"), 0);
	assert_int_equal(count, 2);
	assert_int_equal(INTERVAL("--", "5"), 0);
	assert_int_equal(interval, 0);

	assert_int_equal(INTERVAL("0"), -EINVAL);
	expect_said("'0' is not an interval", "500ms");
	assert_int_equal(INTERVAL("soon"), -EINVAL);
	assert_int_equal(INTERVAL("1", "0"), -EINVAL);
	expect_said("'0' is not a count", "");
	assert_int_equal(INTERVAL("1", "1.5"), -EINVAL);
	assert_int_equal(INTERVAL("1", "2", "3"), -EINVAL);
	expect_said("'3'", "'--'");
}

static void help_has_every_option(void **state)
{
	assert_int_equal(PARSE("--help"), FT_OPT_HELP_SHOWN);
	for (size_t i = 0; i < group.n; i++) {
		char want[64];

		snprintf(want, sizeof(want), "--%s", opts[i].name);
		assert_non_null(strstr(said, want));
		assert_non_null(strstr(said, opts[i].help));
	}
	assert_non_null(strstr(said, "Usage: faulttrace test [OPTIONS] [INTERVAL]\n"));
	assert_non_null(strstr(said, "\nText.\n"));
	assert_non_null(strstr(said, "--version"));
	assert_null(strstr(said, "Commands:"));
	for (const char *line = said; (line = strchr(line, '\n')); line++)
		assert_true(line == said || line[-1] != ' ');
	assert_int_equal(PARSE("-V"), FT_OPT_HELP_SHOWN);
	assert_int_equal(strncmp(said, "faulttrace ", 11), 0);
}

static int call_first(void)
{
	static const struct ft_cmd *const all[] = { &cmd, NULL };
	struct ft_cmd first = cmd;
	void *bases[] = { &v };

	first.all = all;
	return ft_opt_parse(&first, argc, argv, bases, &rest, &program);
}

static void help_lists_commands(void **state)
{
	PARSE();
	argc = 2;
	argv = (char *[]) { "faulttrace", "-h", NULL };
	assert_int_equal(quietly(call_first), FT_OPT_HELP_SHOWN);
	assert_non_null(strstr(said, "Usage: faulttrace [COMMAND] [OPTIONS] [INTERVAL]\n"));
	assert_non_null(strstr(said, "\nCommands:\n  test        summary\n"));
	assert_non_null(strstr(said, "--flag"));
}

static void levels(void **state)
{
	ft_log_set_level(FT_LOG_WARN);
	assert_int_equal(PARSE("-vv"), 0);
	assert_int_equal(ft_log_level(), FT_LOG_DEBUG);
	assert_int_equal(PARSE("-q"), 0);
	assert_int_equal(ft_log_level(), FT_LOG_ERR);
	assert_int_equal(PARSE("--nonsense"), -EINVAL); /* errors are said all the same */
	expect_said("--nonsense", "");
	ft_log_set_level(FT_LOG_WARN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(every_kind),
		cmocka_unit_test(the_last_one_counts),
		cmocka_unit_test(unknown),
		cmocka_unit_test(missing_argument),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(bad_values_are_not_kept),
		cmocka_unit_test(operands_and_program),
		cmocka_unit_test(intervals),
		cmocka_unit_test(help_has_every_option),
		cmocka_unit_test(help_lists_commands),
		cmocka_unit_test(levels),
	};

	return cmocka_run_group_tests_name("opt", tests, NULL, NULL);
}
