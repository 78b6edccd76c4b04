/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The files whose symbols are known, by identity. A file that changed is another file, with another
 * id, so that results found in the old content are never given for the new one.
 */
#ifndef FT_SYMBOL_STORE_H
#define FT_SYMBOL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "enrich/perfmap.h"
#include "enrich/symbol_file.h"
#include "enrich/symbol_table.h"

enum ft_symfile_kind { FT_SYMFILE_ELF, FT_SYMFILE_IMAGE, FT_SYMFILE_JIT };

struct ft_symfile {
	enum ft_symfile_kind kind;
	uint32_t id;		    /* from 1, never used again */
	struct ft_symfile *next;    /* of the same bucket */
	uint64_t kdev, kino;	    /* as the kernel gave them */
	struct ft_file_id stat;	    /* ELF: its content */
	char *access;		    /* ELF: the last path it was reached by */
	char *path;		    /* ELF: as its process sees it */
	struct ft_symtab *table;    /* NULL: not an ELF file, or dropped for room */
	bool no_table;		    /* it is not an ELF file: do not try again */
	char *debug_file;	    /* what debuginfod found for it */
	bool asked;		    /* debuginfod was asked for it, or had not to be */
	uint64_t used;		    /* the store's clock at its last use, for dropping tables */
	struct ft_perfmap *perfmap; /* JIT */
	uint64_t started;	    /* JIT: the process's start, since pids are used again */
};

#define FT_SYMFILE_BUCKETS 1024

struct ft_symstore {
	struct ft_symfile *buckets[FT_SYMFILE_BUCKETS];
	size_t n;
	uint32_t next_id;
	uint64_t clock;
	size_t bytes, max_bytes; /* of tables */
	uint64_t loads, evicted;
	const char *root, *debug_dir;
};

void ft_symstore_deinit(struct ft_symstore *s);

/* The ELF file that the kernel calls (kdev, kino) and that has the content `stat`, or NULL. */
struct ft_symfile *ft_symstore_find(struct ft_symstore *s, uint64_t kdev, uint64_t kino,
				    const struct ft_file_id *stat);
/* The file after `f` (NULL: the first) that was called so at any time, whatever its content. */
struct ft_symfile *ft_symstore_next(struct ft_symstore *s, uint64_t kdev, uint64_t kino,
				    struct ft_symfile *f);
/* Images and JIT code have no identity but a number of ours (`kino`; kdev is 0). */
struct ft_symfile *ft_symstore_find_other(struct ft_symstore *s, enum ft_symfile_kind kind,
					  uint64_t kino);
struct ft_symfile *ft_symstore_by_id(struct ft_symstore *s, uint64_t kdev, uint64_t kino,
				     uint32_t id);
/* One more; NULL when memory is gone. Only an ELF file has a `stat`. */
struct ft_symfile *ft_symstore_add(struct ft_symstore *s, enum ft_symfile_kind kind, uint64_t kdev,
				   uint64_t kino, const struct ft_file_id *stat);

/* Remembers how an ELF file was reached. -ENOMEM. */
int ft_symfile_reached(struct ft_symfile *f, const char *access, const char *path);

/*
 * Sees to it that an ELF file's table is there, reading the file where needed. `probe` is an O_PATH
 * descriptor of it, or -1: then it is opened where it was reached last, if it still is the same
 * content. 0; -ENOENT when it cannot be reached; -ENOEXEC when it is no ELF file; -ENOMEM.
 */
int ft_symstore_load(struct ft_symstore *s, struct ft_symfile *f, int probe);
/* The same from an image in memory. */
int ft_symstore_load_image(struct ft_symstore *s, struct ft_symfile *f, void *image, size_t len);
/* A new id: results that were found are not its any more. */
void ft_symstore_renew(struct ft_symstore *s, struct ft_symfile *f);
/*
 * Reads an ELF file once more, now with a debug file (malloc'd; the store's from here on). When it
 * cannot be reached any more, the table stays as it was. 0, or as ft_symstore_load().
 */
int ft_symstore_reload(struct ft_symstore *s, struct ft_symfile *f, char *debug_file);

#endif
