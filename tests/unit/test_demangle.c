/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "enrich/demangle.h"

static void is(const char *name, const char *expected)
{
	char out[256];
	size_t n = ft_demangle(name, strlen(name), out, sizeof(out));

	assert_int_equal(n, strlen(expected));
	assert_string_equal(out, expected);
}

static void names(void **state)
{
	(void)state;
	is("_ZN4shop4Cart4fillEi", "shop::Cart::fill");
	is("_ZN4shop4Cart4fillEi.isra.0", "shop::Cart::fill");
	is("_Znwm", "operator new");
	is("_RNvC6_123foo3bar", "123foo::bar");
	is("_ZN3foo3bar17h05af221e174051e9E", "foo::bar");
}

static void not_mangled(void **state)
{
	static const char *const plain[] = { "",       "_",
					     "_Z",     "_R",
					     "main",   "_ZN",
					     "_start", "_Zebra_is_big",
					     "_RxQ",   "__libc_start_main",
					     "_ZZZZ" };
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		assert_int_equal(ft_demangle(plain[i], strlen(plain[i]), out, sizeof(out)), 0);
}

/* Not past `len`: names in symbol tables need not end there. */
static void bounded_input(void **state)
{
	char out[256];

	(void)state;
	assert_int_equal(ft_demangle("_ZN4shop4CartE more", 14, out, sizeof(out)), 10);
	assert_string_equal(out, "shop::Cart");
}

static void no_room(void **state)
{
	char out[17];

	(void)state;
	assert_int_equal(ft_demangle("_ZN4shop4Cart4fillEi", 20, out, 16), 0);
	assert_int_equal(ft_demangle("_ZN4shop4Cart4fillEi", 20, out, 17), 16);
}

/* Each level names the one before it twice: 2^40 letters, if anyone wrote them all. */
static void grows_without_end(void **state)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char name[1000], out[1024];
	size_t n = (size_t)snprintf(name, sizeof(name), "_Z1fP1A");

	(void)state;
	for (int i = 0; i < 36; i++)
		n += (size_t)snprintf(name + n, sizeof(name) - n, "1BIS%c_S%c_E", digits[i],
				      digits[i]);
	assert_true(ft_demangle(name, n, out, sizeof(out)) < sizeof(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(not_mangled),
		cmocka_unit_test(bounded_input),
		cmocka_unit_test(no_room),
		cmocka_unit_test(grows_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
