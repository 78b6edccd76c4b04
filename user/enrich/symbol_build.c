/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "enrich/symbol_build.h"

#define NAMES_MAX (1UL << 30)
#define NONE	  UINT32_MAX
/* Functions inside functions: one or two in real files. A forged table must not make a long walk.
 */
#define NESTED_MAX 64

struct ft_symbuild_raw {
	uint64_t addr, size;
	uint64_t end; /* of a label; it has size 0 */
	uint32_t name;
	uint8_t rank;
};

/* Both arrays double; `need` more elements fit after it. */
static int room(void **v, size_t *cap, size_t n, size_t need, size_t elem)
{
	size_t want = *cap ? *cap : 256;
	void *p;

	if (n + need <= *cap)
		return 0;
	while (want < n + need)
		want *= 2;
	p = reallocarray(*v, want, elem);
	if (!p)
		return -ENOMEM;
	*v = p;
	*cap = want;
	return 0;
}

int ft_symbuild_add(struct ft_symbuild *b, const char *name, uint64_t addr, uint64_t size,
		    uint64_t end, int bind)
{
	size_t len = strlen(name) + 1;

	if (b->names_len + len > NAMES_MAX)
		return -EFBIG;
	if (room((void **)&b->v, &b->cap, b->n, 1, sizeof(*b->v)) ||
	    room((void **)&b->names, &b->names_cap, b->names_len, len, 1))
		return -ENOMEM;
	if (addr + size < addr)
		size = UINT64_MAX - addr;
	b->v[b->n++] = (struct ft_symbuild_raw) {
		.addr = addr,
		.size = size,
		.end = end,
		.name = b->names_len,
		.rank = (size ? 4 : 0) + (bind != STB_WEAK ? 2 : 0) + (bind != STB_LOCAL ? 1 : 0),
	};
	memcpy(b->names + b->names_len, name, len);
	b->names_len += len;
	return 0;
}

static int better_name(const char *a, const char *b)
{
	size_t ua = strspn(a, "_"), ub = strspn(b, "_");

	if (ua != ub)
		return ua < ub ? -1 : 1;
	ua = strlen(a);
	ub = strlen(b);
	if (ua != ub)
		return ua < ub ? -1 : 1;
	return strcmp(a, b);
}

/* By address; the better symbol of one address first. */
static int by_address(const void *x, const void *y, void *names)
{
	const struct ft_symbuild_raw *a = x, *b = y;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	return better_name((char *)names + a->name, (char *)names + b->name);
}

/*
 * One symbol for each address, and a size for each label: up to the next symbol. A label inside a
 * function is a place in that function, not another one.
 */
static void settle(struct ft_symbuild *b)
{
	uint64_t covered = 0;
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct ft_symbuild_raw s = b->v[i];
		size_t next = i + 1;

		if (n && b->v[n - 1].addr == s.addr)
			continue;
		if (!s.size) {
			if (s.addr < covered)
				continue;
			while (next < b->n && b->v[next].addr == s.addr)
				next++;
			if (next < b->n && b->v[next].addr < s.end)
				s.end = b->v[next].addr;
			s.size = s.end - s.addr;
		} else if (s.addr + s.size > covered) {
			covered = s.addr + s.size;
		}
		b->v[n++] = s;
	}
	b->n = n;
}

static uint64_t end_of(const struct ft_symbuild_entry *e)
{
	return (uint64_t)e->off + e->size;
}

/*
 * `outer` of each entry: the nearest earlier one whose end lies behind this one's start, so that a
 * search that misses the innermost goes outwards without a scan.
 */
static int link_outer(struct ft_symbuild_result *r)
{
	uint32_t *stack = malloc((r->n ? r->n : 1) * sizeof(*stack));
	uint32_t depth = 0;

	if (!stack)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->n; i++) {
		while (depth && end_of(&r->v[stack[depth - 1]]) <= r->v[i].off)
			depth--;
		r->v[i].outer = depth ? stack[depth - 1] : NONE;
		stack[depth++] = i;
	}
	free(stack);
	return 0;
}

/* Copies the names that are used: most of a table's names are data, aliases, or undefined. */
static int pack(struct ft_symbuild *b, struct ft_symbuild_result *out)
{
	size_t bytes = 0;

	for (size_t i = 0; i < b->n; i++)
		bytes += strlen(b->names + b->v[i].name) + 1;
	out->base = b->n ? b->v[0].addr : 0;
	out->v = calloc(b->n ? b->n : 1, sizeof(*out->v));
	out->names = malloc(bytes ? bytes : 1);
	if (!out->v || !out->names)
		return -ENOMEM;
	for (size_t i = 0; i < b->n; i++) {
		const struct ft_symbuild_raw *s = &b->v[i];
		const char *name = b->names + s->name;
		size_t len = strlen(name) + 1;

		if (s->addr - out->base >= UINT32_MAX || out->n == NONE)
			break;
		out->v[out->n++] = (struct ft_symbuild_entry) {
			.off = s->addr - out->base,
			.size = s->size < UINT32_MAX ? s->size : UINT32_MAX,
			.name = out->names_len,
		};
		memcpy(out->names + out->names_len, name, len);
		out->names_len += len;
	}
	return 0;
}

int ft_symbuild_finish(struct ft_symbuild *b, struct ft_symbuild_result *out)
{
	int err;

	*out = (struct ft_symbuild_result) { 0 };
	if (b->n)
		qsort_r(b->v, b->n, sizeof(*b->v), by_address, b->names);
	settle(b);
	err = pack(b, out);
	if (!err)
		err = link_outer(out);
	if (err)
		ft_symbuild_result_deinit(out);
	return err;
}

void ft_symbuild_deinit(struct ft_symbuild *b)
{
	free(b->v);
	free(b->names);
	*b = (struct ft_symbuild) { 0 };
}

const char *ft_symbuild_find(const struct ft_symbuild_result *r, uint64_t addr, uint64_t *start)
{
	uint32_t lo = 0, hi = r->n;
	uint64_t off = addr - r->base;
	int left = NESTED_MAX;

	if (addr < r->base)
		return NULL;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (r->v[mid].off <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (uint32_t i = lo ? lo - 1 : NONE; i != NONE && left--; i = r->v[i].outer) {
		if (off - r->v[i].off < r->v[i].size) {
			*start = r->base + r->v[i].off;
			return r->names + r->v[i].name;
		}
	}
	return NULL;
}

size_t ft_symbuild_bytes(const struct ft_symbuild_result *r)
{
	return r->n * sizeof(*r->v) + r->names_len;
}

void ft_symbuild_result_deinit(struct ft_symbuild_result *r)
{
	free(r->v);
	free(r->names);
	*r = (struct ft_symbuild_result) { 0 };
}
