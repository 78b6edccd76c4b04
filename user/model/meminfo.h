/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One process's memory, added up by what it is for. */
#ifndef FT_MEMINFO_H
#define FT_MEMINFO_H

#include <stdbool.h>
#include <stdint.h>

#include "enrich/elfinfo.h"
#include "enrich/smaps.h"
#include "enrich/statm.h"
#include "model/vaddr.h"

/* X(id, name, JSON name, description) */
#define FT_MEM_KINDS(X)                                                                            \
	X(PROGRAM, "program", "program", "the program's own file")                                 \
	X(LIBRARIES, "libraries", "libraries", "files with code, and the dynamic linker")          \
	X(FILES, "files", "files", "other mapped files")                                           \
	X(HEAP, "heap", "heap", "grown by brk()")                                                  \
	X(STACK, "stack", "stack", "of the first thread")                                          \
	X(ANON, "anonymous", "anonymous",                                                          \
	  "private memory without a file: .bss, malloc, thread stacks")                            \
	X(SHMEM, "shared memory", "shmem", "shared memory, tmpfs, memfd")                          \
	X(HUGETLB, "hugetlb", "hugetlb", "pages of hugetlbfs")                                     \
	X(KERNEL, "vdso, vvar, vsyscall", "kernel", "provided by the kernel")

enum ft_mem_kind {
#define FT_X(id, ...) FT_MEM_##id,
	FT_MEM_KINDS(FT_X)
#undef FT_X
		FT_MEM_KIND_MAX
};

extern const char *const ft_mem_kind_names[FT_MEM_KIND_MAX];
extern const char *const ft_mem_kind_json[FT_MEM_KIND_MAX];

/* KB. What smaps does not say is UINT64_MAX in all of them (ft_smaps.only_maps). */
struct ft_mem_sum {
	uint64_t mappings, files; /* files: different ones */
	uint64_t size, rss, pss, swap, private_dirty, shared_dirty, thp;
	uint64_t hugetlb;  /* in RAM; neither in `rss` nor in `pss` */
	uint64_t reserved; /* of mappings that allow no access: what has no page, and gets none */
};

struct ft_mem {
	pid_t pid;
	struct ft_stat stat;
	struct ft_statm statm;
	struct ft_status status;
	uint64_t page_size;
	struct ft_vaddr_layout layout;
	struct ft_elfinfo elf;
	struct ft_smaps smaps;
	int smaps_err; /* -EACCES: the mappings are not ours to see; `sum` is empty then */
	struct ft_mem_sum sum[FT_MEM_KIND_MAX], all;
};

/*
 * Everything about `pid` below `root`. 0, also with `smaps_err`; -ESRCH: no such process; -errno
 * for what a process always has. Ends with ft_mem_deinit() in any case.
 */
int ft_mem_read(struct ft_mem *m, const char *root, pid_t pid);
void ft_mem_deinit(struct ft_mem *m);

/* What mapping `i` is for. */
enum ft_mem_kind ft_mem_kind_of(const struct ft_mem *m, size_t i);

/* Adds up m->smaps into `sum` and `all`. Part of ft_mem_read(). */
void ft_mem_add_up(struct ft_mem *m);

#endif
