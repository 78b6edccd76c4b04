/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The plain reading of the numbers. Every sentence follows from numbers shown above it. */
#include <string.h>

#include "view/mem.h"

void ft_view_size(struct ft_buf *out, uint64_t kb)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB", "PB" };
	double v = kb;
	size_t u = 0;

	while (v >= 10240 && u + 1 < sizeof(units) / sizeof(*units)) {
		v /= 1024;
		u++;
	}
	/* Whole powers stay whole: 2^36 entries of 8 bytes are 512 GB. */
	while (v >= 1024 && v / 1024 == (double)(uint64_t)(v / 1024) &&
	       u + 1 < sizeof(units) / sizeof(*units)) {
		v /= 1024;
		u++;
	}
	ft_buf_fmt(out, v == (double)(uint64_t)v ? "%.0f %s" : "%.1f %s", v, units[u]);
}

static uint64_t pages_kb(const struct ft_mem *m, uint64_t pages)
{
	return pages * (m->page_size / 1024);
}

static void say_linkage(struct ft_buf *b, const struct ft_mem *m)
{
	const struct ft_mem_sum *libs = &m->sum[FT_MEM_LIBRARIES];

	switch (m->elf.linkage) {
	case FT_LINK_DYNAMIC:
		ft_buf_str(b, "The program is dynamically linked: ");
		ft_buf_escaped(b, m->elf.interp, strlen(m->elf.interp));
		ft_buf_fmt(
			b,
			" loads its libraries. %llu file%s with code %s mapped besides its own, ",
			(unsigned long long)libs->files, libs->files == 1 ? "" : "s",
			libs->files == 1 ? "is" : "are");
		ft_view_size(b, libs->size);
		ft_buf_str(b, " of the address space, shared with whoever maps them too.");
		break;
	case FT_LINK_STATIC:
	case FT_LINK_STATIC_PIE:
		ft_buf_fmt(
			b,
			"The program is statically linked%s: it names no interpreter and needs no "
			"library; all its code comes from its own file.",
			m->elf.linkage == FT_LINK_STATIC_PIE ? ", at an address chosen at start"
							     : "");
		break;
	default:
		ft_buf_str(
			b,
			"Whether the program is statically or dynamically linked is not known: its "
			"file cannot be read.");
		break;
	}
}

/* ": 2 MB libraries, 132 KB heap": what there is of each kind but the program's own file. */
static void list_kinds(struct ft_buf *b, const struct ft_mem *m)
{
	const char *comma = "";

	for (int k = 0; k < FT_MEM_KIND_MAX; k++) {
		if (!m->sum[k].size || k == FT_MEM_PROGRAM)
			continue;
		ft_buf_str(b, comma);
		ft_view_size(b, m->sum[k].size);
		ft_buf_fmt(b, " %s", ft_mem_kind_names[k]);
		comma = ", ";
	}
}

/* vsyscall is at an address of the kernel's half: total_vm, which statm shows, leaves it out. */
static void say_vsyscall(struct ft_buf *b, const struct ft_mem *m)
{
	const struct ft_maps *maps = &m->smaps.maps;
	const struct ft_map *last = maps->n ? &maps->v[maps->n - 1] : NULL;

	if (last && !strcmp(ft_map_kind(last), "vsyscall"))
		ft_buf_fmt(
			b,
			" (vsyscall, %llu KB in the kernel's half of the addresses, is not part of "
			"the total above)",
			(unsigned long long)(last->end - last->start) / 1024);
}

static void say_mapped(struct ft_buf *b, const struct ft_mem *m)
{
	uint64_t file = m->elf.file_size / 1024, own = m->sum[FT_MEM_PROGRAM].size;

	ft_buf_str(b, "The mappings add up to ");
	ft_view_size(b, m->all.size);
	say_vsyscall(b, m);
	if (m->elf.linkage) {
		ft_buf_str(b, ", the program's file has ");
		ft_view_size(b, file);
		ft_buf_str(b, " on disk. ");
		ft_view_size(b, own);
		ft_buf_str(b, own < file
				      ? " map that file (what runs of it; symbol tables and debug "
					"sections are not mapped)"
				      : " map that file, in whole pages");
		ft_buf_str(b, ", the others are ");
	} else {
		ft_buf_str(b, ": ");
	}
	list_kinds(b, m);
	ft_buf_char(b, '.');
	if (m->elf.bss_size >= 1024) {
		ft_buf_str(b, " Variables that begin as zero (.bss, ");
		ft_view_size(b, m->elf.bss_size / 1024);
		ft_buf_str(b, ") take no room in the file, but memory.");
	}
}

