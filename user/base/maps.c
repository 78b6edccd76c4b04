/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/maps.h"
#include "base/procfs.h"
#include "base/scan.h"

/* One of two letters; `yes` sets the bit. */
static bool scan_flag(struct ft_scan *c, char yes, char no, uint8_t bit, uint8_t *perms)
{
	if (ft_scan_char(c, yes)) {
		*perms |= bit;
		return true;
	}
	return ft_scan_char(c, no);
}

static bool scan_perms(struct ft_scan *c, uint8_t *perms)
{
	*perms = 0;
	return scan_flag(c, 'r', '-', FT_MAP_R, perms) && scan_flag(c, 'w', '-', FT_MAP_W, perms) &&
	       scan_flag(c, 'x', '-', FT_MAP_X, perms) &&
	       scan_flag(c, 's', 'p', FT_MAP_SHARED, perms);
}

static bool scan_hex(struct ft_scan *c, uint64_t max, uint64_t *v)
{
	return ft_scan_number(c, 16, max, v);
}

/*
 * The kernel escapes the newline alone (seq_file_path(m, file, "\n")), as \012; a backslash stays
 * itself. So a file really named a\012b cannot be told from one with a newline: the kernel's limit.
 */
static void unescape_newlines(char *s)
{
	char *to = strstr(s, "\\012");

	if (!to)
		return;
	for (const char *from = to; *from;) {
		if (!strncmp(from, "\\012", 4)) {
			*to++ = '\n';
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

int ft_map_parse_line(char *line, char *end, struct ft_map *out)
{
	struct ft_scan c = { line, end };
	uint64_t major, minor;
	char *path;

	if (memchr(line, '\0', end - line))
		return -EINVAL;
	if (!scan_hex(&c, UINT64_MAX, &out->start) || !ft_scan_char(&c, '-') ||
	    !scan_hex(&c, UINT64_MAX, &out->end) || !ft_scan_char(&c, ' ') ||
	    !scan_perms(&c, &out->perms) || !ft_scan_char(&c, ' ') ||
	    !scan_hex(&c, UINT64_MAX, &out->offset) || !ft_scan_char(&c, ' ') ||
	    !scan_hex(&c, UINT32_MAX, &major) || !ft_scan_char(&c, ':') ||
	    !scan_hex(&c, UINT32_MAX, &minor) || !ft_scan_char(&c, ' ') ||
	    !ft_scan_u64(&c, &out->ino) || out->start >= out->end)
		return -EINVAL;
	if (c.s < c.end && *c.s != ' ')
		return -EINVAL;
	out->major = major;
	out->minor = minor;
	ft_scan_blanks(&c);
	path = line + (c.s - line);
	*end = '\0';
	unescape_newlines(path);
	out->path = path;
	return 0;
}

static int grow(struct ft_maps *m, size_t *cap)
{
	size_t want = *cap ? *cap * 2 : 64;
	struct ft_map *v;

	if (m->n < *cap)
		return 0;
	v = reallocarray(m->v, want, sizeof(*v));
	if (!v)
		return -ENOMEM;
	m->v = v;
	*cap = want;
	return 0;
}

int ft_maps_parse(char *text, size_t len, struct ft_maps *out)
{
	char *line = text, *stop = text + len;
	size_t cap = 0;
	int err = 0;

	*out = (struct ft_maps) { .text = text };
	while (line < stop) {
		char *end = memchr(line, '\n', stop - line);

		/* The kernel ends every line: without the newline the text was cut. */
		err = end ? grow(out, &cap) : -EINVAL;
		if (!err)
			err = ft_map_parse_line(line, end, &out->v[out->n]);
		if (!err && out->n && out->v[out->n].start < out->v[out->n - 1].end)
			err = -EINVAL;
		if (err)
			break;
		out->n++;
		line = end + 1;
	}
	if (err)
		ft_maps_deinit(out);
	return err;
}

int ft_maps_read(const char *root, pid_t pid, struct ft_maps *out)
{
	int err = -EINVAL;

	for (int look = 0; look < FT_MAPS_LOOKS && err == -EINVAL; look++) {
		char *text;
		size_t len;

		*out = (struct ft_maps) { 0 };
		err = ft_proc_slurp(root, pid, "maps", &text, &len);
		if (!err)
			err = ft_maps_parse(text, len, out);
	}
	return err;
}

void ft_maps_deinit(struct ft_maps *m)
{
	free(m->v);
	free(m->text);
	*m = (struct ft_maps) { 0 };
}

size_t ft_maps_after(const struct ft_maps *m, uint64_t addr)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->v[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const struct ft_map *ft_maps_find(const struct ft_maps *m, uint64_t addr)
{
	size_t i = ft_maps_after(m, addr);

	return i < m->n && m->v[i].start <= addr ? &m->v[i] : NULL;
}

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

const char *ft_map_kind(const struct ft_map *m)
{
	/* In order: the first that begins the path names it. */
	static const struct {
		const char *begins, *kind;
	} kinds[] = {
		{ "[heap]", "heap" },
		{ "[stack", "stack" }, /* "[stack:TID]" until 4.5 */
		{ "[anon_shmem:", "shmem" },
		{ "[anon:", "anon" },
		{ "[vdso]", "vdso" },
		{ "[vvar", "vvar" }, /* and "[vvar_vclock]" from 6.13 */
		{ "[vsyscall]", "vsyscall" },
		{ "[", "special" },
		{ "/anon_hugepage", "hugetlb" },
		{ "/dev/zero (deleted)", "shmem" }, /* shared anonymous: shmem_zero_setup() */
		{ "/SYSV", "shmem" },
		{ "/memfd:", "shmem" },
		{ "/dev/shm/", "shmem" },
	};

	/* Of the device itself private memory is anonymous: mmap_zero(), drivers/char/mem.c. */
	if (!*m->path || (!strcmp(m->path, "/dev/zero") && !(m->perms & FT_MAP_SHARED)))
		return "anon";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (starts(m->path, kinds[i].begins))
			return kinds[i].kind;
	return "file";
}

void ft_map_perms(uint8_t perms, char out[5])
{
	out[0] = perms & FT_MAP_R ? 'r' : '-';
	out[1] = perms & FT_MAP_W ? 'w' : '-';
	out[2] = perms & FT_MAP_X ? 'x' : '-';
	out[3] = perms & FT_MAP_SHARED ? 's' : 'p';
	out[4] = '\0';
}
