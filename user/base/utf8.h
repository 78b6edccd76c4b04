/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Strict UTF-8 decoding, and which code points must not reach a terminal. */
#ifndef FT_UTF8_H
#define FT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes one code point from `s` (`n` > 0 bytes). Returns its length, 1 to 4, or 0 when the bytes
 * are not well-formed UTF-8 (overlong forms, surrogates and values past U+10FFFF are not).
 * Source: Unicode 15, table 3-7.
 */
static inline int ft_utf8_decode(const char *s, size_t n, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = s[0];
	uint32_t v;
	int len;

	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		len = 2;
		v = c & 0x1f;
	} else if ((c & 0xf0) == 0xe0) {
		len = 3;
		v = c & 0x0f;
	} else if (c >= 0xf0 && c <= 0xf4) {
		len = 4;
		v = c & 0x07;
	} else {
		return 0;
	}
	if ((size_t)len > n)
		return 0;
	for (int i = 1; i < len; i++) {
		unsigned char t = s[i];

		if ((t & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (t & 0x3f);
	}
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*cp = v;
	return len;
}

/* C0, DEL, C1, line and paragraph separators, and the bidirectional controls (CVE-2021-42574). */
static inline bool ft_utf8_is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0x2028 || cp == 0x2029 ||
	       cp == 0x200e || cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

#endif
