/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the program's file says about how it is loaded. */
#ifndef FT_ELFINFO_H
#define FT_ELFINFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum ft_linkage {
	FT_LINK_UNKNOWN, /* the file could not be read */
	FT_LINK_DYNAMIC, /* names an interpreter (PT_INTERP): it loads the libraries */
	FT_LINK_STATIC,	 /* at a fixed address, nothing to load */
	FT_LINK_STATIC_PIE,
};

struct ft_elfinfo {
	enum ft_linkage linkage;
	char path[4096];   /* as /proc/PID/exe says, "" when that cannot be read */
	char interp[1024]; /* "/lib64/ld-linux-x86-64.so.2" */
	bool is_32bit;
	uint64_t file_size;	      /* bytes on disk */
	uint64_t load_size, bss_size; /* bytes the segments ask for; of these not in the file */
};

/*
 * The program of a process (pid 0: this one). Always fills `out`; 0, or -errno when less than all
 * of it is known: -EACCES without the right to trace the process, -ENOEXEC for what is no ELF file.
 */
int ft_elfinfo_read(const char *root, pid_t pid, struct ft_elfinfo *out);

#endif
