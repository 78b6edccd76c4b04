/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"

#define FLUSH_AT (64 * 1024)
#define LOOK_MS	 200 /* how long a reader that does not read keeps us from looking again */

static int (*hurry)(void);

void ft_buf_set_hurry(int (*fn)(void))
{
	hurry = fn;
}

void ft_buf_init(struct ft_buf *b, int fd)
{
	*b = (struct ft_buf) { .fd = fd };
}

void ft_buf_deinit(struct ft_buf *b)
{
	free(b->data);
	*b = (struct ft_buf) { .fd = -1 };
}

static int hurries(void)
{
	return hurry ? hurry() : 0;
}

/*
 * As write(). Once in a hurry it does not block: a pipe that is ready takes PIPE_BUF bytes, and one
 * whose reader does not read is given up when it has had its chance.
 */
static ssize_t write_some(int fd, const char *p, size_t n)
{
	struct pollfd out = { .fd = fd, .events = POLLOUT };

	if (!hurries())
		return write(fd, p, n);
	if (poll(&out, 1, LOOK_MS) > 0)
		return write(fd, p, n < PIPE_BUF ? n : PIPE_BUF);
	errno = hurries() > 1 ? ETIMEDOUT : EINTR;
	return -1;
}

int ft_buf_flush(struct ft_buf *b)
{
	size_t done = 0;

	if (b->fd < 0)
		return b->err;
	while (done < b->len && !b->err) {
		ssize_t n = write_some(b->fd, b->data + done, b->len - done);

		if (n >= 0)
			done += n;
		else if (errno == EAGAIN)
			poll(&(struct pollfd) { .fd = b->fd, .events = POLLOUT }, 1, LOOK_MS);
		else if (errno != EINTR)
			b->err = -errno;
	}
	b->len = 0;
	return b->err;
}

char *ft_buf_grow(struct ft_buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 512;
	char *p;

	if (b->fd >= 0 && b->len + n > FLUSH_AT)
		ft_buf_flush(b);
	while (cap < b->len + n)
		cap *= 2;
	if (cap == b->cap)
		return b->data + b->len;
	p = realloc(b->data, cap);
	if (!p) {
		b->err = -ENOMEM;
		return NULL;
	}
	b->data = p;
	b->cap = cap;
	return p + b->len;
}

void ft_buf_mem(struct ft_buf *b, const char *s, size_t n)
{
	while (n) {
		size_t part = n < FLUSH_AT ? n : FLUSH_AT;
		char *p = ft_buf_reserve(b, part);

		if (!p)
			return;
		memcpy(p, s, part);
		b->len += part;
		s += part;
		n -= part;
	}
}

void ft_buf_str(struct ft_buf *b, const char *s)
{
	ft_buf_mem(b, s, strlen(s));
}

void ft_buf_fmt(struct ft_buf *b, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	p = ft_buf_reserve(b, (size_t)n + 1);
	if (!p)
		return;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += n;
}

/* The decimal digits of `v` at the end of `end`; returns where they begin. */
static char *digits_before(char *end, uint64_t v)
{
	do {
		*--end = '0' + v % 10;
		v /= 10;
	} while (v);
	return end;
}

void ft_buf_u64_pad(struct ft_buf *b, uint64_t v, int width)
{
	char tmp[20], *p = digits_before(tmp + sizeof(tmp), v);
	size_t n = tmp + sizeof(tmp) - p;
	size_t pad = (size_t)width > n ? (size_t)width - n : 0;
	char *out = ft_buf_reserve(b, pad + n);

	if (!out)
		return;
	memset(out, ' ', pad);
	memcpy(out + pad, p, n);
	b->len += pad + n;
}

void ft_buf_u64(struct ft_buf *b, uint64_t v)
{
	ft_buf_u64_pad(b, v, 0);
}

void ft_buf_hex(struct ft_buf *b, uint64_t v, int digits)
{
	static const char hex[] = "0123456789abcdef";
	int n = v ? (67 - __builtin_clzll(v)) / 4 : 1;
	char *out;

	if (n < digits)
		n = digits;
	out = ft_buf_reserve(b, n);
	if (!out)
		return;
	for (int i = n - 1; i >= 0; i--, v >>= 4)
		out[i] = hex[v & 15];
	b->len += n;
}

void ft_buf_usecs(struct ft_buf *b, uint64_t ns, int width)
{
	unsigned int frac = ns % 1000;
	char *out;

	ft_buf_u64_pad(b, ns / 1000, width > 4 ? width - 4 : 0);
	out = ft_buf_reserve(b, 4);
	if (!out)
		return;
	out[0] = '.';
	out[1] = '0' + frac / 100;
	out[2] = '0' + frac / 10 % 10;
	out[3] = '0' + frac % 10;
	b->len += 4;
}

void ft_buf_pad_to(struct ft_buf *b, size_t line, size_t column)
{
	size_t have = b->len - line;
	char *out;

	if (have >= column)
		return;
	out = ft_buf_reserve(b, column - have);
	if (!out)
		return;
	memset(out, ' ', column - have);
	b->len += column - have;
}

void ft_buf_escaped(struct ft_buf *b, const char *s, size_t n)
{
	size_t plain = 0;

	for (size_t i = 0; i < n;) {
		uint32_t cp;
		int len = ft_utf8_decode(s + i, n - i, &cp);

		if (len > 0 && cp != '\\' && !ft_utf8_is_control(cp)) {
			i += len;
			continue;
		}
		ft_buf_mem(b, s + plain, i - plain);
		if (len == 1 && cp == '\\') {
			ft_buf_str(b, "\\\\");
		} else {
			for (int k = 0; k < (len > 0 ? len : 1); k++) {
				ft_buf_str(b, "\\x");
				ft_buf_hex(b, (unsigned char)s[i + k], 2);
			}
		}
		i += len > 0 ? len : 1;
		plain = i;
	}
	ft_buf_mem(b, s + plain, n - plain);
}
