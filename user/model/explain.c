/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "base/scan.h"
#include "model/explain.h"

#define STACK_GUARD_GAP 256 /* pages; stack_guard_gap, mm/mmap.c */

static uint64_t page_size(const struct ft_explain *e)
{
	return 1ULL << e->machine.page_shift;
}

static uint64_t page_of(const struct ft_explain *e, uint64_t addr)
{
	return addr & -page_size(e);
}

/* The end of the highest mapping in user space: vsyscall is above it, in the kernel's half. */
static uint64_t highest(const struct ft_maps *maps)
{
	for (size_t i = maps->n; i > 0; i--)
		if (!(maps->v[i - 1].end >> 63))
			return maps->v[i - 1].end;
	return 0;
}

/* "Max stack size   8388608   unlimited   bytes" */
static uint64_t read_stack_limit(const char *root, pid_t pid)
{
	char text[4096], path[64];
	struct ft_scan c, line;
	uint64_t v;
	ssize_t n;

	snprintf(path, sizeof(path), "proc/%d/limits", pid);
	n = ft_proc_read(root, path, text, sizeof(text));
	c = (struct ft_scan) { text, text + (n > 0 ? n : 0) };
	while (ft_scan_line(&c, &line)) {
		if (!ft_scan_word(&line, "Max stack size"))
			continue;
		ft_scan_blanks(&line);
		return ft_scan_u64(&line, &v) ? v : UINT64_MAX;
	}
	return UINT64_MAX;
}

int ft_explain_open(struct ft_explain *e, const char *root, pid_t pid)
{
	_cleanup_fd_ int procfd = ft_proc_open_dir(root);
	int err;

	*e = (struct ft_explain) { .pid = pid };
	if (procfd < 0)
		return procfd;
	err = ft_stat_read(procfd, pid, &e->stat);
	if (err)
		return err;
	ft_machine_read(root, &e->machine);
	ft_elfinfo_read(root, pid, &e->elf);
	e->smaps_err = ft_smaps_read(root, pid, &e->smaps);
	e->stack_limit = read_stack_limit(root, pid);
	e->layout = e->machine.x86 ? ft_vaddr_x86(e->machine.la57)
				   : ft_vaddr_arm64(e->machine.page_shift, highest(&e->smaps.maps));
	return e->smaps_err == -ESRCH ? -ESRCH : 0;
}

void ft_explain_close(struct ft_explain *e)
{
	ft_smaps_deinit(&e->smaps);
	*e = (struct ft_explain) { 0 };
}

static bool is_kind(const struct ft_map *m, const char *kind)
{
	return !strcmp(ft_map_kind(m), kind);
}

static const struct ft_smap *values_of(const struct ft_explain *e, const struct ft_map *m)
{
	return m ? &e->smaps.v[m - e->smaps.maps.v] : NULL;
}

static bool grows_down(const struct ft_explain *e, const struct ft_map *m)
{
	return ft_smap_flag(values_of(e, m), "gd") || is_kind(m, "stack");
}

/* expand_downwards(), mm/vma.c, without what only the kernel can count (RLIMIT_AS, overcommit). */
static bool may_grow(const struct ft_explain *e)
{
	uint64_t to = page_of(e, e->addr);
	const struct ft_map *prev = e->below;

	if (e->above->end - to > e->stack_limit || to < e->machine.mmap_min_addr)
		return false;
	if (!prev || grows_down(e, prev) || !(prev->perms & (FT_MAP_R | FT_MAP_W | FT_MAP_X)))
		return true;
	return to - prev->end >= STACK_GUARD_GAP * page_size(e);
}

static enum ft_where where_is(const struct ft_explain *e)
{
	if (e->map && is_kind(e->map, "vsyscall"))
		return FT_WHERE_VSYSCALL;
	if (e->half == FT_VADDR_NONCANONICAL)
		return FT_WHERE_NONCANONICAL;
	if (e->half == FT_VADDR_KERNEL)
		return FT_WHERE_KERNEL;
	if (e->map)
		return FT_WHERE_MAPPED;
	if (!e->above || !grows_down(e, e->above))
		return FT_WHERE_NOTHING;
	return may_grow(e) ? FT_WHERE_BELOW_STACK : FT_WHERE_STACK_REFUSED;
}

/* What ft_classify() calls the mapping. */
static enum ft_vma vma_kind(const struct ft_explain *e, const struct ft_map *m)
{
	const struct ft_smap *v = values_of(e, m);
	bool shared = m->perms & FT_MAP_SHARED;
	const char *kind = ft_map_kind(m);

	if (!strcmp(kind, "hugetlb") || ft_smap_flag(v, "ht"))
		return FT_VMA_HUGETLB;
	if (!strcmp(kind, "vdso") || !strcmp(kind, "vvar") || !strcmp(kind, "special") ||
	    ft_smap_flag(v, "pf"))
		return FT_VMA_SPECIAL;
	if (!strcmp(kind, "shmem") || (!strcmp(kind, "file") && e->backing.shmem == FT_YES))
		return shared ? FT_VMA_SHMEM : FT_VMA_SHMEM_PRIVATE;
	if (!strcmp(kind, "file"))
		return shared ? FT_VMA_FILE_SHARED : FT_VMA_FILE_PRIVATE;
	return grows_down(e, m) ? FT_VMA_STACK : FT_VMA_ANON;
}

