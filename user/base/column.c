/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/column.h"

#define TEXT_WIDTH_MAX 24

void ft_table_init(struct ft_table *t, const struct ft_column *cols, size_t n)
{
	*t = (struct ft_table) { .cols = cols, .n = n, .page_size = 4096 };
	for (size_t i = 0; i < n; i++) {
		int header = strlen(cols[i].header);
		int width = abs(cols[i].width);

		t->width[i] = width && width < header ? header : width;
	}
}

static double pages_in_unit(const struct ft_table *t, uint64_t pages)
{
	double bytes = (double)pages * (double)t->page_size;

	return t->unit == FT_UNIT_MB ? bytes / (1 << 20) : bytes / (1 << 10);
}

/*
 * A number's text into `buf`; its length. Cells are bounded: a u64 has 20 digits, a double here is
 * a rate or a size.
 */
static size_t number_text(const struct ft_table *t, const struct ft_cell *c, char *buf, size_t size)
{
	int n;

	switch (c->kind) {
	case FT_CELL_U64:
		n = snprintf(buf, size, "%llu", (unsigned long long)c->u);
		break;
	case FT_CELL_HEX:
		n = snprintf(buf, size, "%llx", (unsigned long long)c->u);
		break;
	case FT_CELL_NSEC:
		n = snprintf(buf, size, "%llu.%03u", (unsigned long long)(c->u / 1000),
			     (unsigned int)(c->u % 1000));
		break;
	case FT_CELL_DOUBLE:
		n = snprintf(buf, size, "%.*f", c->decimals, c->d);
		break;
	case FT_CELL_PAGES:
		if (t->unit == FT_UNIT_PAGES)
			n = snprintf(buf, size, "%llu", (unsigned long long)c->u);
		else
			n = snprintf(buf, size, "%.*f", t->unit == FT_UNIT_MB ? 2 : 0,
				     pages_in_unit(t, c->u));
		break;
	default:
		n = snprintf(buf, size, "-");
		break;
	}
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

static void spaces(struct ft_buf *out, size_t n)
{
	char *p = ft_buf_reserve(out, n);

	if (!p)
		return;
	memset(p, ' ', n);
	ft_buf_advance(out, n);
}

/* Escaped text in a side buffer: `out` may be flushed between two appends. */
static void write_text(struct ft_buf *out, const struct ft_cell *c, int width)
{
	size_t want = abs(width);
	struct ft_buf esc;

	ft_buf_init(&esc, -1);
	ft_buf_escaped(&esc, c->s, c->len);
	if (width > 0 && esc.len < want)
		spaces(out, want - esc.len);
	if (esc.len)
		ft_buf_mem(out, esc.data, esc.len);
	if (width < 0 && esc.len < want)
		spaces(out, want - esc.len);
	if (esc.err)
		out->err = esc.err;
	ft_buf_deinit(&esc);
}

void ft_cell_write(struct ft_buf *out, const struct ft_table *t, const struct ft_cell *c, int width)
{
	size_t want = abs(width), len;
	char num[352]; /* the longest: DBL_MAX with all its digits */

	if (c->kind == FT_CELL_TEXT) {
		write_text(out, c, width);
		return;
	}
	/* Counts are most of a table, and snprintf most of its cost. */
	if (width > 0 &&
	    (c->kind == FT_CELL_U64 || (c->kind == FT_CELL_PAGES && t->unit == FT_UNIT_PAGES))) {
		ft_buf_u64_pad(out, c->u, width);
		return;
	}
	len = number_text(t, c, num, sizeof(num));
	if (width > 0 && len < want)
		spaces(out, want - len);
	ft_buf_mem(out, num, len);
	if (width < 0 && len < want)
		spaces(out, want - len);
}

static size_t digits(uint64_t v)
{
	size_t n = 1;

	while (v >= 10) {
		v /= 10;
		n++;
	}
	return n;
}

/* As it will be written: escaped. Names are plain nearly always. */
static size_t text_width(const struct ft_cell *c)
{
	struct ft_buf esc;
	size_t n = 0;

	while (n < c->len && c->s[n] >= ' ' && c->s[n] < 0x7f && c->s[n] != '\\')
		n++;
	if (n == c->len)
		return n;
	ft_buf_init(&esc, -1);
	ft_buf_escaped(&esc, c->s, c->len);
	n = esc.len;
	ft_buf_deinit(&esc);
	return n;
}

static size_t cell_width(const struct ft_table *t, const struct ft_cell *c)
{
	char num[352];
	size_t n;

	if (c->kind == FT_CELL_TEXT) {
		n = text_width(c);
		return n < TEXT_WIDTH_MAX ? n : TEXT_WIDTH_MAX;
	}
	if (c->kind == FT_CELL_U64 || (c->kind == FT_CELL_PAGES && t->unit == FT_UNIT_PAGES))
		return digits(c->u);
	return number_text(t, c, num, sizeof(num));
}

void ft_table_fit(struct ft_table *t, const void *rows, size_t n, size_t size)
{
	for (size_t r = 0; r < n; r++) {
		const void *row = (const char *)rows + r * size;

		for (size_t i = 0; i < t->n; i++) {
			struct ft_cell c = t->cols[i].get(row, t->ctx);
			int width = cell_width(t, &c);

			if (t->cols[i].width && t->width[i] < width)
				t->width[i] = width;
		}
	}
}

/* The width of column `i` with its sign, 0 for one that is not padded. */
static int signed_width(const struct ft_table *t, size_t i)
{
	bool left = t->cols[i].width < 0;

	/* Nothing follows the last column: no blanks at the end of a line. */
	if (!t->cols[i].width || (left && i + 1 == t->n))
		return 0;
	return left ? -t->width[i] : t->width[i];
}

void ft_table_header(struct ft_buf *out, const struct ft_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct ft_cell c = ft_cell_text(t->cols[i].header);

		if (i)
			ft_buf_char(out, ' ');
		ft_cell_write(out, t, &c, signed_width(t, i));
	}
	ft_buf_char(out, '\n');
}

