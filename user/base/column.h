/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Columns as data. One array of columns is the table's header and rows, the JSON object, the words
 * of --sort and their order: a column that exists in one exists in all.
 *
 *	static struct ft_cell get_majors(const void *row, const void *ctx)
 *	{
 *		return ft_cell_u64(((const struct proc *)row)->majors);
 *	}
 *	static const struct ft_column cols[] = {
 *		{ "majflt", "MAJFLT", 7, get_majors, NULL, "major faults" }, …
 *	};
 */
#ifndef FT_COLUMN_H
#define FT_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

enum ft_cell_kind {
	FT_CELL_NONE, /* unknown: "-", null; sorts last either way round */
	FT_CELL_U64,
	FT_CELL_DOUBLE,
	FT_CELL_HEX,
	FT_CELL_PAGES, /* text in the table's unit, JSON always in pages */
	FT_CELL_NSEC,  /* text in microseconds with three decimals, JSON in ns */
	FT_CELL_TEXT,  /* a stranger's: escaped */
};

struct ft_cell {
	enum ft_cell_kind kind;
	int decimals; /* of a double */
	union {
		uint64_t u;
		double d;
		struct {
			const char *s; /* borrowed from the row */
			size_t len;
		};
	};
};

static inline struct ft_cell ft_cell_none(void)
{
	return (struct ft_cell) { .kind = FT_CELL_NONE };
}

static inline struct ft_cell ft_cell_u64(uint64_t v)
{
	return (struct ft_cell) { .kind = FT_CELL_U64, .u = v };
}

static inline struct ft_cell ft_cell_hex(uint64_t v)
{
	return (struct ft_cell) { .kind = FT_CELL_HEX, .u = v };
}

static inline struct ft_cell ft_cell_pages(uint64_t v)
{
	return (struct ft_cell) { .kind = FT_CELL_PAGES, .u = v };
}

static inline struct ft_cell ft_cell_nsec(uint64_t v)
{
	return (struct ft_cell) { .kind = FT_CELL_NSEC, .u = v };
}

static inline struct ft_cell ft_cell_double(double v, int decimals)
{
	return (struct ft_cell) { .kind = FT_CELL_DOUBLE, .decimals = decimals, .d = v };
}

/* NULL is unknown. */
static inline struct ft_cell ft_cell_text(const char *s)
{
	if (!s)
		return ft_cell_none();
	return (struct ft_cell) { .kind = FT_CELL_TEXT, .s = s, .len = strlen(s) };
}

/* `ctx` is the table's. The text of a cell must live until the cell is written. */
typedef struct ft_cell (*ft_column_get_fn)(const void *row, const void *ctx);

struct ft_column {
	const char *name;   /* JSON key, and the word for --sort */
	const char *header; /* --sort takes it too, in any case */
	/*
	 * Least width. Negative: left-aligned, as in printf. 0: free, for the last column, which is
	 * never padded.
	 */
	int width;
	ft_column_get_fn get;
	/* Ascending order of two rows; NULL: by the cell, which is right nearly always. */
	int (*cmp)(const void *a, const void *b, const void *ctx);
	const char *help;
};

#define FT_COLUMNS_MAX 32

enum ft_unit { FT_UNIT_PAGES, FT_UNIT_KB, FT_UNIT_MB };

struct ft_table {
	const struct ft_column *cols;
	size_t n; /* at most FT_COLUMNS_MAX */
	const void *ctx;
	enum ft_unit unit; /* of FT_CELL_PAGES in text */
	uint64_t page_size;
	int width[FT_COLUMNS_MAX]; /* as now in use, positive; see ft_table_fit() */
};

#define FT_TABLE_INIT(t, array) ft_table_init((t), (array), sizeof(array) / sizeof(*(array)))

/* Widths as the columns declare them (at least their headers'), page size 4096, no context. */
void ft_table_init(struct ft_table *t, const struct ft_column *cols, size_t n);

/*
 * Widens columns to what `n` rows of `size` bytes need, for numbers without limit, for text up to
 * the width at which a line stays readable: text that is longer shifts its own line only.
 */
void ft_table_fit(struct ft_table *t, const void *rows, size_t n, size_t size);

/* One line each, with the newline. */
void ft_table_header(struct ft_buf *out, const struct ft_table *t);
void ft_table_row(struct ft_buf *out, const struct ft_table *t, const void *row);

/* The columns of a row as members of the object that is open in `j`. */
void ft_table_json(struct ft_json *j, const struct ft_table *t, const void *row);

/* By name or header; NULL when there is none. */
const struct ft_column *ft_column_find(const struct ft_table *t, const char *name);
/* "pid, comm, minflt", for the message about an unknown one. */
void ft_column_list(struct ft_buf *out, const struct ft_table *t);

/*
 * Sorts by a column; rows that are equal keep their order. What people look for comes first: the
 * largest number, the first text of the alphabet; `reverse` turns that round. 0 or -ENOMEM.
 */
int ft_table_sort(const struct ft_table *t, const struct ft_column *by, bool reverse, void *rows,
		  size_t n, size_t size);

/*
 * --sort's argument: a column, with "-" before it for the reverse. -ENOENT for an unknown one: the
 * caller says so with ft_column_list().
 */
int ft_table_parse_sort(const struct ft_table *t, const char *arg, const struct ft_column **by,
			bool *reverse);

/* One cell as text, right-aligned in `width` (left when negative). For views with own layouts. */
void ft_cell_write(struct ft_buf *out, const struct ft_table *t, const struct ft_cell *c,
		   int width);

#endif
