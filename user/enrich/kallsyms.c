/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/procfs.h"
#include "enrich/kallsyms.h"

#define READ_AGAIN_NS 10000000000ULL
#define FUNC_MAX      (256U << 10)
#define PAGE	      4096U

struct entry {
	uint32_t off; /* from base: kernel and modules lie within 2 GiB, so that calls reach */
	uint32_t name;
};

/* Modules follow each other in address order: one of these for each change of module. */
struct run {
	uint32_t first; /* entry */
	char module[64];
};

struct ft_kallsyms {
	int fd;
	bool read, hidden;
	uint64_t read_ns;
	uint64_t base;
	struct entry *v;
	uint32_t n, cap;
	struct run *runs;
	uint32_t n_runs, runs_cap;
	char *names;
	uint32_t names_len, names_cap;
};

/* One line of the file, while the list is sorted. */
struct line {
	uint64_t addr;
	char *name, *module;
	char type;
};

struct ft_kallsyms *ft_kallsyms_create(const char *root)
{
	struct ft_kallsyms *k = calloc(1, sizeof(*k));
	char path[FT_PROC_PATH_MAX];

	if (!k)
		return NULL;
	snprintf(path, sizeof(path), "%s/proc/kallsyms", root ? root : "");
	k->fd = open(path, O_RDONLY | O_CLOEXEC);
	return k;
}

static void forget(struct ft_kallsyms *k)
{
	free(k->v);
	free(k->runs);
	free(k->names);
	*k = (struct ft_kallsyms) { .fd = k->fd, .read = k->read, .read_ns = k->read_ns };
}

void ft_kallsyms_destroy(struct ft_kallsyms *k)
{
	if (!k)
		return;
	forget(k);
	if (k->fd >= 0)
		close(k->fd);
	free(k);
}

/* The whole file from its start. The kernel makes a few KiB for each read. */
static char *slurp(int fd)
{
	size_t cap = 8U << 20, len = 0;
	char *text = malloc(cap + 1);
	ssize_t n = 1;

	while (text && n > 0) {
		if (len == cap) {
			char *more = cap < 1U << 30 ? realloc(text, 2 * cap + 1) : NULL;

			if (!more)
				break;
			text = more;
			cap *= 2;
		}
		n = pread(fd, text + len, cap - len, len);
		if (n > 0)
			len += n;
	}
	if (text)
		text[len] = '\0';
	return text;
}

/* "ffffffff81000000 T name\t[module]"; false when the line is not that. */
static bool parse_line(char *s, struct line *out)
{
	char *end, *name;

	out->addr = strtoull(s, &end, 16);
	if (end == s || end[0] != ' ' || !end[1] || end[2] != ' ')
		return false;
	out->type = end[1];
	out->name = name = end + 3;
	out->module = NULL;
	name += strcspn(name, "\t ");
	if (*name) {
		*name++ = '\0';
		name += strspn(name, "\t ");
		out->module = *name == '[' ? name : NULL;
	}
	return *out->name;
}

static bool wanted(const struct line *l)
{
	return l->addr && memchr("tTwW", l->type, 4) && strncmp(l->name, "__pfx_", 6);
}

static size_t split(char *text, struct line **out)
{
	size_t n = 0, cap = 0;
	struct line *v = NULL;
	char *save = NULL;

	for (char *s = strtok_r(text, "\n", &save); s; s = strtok_r(NULL, "\n", &save)) {
		if (n == cap) {
			struct line *more = reallocarray(v, cap ? 2 * cap : 1024, sizeof(*v));

			if (!more)
				break;
			v = more;
			cap = cap ? 2 * cap : 1024;
		}
		if (parse_line(s, &v[n]) && wanted(&v[n]))
			n++;
	}
	*out = v;
	return n;
}

static int rank(const struct line *l)
{
	return l->type == 'T' ? 2 : l->type == 't' ? 1 : 0;
}

