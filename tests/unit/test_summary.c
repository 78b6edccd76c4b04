/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The account as text: what is unknown is not 0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "view/view.h"

static char *text_of(bool no_causes)
{
	static struct ft_snapshot s;
	struct ft_summary sum;
	struct ft_buf b;
	char *text;

	s.total[FT_TYPE_INVALID][FT_CAUSE_UNMAPPED].count = 7;
	s.total[FT_TYPE_MINOR][FT_CAUSE_ZERO_FILL] = (struct ft_total) { 4, 8000 };
	ft_summary_make(&sum, &s, 1000000000, 11);
	sum.no_causes = no_causes;
	ft_buf_init(&b, -1);
	ft_view_summary(&b, &sum, false);
	text = strndup(b.data, b.len);
	ft_buf_deinit(&b);
	return text;
}

/* The end of an invalid fault is not seen: nothing is known of its latency. */
static void unknown_latency(void **state)
{
	char *text = text_of(true);

	assert_non_null(strstr(text, "\nminor            4        0.008      2.000\n"
				     "invalid          7            -          -\n"));
	free(text);
	text = text_of(false);
	assert_non_null(strstr(text, "\nminor   zero-fill           4        0.008      2.000\n"
				     "invalid unmapped            7            -          -\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_latency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
