/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "enrich/file.h"

#define MAX_NAMES 64
#define DELETED	  " (deleted)"

/* Where each component begins in rec->names; their number, or -EBADMSG. */
static int split_names(const struct ft_file *rec, const char **names)
{
	const char *p = rec->names, *end = rec->names + rec->names_len;
	int n = 0;

	if (rec->names_len > FT_PATH_LEN || (rec->names_len && end[-1]))
		return -EBADMSG;
	for (; p < end && n < MAX_NAMES; p += strlen(p) + 1)
		names[n++] = p;
	return p == end ? n : -EBADMSG;
}

/* Joins leaf-first components to a path in `out`, which has room. */
static void join(char *out, const char **names, int n, uint32_t flags)
{
	if (flags & FT_FILE_TRUNCATED)
		out = stpcpy(out, "...");
	for (int i = n - 1; i >= 0; i--) {
		/* The name of a root is "/"; shared memory is called "dev/zero" or "memfd:x". */
		if (!strcmp(names[i], "/"))
			continue;
		*out++ = '/';
		out = stpcpy(out, names[i]);
	}
	if (flags & FT_FILE_DELETED)
		stpcpy(out, DELETED);
}

static bool is_kept(const struct ft_files *f, const struct ft_file_info *i, bool used_too)
{
	return i->nth < FT_FILES_EDGE || f->announced - i->nth <= FT_FILES_EDGE ||
	       (used_too && i->used);
}

/* Without memory for the smaller table nothing is forgotten. */
static void forget(struct ft_files *f, bool used_too)
{
	struct ft_map64 kept = {};

	for (size_t k = 0; k < f->by_id.cap; k++) {
		const struct ft_map64_slot *s = &f->by_id.v[k];

		if (s->key && is_kept(f, s->value, used_too) &&
		    ft_map64_put(&kept, s->key, s->value)) {
			ft_map64_deinit(&kept, NULL);
			return;
		}
	}
	for (size_t k = 0; k < f->by_id.cap; k++) {
		struct ft_file_info *i = f->by_id.v[k].value;

		if (i && !is_kept(f, i, used_too))
			free(i);
		else if (i)
			i->used = false;
	}
	ft_map64_deinit(&f->by_id, NULL);
	f->by_id = kept;
}

static void make_room(struct ft_files *f)
{
	if (f->by_id.n < FT_FILES_MAX)
		return;
	forget(f, true);
	/* Often enough that it costs little: not at each one more. */
	if (f->by_id.n > FT_FILES_MAX - FT_FILES_EDGE)
		forget(f, false);
}

int ft_files_add(struct ft_files *f, const struct ft_file *rec)
{
	const char *names[MAX_NAMES];
	int n = split_names(rec, names);
	struct ft_file_info *i;

	if (n < 0)
		return n;
	i = calloc(1, sizeof(*i) + rec->names_len + n + sizeof("..." DELETED));
	if (!i)
		return -ENOMEM;
	i->dev = rec->dev;
	i->ino = rec->ino;
	i->nth = f->announced++;
	join(i->path, names, n, rec->flags);
	free(ft_map64_del(&f->by_id, rec->id));
	make_room(f);
	if (ft_map64_put(&f->by_id, rec->id, i)) {
		free(i);
		return -ENOMEM;
	}
	return 0;
}

const struct ft_file_info *ft_files_find(const struct ft_files *f, uint32_t id)
{
	struct ft_file_info *i = id ? ft_map64_get(&f->by_id, id) : NULL;

	if (i)
		i->used = true;
	return i;
}

void ft_files_deinit(struct ft_files *f)
{
	ft_map64_deinit(&f->by_id, free);
}