/* By address; of the names of one address the global, then the one with fewer underscores first. */
static int by_address(const void *x, const void *y)
{
	const struct line *a = x, *b = y;
	size_t ua, ub;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	if (rank(a) != rank(b))
		return rank(b) - rank(a);
	ua = strspn(a->name, "_");
	ub = strspn(b->name, "_");
	if (ua != ub)
		return ua < ub ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int room(void **v, uint32_t *cap, uint32_t n, uint32_t need, size_t elem)
{
	uint64_t want = *cap ? *cap : 256;
	void *p;

	if ((uint64_t)n + need <= *cap)
		return 0;
	while (want < (uint64_t)n + need)
		want += want / 4 + 64;
	if (want > UINT32_MAX)
		return -EFBIG;
	p = reallocarray(*v, want, elem);
	if (!p)
		return -ENOMEM;
	*v = p;
	*cap = want;
	return 0;
}

static int add_run(struct ft_kallsyms *k, const char *module)
{
	struct run *r;

	module = module ? module : "[kernel]";
	if (k->n_runs && !strncmp(k->runs[k->n_runs - 1].module, module, sizeof(r->module) - 1))
		return 0;
	if (room((void **)&k->runs, &k->runs_cap, k->n_runs, 1, sizeof(*r)))
		return -ENOMEM;
	r = &k->runs[k->n_runs++];
	r->first = k->n;
	snprintf(r->module, sizeof(r->module), "%s", module);
	return 0;
}

static int add(struct ft_kallsyms *k, const struct line *l)
{
	size_t len = strlen(l->name) + 1;

	if (!k->n)
		k->base = l->addr;
	if (l->addr - k->base > UINT32_MAX)
		return 0;
	if (k->n && k->v[k->n - 1].off == l->addr - k->base)
		return 0;
	if (add_run(k, l->module) || room((void **)&k->v, &k->cap, k->n, 1, sizeof(*k->v)) ||
	    room((void **)&k->names, &k->names_cap, k->names_len, len, 1))
		return -ENOMEM;
	k->v[k->n++] = (struct entry) { .off = l->addr - k->base, .name = k->names_len };
	memcpy(k->names + k->names_len, l->name, len);
	k->names_len += len;
	return 0;
}

static int read_list(struct ft_kallsyms *k, uint64_t now_ns)
{
	struct line *lines = NULL;
	char *text = k->fd >= 0 ? slurp(k->fd) : NULL;
	size_t n = text ? split(text, &lines) : 0;
	int err = 0;

	k->read = true;
	k->read_ns = now_ns;
	forget(k);
	/* Where the kernel hides the addresses they are all 0, and no line was wanted. */
	k->hidden = !n;
	if (n)
		qsort(lines, n, sizeof(*lines), by_address);
	for (size_t i = 0; i < n && !err; i++)
		err = add(k, &lines[i]);
	free(lines);
	free(text);
	if (err)
		forget(k);
	return err;
}

static uint32_t search(const struct ft_kallsyms *k, uint64_t off)
{
	uint32_t lo = 0, hi = k->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (k->v[mid].off <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int find(const struct ft_kallsyms *k, uint64_t ip, struct ft_ksym *out)
{
	uint64_t off = ip - k->base, end;
	uint32_t i = ip >= k->base ? search(k, off) : 0, r = k->n_runs;

	if (!i--)
		return k->hidden ? -EPERM : -ENOENT;
	while (r && k->runs[r - 1].first > i)
		r--;
	end = (uint64_t)k->v[i].off + FUNC_MAX;
	/* Nothing says where the last function of a module ends; its last page is its own. */
	if (i + 1 == k->n || (r < k->n_runs && k->runs[r].first == i + 1))
		end = ((k->base + k->v[i].off) / PAGE + 1) * PAGE - k->base;
	if (off >= end)
		return -ENOENT;
	*out = (struct ft_ksym) {
		.name = k->names + k->v[i].name,
		.module = k->runs[r - 1].module,
		.start = k->base + k->v[i].off,
	};
	return 0;
}

int ft_kallsyms_find(struct ft_kallsyms *k, uint64_t ip, uint64_t now_ns, struct ft_ksym *out)
{
	int err;

	if (!k->read) {
		err = read_list(k, now_ns);
		if (err)
			return err;
	}
	err = find(k, ip, out);
	if (err == -ENOENT && now_ns - k->read_ns >= READ_AGAIN_NS && !read_list(k, now_ns))
		err = find(k, ip, out);
	return err;
}

int ft_ksym_parse(char *text, uint64_t ip, struct ft_ksym *out)
{
	char *plus = strrchr(text, '+'), *end;
	uint64_t off;

	if (!plus || plus == text)
		return -ENOENT;
	off = strtoull(plus + 1, &end, 16);
	if (end == plus + 1 || *end != '/' || off > ip)
		return -ENOENT;
	end += strcspn(end, " ");
	*plus = '\0';
	*out = (struct ft_ksym) {
		.name = text,
		.module = *end ? end + 1 : "[kernel]",
		.start = ip - off,
	};
	return 0;
}

size_t ft_kallsyms_bytes(const struct ft_kallsyms *k)
{
	return sizeof(*k) + k->cap * sizeof(*k->v) + k->runs_cap * sizeof(*k->runs) + k->names_cap;
}
