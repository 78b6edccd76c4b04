/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "ft_names.h"
#include "view/explain.h"
#include "view/mem.h"
#include "view/wrap.h"

#define LINE_COLUMNS 79

static void put_escaped(struct ft_buf *out, const char *s)
{
	ft_buf_escaped(out, s, strlen(s));
}

/* Where a file's name fits a line; else its end, which says more. */
static void put_map(struct ft_buf *out, const struct ft_map *m)
{
	char perms[5];

	ft_map_perms(m->perms, perms);
	ft_buf_hex(out, m->start, 12);
	ft_buf_char(out, '-');
	ft_buf_hex(out, m->end, 12);
	ft_buf_fmt(out, " %s ", perms);
	if (*m->path)
		put_escaped(out, m->path);
	else
		ft_buf_str(out, "anonymous");
}

static void print_head(struct ft_buf *out, const struct ft_explain *e, const char *name,
		       const struct ft_located *found)
{
	ft_buf_fmt(out, "Address 0x%llx of PID %d (", (unsigned long long)e->addr, e->pid);
	put_escaped(out, e->stat.comm);
	ft_buf_char(out, ')');
	if (name) {
		ft_buf_str(out, ": ");
		put_escaped(out, name);
		ft_buf_str(out, " in ");
		put_escaped(out, found->map->path);
	}
	ft_buf_char(out, '\n');
	if (name && found->ifunc)
		ft_buf_str(out,
			   "  This is its resolver: which of several functions runs was chosen "
			   "when the program began.\n");
	if (name && found->others)
		ft_buf_fmt(out, "  The file has %u more local symbols of this name, elsewhere.\n",
			   found->others);
}

static void print_level(struct ft_buf *out, const struct ft_vaddr_level *l)
{
	ft_buf_fmt(out, "  %2d-%-2d  %-6s  %5llu  ", l->shift + l->bits - 1, l->shift, l->name,
		   (unsigned long long)l->index);
	ft_view_size(out, l->covers / 1024);
	ft_buf_char(out, '\n');
}

static void print_split(struct ft_buf *out, const struct ft_explain *e)
{
	const struct ft_vaddr_split *s = &e->split;

	ft_buf_fmt(out, "\nAddress split: %d bits, %d levels of tables, pages of %llu bytes\n",
		   e->layout.bits, e->layout.levels, 1ULL << e->layout.page_shift);
	if (e->entry_shift > e->layout.page_shift) {
		ft_buf_str(out, "  Here a huge page of ");
		ft_view_size(out, 1ULL << (e->entry_shift - 10));
		ft_buf_str(out,
			   s->levels < e->layout.levels
				   ? ": its entry is in a higher table, below which there is none\n"
				   : ": several entries together\n");
	}
	ft_buf_str(out, "  BITS   TABLE   INDEX  AN ENTRY COVERS\n");
	for (int i = 0; i < s->levels; i++) {
		print_level(out, &s->level[i]);
		if (!i && e->layout.levels == 4)
			ft_buf_str(out, "   -     P4D         -  (only with 5 levels)\n");
	}
	ft_buf_fmt(out, "  %2d-%-2d  %-6s  %5llu  (0x%llx)\n", e->entry_shift - 1, 0, "offset",
		   (unsigned long long)s->offset, (unsigned long long)s->offset);
	ft_buf_fmt(out, "  page number 0x%llx, offset 0x%llx\n", (unsigned long long)s->page_number,
		   (unsigned long long)s->offset);
}

static void print_neighbour(struct ft_buf *out, const struct ft_explain *e, const char *side,
			    const struct ft_map *m, uint64_t gap)
{
	if (!m)
		return;
	ft_buf_fmt(out, "  %s  ", side);
	put_map(out, m);
	ft_buf_str(out, "\n         ");
	if (!gap)
		ft_buf_str(out, "right");
	else if (gap < 1024)
		ft_buf_fmt(out, "%llu byte%s", (unsigned long long)gap, gap == 1 ? "" : "s");
	else
		ft_view_size(out, gap / 1024);
	ft_buf_fmt(out, " %s the address\n", m->start > e->addr ? "above" : "below");
}

