/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From an instruction address to the function it lies in.
 *
 * A name is given only when it is known to be right: the file that is read was verified to be the
 * file that is mapped (see symbol_file.h), a label without a size is used only where the symbol
 * table is complete, and PLT stubs, which have no symbol of their own, stay nameless. Otherwise the
 * name is NULL.
 *
 * What was read stays: results and symbol tables survive the process and the file. An address asked
 * for before costs two hash lookups (one for the mapping, one for the offset), no system call, no
 * allocation. Which file a mapping is, is checked again every second at most, because inode numbers
 * are used again and files are rewritten in place: that second is the only time in which a file
 * that was rewritten under a mapping of the same process can still be taken for what it was.
 *
 * Names are as the symbol table has them, with the version ("@@GLIBC_2.34") cut off; mangled ones
 * of C++ and Rust stay so (`c++filt`). They come from strangers: escape them before showing.
 *
 * One thread at a time. Opening a file of another process may block as long as its file system
 * does; debuginfod servers are only ever asked by a thread of their own, whose answer is used from
 * the moment it is there.
 */
#ifndef FT_SYMBOL_H
#define FT_SYMBOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ft_symbols;

struct ft_symbols_config {
	const char *root;	  /* what holds proc/; "" or NULL: this machine */
	const char *debug_dir;	  /* separate debug files; NULL: /usr/lib/debug */
	uint64_t (*now_ns)(void); /* NULL: CLOCK_MONOTONIC_COARSE */
	size_t table_bytes;	  /* symbol tables kept; 0: 64 MiB. The newest always stays. */
};

struct ft_sym_query {
	pid_t pid; /* the process (tgid), as this pid namespace counts */
	uint64_t ip;
	/* As maps prints it: a path, " (deleted)" included, or "[vdso]"; NULL or "": anonymous. */
	const char *path;
	uint64_t dev;	      /* kernel's s_dev: major << 20 | minor. 0 with ino 0: unknown */
	uint64_t ino;	      /* of the mapped file */
	uint64_t file_offset; /* of ip in the file: ip - map_start + the mapping's offset */
	uint64_t map_start, map_end; /* the mapping that holds ip; end 0: unknown */
};

struct ft_sym {
	const char *name; /* NULL: unknown */
	uint64_t offset;  /* ip - start of the symbol; without a name: the query's file_offset */
	/* The query's path, "[kernel]", "[module]", "[JIT]" (perf map); NULL: anonymous memory. */
	const char *dso;
};

/* `config` may be NULL. NULL when memory is gone. Opens kallsyms: call before dropping privilege.
 */
struct ft_symbols *ft_symbols_create(const struct ft_symbols_config *config);
/* NULL is fine. Every string handed out ends here. */
void ft_symbols_destroy(struct ft_symbols *sy);

/*
 * Kernel addresses are asked of `fn` (ft_tracer_ksym() and its tracer), and only where it fails
 * looked up in kallsyms: faster, and without its table.
 */
typedef int (*ft_ksym_text_fn)(void *ctx, uint64_t ip, char *text, size_t size);
void ft_symbols_ask_kernel(struct ft_symbols *sy, ft_ksym_text_fn fn, void *ctx);

/* Always fills `out`. 0 when the name is known, -ENOENT when not, -ENOMEM. */
int ft_symbols_user(struct ft_symbols *sy, const struct ft_sym_query *q, struct ft_sym *out);

/* The same for a kernel address. dso is "[kernel]", or NULL when the address is in no known text.
 */
int ft_symbols_kernel(struct ft_symbols *sy, uint64_t ip, struct ft_sym *out);

struct ft_symbols_stats {
	uint64_t files;	       /* files read */
	uint64_t rejected;     /* mappings whose file could not be found or verified */
	uint64_t table_bytes;  /* held by symbol tables now */
	uint64_t evicted;      /* tables dropped for room; read again when needed */
	uint64_t string_bytes; /* names and paths handed out */
};

void ft_symbols_stats(const struct ft_symbols *sy, struct ft_symbols_stats *out);

#endif
