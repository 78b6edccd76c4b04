/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "collect/calibrate.h"
#include "collect/skel.h"

#define AREA	 (4UL << 20)
#define SECOND	 (3UL << 20) /* under another page table than the first page */
#define DENIED	 (1UL << 20)
#define MAX_RUNS 4096 /* of CAL_TRIES gigabytes each: 16 TB of physical addresses */

static int run(struct faulttrace_bpf *skel)
{
	int fd = bpf_program__fd(skel->progs.ft_calibrate);

	for (int i = 0; i < MAX_RUNS && !skel->bss->ft_phys_base; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts);
		int err = bpf_prog_test_run_opts(fd, &opts);

		if (err)
			return -errno;
	}
	return skel->bss->ft_phys_base ? 0 : -ENOENT;
}

int ft_calibrate_run(struct faulttrace_bpf *skel)
{
	const size_t at[2] = { 0, SECOND };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t word[2];
	char *area;
	int err;

	if (getrandom(word, sizeof(word), 0) != sizeof(word))
		return -errno;
	area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return -errno;
	madvise(area, AREA, MADV_NOHUGEPAGE);
	for (int i = 0; i < 2; i++) {
		memcpy(area + at[i], &word[i], sizeof(word[i]));
		skel->bss->ft_cal_addr[i] = (uintptr_t)(area + at[i]);
		skel->bss->ft_cal_word[i] = word[i];
	}
	area[DENIED] = 1;
	skel->bss->ft_cal_none = (uintptr_t)(area + DENIED);
	err = mprotect(area + DENIED, page, PROT_NONE) ? -errno : run(skel);
	munmap(area, AREA);
	return err;
}

int ft_calibrate_nonpresent(const struct faulttrace_bpf *skel)
{
	return skel->bss->ft_pte_none ? 0 : -EOPNOTSUPP;
}

int ft_calibrate_mapping(struct faulttrace_bpf *skel)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	/* Between two pages of other rights, so that it cannot be one with its neighbours. */
	char *area = mmap(NULL, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t start = (uintptr_t)area + page;
	int err;

	if (area == MAP_FAILED)
		return -errno;
	err = mprotect(area + page, 2 * page, PROT_READ) ? -errno : 0;
	skel->bss->ft_see_addr = start + page;
	if (!err && bpf_prog_test_run_opts(bpf_program__fd(skel->progs.ft_see_mapping), &opts))
		err = -errno;
	if (!err && (skel->bss->ft_see_start != start || skel->bss->ft_see_end != start + 2 * page))
		err = -ENOENT;
	munmap(area, 4 * page);
	return err;
}

int ft_calibrate_self(struct faulttrace_bpf *skel)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.ft_see_self), &opts))
		return -errno;
	return skel->bss->ft_pid_level ? -EXDEV : 0;
}
