/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "base/column.h"
#include "view/mem.h"
#include "view/wrap.h"

/* A row of either table of mappings. */
struct row {
	const struct ft_map *map;
	const struct ft_smap *smap;
	enum ft_mem_kind kind;
	char range[40], start[20], perms[5], dev[24], offset[20];
};

static void fill_row(struct row *r, const struct ft_mem *m, size_t i)
{
	const struct ft_map *map = &m->smaps.maps.v[i];

	r->map = map;
	r->smap = &m->smaps.v[i];
	r->kind = ft_mem_kind_of(m, i);
	snprintf(r->range, sizeof(r->range), "%012llx-%012llx", (unsigned long long)map->start,
		 (unsigned long long)map->end);
	snprintf(r->start, sizeof(r->start), "%012llx", (unsigned long long)map->start);
	snprintf(r->offset, sizeof(r->offset), "%08llx", (unsigned long long)map->offset);
	snprintf(r->dev, sizeof(r->dev), "%02x:%02x", map->major, map->minor);
	ft_map_perms(map->perms, r->perms);
}

static struct ft_cell kb_cell(uint64_t v)
{
	return v == UINT64_MAX ? ft_cell_none() : ft_cell_u64(v);
}

#define ROW_TEXT(member)                                                                           \
	static struct ft_cell get_##member(const void *row, const void *ctx)                       \
	{                                                                                          \
		return ft_cell_text(((const struct row *)row)->member);                            \
	}
