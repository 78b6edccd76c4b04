/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <cap-ng.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/exit.h"
#include "base/log.h"
#include "cmd/privilege.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF	    39
#endif

static const struct {
	int cap;
	const char *name, *what;
	bool needed;
} caps[] = {
	{ CAP_BPF, "CAP_BPF", "programs and maps", true },
	{ CAP_PERFMON, "CAP_PERFMON", "tracing programs, software events", true },
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "mappings of other users' processes", true },
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "page frames and places in swap, for 'explain'", false },
};

/* After the start: maps and iterators, other processes' files. */
static const int kept[] = { CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_KILL };

static bool have(int cap)
{
	/* CAP_SYS_ADMIN stands in for the two that were split from it in 5.8. */
	return capng_have_capability(CAPNG_EFFECTIVE, (unsigned int)cap) ||
	       (cap >= CAP_PERFMON && capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN));
}

size_t ft_privilege_list(struct ft_privilege out[FT_PRIVILEGE_MAX])
{
	size_t n = sizeof(caps) / sizeof(*caps);

	_Static_assert(sizeof(caps) / sizeof(*caps) <= FT_PRIVILEGE_MAX, "room");
	capng_get_caps_process();
	for (size_t i = 0; i < n; i++)
		out[i] = (struct ft_privilege) { .name = caps[i].name,
						 .what = caps[i].what,
						 .have = have(caps[i].cap),
						 .needed = caps[i].needed };
	return n;
}

int ft_privilege_check(void)
{
	struct ft_buf missing;
	int err = 0;

	capng_get_caps_process();
	ft_buf_init(&missing, -1);
	for (size_t i = 0; i < sizeof(caps) / sizeof(*caps); i++)
		if (caps[i].needed && !have(caps[i].cap))
			ft_buf_fmt(&missing, "%s%s", missing.len ? " " : "", caps[i].name);
	if (missing.len) {
		ft_err("not permitted: %.*s missing; run as root (sudo faulttrace ...), or grant "
		       "it with 'setcap cap_bpf,cap_perfmon,cap_sys_ptrace+ep' on the program",
		       (int)missing.len, missing.data);
		err = FT_EXIT_PRIVILEGE;
	}
	ft_buf_deinit(&missing);
	return err;
}

void ft_privilege_drop(void)
{
	capng_get_caps_process();
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		bool keep = false;

		for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
			keep = keep || kept[i] == (int)cap;
		if (!keep)
			capng_update(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED, cap);
	}
	if (capng_apply(CAPNG_SELECT_CAPS))
		ft_info("capabilities that are no longer needed could not be dropped");
}
