/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Comparison with a file in tests/golden; FT_GOLDEN_UPDATE=1 writes the files anew. */
#ifndef FT_TEST_GOLDEN_H
#define FT_TEST_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* The terminator is added; `out` is emptied. 0 when they are alike. */
static inline int golden_differs(struct ft_buf *out, const char *name)
{
	char path[256], want[65536];
	size_t n = 0;
	FILE *f;
	int differs;

	snprintf(path, sizeof(path), "tests/golden/%s", name);
	if (getenv("FT_GOLDEN_UPDATE")) {
		f = fopen(path, "we");
		if (f) {
			fwrite(out->data, 1, out->len, f);
			fclose(f);
		}
	}
	f = fopen(path, "re");
	if (f) {
		n = fread(want, 1, sizeof(want), f);
		fclose(f);
	}
	differs = n != out->len || memcmp(want, out->data, n) != 0;
	if (differs)
		fprintf(stderr, "%s is not what came out:\n%.*s", path, (int)out->len, out->data);
	out->len = 0;
	return differs;
}

#endif
