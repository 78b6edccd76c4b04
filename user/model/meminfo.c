/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "enrich/machine.h"
#include "model/meminfo.h"

const char *const ft_mem_kind_names[FT_MEM_KIND_MAX] = {
#define FT_X(id, name, ...) name,
	FT_MEM_KINDS(FT_X)
#undef FT_X
};

const char *const ft_mem_kind_json[FT_MEM_KIND_MAX] = {
#define FT_X(id, name, json, ...) json,
	FT_MEM_KINDS(FT_X)
#undef FT_X
};

static bool same_file(const struct ft_map *a, const struct ft_map *b)
{
	return a->ino == b->ino && a->major == b->major && a->minor == b->minor &&
	       !strcmp(a->path, b->path);
}

/* The mappings of one file follow one another: whether any of those around `i` holds code. */
static bool file_has_code(const struct ft_maps *maps, size_t i)
{
	const struct ft_map *m = &maps->v[i];

	for (size_t k = i; k < maps->n && same_file(&maps->v[k], m); k++)
		if (maps->v[k].perms & FT_MAP_X)
			return true;
	for (size_t k = i; k > 0 && same_file(&maps->v[k - 1], m); k--)
		if (maps->v[k - 1].perms & FT_MAP_X)
			return true;
	return false;
}

enum ft_mem_kind ft_mem_kind_of(const struct ft_mem *m, size_t i)
{
	static const struct {
		const char *word;
		enum ft_mem_kind kind;
	} kinds[] = {
		{ "heap", FT_MEM_HEAP },       { "stack", FT_MEM_STACK },
		{ "anon", FT_MEM_ANON },       { "shmem", FT_MEM_SHMEM },
		{ "hugetlb", FT_MEM_HUGETLB }, { "vdso", FT_MEM_KERNEL },
		{ "vvar", FT_MEM_KERNEL },     { "vsyscall", FT_MEM_KERNEL },
		{ "special", FT_MEM_KERNEL },
	};
	const struct ft_map *map = &m->smaps.maps.v[i];
	const char *word = ft_map_kind(map);

	/* A program may run from a memfd: its own file comes before what sort of file it is. */
	if (*m->elf.path && !strcmp(map->path, m->elf.path))
		return FT_MEM_PROGRAM;
	/* A memfd or a file may be of hugetlbfs, whatever its name. */
	if (ft_smap_flag(&m->smaps.v[i], "ht"))
		return FT_MEM_HUGETLB;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		if (!strcmp(word, kinds[k].word))
			return kinds[k].kind;
	return file_has_code(&m->smaps.maps, i) ? FT_MEM_LIBRARIES : FT_MEM_FILES;
}

/* Unknown stays unknown: no smaps, or a line this kernel does not print. */
static void add(uint64_t *sum, uint64_t v)
{
	*sum = *sum == UINT64_MAX || v == UINT64_MAX ? UINT64_MAX : *sum + v;
}

/* What of a mapping is neither in RAM nor in swap. */
static uint64_t without_page(const struct ft_map *map, const struct ft_smap *v)
{
	uint64_t size = (map->end - map->start) / 1024, used = 0;

	add(&used, v->kb[FT_SMAP_RSS]);
	add(&used, v->kb[FT_SMAP_SWAP]);
	if (used == UINT64_MAX)
		return used;
	return used < size ? size - used : 0;
}

static void add_mapping(struct ft_mem_sum *s, const struct ft_map *map, const struct ft_smap *v,
			bool new_file)
{
	s->mappings++;
	s->files += new_file;
	add(&s->size, (map->end - map->start) / 1024);
	add(&s->rss, v->kb[FT_SMAP_RSS]);
	add(&s->pss, v->kb[FT_SMAP_PSS]);
	add(&s->swap, v->kb[FT_SMAP_SWAP]);
	add(&s->private_dirty, v->kb[FT_SMAP_PRIVATE_DIRTY]);
	add(&s->shared_dirty, v->kb[FT_SMAP_SHARED_DIRTY]);
	add(&s->thp, ft_smap_thp_kb(v));
	add(&s->hugetlb, ft_smap_hugetlb_kb(v));
	if (!(map->perms & (FT_MAP_R | FT_MAP_W | FT_MAP_X)))
		add(&s->reserved, without_page(map, v));
}

void ft_mem_add_up(struct ft_mem *m)
{
	const struct ft_maps *maps = &m->smaps.maps;

	memset(m->sum, 0, sizeof(m->sum));
	memset(&m->all, 0, sizeof(m->all));
	for (size_t i = 0; i < maps->n; i++) {
		const struct ft_map *map = &maps->v[i];
		bool new_file = map->ino && (!i || !same_file(map, map - 1));

		add_mapping(&m->sum[ft_mem_kind_of(m, i)], map, &m->smaps.v[i], new_file);
		add_mapping(&m->all, map, &m->smaps.v[i], new_file);
	}
}

/* The end of the highest mapping in user space: vsyscall is above it, in the kernel's half. */
static uint64_t highest(const struct ft_maps *maps)
{
	for (size_t i = maps->n; i > 0; i--)
		if (!(maps->v[i - 1].end >> 63))
			return maps->v[i - 1].end;
	return 0;
}

int ft_mem_read(struct ft_mem *m, const char *root, pid_t pid)
{
	_cleanup_fd_ int procfd = ft_proc_open_dir(root);
	struct ft_machine machine;
	int err;

	*m = (struct ft_mem) { .pid = pid, .page_size = sysconf(_SC_PAGESIZE) };
	if (procfd < 0)
		return procfd;
	err = ft_stat_read(procfd, pid, &m->stat);
	if (!err)
		err = ft_statm_read(procfd, pid, &m->statm);
	if (!err)
		err = ft_status_read(procfd, pid, &m->status);
	if (err)
		return err;
	ft_elfinfo_read(root, pid, &m->elf);
	m->smaps_err = ft_smaps_read(root, pid, &m->smaps);
	ft_mem_add_up(m);
	ft_machine_read(root, &machine);
	m->layout = machine.x86 ? ft_vaddr_x86(machine.la57)
				: ft_vaddr_arm64(machine.page_shift, highest(&m->smaps.maps));
	return m->smaps_err == -ESRCH ? -ESRCH : 0;
}

void ft_mem_deinit(struct ft_mem *m)
{
	ft_smaps_deinit(&m->smaps);
	*m = (struct ft_mem) { 0 };
}
