/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

/* Written from RFC 3629, not from the decoder. */
static int encode(uint32_t cp, char *s)
{
	if (cp < 0x80) {
		s[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		s[0] = (char)(0xc0 | cp >> 6);
		s[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		s[0] = (char)(0xe0 | cp >> 12);
		s[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		s[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	s[0] = (char)(0xf0 | cp >> 18);
	s[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	s[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	s[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

static void every_code_point(void **state)
{
	for (uint32_t cp = 0; cp < 0x120000; cp++) {
		bool valid = cp <= 0x10ffff && !(cp >= 0xd800 && cp <= 0xdfff);
		char s[4];
		int len = encode(cp, s);
		uint32_t back = 0;
		int got = ft_utf8_decode(s, (size_t)len, &back);

		if (got != (valid ? len : 0) || (valid && back != cp))
			fail_msg("U+%04X: length %d, U+%04X", cp, got, back);
		for (int cut = 1; cut < len; cut++)
			if (ft_utf8_decode(s, (size_t)cut, &back))
				fail_msg("U+%04X is taken without its end", cp);
	}
}

/* Of all sequences of three bytes as many are accepted as there are code points of three bytes. */
static void no_other_sequence(void **state)
{
	unsigned int n = 0;

	for (uint32_t v = 0; v < 1 << 24; v++) {
		char s[3] = { (char)(v >> 16), (char)(v >> 8), (char)v };
		uint32_t cp;

		n += ft_utf8_decode(s, 3, &cp) == 3;
	}
	assert_int_equal(n, 0x10000 - 0x800 - 0x800);
}

static void controls(void **state)
{
	static const uint32_t yes[] = { 0,	0x1b,	0x1f,	0x7f,	0x80,
					0x9b,	0x9f,	0x200e, 0x200f, 0x2028,
					0x2029, 0x202a, 0x202e, 0x2066, 0x2069 };
	static const uint32_t no[] = { 0x20,   0x7e,   0xa0,   0x200d,	0x2027,
				       0x202f, 0x2065, 0x206a, 0x10ffff };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		assert_true(ft_utf8_is_control(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_false(ft_utf8_is_control(no[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point),
		cmocka_unit_test(no_other_sequence),
		cmocka_unit_test(controls),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
