/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "enrich/demangle.h"
#include "enrich/kallsyms.h"
#include "enrich/symbol.h"
#include "enrich/symbol_cache.h"
#include "enrich/symbol_debuginfod.h"
#include "enrich/symbol_file.h"
#include "enrich/symbol_image.h"
#include "enrich/symbol_intern.h"
#include "enrich/symbol_store.h"

#define TABLE_BYTES  (64UL << 20)
#define STRING_BYTES (64UL << 20)
/* Files known at a time. A machine that runs more than this in one trace starts over. */
#define DEMANGLED_MAX 1024
#define FILES_MAX     16384

#define FILE_FRESH_NS 1000000000ULL
/* Compilers add code all the time: an address that has no name yet may have one soon. */
#define JIT_FRESH_NS 100000000ULL

/* In place of a file's id. */
#define KERNEL_ID     UINT32_MAX
#define KERNEL_DSO_ID (UINT32_MAX - 1)

struct ft_symbols {
	struct ft_symstore store;
	struct ft_sym_hits hits;
	struct ft_sym_seens seens;
	struct ft_intern strings;
	struct ft_kallsyms *kallsyms;
	ft_ksym_text_fn ask; /* NULL: no one to ask */
	void *ask_ctx;
	struct ft_debuginfod *debuginfod; /* NULL: not configured */
	uint64_t (*now_ns)(void);
	char *root, *debug_dir;
	uint64_t rejected;
};

static uint64_t coarse_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

struct ft_symbols *ft_symbols_create(const struct ft_symbols_config *config)
{
	static const struct ft_symbols_config defaults;
	const struct ft_symbols_config *c = config ? config : &defaults;
	struct ft_symbols *sy = calloc(1, sizeof(*sy));

	if (!sy)
		return NULL;
	ft_intern_init(&sy->strings, STRING_BYTES);
	sy->root = strdup(c->root ? c->root : "");
	sy->debug_dir = strdup(c->debug_dir ? c->debug_dir : "/usr/lib/debug");
	sy->kallsyms = ft_kallsyms_create(c->root);
	sy->debuginfod = ft_debuginfod_create();
	sy->now_ns = c->now_ns ? c->now_ns : coarse_now;
	sy->store.max_bytes = c->table_bytes ? c->table_bytes : TABLE_BYTES;
	sy->store.root = sy->root;
	sy->store.debug_dir = sy->debug_dir;
	if (!sy->root || !sy->debug_dir || !sy->kallsyms) {
		ft_symbols_destroy(sy);
		return NULL;
	}
	return sy;
}

void ft_symbols_destroy(struct ft_symbols *sy)
{
	if (!sy)
		return;
	ft_debuginfod_destroy(sy->debuginfod);
	ft_symstore_deinit(&sy->store);
	ft_sym_hits_deinit(&sy->hits);
	ft_sym_seens_deinit(&sy->seens);
	ft_intern_deinit(&sy->strings);
	ft_kallsyms_destroy(sy->kallsyms);
	free(sy->root);
	free(sy->debug_dir);
	free(sy);
}

/* Makes room for one more file. Ids are never used again, so nothing can point at a wrong one. */
static void bound_files(struct ft_symbols *sy)
{
	if (sy->store.n < FILES_MAX)
		return;
	ft_symstore_deinit(&sy->store);
	ft_sym_seens_deinit(&sy->seens);
}

static struct ft_symfile *known_file(struct ft_symbols *sy, const struct ft_sym_query *q,
				     const struct ft_file_id *id, const char *access)
{
	struct ft_symfile *f = ft_symstore_find(&sy->store, q->dev, q->ino, id);

	if (!f) {
		bound_files(sy);
		f = ft_symstore_add(&sy->store, FT_SYMFILE_ELF, q->dev, q->ino, id);
	}
	if (f && ft_symfile_reached(f, access, q->path))
		return NULL;
	return f;
}

/*
 * The process is gone and its path leads nowhere: a file that we know under this identity is still
 * the one if it is unchanged where another process showed it to us. As long as it exists its inode
 * number cannot have been another file's.
 */
static struct ft_symfile *same_elsewhere(struct ft_symbols *sy, const struct ft_sym_query *q)
{
	struct ft_symfile *f = NULL;