static void print_within(struct ft_buf *out, const struct ft_explain *e)
{
	const struct ft_map *m = e->map;
	uint64_t page = (e->addr - m->start) >> e->page_shift;
	uint64_t at = m->offset + (e->addr - m->start);

	ft_buf_fmt(out, "  page %llu of %llu", (unsigned long long)page + 1,
		   (unsigned long long)(m->end - m->start) >> e->page_shift);
	if (m->ino && strcmp(ft_map_kind(m), "anon") != 0) {
		ft_buf_fmt(out, "; offset 0x%llx in the file", (unsigned long long)at);
		if (e->backing.beyond_end == FT_YES)
			ft_buf_fmt(out, ", which ends at 0x%llx",
				   (unsigned long long)e->backing.file_size);
		else if (e->backing.cached != FT_DONT_KNOW)
			ft_buf_str(out, e->backing.cached == FT_YES ? ", in the page cache"
								    : ", not in the page cache");
	}
	ft_buf_char(out, '\n');
	if (e->smap->vm_flags) {
		const char *flags = e->smap->vm_flags + strspn(e->smap->vm_flags, " ");
		size_t n = strlen(flags);

		while (n && flags[n - 1] == ' ')
			n--;
		ft_buf_str(out, "  VmFlags: ");
		ft_buf_escaped(out, flags, n);
		ft_buf_char(out, '\n');
	}
	if (e->smap->pkey)
		ft_buf_fmt(out, "  protection key %llu\n", (unsigned long long)e->smap->pkey);
}

static void print_mapping(struct ft_buf *out, const struct ft_explain *e)
{
	ft_buf_str(out, "\nMapping\n");
	if (e->smaps_err) {
		ft_buf_str(out, "  not permitted to see\n");
		return;
	}
	if (e->map) {
		ft_buf_str(out, "  ");
		put_map(out, e->map);
		ft_buf_char(out, '\n');
		print_within(out, e);
		return;
	}
	ft_buf_str(out, "  none; the nearest are\n");
	print_neighbour(out, e, "below", e->below, e->below ? e->addr - e->below->end : 0);
	print_neighbour(out, e, "above", e->above, e->above ? e->above->start - e->addr : 0);
}

static void put_flag(void *arg, const char *name)
{
	ft_buf_char(arg, ' ');
	ft_buf_str(arg, name);
}

static void put_bits(struct ft_buf *b, const struct ft_explain *e)
{
	const struct ft_pagemap *p = &e->entry;

	if (p->present)
		ft_buf_str(b, e->zero_page == FT_YES ? ", the kernel's page of zeros"
			      : p->file		     ? ", of a file or shared memory"
						     : ", anonymous");
	if (p->exclusive)
		ft_buf_str(b, ", mapped only here");
	if (p->soft_dirty)
		ft_buf_str(b, ", soft-dirty");
	if (p->uffd_wp)
		ft_buf_str(b, ", write-protected by userfaultfd");
	if (p->guard)
		ft_buf_str(b, ", guard");
}

static void put_swap(struct ft_buf *b, const struct ft_explain *e)
{
	const struct ft_pagemap *p = &e->entry;

	if (p->special) {
		ft_buf_fmt(b, "not present, special (type %u: migration, marker, poison or device)",
			   p->swap_type);
		return;
	}
	ft_buf_str(b, "swapped out");
	if (!p->frame_known) {
		ft_buf_str(b, "; where to is shown to root only");
		return;
	}
	ft_buf_fmt(b, " to page %llu of ", (unsigned long long)p->swap_offset);
	if (*e->swap_device)
		ft_buf_fmt(b, "%s%s", e->swap_device,
			   e->swap_device_sure ? "" : " (if no earlier area was switched off)");
	else
		ft_buf_fmt(b, "swap area %u", p->swap_type);
}

/* One line of text per fact, wrapped. */
static void print_entry(struct ft_buf *out, const struct ft_explain *e)
{
	const struct ft_pagemap *p = &e->entry;
	struct ft_buf b;

	if (!e->map || e->half != FT_VADDR_USER)
		return;
	ft_buf_str(out, "\nPage-table entry\n");
	if (e->pagemap_err) {
		ft_buf_str(out, e->pagemap_err == -ENODATA
					? "  not known: pagemap does not show such mappings\n"
					: "  not known: /proc/PID/pagemap cannot be read\n");
		return;
	}
	ft_buf_init(&b, -1);
	if (p->present && p->frame_known)
		ft_buf_fmt(&b, "present, frame 0x%llx", (unsigned long long)p->frame);
	else if (p->present)
		ft_buf_str(&b, "present, frame number shown to root only");
	else if (p->swapped && !p->guard)
		put_swap(&b, e);
	else
		ft_buf_str(&b, "empty");
	put_bits(&b, e);
	ft_wrap(out, "  ", b.data, b.len);
	if (!e->kpage_err) {
		b.len = 0;
		ft_buf_str(&b, "page flags:");
		ft_kpageflags_names(e->kpageflags, put_flag, &b);
		ft_buf_fmt(&b, "; mapped %llu time%s", (unsigned long long)e->kpagecount,
			   e->kpagecount == 1 ? "" : "s");
		ft_wrap(out, "  ", b.data, b.len);
	}
	ft_buf_deinit(&b);
}