/* KSM pages and the zero page are never anybody's own, however often they are mapped. */
static bool is_common_page(const struct ft_explain *e)
{
	return e->zero_page == FT_YES || (!e->kpage_err && e->kpageflags >> FT_KPF_KSM & 1);
}

/*
 * Without page flags: of private memory without a file only the huge zero page counts as a file's,
 * because it is not anonymous (pagemap_pmd_range()); the small one cannot be told from a page that
 * others map, too.
 */
static enum ft_tri is_zero_page(const struct ft_explain *e, enum ft_vma vma)
{
	const struct ft_pagemap *p = &e->entry;

	if (e->pagemap_err || !p->present || (vma != FT_VMA_ANON && vma != FT_VMA_STACK))
		return FT_NO;
	if (p->file)
		return FT_YES;
	if (!e->kpage_err)
		return e->kpageflags >> FT_KPF_ZERO_PAGE & 1 ? FT_YES : FT_NO;
	return p->exclusive ? FT_NO : FT_DONT_KNOW;
}

static enum ft_entry entry_kind(const struct ft_explain *e)
{
	const struct ft_pagemap *p = &e->entry;

	if (e->pagemap_err)
		return FT_ENTRY_UNKNOWN;
	if (p->guard)
		return FT_ENTRY_GUARD;
	if (p->present && p->file && e->zero_page != FT_YES)
		return FT_ENTRY_FILE;
	if (p->present)
		return p->exclusive && !is_common_page(e) ? FT_ENTRY_PRESENT : FT_ENTRY_SHARED;
	/* A marker that only keeps the write protection of a page that is not there. */
	if (p->swapped && p->special)
		return p->uffd_wp ? FT_ENTRY_NONE : FT_ENTRY_SPECIAL;
	return p->swapped ? FT_ENTRY_SWAP : FT_ENTRY_NONE;
}

/* Nothing is mapped, and nothing in swap; a soft-dirty mark is on such entries, too. */
static bool is_empty(uint64_t entry)
{
	struct ft_pagemap p;

	ft_pagemap_decode(entry, &p);
	return !p.present && !p.swapped && !p.guard && !p.uffd_wp;
}

/*
 * Whether a first write may map a huge page: allowed for the mapping, the whole aligned range
 * within it, and nothing of the range mapped yet. thp_vma_allowable_order(),
 * do_huge_pmd_anonymous_page().
 */
static bool thp_fits(const struct ft_explain *e, const char *root)
{
	uint64_t size = e->machine.thp_size, start = size ? e->addr & -size : 0;
	size_t n = size >> e->machine.page_shift;
	_cleanup_free_ uint64_t *entries = NULL;

	if (!size || e->machine.thp == FT_THP_NEVER || e->smap->thp_never ||
	    ft_smap_flag(e->smap, "nh") ||
	    (e->machine.thp == FT_THP_MADVISE && !ft_smap_flag(e->smap, "hg")))
		return false;
	if (start < e->map->start || e->map->end - start < size)
		return false;
	entries = calloc(n, sizeof(*entries));
	if (!entries || ft_pagemap_read(root, e->pid, start, page_size(e), n, entries))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_empty(entries[i]))
			return false;
	return true;
}

/* walk_page_test(), mm/pagewalk.c: such a mapping is passed over, and reads as if it were empty. */
static bool is_left_out(const struct ft_explain *e)
{
	if (e->smap->vm_flags)
		return ft_smap_flag(e->smap, "pf");
	return is_kind(e->map, "vvar") || is_kind(e->map, "special");
}

/* Whether a page flag says KSM rightly: only what is marked for it is merged. */
static bool may_be_ksm(const struct ft_explain *e)
{
	if (e->machine.ksm_unknown || !e->smap->kb[FT_SMAP_KSM])
		return false;
	return !e->smap->vm_flags || ft_smap_flag(e->smap, "mg");
}

static void read_entry(struct ft_explain *e, const char *root)
{
	uint64_t raw = 0;

	e->pagemap_err = ft_pagemap_read(root, e->pid, e->addr, page_size(e), 1, &raw);
	e->kpage_err = -ENOENT;
	if (!e->pagemap_err && is_empty(raw) && is_left_out(e))
		e->pagemap_err = -ENODATA;
	if (e->pagemap_err)
		return;
	ft_pagemap_decode(raw, &e->entry);
	if (e->entry.present && e->entry.frame_known) {
		e->kpage_err = ft_kpageflags_read(root, e->entry.frame, &e->kpageflags);
		if (!e->kpage_err)
			e->kpage_err = ft_kpagecount_read(root, e->entry.frame, &e->kpagecount);
		if (!may_be_ksm(e))
			e->kpageflags &= ~(1ULL << FT_KPF_KSM);
	}
	if (e->entry.swapped && e->entry.frame_known && !e->entry.special &&
	    ft_swap_device(root, e->entry.swap_type, e->swap_device, sizeof(e->swap_device),
			   &e->swap_device_sure))
		e->swap_device[0] = '\0';
}

