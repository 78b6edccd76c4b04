/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Any bytes as /proc/PID/stat, statm or status; the first byte chooses which. */
#include <stdlib.h>
#include <string.h>

#include "enrich/statm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Exactly as long as the text: a read past its end is seen. */
	char *text = malloc(size ? size : 1);
	struct ft_status status;
	struct ft_statm statm;
	struct ft_stat stat;

	memcpy(text, data, size);
	if (!size)
		goto out;
	switch (*data) {
	case 'm':
		ft_statm_parse(text + 1, size - 1, &statm);
		break;
	case 'u':
		ft_status_parse(text + 1, size - 1, &status);
		break;
	default:
		if (!ft_stat_parse(text, size, &stat) &&
		    (stat.pid < 0 || strlen(stat.comm) >= sizeof(stat.comm)))
			abort();
		break;
	}
out:
	free(text);
	return 0;
}