/* A part of what is not in RAM, after those before it. */
static void say_part(struct ft_buf *b, uint64_t kb, const char **begin, const char *what)
{
	if (!kb)
		return;
	ft_buf_str(b, *begin);
	ft_view_size(b, kb);
	ft_buf_str(b, what);
	*begin = ", ";
}

/* What has no page in RAM, and what a touch of it would be. The kernel's own mappings apart. */
static void say_rest(struct ft_buf *b, const struct ft_mem *m)
{
	const struct ft_mem_sum *all = &m->all, *kernel = &m->sum[FT_MEM_KERNEL];
	uint64_t hugetlb = all->hugetlb == UINT64_MAX ? 0 : all->hugetlb, rest, used;
	const char *begin = " Of the rest, ";

	if (all->rss == UINT64_MAX || all->swap == UINT64_MAX) {
		ft_buf_str(b, " The rest is not: it was never touched, is swapped out, or only "
			      "reserves addresses.");
		return;
	}
	rest = all->size - kernel->size;
	used = all->rss - kernel->rss + hugetlb + all->swap + all->reserved;
	say_part(b, all->swap, &begin, " is swapped out");
	say_part(b, all->reserved, &begin, " allows no access and only reserves addresses");
	say_part(b, rest > used ? rest - used : 0, &begin,
		 " has an address but no page yet: each page comes with a fault, when it is first "
		 "touched");
	if (*begin == ',')
		ft_buf_char(b, '.');
}

static void say_ram(struct ft_buf *b, const struct ft_mem *m)
{
	uint64_t hugetlb = m->all.hugetlb == UINT64_MAX ? 0 : m->all.hugetlb;
	uint64_t kb =
		(m->all.rss == UINT64_MAX ? pages_kb(m, m->statm.resident) : m->all.rss) + hugetlb;
	double part = m->all.size ? 100.0 * (double)kb / (double)m->all.size : 0;

	ft_view_size(b, kb);
	ft_buf_fmt(b, " of it (%.0f %%) is in RAM", part);
	if (m->all.pss != UINT64_MAX) {
		ft_buf_str(b, ", ");
		ft_view_size(b, m->all.pss);
		ft_buf_str(b, " when pages used by several processes count by their share, ");
		ft_view_size(b, m->all.private_dirty);
		ft_buf_str(b, " written and its own alone");
	}
	ft_buf_char(b, '.');
	say_rest(b, m);
}

static void say_hugetlb(struct ft_buf *b, const struct ft_mem *m)
{
	if (!m->all.hugetlb || m->all.hugetlb == UINT64_MAX)
		return;
	ft_view_size(b, m->all.hugetlb);
	ft_buf_str(b, " is in pages of hugetlbfs, which the kernel counts neither as resident nor "
		      "in RSS and PSS.");
}

static void say_swap(struct ft_buf *b, const struct ft_mem *m)
{
	if (!m->all.swap || m->all.swap == UINT64_MAX)
		return;
	ft_view_size(b, m->all.swap);
	ft_buf_str(b,
		   " is swapped out: touching it is a major fault, unless the page is still in the "
		   "swap cache.");
}

static void say_thp(struct ft_buf *b, const struct ft_mem *m)
{
	if (!m->all.thp || m->all.thp == UINT64_MAX)
		return;
	ft_view_size(b, m->all.thp);
	ft_buf_str(b, " is in huge pages: one fault and one entry map what else takes 512.");
}

static void say_tables(struct ft_buf *b, const struct ft_mem *m)
{
	const struct ft_vaddr_layout *l = &m->layout;

	if (m->status.page_tables_kb != FT_UNKNOWN) {
		ft_buf_str(b, "Its page tables take ");
		ft_view_size(b, m->status.page_tables_kb);
		ft_buf_str(b, ". ");
	}
	ft_buf_fmt(b, "One flat table for %d-bit addresses would need 2^%d entries of %d bytes, ",
		   l->bits, l->bits - l->page_shift, FT_PTE_SIZE);
	ft_view_size(b, ft_vaddr_flat_bytes(l) / 1024);
	ft_buf_fmt(b,
		   ", for every process: with %d levels there are tables only where something is "
		   "mapped.",
		   l->levels);
}

void ft_view_mem_words(const struct ft_mem *m,
		       void (*emit)(void *arg, const char *text, size_t len), void *arg)
{
	static void (*const say[])(struct ft_buf *, const struct ft_mem *) = {
		say_linkage, say_mapped, say_ram, say_hugetlb, say_swap, say_thp, say_tables,
	};
	struct ft_buf b;

	ft_buf_init(&b, -1);
	for (size_t i = 0; i < sizeof(say) / sizeof(*say); i++) {
		b.len = 0;
		say[i](&b, m);
		if (b.len && !b.err)
			emit(arg, b.data, b.len);
	}
	ft_buf_deinit(&b);
}
