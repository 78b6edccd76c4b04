/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>

#include "base/procfs.h"
#include "base/scan.h"
#include "enrich/psi.h"

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=31065" */
static bool parse_line(struct ft_scan *line, const char *word, uint64_t *total)
{
	if (!ft_scan_word(line, word) || !ft_scan_char(line, ' '))
		return false;
	while (line->s < line->end && !ft_scan_word(line, "total="))
		line->s++;
	return ft_scan_u64(line, total) && line->s == line->end;
}

int ft_psi_parse(const char *text, size_t len, struct ft_psi *out)
{
	struct ft_scan all = { text, text + len }, line;

	if (!ft_scan_line(&all, &line) || !parse_line(&line, "some", &out->some_us) ||
	    !ft_scan_line(&all, &line) || !parse_line(&line, "full", &out->full_us))
		return -EINVAL;
	return 0;
}

int ft_psi_read(const char *root, const char *path, struct ft_psi *out)
{
	char buf[512];
	ssize_t n = ft_proc_read(root, path, buf, sizeof(buf));

	return n < 0 ? (int)n : ft_psi_parse(buf, (size_t)n, out);
}
