/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "base/maps.h"
#include "enrich/event.h"
#include "ft_classify.h"

int ft_enrich_init(struct ft_enrich *e, bool symbols)
{
	*e = (struct ft_enrich) {};
	ft_cgroups_init(&e->cgroups, "");
	ft_swap_areas_init(&e->swap, "");
	e->mappings = ft_mappings_create(NULL);
	if (!e->mappings)
		return -ENOMEM;
	if (symbols) {
		e->symbols = ft_symbols_create(NULL);
		if (!e->symbols)
			return -ENOMEM;
	}
	return 0;
}

void ft_enrich_deinit(struct ft_enrich *e)
{
	ft_tasks_deinit(&e->tasks);
	ft_files_deinit(&e->files);
	ft_cgroups_deinit(&e->cgroups);
	ft_symbols_destroy(e->symbols);
	ft_mappings_destroy(e->mappings);
}

/* The words of /proc/PID/maps where it has them; see ft_map_kind(). */
const char *ft_vma_name(unsigned int vma, uint32_t bits)
{
	if (bits & FT_VMA_VDSO)
		return "vdso";
	switch (vma) {
	case FT_VMA_ANON:
	case FT_VMA_STACK:
		if (bits & FT_VMA_HEAP)
			return "heap";
		return bits & FT_VMA_IS_STACK ? "stack" : "anon";
	case FT_VMA_FILE_PRIVATE:
	case FT_VMA_FILE_SHARED:
		return "file";
	case FT_VMA_SHMEM:
	case FT_VMA_SHMEM_PRIVATE:
		return "shmem";
	case FT_VMA_HUGETLB:
		return "hugetlb";
	case FT_VMA_SPECIAL:
		return "special";
	default:
		return NULL;
	}
}

/* include/linux/mm.h: VM_READ, VM_WRITE, VM_EXEC, VM_MAYSHARE; show_map_vma(). */
static void perms_of(__u32 flags, char out[5])
{
	out[0] = flags & 0x1 ? 'r' : '-';
	out[1] = flags & 0x2 ? 'w' : '-';
	out[2] = flags & 0x4 ? 'x' : '-';
	out[3] = flags & 0x80 ? 's' : 'p';
	out[4] = '\0';
}

/* What /proc/PID/maps calls it, as BPF would have said it from the vma. */
static __u8 vma_of(const struct ft_mapping_info *m)
{
	static const struct {
		const char *kind;
		__u8 private, shared;
	} kinds[] = {
		{ "anon", FT_VMA_ANON, FT_VMA_ANON },
		{ "heap", FT_VMA_ANON, FT_VMA_ANON },
		{ "stack", FT_VMA_STACK, FT_VMA_STACK },
		{ "file", FT_VMA_FILE_PRIVATE, FT_VMA_FILE_SHARED },
		{ "shmem", FT_VMA_SHMEM_PRIVATE, FT_VMA_SHMEM },
		{ "hugetlb", FT_VMA_HUGETLB, FT_VMA_HUGETLB },
		{ "vdso", FT_VMA_SPECIAL, FT_VMA_SPECIAL },
		{ "vvar", FT_VMA_SPECIAL, FT_VMA_SPECIAL },
		{ "special", FT_VMA_SPECIAL, FT_VMA_SPECIAL },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].kind, m->kind))
			return m->perms & FT_MAP_SHARED ? kinds[i].shared : kinds[i].private;
	return FT_VMA_UNKNOWN;
}

/* The cause again, with the mapping that BPF did not have. */
static void complete_cause(struct ft_event *ev, const struct ft_mapping_info *m)
{
	const struct ft_fault *f = ev->f;
	struct ft_facts facts = {
		.end = f->type == FT_TYPE_MAJOR ? FT_END_MAJOR : FT_END_MINOR,
		.access = f->access,
		.mode = f->mode,
		.vma = vma_of(m),
		.pte = f->pte,
		.bits = f->facts,
	};

	if (f->cause == FT_CAUSE_UNKNOWN && f->type <= FT_TYPE_MAJOR)
		ev->cause = ft_classify(&facts);
}