	if (!q->ino)
		return NULL;
	while ((f = ft_symstore_next(&sy->store, q->dev, q->ino, f))) {
		struct ft_file_id now;
		_cleanup_fd_ int probe = f->access ? ft_file_probe(f->access, &now) : -1;

		if (probe >= 0 && ft_file_id_equal(&now, &f->stat))
			return f;
	}
	return NULL;
}

static void ask_debuginfod(struct ft_symbols *sy, const struct ft_symfile *f)
{
	const struct ft_debuginfod_key key = { f->kdev, f->kino, f->id };
	const unsigned char *build_id;
	size_t len = f->table ? ft_symtab_wants(f->table, &build_id) : 0;

	if (len)
		ft_debuginfod_ask(sy->debuginfod, &key, build_id, len);
}

/* A debug file arrived: the file is read with it, and what was seen of the file is now its new id.
 */
static void take_debug_files(struct ft_symbols *sy)
{
	struct ft_debuginfod_key key;
	char *path;

	while (ft_debuginfod_take(sy->debuginfod, &key, &path)) {
		struct ft_symfile *f = ft_symstore_by_id(&sy->store, key.kdev, key.kino, key.id);

		if (!f)
			free(path);
		else if (!ft_symstore_reload(&sy->store, f, path))
			ft_sym_seens_rename(&sy->seens, key.id, f->id);
	}
}

static struct ft_symfile *find_elf(struct ft_symbols *sy, const struct ft_sym_query *q)
{
	char access[FT_FILE_ACCESS_MAX];
	struct ft_file_id id;
	_cleanup_fd_ int probe = ft_file_find(sy->root, q, &id, access);
	struct ft_symfile *f;

	if (probe < 0)
		return same_elsewhere(sy, q);
	f = known_file(sy, q, &id, access);
	/* Now, while it is open: the process may be gone when the first address is asked for. */
	if (f && !f->asked && !ft_symstore_load(&sy->store, f, probe)) {
		f->asked = true;
		ask_debuginfod(sy, f);
	}
	return f;
}

/*
 * Processes of our word size have our vdso. One below 4 GiB belongs to a 32-bit process: its image
 * is read from the first such process that still lives.
 */
static struct ft_symfile *find_vdso(struct ft_symbols *sy, const struct ft_sym_query *q)
{
	bool compat = sizeof(long) == 8 && q->map_start <= UINT32_MAX;
	struct ft_symfile *f = ft_symstore_find_other(&sy->store, FT_SYMFILE_IMAGE, compat);
	_cleanup_free_ void *image = NULL;
	size_t len;

	if (f)
		return f;
	if (compat ? ft_image_read(sy->root, q->pid, q->map_start, q->map_end, &image, &len)
		   : ft_image_own_vdso(&image, &len))
		return NULL;
	f = ft_symstore_add(&sy->store, FT_SYMFILE_IMAGE, 0, compat, NULL);
	if (f)
		ft_symstore_load_image(&sy->store, f, image, len);
	return f;
}

static struct ft_symfile *find_jit(struct ft_symbols *sy, const struct ft_sym_query *q)
{
	struct ft_symfile *f = ft_symstore_find_other(&sy->store, FT_SYMFILE_JIT, q->pid);
	uint64_t started;
	_cleanup_fd_ int fd = ft_perfmap_open(sy->root, q->pid, &started);

	if (fd < 0)
		return fd == -ESRCH ? f : NULL; /* it ended: what was read is still true */
	if (!f) {
		bound_files(sy);
		f = ft_symstore_add(&sy->store, FT_SYMFILE_JIT, 0, q->pid, NULL);
	}
	if (f && f->started != started) {
		ft_perfmap_destroy(f->perfmap);
		f->perfmap = ft_perfmap_create();
		f->started = started;
		ft_symstore_renew(&sy->store, f);
	}
	if (f && f->perfmap && ft_perfmap_update(f->perfmap, fd) > 0)
		ft_symstore_renew(&sy->store, f);
	return f;
}

enum kind { ELF_FILE, VDSO, JIT, NAMELESS };

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static enum kind kind_of(const struct ft_sym_query *q)
{
	const char *p = q->path;

	if (!p || !*p || begins(p, "[anon") || begins(p, "[heap]") || begins(p, "[stack") ||
	    begins(p, "//anon") || begins(p, "/dev/zero") || begins(p, "/SYSV") ||
	    begins(p, "/anon_hugepage"))
		return JIT;
	if (!strcmp(p, "[vdso]"))
		return VDSO;
	return *p == '/' || ft_file_cut(p) ? ELF_FILE : NAMELESS;
}