static const char *cause_text(unsigned int cause)
{
#define FT_TEXT_OF(id, name, type, text) text,
	static const char *const texts[] = { FT_CAUSES(FT_TEXT_OF) };
#undef FT_TEXT_OF

	return texts[cause];
}

static void put_outcome(struct ft_buf *b, const struct ft_outcome *o)
{
	switch (o->kind) {
	case FT_OUTCOME_HIT:
		ft_buf_str(b, "hit");
		return;
	case FT_OUTCOME_GP:
		ft_buf_str(b, "SIGSEGV without a page fault");
		return;
	case FT_OUTCOME_EMULATED:
		ft_buf_str(b, "emulated");
		return;
	default:
		ft_buf_fmt(b, "%s %s", ft_type_name(o->type), ft_cause_name(o->cause));
		return;
	}
}

static void print_step(struct ft_buf *out, const struct ft_explain *e, int n, enum ft_step s)
{
	const char *function = ft_view_step_function(e, s);
	size_t used;

	ft_buf_fmt(out, "    %d %s", n, ft_step_text[s]);
	used = strlen("    1 ") + strlen(ft_step_text[s]);
	if (!*function) {
		ft_buf_char(out, '\n');
		return;
	}
	if (used + 3 + strlen(function) > LINE_COLUMNS) {
		ft_buf_char(out, '\n');
		used = 0;
	}
	ft_buf_fmt(out, "%*s%s()\n", (int)(LINE_COLUMNS - 2 - used - strlen(function)), "",
		   function);
}

static void print_alternatives(struct ft_buf *out, const struct ft_prediction *p)
{
	struct ft_buf b;

	ft_buf_init(&b, -1);
	for (int i = 0; i < p->alts; i++) {
		b.len = 0;
		put_outcome(&b, &p->alt[i].is);
		ft_buf_fmt(&b, " if %s", ft_condition_text[p->alt[i].when]);
		ft_wrap(out, "    or ", b.data, b.len);
	}
	if (p->has_then) {
		b.len = 0;
		put_outcome(&b, &p->then);
		ft_buf_str(&b, ", when the same instruction is tried again");
		ft_wrap(out, "    then ", b.data, b.len);
	}
	ft_buf_deinit(&b);
}

static void print_prediction(struct ft_buf *out, const struct ft_explain *e, int access)
{
	const struct ft_prediction *p = &e->prediction[access];

	ft_buf_fmt(out, "  %-5s ", ft_access_name(access));
	put_outcome(out, &p->is);
	if (p->is.kind == FT_OUTCOME_FAULT)
		ft_buf_fmt(out, ": %s", cause_text(p->is.cause));
	ft_buf_char(out, '\n');
	for (int i = 0; i < p->steps; i++)
		print_step(out, e, i + 1, p->step[i]);
	print_alternatives(out, p);
}

const char *ft_view_step_function(const struct ft_explain *e, enum ft_step s)
{
	static const char *const only_x86[] = { "do_kern_addr_fault", "access_error" };
	const char *function = ft_step_function[s];

	for (size_t i = 0; !e->machine.x86 && i < sizeof(only_x86) / sizeof(*only_x86); i++)
		if (!strcmp(function, only_x86[i]))
			return "do_page_fault";
	return function;
}

void ft_view_explain_text(struct ft_buf *out, const struct ft_explain *e, const char *name,
			  const struct ft_located *found)
{
	print_head(out, e, name, found);
	print_split(out, e);
	print_mapping(out, e);
	print_entry(out, e);
	if (e->smaps_err)
		return;
	ft_buf_str(out, "\nA touch from user mode would be\n");
	for (int a = 0; a < FT_ACCESS_MAX; a++)
		print_prediction(out, e, a);
}
