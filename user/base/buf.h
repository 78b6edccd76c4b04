/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An output buffer on a file descriptor: what every view writes through. Appending never fails for
 * lack of room: a full buffer is written out. The first write error is kept (`err`) and everything
 * after it is discarded, so that a caller checks once per batch. No stdio: its lock and format
 * parser cost more than the rest of a line.
 *
 * With fd -1 the buffer only grows, and `data`/`len` are its content (for tests and composing).
 */
#ifndef FT_BUF_H
#define FT_BUF_H

#include <stddef.h>
#include <stdint.h>

struct ft_buf {
	char *data;
	size_t len, cap;
	int fd;
	int err;	  /* 0, or the -errno of the first write that failed */
	const char *name; /* of the file, for messages; NULL: none given */
};

/*
 * How much of a hurry the program is in, for every buffer: 0: none; 1: it was told to end; 2: it
 * shall not wait for a reader either. `fn` must be callable at any time. NULL: never in a hurry.
 */
void ft_buf_set_hurry(int (*fn)(void));

void ft_buf_init(struct ft_buf *b, int fd);
/* Frees the memory; does not flush, does not close the descriptor. */
void ft_buf_deinit(struct ft_buf *b);

/*
 * Writes everything out. 0, or the -errno kept in `err`: -EPIPE when the reader went away,
 * -ETIMEDOUT when it does not read and we are in too much of a hurry to wait for it.
 */
int ft_buf_flush(struct ft_buf *b);

/*
 * A place for `n` bytes at the end (n <= 64 KiB); the caller fills it and calls ft_buf_advance()
 * with what it used. NULL when memory is gone (then `err` is -ENOMEM).
 */
char *ft_buf_grow(struct ft_buf *b, size_t n);
static inline char *ft_buf_reserve(struct ft_buf *b, size_t n)
{
	return b->len + n <= b->cap ? b->data + b->len : ft_buf_grow(b, n);
}
static inline void ft_buf_advance(struct ft_buf *b, size_t n)
{
	b->len += n;
}

void ft_buf_mem(struct ft_buf *b, const char *s, size_t n);
void ft_buf_str(struct ft_buf *b, const char *s);
static inline void ft_buf_char(struct ft_buf *b, char c)
{
	char *p = ft_buf_reserve(b, 1);

	if (p) {
		*p = c;
		b->len++;
	}
}
void ft_buf_fmt(struct ft_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void ft_buf_u64(struct ft_buf *b, uint64_t v);
/* Right-aligned in `width` columns; a longer number takes what it needs. */
void ft_buf_u64_pad(struct ft_buf *b, uint64_t v, int width);
/* Lower-case hex without prefix, at least `digits` digits. */
void ft_buf_hex(struct ft_buf *b, uint64_t v, int digits);
/* Nanoseconds as microseconds with three decimals ("12.345"), right-aligned in `width`. */
void ft_buf_usecs(struct ft_buf *b, uint64_t ns, int width);
/* Spaces until the current line, begun at offset `line`, is `column` wide. */
void ft_buf_pad_to(struct ft_buf *b, size_t line, size_t column);

/*
 * Text from strangers (comm, path, symbol): control bytes and bytes that are not valid UTF-8 become
 * \xNN, a backslash becomes \\, so that the text is one line, reversible and cannot drive a
 * terminal. C1 controls (U+0080..U+009F) and the bidirectional controls are escaped too.
 */
void ft_buf_escaped(struct ft_buf *b, const char *s, size_t n);

#endif
