/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

static void expect(struct ft_buf *b, const char *want)
{
	ft_buf_char(b, '\0');
	assert_string_equal(b->data, want);
	ft_buf_deinit(b);
	ft_buf_init(b, -1);
}

static void numbers(void **state)
{
	static const uint64_t values[] = {
		0, 1, 9, 10, 99, 100, 4294967295, 4294967296, UINT64_MAX
	};
	struct ft_buf b;

	ft_buf_init(&b, -1);
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		for (int width = 0; width < 24; width++) {
			char want[40];

			snprintf(want, sizeof(want), "%*" PRIu64, width, values[i]);
			ft_buf_u64_pad(&b, values[i], width);
			expect(&b, want);
		}
	ft_buf_u64(&b, UINT64_MAX);
	expect(&b, "18446744073709551615");
	ft_buf_deinit(&b);
}

static void hex(void **state)
{
	struct ft_buf b;

	ft_buf_init(&b, -1);
	for (int bit = 0; bit <= 64; bit++)
		for (int digits = 0; digits <= 18; digits++) {
			uint64_t v = bit < 64 ? 1ULL << bit : UINT64_MAX;
			char want[40];

			snprintf(want, sizeof(want), "%0*" PRIx64, digits, v);
			ft_buf_hex(&b, v, digits);
			expect(&b, want);
		}
	ft_buf_hex(&b, 0, 0);
	expect(&b, "0");
	ft_buf_hex(&b, 0, 4);
	expect(&b, "0000");
	ft_buf_deinit(&b);
}

static void usecs(void **state)
{
	struct ft_buf b;

	ft_buf_init(&b, -1);
	ft_buf_usecs(&b, 0, 0);
	expect(&b, "0.000");
	ft_buf_usecs(&b, 12345, 10);
	expect(&b, "    12.345");
	ft_buf_usecs(&b, 12005, 3); /* too narrow: nothing is cut */
	expect(&b, "12.005");
	ft_buf_usecs(&b, UINT64_MAX, 0);
	expect(&b, "18446744073709551.615");
	ft_buf_deinit(&b);
}

static void padding(void **state)
{
	struct ft_buf b;
	size_t line;

	ft_buf_init(&b, -1);
	ft_buf_str(&b, "a line\n");
	line = b.len;
	ft_buf_str(&b, "ab");
	ft_buf_pad_to(&b, line, 5);
	ft_buf_pad_to(&b, line, 5);
	ft_buf_pad_to(&b, line, 3); /* passed already: nothing */
	ft_buf_char(&b, '|');
	expect(&b, "a line\nab   |");
	ft_buf_deinit(&b);
}

static void formats(void **state)
{
	char *big = malloc(200001);
	struct ft_buf b;

	memset(big, 'x', 200000);
	big[200000] = '\0';
	ft_buf_init(&b, -1);
	ft_buf_fmt(&b, "%s%d", "a", -1);
	expect(&b, "a-1");
	ft_buf_fmt(&b, "<%s>", big);
	assert_int_equal(b.len, 200002);
	ft_buf_mem(&b, big, 200000);
	assert_int_equal(b.len, 400002);
	assert_int_equal(b.data[b.len - 1], 'x');
	assert_int_equal(b.err, 0);
	ft_buf_deinit(&b);
	free(big);
}

