/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A streaming JSON writer on a ft_buf: no tree, no allocation per value. The libraries of Debian 12
 * that are kept up (json-c, jansson) build a tree first, which costs several times the budget of
 * a streamed event; what reads JSON in the tests is jq.
 *
 * Values are appended in order; commas are placed by the writer. `key` is NULL inside an array.
 * Keys are literals of ours and are not escaped; strings are.
 */
#ifndef FT_JSON_H
#define FT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

struct ft_json {
	struct ft_buf *out;
	bool comma; /* the next value needs a comma before it */
};

static inline struct ft_json ft_json_on(struct ft_buf *out)
{
	return (struct ft_json) { .out = out };
}

/* The key, `n` bytes, and what stands around it. The calls below know the length of a literal. */
void ft_json_begin(struct ft_json *j, const char *key, size_t n);
static inline void ft_json_key(struct ft_json *j, const char *key)
{
	ft_json_begin(j, key, key ? strlen(key) : 0);
}

void ft_json_open(struct ft_json *j, const char *key, char bracket); /* '{' or '[' */
void ft_json_close(struct ft_json *j, char bracket);		     /* '}' or ']' */
/* Ends a line (JSON lines): a newline, and the writer is as new. */
void ft_json_end_line(struct ft_json *j);

static inline void ft_json_u64(struct ft_json *j, const char *key, uint64_t v)
{
	ft_json_key(j, key);
	ft_buf_u64(j->out, v);
}
void ft_json_i64(struct ft_json *j, const char *key, int64_t v);
/* `decimals` digits after the point; not a number and infinities become null. */
void ft_json_double(struct ft_json *j, const char *key, double v, int decimals);

void ft_json_hex_value(struct ft_json *j, uint64_t v);
/* "0x…": a u64 does not fit a JSON double. */
static inline void ft_json_hex(struct ft_json *j, const char *key, uint64_t v)
{
	ft_json_key(j, key);
	ft_json_hex_value(j, v);
}
void ft_json_bool(struct ft_json *j, const char *key, bool v);
static inline void ft_json_null(struct ft_json *j, const char *key)
{
	ft_json_key(j, key);
	ft_buf_mem(j->out, "null", 4);
}

/*
 * Several members that are null, as one copy: "\"a\":null,\"b\":null". For events, most of whose
 * members are unknown most of the time.
 */
static inline void ft_json_nulls(struct ft_json *j, const char *members)
{
	if (j->comma)
		ft_buf_char(j->out, ',');
	ft_buf_mem(j->out, members, strlen(members));
	j->comma = true;
}

void ft_json_string_value(struct ft_json *j, const char *s, size_t n);
/* Bytes that are not valid UTF-8 become \u00NN of their value. */
static inline void ft_json_strn(struct ft_json *j, const char *key, const char *s, size_t n)
{
	ft_json_key(j, key);
	ft_json_string_value(j, s, n);
}
/* NULL becomes null. */
static inline void ft_json_str(struct ft_json *j, const char *key, const char *s)
{
	if (s)
		ft_json_strn(j, key, s, strlen(s));
	else
		ft_json_null(j, key);
}

#endif