static struct ft_symfile *find_file(struct ft_symbols *sy, const struct ft_sym_query *q,
				    enum kind kind)
{
	switch (kind) {
	case ELF_FILE:
		return find_elf(sy, q);
	case VDSO:
		return find_vdso(sy, q);
	case JIT:
		return find_jit(sy, q);
	default:
		return NULL;
	}
}

/* Which file the mapping is. A slot of `seens`, looked at again when it is no longer fresh. */
static struct ft_sym_seen *seen_of(struct ft_symbols *sy, const struct ft_sym_query *q,
				   enum kind kind)
{
	/* JIT code is known by process alone; `dev` tells it from files that have no identity. */
	const uint64_t dev = kind == JIT ? UINT64_MAX : q->dev, ino = kind == JIT ? 0 : q->ino;
	const uint64_t start = kind == JIT ? 0 : q->map_start;
	const uint64_t fresh = kind == JIT ? JIT_FRESH_NS : FILE_FRESH_NS;
	struct ft_sym_seen *seen = ft_sym_seens_find(&sy->seens, q->pid, dev, ino, start);
	const uint64_t now = sy->now_ns();
	struct ft_symfile *f;

	if (seen && now - seen->checked_ns < fresh)
		return seen;
	f = find_file(sy, q, kind);
	/* Finding may have emptied the table. */
	seen = ft_sym_seens_find(&sy->seens, q->pid, dev, ino, start);
	if (!seen)
		seen = ft_sym_seens_add(&sy->seens, &(struct ft_sym_seen) {
							    .pid = q->pid,
							    .dev = dev,
							    .ino = ino,
							    .map_start = start,
						    });
	if (!seen)
		return NULL;
	seen->checked_ns = now;
	if (!f)
		sy->rejected++;
	/* What was verified while the process lived stays true when it cannot be looked at again.
	 */
	if (f || kind == JIT)
		seen->file = f ? f->id : 0;
	if (kind != JIT && (!seen->dso || strcmp(seen->dso, q->path)))
		seen->dso = ft_intern(&sy->strings, q->path, strlen(q->path));
	return seen;
}

/* Looks the offset up in the file's table. -EAGAIN: the table cannot be had now, keep no result. */
static int search(struct ft_symbols *sy, struct ft_symfile *f, uint64_t off, struct ft_sym_hit *hit)
{
	const char *name = NULL;
	uint64_t start = 0, addr = off;
	size_t len = 0, plain_len;
	char plain[DEMANGLED_MAX];

	if (f->kind == FT_SYMFILE_JIT) {
		name = f->perfmap ? ft_perfmap_find(f->perfmap, off, &start) : NULL;
		len = name ? strlen(name) : 0;
	} else {
		if (f->kind == FT_SYMFILE_ELF && ft_symstore_load(&sy->store, f, -1) == -ENOENT)
			return -EAGAIN;
		if (f->table && ft_symtab_vaddr(f->table, off, &addr))
			name = ft_symtab_find(f->table, addr, &start, &len);
	}
	*hit = (struct ft_sym_hit) { .off = off, .file = f->id };
	if (name && addr - start <= UINT32_MAX) {
		hit->sym_off = addr - start;
		plain_len = ft_demangle(name, len, plain, sizeof(plain));
		hit->name = plain_len ? ft_intern(&sy->strings, plain, plain_len)
				      : ft_intern(&sy->strings, name, len);
	}
	return 0;
}

static const struct ft_sym_hit *hit_of(struct ft_symbols *sy, const struct ft_sym_seen *seen,
				       uint64_t kdev, uint64_t kino, uint64_t off,
				       struct ft_sym_hit *tmp)
{
	const struct ft_sym_hit *hit = ft_sym_hits_find(&sy->hits, seen->file, off);
	struct ft_symfile *f;

	if (hit)
		return hit;
	f = ft_symstore_by_id(&sy->store, kdev, kino, seen->file);
	if (!f || search(sy, f, off, tmp))
		return NULL;
	ft_sym_hits_add(&sy->hits, tmp); /* without memory it is only looked up again */
	return tmp;
}