void ft_table_row(struct ft_buf *out, const struct ft_table *t, const void *row)
{
	for (size_t i = 0; i < t->n; i++) {
		struct ft_cell c = t->cols[i].get(row, t->ctx);

		/* No blank at the end of a line either. */
		if (i + 1 == t->n && c.kind == FT_CELL_TEXT && !c.len)
			break;
		if (i)
			ft_buf_char(out, ' ');
		ft_cell_write(out, t, &c, signed_width(t, i));
	}
	ft_buf_char(out, '\n');
}

void ft_table_json(struct ft_json *j, const struct ft_table *t, const void *row)
{
	for (size_t i = 0; i < t->n; i++) {
		const char *key = t->cols[i].name;
		struct ft_cell c = t->cols[i].get(row, t->ctx);

		switch (c.kind) {
		case FT_CELL_NONE:
			ft_json_null(j, key);
			break;
		case FT_CELL_U64:
		case FT_CELL_PAGES:
		case FT_CELL_NSEC:
			ft_json_u64(j, key, c.u);
			break;
		case FT_CELL_HEX:
			ft_json_hex(j, key, c.u);
			break;
		case FT_CELL_DOUBLE:
			ft_json_double(j, key, c.d, c.decimals);
			break;
		case FT_CELL_TEXT:
			ft_json_strn(j, key, c.s, c.len);
			break;
		}
	}
}

const struct ft_column *ft_column_find(const struct ft_table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->cols[i].name, name) || !strcasecmp(t->cols[i].header, name))
			return &t->cols[i];
	return NULL;
}

void ft_column_list(struct ft_buf *out, const struct ft_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (i)
			ft_buf_str(out, ", ");
		ft_buf_str(out, t->cols[i].name);
	}
}

int ft_table_parse_sort(const struct ft_table *t, const char *arg, const struct ft_column **by,
			bool *reverse)
{
	bool rev = *arg == '-';
	const struct ft_column *col = ft_column_find(t, arg + rev);

	if (!col)
		return -ENOENT;
	*by = col;
	*reverse = rev;
	return 0;
}

static double cell_value(const struct ft_cell *c)
{
	return c->kind == FT_CELL_DOUBLE ? c->d : (double)c->u;
}

static int cmp_text(const struct ft_cell *a, const struct ft_cell *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int d = n ? memcmp(a->s, b->s, n) : 0;

	return d ? d : (a->len > b->len) - (a->len < b->len);
}

/* Numbers from the largest, text from the first. */
static int cmp_cells(const struct ft_cell *a, const struct ft_cell *b)
{
	if (a->kind == FT_CELL_TEXT && b->kind == FT_CELL_TEXT)
		return cmp_text(a, b);
	if (a->kind == FT_CELL_DOUBLE || b->kind == FT_CELL_DOUBLE)
		return (cell_value(a) < cell_value(b)) - (cell_value(a) > cell_value(b));
	return (a->u < b->u) - (a->u > b->u);
}

struct sort_key {
	struct ft_cell cell;
	const char *row;
	size_t at; /* place before the sort: keeps it stable */
};

struct sort_ctx {
	const struct ft_column *by;
	const void *ctx;
	bool reverse;
};

static int cmp_keys(const void *pa, const void *pb, void *arg)
{
	const struct sort_key *a = pa, *b = pb;
	const struct sort_ctx *s = arg;
	bool none_a = a->cell.kind == FT_CELL_NONE, none_b = b->cell.kind == FT_CELL_NONE;
	int d = none_a - none_b;

	if (!d && !none_a) {
		d = s->by->cmp ? s->by->cmp(a->row, b->row, s->ctx) : cmp_cells(&a->cell, &b->cell);
		if (s->reverse)
			d = -d;
	}
	return d ? d : (a->at > b->at) - (a->at < b->at);
}

int ft_table_sort(const struct ft_table *t, const struct ft_column *by, bool reverse, void *rows,
		  size_t n, size_t size)
{
	struct sort_ctx ctx = { .by = by, .ctx = t->ctx, .reverse = reverse };
	struct sort_key *keys = reallocarray(NULL, n ? n : 1, sizeof(*keys));
	char *sorted = reallocarray(NULL, n ? n : 1, size);
	int err = keys && sorted ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < n; i++) {
		const char *row = (const char *)rows + i * size;

		keys[i] = (struct sort_key) { .cell = by->get(row, t->ctx), .row = row, .at = i };
	}
	if (!err) {
		qsort_r(keys, n, sizeof(*keys), cmp_keys, &ctx);
		for (size_t i = 0; i < n; i++)
			memcpy(sorted + i * size, keys[i].row, size);
		if (n)
			memcpy(rows, sorted, n * size);
	}
	free(keys);
	free(sorted);
	return err;
}