/* BPF did not get hold of the vma: the table of mappings, if it is certainly that of the fault. */
static void add_mapping_from_proc(struct ft_enrich *e, struct ft_event *ev)
{
	const struct ft_fault *f = ev->f;
	struct ft_mapping_info m;

	if (f->type > FT_TYPE_MAJOR ||
	    ft_mappings_lookup(e->mappings, (pid_t)f->pid, f->addr, f->vma_start, f->h.ts_ns, &m))
		return;
	ev->has_vma = true;
	ev->vma_start = m.start;
	ev->vma_end = m.end;
	ev->vma_offset = m.offset;
	ev->kind = m.kind;
	ft_map_perms(m.perms, ev->perms);
	if (m.path[0] == '/') {
		ev->path = m.path;
		ev->dev = (uint32_t)m.dev;
		ev->ino = m.ino;
	}
	complete_cause(ev, &m);
}

static void add_mapping(struct ft_enrich *e, struct ft_event *ev)
{
	const struct ft_fault *f = ev->f;
	const struct ft_file_info *file;

	ev->has_vma = f->known & FT_KNOWN_VMA;
	if (!ev->has_vma) {
		add_mapping_from_proc(e, ev);
		return;
	}
	ev->vma_start = f->vma_start;
	ev->vma_end = f->vma_end;
	ev->vma_offset = f->vma_pgoff << 12;
	ev->kind = ft_vma_name(f->vma, f->known);
	perms_of(f->vma_flags, ev->perms);
	file = ft_files_find(&e->files, f->file);
	if (file) {
		ev->path = file->path;
		ev->dev = file->dev;
		ev->ino = file->ino;
	}
}

static void add_symbol(struct ft_enrich *e, struct ft_event *ev)
{
	const struct ft_fault *f = ev->f;
	const struct ft_file_info *file = ft_files_find(&e->files, f->ip_file);
	struct ft_sym_query q = {
		.pid = (pid_t)f->pid,
		.ip = f->ip,
		.file_offset = f->ip_off,
		.map_start = f->ip - f->ip_off,
	};

	ev->sym = (struct ft_sym) {};
	if (!e->symbols)
		return;
	if (f->mode == FT_MODE_KERNEL) {
		ft_symbols_kernel(e->symbols, f->ip, &ev->sym);
		return;
	}
	if (!(f->known & FT_KNOWN_IP_FILE))
		return;
	if (file) {
		q.path = file->path;
		q.dev = file->dev;
		q.ino = file->ino;
	} else if (f->ip_file) {
		return; /* a file whose name was lost */
	} else if (f->known & FT_IP_VDSO) {
		q.path = "[vdso]";
	}
	ft_symbols_user(e->symbols, &q, &ev->sym);
}

static void add_swap(struct ft_enrich *e, struct ft_event *ev)
{
	const struct ft_fault *f = ev->f;
	const struct ft_refault *r = &e->refaults[f->tid % FT_REFAULTS];

	if (!(f->known & FT_KNOWN_SWAP))
		return;
	if (r->tid == f->tid && r->h.ts_ns == f->h.ts_ns)
		ev->refault = r;
	if (ev->cause != FT_CAUSE_SWAP_IN)
		return;
	ft_swap_areas_refresh(&e->swap, f->h.ts_ns);
	ev->swap_kind = ft_swap_areas_kind(&e->swap, f->facts & FT_FACT_IO);
	ev->swap_area = ft_swap_areas_name(&e->swap);
}

static int take_refault(struct ft_enrich *e, const struct ft_refault *r)
{
	e->refaults[r->tid % FT_REFAULTS] = *r;
	return 0;
}

static int enrich_fault(struct ft_enrich *e, const struct ft_fault *f, struct ft_event *ev)
{
	*ev = (struct ft_event) { .f = f, .cause = f->cause };
	ev->task = ft_tasks_find(&e->tasks, f->tid);
	if (ev->task)
		ev->cgroup = ft_cgroups_path(&e->cgroups, ev->task->cgroup, f->h.ts_ns);
	add_mapping(e, ev);
	add_swap(e, ev);
	add_symbol(e, ev);
	return 1;
}

int ft_enrich_record(struct ft_enrich *e, const struct ft_hdr *rec, struct ft_event *out)
{
	switch (rec->kind) {
	case FT_KIND_FAULT:
		return enrich_fault(e, (const struct ft_fault *)rec, out);
	case FT_KIND_TASK:
		return ft_tasks_add(&e->tasks, (const struct ft_task *)rec);
	case FT_KIND_FILE:
		return ft_files_add(&e->files, (const struct ft_file *)rec);
	case FT_KIND_REFAULT:
		return take_refault(e, (const struct ft_refault *)rec);
	case FT_KIND_EXIT:
		ft_tasks_remove(&e->tasks, ((const struct ft_task_exit *)rec)->tid);
		return 0;
	default:
		return -EBADMSG;
	}
}