static int answer(struct ft_sym *out, const struct ft_sym_hit *hit, const char *dso)
{
	if (!hit || !hit->name)
		return -ENOENT;
	*out = (struct ft_sym) { .name = hit->name, .offset = hit->sym_off, .dso = dso };
	return 0;
}

static int user_jit(struct ft_symbols *sy, const struct ft_sym_query *q, struct ft_sym *out)
{
	const struct ft_sym_seen *seen = seen_of(sy, q, JIT);
	struct ft_sym_hit tmp;

	if (!seen)
		return -ENOMEM;
	if (!seen->file)
		return -ENOENT;
	return answer(out, hit_of(sy, seen, 0, q->pid, q->ip, &tmp), "[JIT]");
}

int ft_symbols_user(struct ft_symbols *sy, const struct ft_sym_query *q, struct ft_sym *out)
{
	const enum kind kind = kind_of(q);
	const struct ft_sym_seen *seen;
	const struct ft_sym_hit *hit;
	struct ft_sym_hit tmp;
	uint64_t off = q->file_offset, kdev = q->dev, kino = q->ino;

	take_debug_files(sy);
	*out = (struct ft_sym) { .offset = off };
	if (kind == JIT)
		return user_jit(sy, q, out);
	seen = seen_of(sy, q, kind);
	if (!seen)
		return -ENOMEM;
	out->dso = seen->dso;
	if (!seen->file)
		return begins(q->path, "/memfd:") ? user_jit(sy, q, out) : -ENOENT;
	if (kind == VDSO) {
		off = q->ip - q->map_start; /* vm_pgoff of special mappings means nothing */
		kdev = 0;
		kino = sizeof(long) == 8 && q->map_start <= UINT32_MAX;
	}
	hit = hit_of(sy, seen, kdev, kino, off, &tmp);
	/* .NET and others map their generated code from a memfd. */
	if ((!hit || !hit->name) && begins(q->path, "/memfd:"))
		return user_jit(sy, q, out);
	return answer(out, hit, seen->dso);
}

void ft_symbols_ask_kernel(struct ft_symbols *sy, ft_ksym_text_fn fn, void *ctx)
{
	sy->ask = fn;
	sy->ask_ctx = ctx;
}

/* `text` holds the strings of `out`, or kallsyms does. */
static int kernel_symbol(struct ft_symbols *sy, uint64_t ip, char *text, size_t size,
			 struct ft_ksym *out)
{
	if (sy->ask && !sy->ask(sy->ask_ctx, ip, text, size))
		return ft_ksym_parse(text, ip, out);
	return ft_kallsyms_find(sy->kallsyms, ip, sy->now_ns(), out);
}

int ft_symbols_kernel(struct ft_symbols *sy, uint64_t ip, struct ft_sym *out)
{
	const struct ft_sym_hit *hit = ft_sym_hits_find(&sy->hits, KERNEL_ID, ip);
	const struct ft_sym_hit *dso = hit ? ft_sym_hits_find(&sy->hits, KERNEL_DSO_ID, ip) : NULL;
	struct ft_sym_hit add = { .off = ip, .file = KERNEL_ID }, add_dso = add;
	struct ft_ksym k;
	char text[256];
	int err;

	*out = (struct ft_sym) { 0 };
	if (dso)
		return answer(out, hit, dso->name);
	err = kernel_symbol(sy, ip, text, sizeof(text), &k);
	if (err)
		return err == -ENOMEM ? err : -ENOENT;
	add.sym_off = ip - k.start;
	add.name = ft_intern(&sy->strings, k.name, strlen(k.name));
	add_dso.file = KERNEL_DSO_ID;
	add_dso.name = ft_intern(&sy->strings, k.module, strlen(k.module));
	if (add.name && add_dso.name && !hit && !ft_sym_hits_add(&sy->hits, &add))
		ft_sym_hits_add(&sy->hits, &add_dso);
	return answer(out, &add, add_dso.name);
}

void ft_symbols_stats(const struct ft_symbols *sy, struct ft_symbols_stats *out)
{
	*out = (struct ft_symbols_stats) {
		.files = sy->store.loads,
		.rejected = sy->rejected,
		.table_bytes = sy->store.bytes,
		.evicted = sy->store.evicted,
		.string_bytes = sy->strings.bytes,
	};
}
