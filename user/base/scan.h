/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A cursor over text of known length that need not end in a NUL: what the parsers of /proc share.
 * Each function moves `s` past what it took and says true, or says false; after a false the text is
 * refused, so where `s` stands then does not matter.
 */
#ifndef FT_SCAN_H
#define FT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ft_scan {
	const char *s, *end;
};

static inline bool ft_scan_char(struct ft_scan *c, char want)
{
	if (c->s >= c->end || *c->s != want)
		return false;
	c->s++;
	return true;
}

/* Blanks, none included. */
static inline void ft_scan_blanks(struct ft_scan *c)
{
	while (c->s < c->end && (*c->s == ' ' || *c->s == '\t'))
		c->s++;
}

static inline int ft_scan_digit(char ch, unsigned int base)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (base == 16 && ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	return -1;
}

/* Digits of base 10 or 16 (lower case, as the kernel prints); false with none or above `max`. */
static inline bool ft_scan_number(struct ft_scan *c, unsigned int base, uint64_t max, uint64_t *v)
{
	const char *begin = c->s;
	uint64_t n = 0;
	int d;

	for (; c->s < c->end && (d = ft_scan_digit(*c->s, base)) >= 0; c->s++) {
		if (n > (max - (unsigned int)d) / base)
			return false;
		n = n * base + (unsigned int)d;
	}
	*v = n;
	return c->s > begin;
}

static inline bool ft_scan_u64(struct ft_scan *c, uint64_t *v)
{
	return ft_scan_number(c, 10, UINT64_MAX, v);
}

/* The word `want` and nothing that could continue it is checked: the caller takes what follows. */
static inline bool ft_scan_word(struct ft_scan *c, const char *want)
{
	size_t n = strlen(want);

	if ((size_t)(c->end - c->s) < n || memcmp(c->s, want, n) != 0)
		return false;
	c->s += n;
	return true;
}

/* The next line without its newline into `line`; false at the end. The last may lack its newline.
 */
static inline bool ft_scan_line(struct ft_scan *c, struct ft_scan *line)
{
	const char *nl;

	if (c->s >= c->end)
		return false;
	nl = memchr(c->s, '\n', c->end - c->s);
	line->s = c->s;
	line->end = nl ? nl : c->end;
	c->s = nl ? nl + 1 : c->end;
	return true;
}

#endif
