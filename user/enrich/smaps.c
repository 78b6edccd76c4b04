/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "base/procfs.h"
#include "base/scan.h"
#include "enrich/smaps.h"

static const char *const keys[] = {
#define FT_X(id, key) key,
	FT_SMAPS_FIELDS(FT_X)
#undef FT_X
};

/* A place in both arrays; what it holds is unknown. */
static int new_mapping(struct ft_smaps *m, size_t *cap)
{
	size_t want = *cap ? *cap * 2 : 64;

	if (m->maps.n == *cap) {
		struct ft_map *maps = reallocarray(m->maps.v, want, sizeof(*maps));
		struct ft_smap *v;

		if (!maps)
			return -ENOMEM;
		m->maps.v = maps;
		v = reallocarray(m->v, want, sizeof(*v));
		if (!v)
			return -ENOMEM;
		m->v = v;
		*cap = want;
	}
	m->v[m->maps.n] = (struct ft_smap) { 0 };
	memset(m->v[m->maps.n].kb, 0xff, sizeof(m->v->kb));
	return 0;
}

static int parse_header(struct ft_smaps *m, size_t *cap, char *line, char *end)
{
	int err = new_mapping(m, cap);
	struct ft_map *map = m->maps.v + m->maps.n;

	if (!err)
		err = ft_map_parse_line(line, end, map);
	if (!err && m->maps.n && map->start < map[-1].end)
		err = -EINVAL;
	if (!err)
		m->maps.n++;
	return err;
}

/* "Key:   123 kB". Keys that are not of ours are passed over: every kernel adds some. */
static int parse_value(struct ft_smap *m, char *line, char *end)
{
	char *colon = memchr(line, ':', end - line);
	struct ft_scan c = { line, end };
	uint64_t v;

	if (!colon || memchr(line, '\0', end - line))
		return -EINVAL;
	c.s = colon + 1;
	ft_scan_blanks(&c);
	*colon = *end = '\0';
	if (!strcmp(line, "VmFlags")) {
		m->vm_flags = colon + 1;
		return 0;
	}
	if (!strcmp(line, "ProtectionKey"))
		return ft_scan_u64(&c, &m->pkey) ? 0 : -EINVAL;
	if (!strcmp(line, "THPeligible")) {
		m->thp_never = c.s < c.end && *c.s == '0';
		return 0;
	}
	for (int i = 0; i < FT_SMAP_MAX; i++) {
		if (strcmp(line, keys[i]) != 0)
			continue;
		if (!ft_scan_u64(&c, &v) || !ft_scan_word(&c, " kB") || c.s != c.end)
			return -EINVAL;
		m->kb[i] = v;
		return 0;
	}
	return 0;
}

int ft_smaps_parse(char *text, size_t len, struct ft_smaps *out)
{
	char *line = text, *stop = text + len;
	size_t cap = 0;
	int err = 0;

	*out = (struct ft_smaps) { .maps.text = text };
	while (!err && line < stop) {
		char *end = memchr(line, '\n', stop - line);

		if (!end) {
			err = -EINVAL;
			break;
		}
		if (*line >= 'A' && *line <= 'Z')
			err = out->maps.n ? parse_value(&out->v[out->maps.n - 1], line, end)
					  : -EINVAL;
		else
			err = parse_header(out, &cap, line, end);
		line = end + 1;
	}
	if (err)
		ft_smaps_deinit(out);
	return err;
}

/* The mappings alone. */
static int read_maps(const char *root, pid_t pid, struct ft_smaps *out)
{
	struct ft_maps maps;
	size_t cap = 0;
	int err = ft_maps_read(root, pid, &maps);

	if (err)
		return err;
	*out = (struct ft_smaps) { .maps.text = maps.text, .only_maps = true };
	maps.text = NULL;
	for (size_t i = 0; !err && i < maps.n; i++) {
		err = new_mapping(out, &cap);
		if (!err)
			out->maps.v[out->maps.n++] = maps.v[i];
	}
	ft_maps_deinit(&maps);
	if (err)
		ft_smaps_deinit(out);
	return err;
}

int ft_smaps_read(const char *root, pid_t pid, struct ft_smaps *out)
{
	int err = -EINVAL;

	for (int look = 0; look < FT_MAPS_LOOKS && err == -EINVAL; look++) {
		char *text;
		size_t len;

		*out = (struct ft_smaps) { 0 };
		err = ft_proc_slurp(root, pid, "smaps", &text, &len);
		if (err == -ESRCH)
			return read_maps(root, pid, out);
		if (!err)
			err = ft_smaps_parse(text, len, out);
	}
	return err;
}

void ft_smaps_deinit(struct ft_smaps *m)
{
	free(m->v);
	ft_maps_deinit(&m->maps);
	*m = (struct ft_smaps) { 0 };
}

const struct ft_smap *ft_smaps_find(const struct ft_smaps *m, uint64_t addr)
{
	const struct ft_map *map = ft_maps_find(&m->maps, addr);

	return map ? &m->v[map - m->maps.v] : NULL;
}

bool ft_smap_flag(const struct ft_smap *m, const char *flag)
{
	size_t n = strlen(flag);

	for (const char *s = m->vm_flags; s && *s;) {
		while (*s == ' ' || *s == '\t')
			s++;
		if (!strncmp(s, flag, n) && (!s[n] || s[n] == ' '))
			return true;
		s += strcspn(s, " \t");
	}
	return false;
}

/* Those that this kernel prints. */
static uint64_t add_known(const struct ft_smap *m, const enum ft_smap_field *sorts, size_t n)
{
	uint64_t sum = 0;
	bool known = false;

	for (size_t i = 0; i < n; i++) {
		if (m->kb[sorts[i]] == UINT64_MAX)
			continue;
		known = true;
		sum += m->kb[sorts[i]];
	}
	return known ? sum : UINT64_MAX;
}

uint64_t ft_smap_thp_kb(const struct ft_smap *m)
{
	static const enum ft_smap_field sorts[] = { FT_SMAP_ANON_HUGE, FT_SMAP_SHMEM_HUGE,
						    FT_SMAP_FILE_HUGE };

	return add_known(m, sorts, sizeof(sorts) / sizeof(*sorts));
}

uint64_t ft_smap_hugetlb_kb(const struct ft_smap *m)
{
	static const enum ft_smap_field sorts[] = { FT_SMAP_SHARED_HUGETLB,
						    FT_SMAP_PRIVATE_HUGETLB };

	return add_known(m, sorts, sizeof(sorts) / sizeof(*sorts));
}
