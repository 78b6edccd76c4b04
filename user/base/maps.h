/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * /proc/PID/maps as a sorted table. Format: show_map_vma() in fs/proc/task_mmu.c. The kernel
 * promises that addresses never go backwards and no two lines overlap
 * (Documentation/filesystems/proc.rst): a text that breaks this is not a maps file and is refused,
 * so a search may rely on it.
 */
#ifndef FT_MAPS_H
#define FT_MAPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum ft_map_perm {
	FT_MAP_R = 1,
	FT_MAP_W = 2,
	FT_MAP_X = 4,
	FT_MAP_SHARED = 8, /* MAP_SHARED; clear: private */
};

struct ft_map {
	uint64_t start, end; /* end is the first byte after it */
	uint64_t offset;     /* in the file, bytes */
	uint64_t ino;	     /* 0: no file */
	uint32_t major, minor;
	uint8_t perms; /* ft_map_perm */
	/*
	 * What the kernel prints last: a path ("/x (deleted)" included), "[heap]", "[anon:name]",
	 * "" for plain anonymous memory. A stranger wrote it: escape before showing. Its newlines,
	 * which the kernel writes as \012, are real again. Points into the table's text.
	 */
	const char *path;
};

struct ft_maps {
	struct ft_map *v; /* ascending, not overlapping */
	size_t n;
	char *text;
};

/*
 * Reads `len` bytes of `text`, which must be malloc'd: the table owns it from here, also when the
 * result is an error. 0; -EINVAL when any line is not a line of maps (then `out` is empty);
 * -ENOMEM. An empty text is an empty table: kernel threads and zombies have one.
 */
int ft_maps_parse(char *text, size_t len, struct ft_maps *out);
/*
 * The kernel gives maps and smaps in pieces, and mappings that merge between two of them are there
 * twice, overlapping (m_next(), fs/proc/task_mmu.c): then the file is read again, this many times.
 */
#define FT_MAPS_LOOKS 5
/* /proc/PID/maps below `root` ("" is this machine; pid 0 is this process). -ESRCH, -EACCES. */
int ft_maps_read(const char *root, pid_t pid, struct ft_maps *out);
void ft_maps_deinit(struct ft_maps *m);

/*
 * The first line of maps (or of one mapping in smaps), `line` to `end` without its newline, NUL
 * written at `*end`. The path points into it. 0 or -EINVAL.
 */
int ft_map_parse_line(char *line, char *end, struct ft_map *out);

/* The mapping that holds `addr`, or NULL. */
const struct ft_map *ft_maps_find(const struct ft_maps *m, uint64_t addr);
/* Index of the first mapping that ends above `addr`; `n` when there is none. */
size_t ft_maps_after(const struct ft_maps *m, uint64_t addr);

/*
 * What it is, by what the kernel prints for it: "file", "heap", "stack", "anon" (private memory of
 * /dev/zero, too), "shmem" (tmpfs, memfd, System V and shared anonymous memory), "hugetlb", "vdso",
 * "vvar", "vsyscall", or "special" for the other bracketed ones ("[uprobes]").
 */
const char *ft_map_kind(const struct ft_map *m);

/* "rw-p" into `out`. */
void ft_map_perms(uint8_t perms, char out[5]);

#endif
