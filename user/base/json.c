/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

void ft_json_begin(struct ft_json *j, const char *key, size_t n)
{
	char *p = ft_buf_reserve(j->out, n + 4);

	if (!p)
		return;
	if (j->comma)
		*p++ = ',';
	if (key) {
		*p++ = '"';
		memcpy(p, key, n);
		p += n;
		*p++ = '"';
		*p++ = ':';
	}
	j->out->len = p - j->out->data;
	j->comma = true;
}

void ft_json_open(struct ft_json *j, const char *key, char bracket)
{
	ft_json_key(j, key);
	ft_buf_char(j->out, bracket);
	j->comma = false;
}

void ft_json_close(struct ft_json *j, char bracket)
{
	ft_buf_char(j->out, bracket);
	j->comma = true;
}

void ft_json_end_line(struct ft_json *j)
{
	ft_buf_char(j->out, '\n');
	j->comma = false;
}

void ft_json_i64(struct ft_json *j, const char *key, int64_t v)
{
	ft_json_key(j, key);
	if (v < 0)
		ft_buf_char(j->out, '-');
	ft_buf_u64(j->out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void ft_json_double(struct ft_json *j, const char *key, double v, int decimals)
{
	if (!isfinite(v)) {
		ft_json_null(j, key);
		return;
	}
	ft_json_key(j, key);
	ft_buf_fmt(j->out, "%.*f", decimals, v);
}

void ft_json_hex_value(struct ft_json *j, uint64_t v)
{
	ft_buf_mem(j->out, "\"0x", 3);
	ft_buf_hex(j->out, v, 1);
	ft_buf_char(j->out, '"');
}

void ft_json_bool(struct ft_json *j, const char *key, bool v)
{
	ft_json_key(j, key);
	ft_buf_str(j->out, v ? "true" : "false");
}

static void escape_byte(struct ft_buf *b, unsigned char c)
{
	switch (c) {
	case '"':
		ft_buf_mem(b, "\\\"", 2);
		break;
	case '\\':
		ft_buf_mem(b, "\\\\", 2);
		break;
	case '\n':
		ft_buf_mem(b, "\\n", 2);
		break;
	case '\t':
		ft_buf_mem(b, "\\t", 2);
		break;
	default:
		ft_buf_mem(b, "\\u00", 4);
		ft_buf_hex(b, c, 2);
	}
}

/* Whether a byte stands for itself within a string: printable ASCII but quote and backslash. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Of the next bytes, how many are plain: eight at a time. */
static size_t plain_run(const char *s, size_t n)
{
	const uint64_t ones = 0x0101010101010101ULL, highs = 0x8080808080808080ULL;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t v, odd;

		memcpy(&v, s + i, 8);
		/* A byte above 0x7e, below 0x20, or that xor makes 0, leaves its high bit set. */
		odd = v | (v + ones) | (v - ones * 0x20) | ((v ^ ones * '"') - ones) |
		      ((v ^ ones * '\\') - ones);
		if (odd & highs)
			break;
	}
	while (i < n && is_plain((unsigned char)s[i]))
		i++;
	return i;
}

void ft_json_string_value(struct ft_json *j, const char *s, size_t n)
{
	struct ft_buf *b = j->out;
	size_t plain = 0;

	ft_buf_char(b, '"');
	for (size_t i = 0; i < n;) {
		unsigned char c;
		uint32_t cp;
		int len = 1;

		i += plain_run(s + i, n - i);
		if (i == n)
			break;
		c = s[i];
		if (c >= 0x80) {
			len = ft_utf8_decode(s + i, n - i, &cp);
			if (len > 0 && !ft_utf8_is_control(cp)) {
				i += len;
				continue;
			}
		}
		ft_buf_mem(b, s + plain, i - plain);
		if (len > 1) {
			ft_buf_mem(b, "\\u", 2);
			ft_buf_hex(b, cp, 4);
		} else {
			escape_byte(b, c);
			len = 1;
		}
		i += len;
		plain = i;
	}
	ft_buf_mem(b, s + plain, n - plain);
	ft_buf_char(b, '"');
}