#define ROW_FIELD(name, id)                                                                        \
	static struct ft_cell get_##name(const void *row, const void *ctx)                         \
	{                                                                                          \
		return kb_cell(((const struct row *)row)->smap->kb[FT_SMAP_##id]);                 \
	}

ROW_TEXT(range)
ROW_TEXT(start)
ROW_TEXT(perms)
ROW_TEXT(offset)
ROW_TEXT(dev)
ROW_FIELD(rss, RSS)
ROW_FIELD(pss, PSS)
ROW_FIELD(swap, SWAP)
ROW_FIELD(private_dirty, PRIVATE_DIRTY)
ROW_FIELD(shared_dirty, SHARED_DIRTY)

static struct ft_cell get_inode(const void *row, const void *ctx)
{
	return ft_cell_u64(((const struct row *)row)->map->ino);
}

static uint64_t map_kb(const struct row *r)
{
	return (r->map->end - r->map->start) / 1024;
}

static struct ft_cell get_kb(const void *row, const void *ctx)
{
	return ft_cell_u64(map_kb(row));
}

static struct ft_cell get_pages(const void *row, const void *ctx)
{
	const struct ft_mem *m = ctx;

	return ft_cell_u64(map_kb(row) / (m->page_size / 1024));
}

/* Huge pages of both sorts; what this kernel does not print adds nothing. */
static struct ft_cell huge_cell(uint64_t thp, uint64_t hugetlb)
{
	if (thp == UINT64_MAX || hugetlb == UINT64_MAX)
		return kb_cell(thp == UINT64_MAX ? hugetlb : thp);
	return kb_cell(thp + hugetlb);
}

static struct ft_cell get_huge(const void *row, const void *ctx)
{
	const struct ft_smap *v = ((const struct row *)row)->smap;

	return huge_cell(ft_smap_thp_kb(v), ft_smap_hugetlb_kb(v));
}

static struct ft_cell get_path(const void *row, const void *ctx)
{
	return ft_cell_text(((const struct row *)row)->map->path);
}

/* What people call it: the file's own name, or the kernel's word in brackets. */
static struct ft_cell get_what(const void *row, const void *ctx)
{
	const char *path = ((const struct row *)row)->map->path;
	const char *slash = *path == '/' ? strrchr(path, '/') : NULL;

	if (!*path)
		return ft_cell_text("[anon]");
	return ft_cell_text(slash ? slash + 1 : path);
}

static const struct ft_column where_cols[] = {
	{ "range", "ADDRESSES", -25, get_range, NULL, "first byte and the byte after the last" },
	{ "perms", "PERM", -4, get_perms, NULL, "read, write, execute, private or shared" },
	{ "offset", "OFFSET", 8, get_offset, NULL, "in the file" },
	{ "dev", "DEV", -5, get_dev, NULL, "of the file" },
	{ "inode", "INODE", 7, get_inode, NULL, "of the file" },
	{ "pages", "PAGES", 6, get_pages, NULL, "size" },
	{ "size_kb", "KB", 6, get_kb, NULL, "size" },
	{ "path", "PATH", 0, get_path, NULL, "as the kernel calls it" },
};

static const struct ft_column what_cols[] = {
	{ "start", "START", -12, get_start, NULL, "first byte" },
	{ "size_kb", "SIZE", 7, get_kb, NULL, "of the mapping" },
	{ "rss_kb", "RSS", 7, get_rss, NULL, "in RAM" },
	{ "pss_kb", "PSS", 7, get_pss, NULL, "in RAM, shared pages by their share" },
	{ "swap_kb", "SWAP", 6, get_swap, NULL, "swapped out" },
	{ "private_dirty_kb", "PDIRTY", 7, get_private_dirty, NULL, "written, its own alone" },
	{ "shared_dirty_kb", "SDIRTY", 6, get_shared_dirty, NULL, "written, shared" },
	{ "huge_kb", "HUGE", 6, get_huge, NULL, "in huge pages" },
	{ "what", "WHAT", 0, get_what, NULL, "name" },
};

/* A row of the table of sums. */
struct sum_row {
	const char *name;
	const struct ft_mem_sum *s;
};

#define SUM_FIELD(member)                                                                          \
	static struct ft_cell sum_##member(const void *row, const void *ctx)                       \
	{                                                                                          \
		return kb_cell(((const struct sum_row *)row)->s->member);                          \
	}

SUM_FIELD(mappings)
SUM_FIELD(size)
SUM_FIELD(rss)
SUM_FIELD(pss)
SUM_FIELD(swap)
SUM_FIELD(private_dirty)
SUM_FIELD(shared_dirty)

static struct ft_cell sum_huge(const void *row, const void *ctx)
{
	const struct ft_mem_sum *s = ((const struct sum_row *)row)->s;

	return huge_cell(s->thp, s->hugetlb);
}

static struct ft_cell sum_name(const void *row, const void *ctx)
{
	return ft_cell_text(((const struct sum_row *)row)->name);
}

static struct ft_cell sum_pages(const void *row, const void *ctx)
{
	const struct ft_mem *m = ctx;

	return ft_cell_u64(((const struct sum_row *)row)->s->size / (m->page_size / 1024));
}

static const struct ft_column sum_cols[] = {
	{ "kind", "KIND", -20, sum_name, NULL, "what it is for" },
	{ "mappings", "MAPS", 4, sum_mappings, NULL, "how many mappings" },
	{ "pages", "PAGES", 7, sum_pages, NULL, "size" },
	{ "size_kb", "KB", 7, sum_size, NULL, "size" },
	{ "rss_kb", "RSS", 6, sum_rss, NULL, "in RAM" },
	{ "pss_kb", "PSS", 6, sum_pss, NULL, "in RAM, shared pages by their share" },
	{ "swap_kb", "SWAP", 4, sum_swap, NULL, "swapped out" },
	{ "private_dirty_kb", "PDIRTY", 6, sum_private_dirty, NULL, "written, its own alone" },
	{ "shared_dirty_kb", "SDIRTY", 6, sum_shared_dirty, NULL, "written, shared" },
	{ "huge_kb", "HUGE", 4, sum_huge, NULL, "in huge pages" },
};

static void print_head(struct ft_buf *out, const struct ft_mem *m, const char *where)
{
	ft_buf_fmt(out, "PID %d (", m->pid);
	ft_buf_escaped(out, m->stat.comm, strlen(m->stat.comm));
	ft_buf_char(out, ')');
	if (*m->elf.path) {
		ft_buf_str(out, " runs ");
		ft_buf_escaped(out, m->elf.path, strlen(m->elf.path));
	}
	if (where)
		ft_buf_fmt(out, ",\n%s", where);
	ft_buf_fmt(out, "\n\npage size: %llu bytes\n\n", (unsigned long long)m->page_size);
}

static void print_amount(struct ft_buf *out, const struct ft_mem *m, const char *name,
			 uint64_t pages, const char *meaning)
{
	ft_buf_fmt(out, "%-12s ", name);
	ft_buf_u64_pad(out, pages, 10);
	ft_buf_u64_pad(out, pages * (m->page_size / 1024), 12);
	ft_buf_fmt(out, "  %s\n", meaning);
}

static void print_summary(struct ft_buf *out, const struct ft_mem *m)
{
	const struct ft_statm *s = &m->statm;

	ft_buf_fmt(out, "%-12s %10s %11s\n", "", "pages", "KB");
	print_amount(out, m, "total", s->size, "address space");
	print_amount(out, m, "resident", s->resident, "in RAM");
	print_amount(out, m, "shared", s->shared, "of the resident: of files and shared memory");
	print_amount(out, m, "text", s->text, "code of the program");
	print_amount(out, m, "data+stack", s->data, "private and writable");
	if (m->status.swap_kb != FT_UNKNOWN)
		print_amount(out, m, "swapped", ft_kb_to_pages(m->status.swap_kb, m->page_size),
			     "anonymous memory in swap");
	if (m->status.page_tables_kb != FT_UNKNOWN)
		print_amount(out, m, "page tables",
			     ft_kb_to_pages(m->status.page_tables_kb, m->page_size),
			     "on top of the resident");
}

static void print_mappings(struct ft_buf *out, const struct ft_mem *m, const char *title,
			   const struct ft_column *cols, size_t n)
{
	struct ft_table t;
	struct row r;

	ft_buf_fmt(out, "\n%s\n", title);
	ft_table_init(&t, cols, n);
	t.ctx = m;
	for (size_t i = 0; i < m->smaps.maps.n; i++) {
		fill_row(&r, m, i);
		ft_table_fit(&t, &r, 1, sizeof(r));
	}
	ft_table_header(out, &t);
	for (size_t i = 0; i < m->smaps.maps.n; i++) {
		fill_row(&r, m, i);
		ft_table_row(out, &t, &r);
	}
}

static void print_sums(struct ft_buf *out, const struct ft_mem *m)
{
	struct sum_row rows[FT_MEM_KIND_MAX + 1];
	struct ft_table t;
	size_t n = 0;

	for (int k = 0; k < FT_MEM_KIND_MAX; k++)
		if (m->sum[k].mappings)
			rows[n++] = (struct sum_row) { ft_mem_kind_names[k], &m->sum[k] };
	rows[n++] = (struct sum_row) { "all", &m->all };
	ft_buf_str(out, "\nSums by kind, KB\n");
	FT_TABLE_INIT(&t, sum_cols);
	t.ctx = m;
	ft_table_fit(&t, rows, n, sizeof(*rows));
	ft_table_header(out, &t);
	for (size_t i = 0; i < n; i++)
		ft_table_row(out, &t, &rows[i]);
}

static void print_sentence(void *arg, const char *text, size_t len)
{
	ft_wrap(arg, "- ", text, len);
}

void ft_view_mem_text(struct ft_buf *out, const struct ft_mem *m, const char *where)
{
	print_head(out, m, where);
	print_summary(out, m);
	if (m->smaps_err)
		return;
	print_mappings(out, m, "Mappings: where they come from", where_cols,
		       sizeof(where_cols) / sizeof(*where_cols));
	if (!m->smaps.only_maps)
		print_mappings(out, m, "Mappings: what they hold, KB", what_cols,
			       sizeof(what_cols) / sizeof(*what_cols));
	print_sums(out, m);
	ft_buf_str(out, "\nIn words\n");
	ft_view_mem_words(m, print_sentence, out);
}