static void escaped(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		const char *want;
	} cases[] = {
#define CASE(in, want) { in, sizeof(in) - 1, want }
		CASE("", ""),
		CASE("plain text", "plain text"),
		CASE("back\\slash", "back\\\\slash"),
		CASE("\033[31mred", "\\x1b[31mred"),
		CASE("a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"),
		CASE("nul\0byte", "nul\\x00byte"),
		CASE("\x7f", "\\x7f"),
		CASE("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"),
		CASE("\xf0\x9f\x90\x9b", "\xf0\x9f\x90\x9b"),
		CASE("\xc2\x9b"
		     "31m",
		     "\\xc2\\x9b31m"), /* C1: CSI in one code point */
		CASE("\xe2\x80\xae"
		     "evil",
		     "\\xe2\\x80\\xaeevil"),			  /* right-to-left override */
		CASE("\xe2\x81\xa6", "\\xe2\\x81\\xa6"),	  /* isolate */
		CASE("\xe2\x80\xa8", "\\xe2\\x80\\xa8"),	  /* line separator */
		CASE("\xff\xfe", "\\xff\\xfe"),			  /* never in UTF-8 */
		CASE("\xc0\xaf", "\\xc0\\xaf"),			  /* overlong slash */
		CASE("\xed\xa0\x80", "\\xed\\xa0\\x80"),	  /* surrogate */
		CASE("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"), /* past U+10FFFF */
		CASE("cut\xe2\x82", "cut\\xe2\\x82"),		  /* the end is missing */
		CASE("\x80\x80", "\\x80\\x80"),			  /* continuation alone */
		CASE("\xe2\x1b[0m", "\\xe2\\x1b[0m"),		  /* a control in the middle */
#undef CASE
	};
	struct ft_buf b;

	ft_buf_init(&b, -1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		/* Exactly as long as the text: a read past its end is an ASan report. */
		char *copy = malloc(cases[i].len ? cases[i].len : 1);

		memcpy(copy, cases[i].in, cases[i].len);
		ft_buf_escaped(&b, copy, cases[i].len);
		free(copy);
		expect(&b, cases[i].want);
	}
	ft_buf_deinit(&b);
}

/* Every two-byte text: only printable ASCII and whole, harmless code points come through. */
static void escaped_all_pairs(void **state)
{
	struct ft_buf b;

	ft_buf_init(&b, -1);
	for (unsigned int v = 0; v < 65536; v++) {
		char in[2] = { (char)(v >> 8), (char)v };

		b.len = 0;
		ft_buf_escaped(&b, in, 2);
		for (size_t i = 0; i < b.len; i++) {
			unsigned char c = b.data[i];

			if (c >= 0xc2 && c <= 0xdf) { /* a pair that is one code point past C1 */
				assert_true(i + 1 < b.len);
				assert_true(c > 0xc2 || (unsigned char)b.data[i + 1] >= 0xa0);
				i++;
				continue;
			}
			assert_in_range(c, 0x20, 0x7e);
		}
	}
	ft_buf_deinit(&b);
}

/* What is written arrives in order, however it was cut into writes. */
static void through_a_file(void **state)
{
	FILE *f = tmpfile();
	struct ft_buf b;
	uint64_t n;

	ft_buf_init(&b, fileno(f));
	for (n = 0; n < 100000; n++) {
		ft_buf_u64(&b, n);
		ft_buf_char(&b, '\n');
	}
	assert_true(b.cap <= 2 * 64 * 1024);
	assert_int_equal(ft_buf_flush(&b), 0);
	ft_buf_deinit(&b);
	rewind(f);
	for (uint64_t i = 0, v; i < n; i++) {
		assert_int_equal(fscanf(f, "%" SCNu64 "\n", &v), 1);
		assert_int_equal(v, i);
	}
	fclose(f);
}

static void first_error_is_kept(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), pipes[2];
	struct ft_buf b;

	if (full < 0)
		skip();
	ft_buf_init(&b, full);
	ft_buf_str(&b, "lost");
	assert_int_equal(ft_buf_flush(&b), -ENOSPC);
	for (int i = 0; i < 100000; i++)
		ft_buf_str(&b, "discarded, and the memory stays small");
	assert_int_equal(ft_buf_flush(&b), -ENOSPC);
	assert_true(b.cap <= 2 * 64 * 1024);
	ft_buf_deinit(&b);
	close(full);

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(pipes), 0);
	close(pipes[0]);
	ft_buf_init(&b, pipes[1]);
	ft_buf_str(&b, "lost");
	assert_int_equal(ft_buf_flush(&b), -EPIPE);
	ft_buf_deinit(&b);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(hex),
		cmocka_unit_test(usecs),
		cmocka_unit_test(padding),
		cmocka_unit_test(formats),
		cmocka_unit_test(escaped),
		cmocka_unit_test(escaped_all_pairs),
		cmocka_unit_test(through_a_file),
		cmocka_unit_test(first_error_is_kept),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
