/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "enrich/symbol_intern.h"

#define CHUNK (64 * 1024)

struct ft_intern_chunk {
	struct ft_intern_chunk *next;
	size_t used, size;
	char text[];
};

void ft_intern_init(struct ft_intern *in, size_t max)
{
	*in = (struct ft_intern) { .max = max };
}

void ft_intern_deinit(struct ft_intern *in)
{
	while (in->chunks) {
		struct ft_intern_chunk *c = in->chunks;

		in->chunks = c->next;
		free(c);
	}
	free(in->slots);
	*in = (struct ft_intern) { 0 };
}

/* FNV-1a: names are short and few compared with lookups of addresses. */
static uint64_t hash_text(const char *s, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return h ^ h >> 32;
}

static size_t find_slot(const struct ft_intern *in, const char *s, size_t len)
{
	size_t i = hash_text(s, len) & (in->cap - 1);

	while (in->slots[i] && (strncmp(in->slots[i], s, len) || in->slots[i][len]))
		i = (i + 1) & (in->cap - 1);
	return i;
}

static int grow(struct ft_intern *in)
{
	struct ft_intern bigger = *in;

	bigger.cap = in->cap ? in->cap * 2 : 256;
	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < in->cap; i++) {
		const char *s = in->slots[i];

		if (s)
			bigger.slots[find_slot(&bigger, s, strlen(s))] = s;
	}
	free(in->slots);
	*in = bigger;
	return 0;
}

static char *take(struct ft_intern *in, size_t n)
{
	struct ft_intern_chunk *c = in->chunks;

	if (!c || c->size - c->used < n) {
		size_t size = n > CHUNK ? n : CHUNK;

		c = malloc(sizeof(*c) + size);
		if (!c)
			return NULL;
		*c = (struct ft_intern_chunk) { .next = in->chunks, .size = size };
		in->chunks = c;
	}
	c->used += n;
	return c->text + c->used - n;
}

const char *ft_intern(struct ft_intern *in, const char *s, size_t len)
{
	size_t i;
	char *kept;

	len = strnlen(s, len);
	if (in->n * 4 >= in->cap * 3 && grow(in))
		return NULL;
	i = find_slot(in, s, len);
	if (in->slots[i])
		return in->slots[i];
	if (in->bytes + len + 1 > in->max)
		return NULL;
	kept = take(in, len + 1);
	if (!kept)
		return NULL;
	memcpy(kept, s, len);
	kept[len] = '\0';
	in->bytes += len + 1;
	in->n++;
	in->slots[i] = kept;
	return kept;
}
