/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "enrich/code.h"

/* The mappings of one address space. */
struct space {
	struct ft_code *v;
	size_t n, cap;
	bool ended; /* its process had ended when ft_codes_age() looked */
};

static uint64_t key_of(uint32_t pid, uint32_t space)
{
	return (uint64_t)pid << 32 | space;
}

static void free_space(void *p)
{
	struct space *s = p;

	free(s->v);
	free(s);
}

void ft_codes_deinit(struct ft_codes *c)
{
	ft_map64_deinit(&c->by_space, free_space);
	*c = (struct ft_codes) {};
}

/* Of one file (or none) at one place: one may be a part of the other. */
static bool agree(const struct ft_code *a, const struct ft_code *b)
{
	if (a->file != b->file || a->bits != b->bits)
		return false;
	return !a->file || a->start - (a->pgoff << 12) == b->start - (b->pgoff << 12);
}

static struct space *space_of(struct ft_codes *c, uint32_t pid, uint32_t space)
{
	struct space *s = ft_map64_get(&c->by_space, key_of(pid, space));

	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s || ft_map64_put(&c->by_space, key_of(pid, space), s)) {
			free(s);
			return NULL;
		}
	}
	return s;
}

void ft_codes_age(struct ft_codes *c)
{
	_cleanup_free_ uint64_t *gone = malloc(c->by_space.n * sizeof(*gone));
	size_t n = 0;

	for (size_t i = 0; gone && i < c->by_space.cap; i++) {
		const struct ft_map64_slot *slot = &c->by_space.v[i];
		struct space *s = slot->value;

		if (!slot->key || !kill((pid_t)(slot->key >> 32), 0) || errno != ESRCH)
			continue;
		if (s->ended)
			gone[n++] = slot->key;
		s->ended = true;
	}
	while (n--) {
		struct space *s = ft_map64_del(&c->by_space, gone[n]);

		c->n -= s->n;
		free_space(s);
	}
}

int ft_codes_add(struct ft_codes *c, const struct ft_code *rec)
{
	struct space *s;

	if (!rec->pid || rec->end <= rec->start || rec->ip < rec->start || rec->ip >= rec->end)
		return -EBADMSG;
	s = space_of(c, rec->pid, rec->space);
	if (!s)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].start == rec->start && s->v[i].end == rec->end && agree(&s->v[i], rec))
			return 0;
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 4;
		struct ft_code *v = realloc(s->v, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = *rec;
	c->n++;
	return 0;
}

const struct ft_code *ft_codes_find(const struct ft_codes *c, uint32_t pid, uint32_t space,
				    uint64_t ip)
{
	const struct space *s = ft_map64_get(&c->by_space, key_of(pid, space));
	const struct ft_code *found = NULL;

	for (size_t i = 0; s && i < s->n; i++) {
		const struct ft_code *m = &s->v[i];

		if (ip < m->start || ip >= m->end)
			continue;
		if (found && !agree(found, m))
			return NULL;
		found = m;
	}
	return found;
}

/* The symbol at `ip` in the mapping `m`. */
static void name(struct ft_enrich *e, const struct ft_code *m, uint64_t ip, struct ft_sym *out)
{
	const struct ft_file_info *file = ft_files_find(&e->files, m->file);
	struct ft_sym_query q = {
		.pid = (pid_t)m->pid,
		.ip = ip,
		.file_offset = ip - m->start + (m->pgoff << 12),
		.map_start = m->start,
		.map_end = m->end,
	};

	*out = (struct ft_sym) {};
	if (!e->symbols || (m->file && !file)) /* its name was lost */
		return;
	if (file) {
		q.path = file->path;
		q.dev = file->dev;
		q.ino = file->ino;
	} else if (m->bits & FT_VMA_VDSO) {
		q.path = "[vdso]";
	}
	ft_symbols_user(e->symbols, &q, out);
}

int ft_codes_record(struct ft_codes *c, struct ft_enrich *e, const struct ft_hdr *rec)
{
	const struct ft_code *code = (const struct ft_code *)rec;
	struct ft_event ev;
	struct ft_sym sym;
	int err;

	if (rec->kind != FT_KIND_CODE)
		return ft_enrich_record(e, rec, &ev) < 0 ? -ENOMEM : 0;
	err = ft_codes_add(c, code);
	if (!err)
		name(e, code, code->ip, &sym);
	return err;
}

/*
 * Where the chain of frames is broken, what is taken for an address to return to is often a pointer
 * to a function. Such an address is in no call of the function before it (but where that one ends
 * in a call that never returns, right before the next: rare, and then it is unknown).
 */
static bool is_function_pointer(struct ft_enrich *e, const struct ft_code *m, uint64_t ip)
{
	struct ft_sym sym;

	name(e, m, ip, &sym);
	return sym.name && !sym.offset;
}

void ft_codes_frame(const struct ft_codes *c, struct ft_enrich *e, uint32_t pid, uint32_t space,
		    uint64_t ip, bool leaf, struct ft_frame *out)
{
	uint64_t at = leaf || !ip ? ip : ip - 1;
	const struct ft_code *m = ft_codes_find(c, pid, space, at);

	*out = (struct ft_frame) { .ip = ip };
	if (!m || (!leaf && is_function_pointer(e, m, ip)))
		return;
	name(e, m, at, &out->sym);
	out->sym.offset += ip - at;
}

void ft_codes_kernel_frame(struct ft_enrich *e, uint64_t ip, bool leaf, struct ft_frame *out)
{
	uint64_t at = leaf || !ip ? ip : ip - 1;

	*out = (struct ft_frame) { .ip = ip, .kernel = true };
	if (!e->symbols || ft_symbols_kernel(e->symbols, at, &out->sym))
		return;
	out->sym.offset += ip - at;
}
