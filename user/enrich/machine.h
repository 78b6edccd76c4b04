/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of this machine and its settings decides how a page fault goes. */
#ifndef FT_MACHINE_H
#define FT_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum ft_thp { FT_THP_NEVER, FT_THP_MADVISE, FT_THP_ALWAYS };

struct ft_machine {
	bool x86;
	int page_shift;
	/*
	 * x86: the kernel uses 5-level tables: the flag la57 in /proc/cpuinfo. "57 bits virtual"
	 * there is what the processor could do, and stays when the kernel was started without.
	 */
	bool la57;
	enum ft_thp thp;
	bool thp_zero_page; /* a first read may map the huge zero page */
	uint64_t thp_size;  /* bytes mapped by one huge page of a PMD */
	/*
	 * A first read gets a page of its own and not the kernel's one page of zeros: some vendors'
	 * kernels can be started so (pvm_no_zero_page). Of the kernel that runs, whatever `root`
	 * is.
	 */
	bool own_zeros;
	/*
	 * A write fault that makes a page of shared memory or of a shared file dirty is tried again
	 * and so counts as major, before 6.0: fault_dirty_shared_page(), mm/memory.c, until
	 * d92725256b4f. Of the kernel that runs.
	 */
	bool dirty_retries;
	/*
	 * /proc/kpageflags calls every anonymous page one of KSM, as of 6.12: stable_page_flags(),
	 * fs/proc/page.c, asks for any bit of PAGE_MAPPING_KSM, one of which says anonymous.
	 */
	bool ksm_unknown;
	bool numa_balancing;
	uint64_t mmap_min_addr; /* a stack does not grow below it */
};

/* Never fails: what cannot be read is as on a kernel without the feature. */
void ft_machine_read(const char *root, struct ft_machine *out);

#endif
