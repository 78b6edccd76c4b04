/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The functions of one ELF file: read once with libdwfl, then kept as a compact sorted array. The
 * file is not held open and not mapped after that: a library that is overwritten while we trace
 * would otherwise be a SIGBUS here, and dwfl_module_addrinfo() walks every symbol on each call.
 */
#ifndef FT_SYMBOL_TABLE_H
#define FT_SYMBOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FT_BUILD_ID_MAX 64

struct ft_symtab_src {
	int fd;		    /* the file; or -1 and the image in memory (vdso) */
	const char *access; /* the path it was reached by; for .gnu_debuglink. NULL for an image */
	const char *path;   /* the path as its process sees it */
	void *image;	    /* has to stay until the load is done */
	size_t image_len;
	const char *debug_dir;	/* "/usr/lib/debug" */
	const char *debug_file; /* a debug file known to be this one's (debuginfod), or NULL */
	/*
	 * Nobody but root or ourselves can have written it. Of other files no .gnu_debugdata is
	 * unpacked: libdw would unpack it whatever its size, and xz packs 7000 to 1.
	 */
	bool trusted;
};

struct ft_symtab;

/*
 * 0; -ENOEXEC when it is no ELF program or library (or too odd to trust); -ENOMEM. A file without
 * symbols is a table without symbols.
 */
int ft_symtab_load(const struct ft_symtab_src *src, struct ft_symtab **out);
void ft_symtab_destroy(struct ft_symtab *t);

/*
 * Executable bytes of the file to the address the link editor gave them, by the program headers.
 * False when the offset belongs to no executable segment.
 */
bool ft_symtab_vaddr(const struct ft_symtab *t, uint64_t file_offset, uint64_t *vaddr);

/*
 * The innermost function that holds `vaddr`, and where it starts; or NULL. Not NUL-terminated where
 * a version follows: `len` is its length. Valid as long as the table.
 */
const char *ft_symtab_find(const struct ft_symtab *t, uint64_t vaddr, uint64_t *start, size_t *len);

/* Memory it takes. */
size_t ft_symtab_bytes(const struct ft_symtab *t);
size_t ft_symtab_count(const struct ft_symtab *t);

/*
 * The build-id, when the file is stripped of its full symbol table and no debug file was found
 * here: what to ask a debuginfod server for. Length 0: nothing to ask.
 */
size_t ft_symtab_wants(const struct ft_symtab *t, const unsigned char **build_id);

#endif
