/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static void expect(struct ft_json *j, const char *want)
{
	struct ft_buf *b = j->out;

	ft_buf_char(b, '\0');
	assert_string_equal(b->data, want);
	b->len = 0;
	*j = ft_json_on(b);
}

static void values(void **state)
{
	struct ft_buf b;
	struct ft_json j = ft_json_on(&b);

	ft_buf_init(&b, -1);
	ft_json_open(&j, NULL, '{');
	ft_json_u64(&j, "u", UINT64_MAX);
	ft_json_i64(&j, "i", INT64_MIN);
	ft_json_i64(&j, "p", 7);
	ft_json_hex(&j, "h", 0xdeadbeef);
	ft_json_hex(&j, "z", 0);
	ft_json_bool(&j, "t", true);
	ft_json_bool(&j, "f", false);
	ft_json_null(&j, "n");
	ft_json_str(&j, "s", "text");
	ft_json_str(&j, "none", NULL);
	ft_json_close(&j, '}');
	ft_json_end_line(&j);
	expect(&j, "{\"u\":18446744073709551615,\"i\":-9223372036854775808,\"p\":7,"
		   "\"h\":\"0xdeadbeef\",\"z\":\"0x0\",\"t\":true,\"f\":false,\"n\":null,"
		   "\"s\":\"text\",\"none\":null}\n");
	ft_buf_deinit(&b);
}

static void doubles(void **state)
{
	struct ft_buf b;
	struct ft_json j = ft_json_on(&b);

	ft_buf_init(&b, -1);
	ft_json_open(&j, NULL, '[');
	ft_json_double(&j, NULL, 1.5, 2);
	ft_json_double(&j, NULL, -0.125, 3);
	ft_json_double(&j, NULL, 2.0, 0);
	ft_json_double(&j, NULL, NAN, 2);
	ft_json_double(&j, NULL, -INFINITY, 2);
	ft_json_close(&j, ']');
	expect(&j, "[1.50,-0.125,2,null,null]");
	ft_json_double(&j, NULL, DBL_MAX, 1); /* 311 bytes: longer than any line would reserve */
	assert_int_equal(b.len, 311);
	ft_buf_deinit(&b);
}

static void commas(void **state)
{
	struct ft_buf b;
	struct ft_json j = ft_json_on(&b);

	ft_buf_init(&b, -1);
	ft_json_open(&j, NULL, '{');
	ft_json_open(&j, "empty", '[');
	ft_json_close(&j, ']');
	ft_json_open(&j, "a", '[');
	ft_json_open(&j, NULL, '{');
	ft_json_close(&j, '}');
	ft_json_open(&j, NULL, '[');
	ft_json_u64(&j, NULL, 1);
	ft_json_u64(&j, NULL, 2);
	ft_json_close(&j, ']');
	ft_json_close(&j, ']');
	ft_json_u64(&j, "last", 3);
	ft_json_close(&j, '}');
	ft_json_end_line(&j);
	ft_json_open(&j, NULL, '{'); /* a new line begins without a comma */
	ft_json_close(&j, '}');
	expect(&j, "{\"empty\":[],\"a\":[{},[1,2]],\"last\":3}\n{}");
	ft_buf_deinit(&b);
}

static void strings(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		const char *want;
	} cases[] = {
#define CASE(in, want) { in, sizeof(in) - 1, "\"" want "\"" }
		CASE("", ""),
		CASE("quote\" back\\slash", "quote\\\" back\\\\slash"),
		CASE("a\nb\tc", "a\\nb\\tc"),
		CASE("\033]0;x\007", "\\u001b]0;x\\u0007"),
		CASE("nul\0byte", "nul\\u0000byte"),
		CASE("\x7f", "\\u007f"),
		CASE("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"),
		CASE("\xc2\x9b", "\\u009b"),
		CASE("\xe2\x80\xae", "\\u202e"),
		CASE("\xe2\x80\xa8", "\\u2028"),
		CASE("\xff", "\\u00ff"), /* not UTF-8: the byte's value */
		CASE("\xc0\xaf", "\\u00c0\\u00af"),
		CASE("\xed\xa0\x80", "\\u00ed\\u00a0\\u0080"),
		CASE("cut\xf0\x9f\x90", "cut\\u00f0\\u009f\\u0090"),
		CASE("\xf0\x9f\x90\x9b", "\xf0\x9f\x90\x9b"),
		CASE("</script>", "</script>"),
#undef CASE
	};
	struct ft_buf b;
	struct ft_json j = ft_json_on(&b);

	ft_buf_init(&b, -1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		/* Exactly as long as the text: a read past its end is an ASan report. */
		char *copy = malloc(cases[i].len ? cases[i].len : 1);

		memcpy(copy, cases[i].in, cases[i].len);
		ft_json_strn(&j, NULL, copy, cases[i].len);
		free(copy);
		expect(&j, cases[i].want);
	}
	ft_buf_deinit(&b);
}

/* Whatever three bytes come in, what goes out is one JSON string of printable text. */
static void strings_of_any_bytes(void **state)
{
	static const unsigned char bytes[] = { 0,    '\n', 0x1b, '"',  '\\', 'a',  0x7f, 0x80,
					       0x9b, 0xbf, 0xc0, 0xc2, 0xe2, 0xed, 0xf0, 0xff };
	struct ft_buf b;
	struct ft_json j = ft_json_on(&b);

	ft_buf_init(&b, -1);
	for (unsigned int v = 0; v < 16 * 16 * 16; v++) {
		char in[3] = { (char)bytes[v >> 8], (char)bytes[v >> 4 & 15], (char)bytes[v & 15] };
		bool escape = false;

		b.len = 0;
		j = ft_json_on(&b);
		ft_json_strn(&j, NULL, in, 3);
		assert_int_equal(b.data[0], '"');
		assert_int_equal(b.data[b.len - 1], '"');
		for (size_t i = 1; i < b.len - 1; i++) {
			unsigned char c = b.data[i];

			assert_true(c >= 0x20 && c != 0x7f);
			if (escape)
				assert_non_null(strchr("\"\\ntu", c));
			else
				assert_int_not_equal(c, '"');
			escape = !escape && c == '\\';
		}
		assert_false(escape);
	}
	ft_buf_deinit(&b);
}

static void deep(void **state)
{
	enum { DEPTH = 1000 };
	char want[2 * DEPTH + 1];
	struct ft_buf b;
	struct ft_json j = ft_json_on(&b);

	ft_buf_init(&b, -1);
	for (int i = 0; i < DEPTH; i++)
		ft_json_open(&j, NULL, '[');
	for (int i = 0; i < DEPTH; i++)
		ft_json_close(&j, ']');
	memset(want, '[', DEPTH);
	memset(want + DEPTH, ']', DEPTH);
	want[sizeof(want) - 1] = '\0';
	expect(&j, want);
	ft_buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values), cmocka_unit_test(doubles),
		cmocka_unit_test(commas), cmocka_unit_test(strings),
		cmocka_unit_test(deep),	  cmocka_unit_test(strings_of_any_bytes),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
