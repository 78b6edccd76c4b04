/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "view/wrap.h"

#define COLUMNS 79

void ft_wrap(struct ft_buf *out, const char *bullet, const char *text, size_t len)
{
	const char *end = text + len;
	size_t indent = strlen(bullet), column = indent;

	ft_buf_str(out, bullet);
	while (text < end) {
		const char *blank = memchr(text, ' ', end - text);
		size_t n = (blank ? blank : end) - text;

		if (column > indent && column + 1 + n > COLUMNS) {
			ft_buf_char(out, '\n');
			for (size_t i = 0; i < indent; i++)
				ft_buf_char(out, ' ');
			column = indent;
		} else if (column > indent) {
			ft_buf_char(out, ' ');
			column++;
		}
		ft_buf_mem(out, text, n);
		column += n;
		text += n + (blank != NULL);
	}
	ft_buf_char(out, '\n');
}