/* Three calls, 1 KB apart: addr_to_vsyscall_nr(), arch/x86/entry/vsyscall/vsyscall_64.c. */
static bool is_vsyscall(uint64_t offset)
{
	return offset == 0 || offset == 0x400 || offset == 0x800;
}

/* The facts for the decision, out of what was read. */
static void collect_facts(struct ft_explain *e, const char *root)
{
	const struct ft_map *m = e->map;
	struct ft_predict_in *in = &e->in;

	in->x86 = e->machine.x86;
	in->where = where_is(e);
	in->numa = e->machine.numa_balancing;
	in->own_zeros = e->machine.own_zeros;
	in->dirty_retries = e->machine.dirty_retries;
	in->entry = FT_ENTRY_NONE;
	in->dirty = FT_DONT_KNOW;
	in->file = e->backing;
	if (in->where == FT_WHERE_BELOW_STACK) {
		in->vma = FT_VMA_STACK;
		in->perms = e->above->perms;
		return;
	}
	if (!m)
		return;
	in->perms = m->perms;
	if (in->where == FT_WHERE_VSYSCALL)
		in->vsyscall_entry = is_vsyscall(e->addr - m->start);
	in->vma = vma_kind(e, m);
	in->pkey = e->smap->pkey != 0;
	in->uffd_missing = ft_smap_flag(e->smap, "um");
	in->uffd_wp = ft_smap_flag(e->smap, "uw");
	in->uffd_minor = ft_smap_flag(e->smap, "ui");
	e->zero_page = is_zero_page(e, in->vma);
	in->entry = entry_kind(e);
	in->entry_uffd_wp = e->entry.uffd_wp;
	if (!e->kpage_err)
		in->dirty = e->kpageflags >> FT_KPF_DIRTY & 1 ? FT_YES : FT_NO;
	if (in->entry == FT_ENTRY_NONE && (in->vma == FT_VMA_ANON || in->vma == FT_VMA_STACK))
		in->thp = thp_fits(e, root);
}

static void find_mappings(struct ft_explain *e)
{
	const struct ft_maps *maps = &e->smaps.maps;
	size_t i = ft_maps_after(maps, e->addr);

	e->map = ft_maps_find(maps, e->addr);
	e->smap = values_of(e, e->map);
	e->below = i ? &maps->v[i - 1] : NULL;
	e->above = e->map ? (i + 1 < maps->n ? &maps->v[i + 1] : NULL)
			  : (i < maps->n ? &maps->v[i] : NULL);
}

static int shift_of(uint64_t size)
{
	return __builtin_ctzll(size);
}

/* How large the mapping's pages are, and what the entry maps at once. */
static void find_page_size(struct ft_explain *e, const char *root)
{
	uint64_t kb = e->smap ? e->smap->kb[FT_SMAP_PAGE_SIZE] : UINT64_MAX;

	e->page_shift = e->entry_shift = e->machine.page_shift;
	if (!e->map || e->half != FT_VADDR_USER)
		return;
	if (kb && kb != UINT64_MAX && kb * 1024 > page_size(e))
		e->page_shift = e->entry_shift = shift_of(kb * 1024);
	else if (e->entry.present && e->machine.thp_size &&
		 ft_pagemap_is_huge(root, e->pid, e->addr, page_size(e)) == 1)
		e->entry_shift = shift_of(e->machine.thp_size);
}

int ft_explain_address(struct ft_explain *e, const char *root, uint64_t addr)
{
	e->addr = addr;
	e->half = ft_vaddr_half(&e->layout, addr);
	find_mappings(e);
	e->backing =
		(struct ft_backing) { FT_DONT_KNOW, FT_DONT_KNOW, FT_DONT_KNOW, FT_DONT_KNOW, 0 };
	e->pagemap_err = e->kpage_err = -ENOENT;
	e->entry = (struct ft_pagemap) { 0 };
	e->zero_page = FT_NO;
	e->swap_device[0] = '\0';
	if (e->map && e->half == FT_VADDR_USER) {
		read_entry(e, root);
		if (e->map->ino && !is_kind(e->map, "anon"))
			ft_backing_read(root, e->pid, e->map, addr, &e->backing);
	}
	find_page_size(e, root);
	ft_vaddr_split(&e->layout, addr, e->entry_shift, &e->split);
	e->in = (struct ft_predict_in) { 0 };
	collect_facts(e, root);
	for (int a = 0; a < FT_ACCESS_MAX; a++)
		ft_predict(&e->in, a, &e->prediction[a]);
	return 0;
}
