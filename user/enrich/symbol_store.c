/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "enrich/symbol_store.h"

static void file_destroy(struct ft_symfile *f)
{
	ft_symtab_destroy(f->table);
	ft_perfmap_destroy(f->perfmap);
	free(f->debug_file);
	free(f->access);
	free(f->path);
	free(f);
}

void ft_symstore_deinit(struct ft_symstore *s)
{
	for (size_t i = 0; i < FT_SYMFILE_BUCKETS; i++) {
		while (s->buckets[i]) {
			struct ft_symfile *f = s->buckets[i];

			s->buckets[i] = f->next;
			file_destroy(f);
		}
	}
	s->n = 0;
	s->bytes = 0;
}

static struct ft_symfile **bucket(struct ft_symstore *s, uint64_t kdev, uint64_t kino)
{
	uint64_t h = (kino ^ kdev << 40) * 0x9e3779b97f4a7c15;

	return &s->buckets[h >> 32 & (FT_SYMFILE_BUCKETS - 1)];
}

struct ft_symfile *ft_symstore_find(struct ft_symstore *s, uint64_t kdev, uint64_t kino,
				    const struct ft_file_id *stat)
{
	struct ft_symfile *f = *bucket(s, kdev, kino);

	while (f && (f->kind != FT_SYMFILE_ELF || f->kino != kino || f->kdev != kdev ||
		     !ft_file_id_equal(&f->stat, stat)))
		f = f->next;
	return f;
}

struct ft_symfile *ft_symstore_next(struct ft_symstore *s, uint64_t kdev, uint64_t kino,
				    struct ft_symfile *f)
{
	f = f ? f->next : *bucket(s, kdev, kino);
	while (f && (f->kind != FT_SYMFILE_ELF || f->kino != kino || f->kdev != kdev))
		f = f->next;
	return f;
}

struct ft_symfile *ft_symstore_find_other(struct ft_symstore *s, enum ft_symfile_kind kind,
					  uint64_t kino)
{
	struct ft_symfile *f = *bucket(s, 0, kino);

	while (f && (f->kind != kind || f->kino != kino || f->kdev))
		f = f->next;
	return f;
}

struct ft_symfile *ft_symstore_by_id(struct ft_symstore *s, uint64_t kdev, uint64_t kino,
				     uint32_t id)
{
	struct ft_symfile *f = *bucket(s, kdev, kino);

	while (f && f->id != id)
		f = f->next;
	return f;
}

struct ft_symfile *ft_symstore_add(struct ft_symstore *s, enum ft_symfile_kind kind, uint64_t kdev,
				   uint64_t kino, const struct ft_file_id *stat)
{
	struct ft_symfile **b = bucket(s, kdev, kino), *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->kind = kind;
	f->kdev = kdev;
	f->kino = kino;
	f->id = ++s->next_id;
	if (stat)
		f->stat = *stat;
	f->next = *b;
	*b = f;
	s->n++;
	return f;
}

int ft_symfile_reached(struct ft_symfile *f, const char *access, const char *path)
{
	char *a, *p;

	if (f->access && !strcmp(f->access, access))
		return 0;
	a = strdup(access);
	p = strdup(path);
	if (!a || !p) {
		free(a);
		free(p);
		return -ENOMEM;
	}
	free(f->access);
	free(f->path);
	f->access = a;
	f->path = p;
	return 0;
}

static void drop_table(struct ft_symstore *s, struct ft_symfile *f)
{
	s->bytes -= ft_symtab_bytes(f->table);
	ft_symtab_destroy(f->table);
	f->table = NULL;
}

static struct ft_symfile *least_used(struct ft_symstore *s, const struct ft_symfile *but)
{
	struct ft_symfile *least = NULL;

	for (size_t i = 0; i < FT_SYMFILE_BUCKETS; i++) {
		for (struct ft_symfile *f = s->buckets[i]; f; f = f->next) {
			if (f->table && f != but && f->kind == FT_SYMFILE_ELF &&
			    (!least || f->used < least->used))
				least = f;
		}
	}
	return least;
}

static void keep_within(struct ft_symstore *s, const struct ft_symfile *newest)
{
	while (s->bytes > s->max_bytes) {
		struct ft_symfile *f = least_used(s, newest);

		if (!f)
			break;
		drop_table(s, f);
		s->evicted++;
	}
}

static int load(struct ft_symstore *s, struct ft_symfile *f, const struct ft_symtab_src *src)
{
	int err = ft_symtab_load(src, &f->table);

	s->loads++;
	if (err) {
		f->no_table = err == -ENOEXEC;
		return err;
	}
	s->bytes += ft_symtab_bytes(f->table);
	keep_within(s, f);
	return 0;
}

int ft_symstore_load(struct ft_symstore *s, struct ft_symfile *f, int probe)
{
	_cleanup_fd_ int own = -1, fd = -1;

	f->used = ++s->clock;
	if (f->table)
		return 0;
	if (f->no_table || f->kind != FT_SYMFILE_ELF)
		return -ENOEXEC;
	if (probe < 0) {
		struct ft_file_id now;

		own = probe = f->access ? ft_file_probe(f->access, &now) : -ENOENT;
		if (probe < 0 || !ft_file_id_equal(&now, &f->stat))
			return -ENOENT;
	}
	fd = ft_file_reopen(probe);
	if (fd < 0)
		return -ENOENT;
	return load(s, f,
		    &(struct ft_symtab_src) {
			    .fd = fd,
			    .access = f->access,
			    .path = f->path,
			    .debug_dir = s->debug_dir,
			    .debug_file = f->debug_file,
			    .trusted = ft_file_trusted(&f->stat),
		    });
}

int ft_symstore_load_image(struct ft_symstore *s, struct ft_symfile *f, void *image, size_t len)
{
	/* The kernel made it; but it came through the memory of a process that may change it. */
	return load(s, f,
		    &(struct ft_symtab_src) {
			    .fd = -1,
			    .image = image,
			    .image_len = len,
			    .debug_dir = s->debug_dir,
			    .trusted = false,
		    });
}

void ft_symstore_renew(struct ft_symstore *s, struct ft_symfile *f)
{
	f->id = ++s->next_id;
}

int ft_symstore_reload(struct ft_symstore *s, struct ft_symfile *f, char *debug_file)
{
	struct ft_symtab *old = f->table;
	size_t old_bytes = old ? ft_symtab_bytes(old) : 0;
	int err;

	free(f->debug_file);
	f->debug_file = debug_file;
	f->table = NULL;
	err = ft_symstore_load(s, f, -1);
	if (err) {
		f->table = old;
		return err;
	}
	ft_symtab_destroy(old);
	s->bytes -= old_bytes;
	ft_symstore_renew(s, f);
	return 0;
}
