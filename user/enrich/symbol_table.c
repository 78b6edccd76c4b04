/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enrich/symbol_build.h"
#include "enrich/symbol_debug.h"
#include "enrich/symbol_table.h"

/* Far above any real file: bounds what a forged header makes us allocate. */
#define SECTION_MAX (1UL << 30)
#define SEGMENTS    16

struct segment {
	uint64_t offset, size, vaddr;
};

struct ft_symtab {
	struct ft_symbuild_result syms;
	struct segment seg[SEGMENTS]; /* executable ones */
	int n_segs;
	unsigned char build_id[FT_BUILD_ID_MAX];
	size_t build_id_len;
	bool full; /* a .symtab was found, here or in a debug file */
};

/* What the callbacks of libdwfl need while one file is read. */
struct load {
	const struct ft_symtab_src *src;
	Elf *elf; /* ours until find_elf() gives it to libdwfl */
	bool debug_found;
};

static int find_elf(Dwfl_Module *mod, void **userdata, const char *modname, Dwarf_Addr base,
		    char **file_name, Elf **elfp)
{
	struct load *l = *userdata;

	*elfp = l->elf;
	l->elf = NULL;
	return -1; /* no descriptor for libdwfl: it would map the file */
}

/*
 * In place of dwfl_standard_find_debuginfo(), which asks debuginfod servers and waits: symbols are
 * resolved while events queue up behind.
 */
static int find_debuginfo(Dwfl_Module *mod, void **userdata, const char *modname, Dwarf_Addr base,
			  const char *file_name, const char *link, GElf_Word crc, char **found)
{
	struct load *l = *userdata;
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(mod, &bias);
	int fd = elf ? ft_debug_find(l->src, elf) : -1;

	if (fd >= 0)
		l->debug_found = true;
	return fd;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_debuginfo,
};

static int read_segments(Elf *elf, struct ft_symtab *t, uint64_t *low, uint64_t *high)
{
	size_t n;

	*low = UINT64_MAX;
	*high = 0;
	if (elf_getphdrnum(elf, &n))
		return -ENOEXEC;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;
		uint64_t align;

		if (!gelf_getphdr(elf, i, &ph))
			return -ENOEXEC;
		if (ph.p_type != PT_LOAD || ph.p_vaddr + ph.p_memsz < ph.p_vaddr)
			continue;
		align = ph.p_align ? ph.p_align : 1;
		/* As libdwfl rounds: then its bias is 0 and addresses stay the link editor's. */
		if (*low == UINT64_MAX)
			*low = ph.p_vaddr & -align;
		if (ph.p_vaddr + ph.p_memsz > *high)
			*high = ph.p_vaddr + ph.p_memsz;
		if (ph.p_flags & PF_X && t->n_segs < SEGMENTS)
			t->seg[t->n_segs++] =
				(struct segment) { ph.p_offset, ph.p_filesz, ph.p_vaddr };
	}
	return *low < *high ? 0 : -ENOEXEC;
}

static bool has_dynamic(Elf *elf)
{
	size_t n = 0;
	GElf_Phdr ph;

	elf_getphdrnum(elf, &n);
	for (size_t i = 0; i < n; i++) {
		if (gelf_getphdr(elf, i, &ph) && ph.p_type == PT_DYNAMIC)
			return true;
	}
	return false;
}

/*
 * Looks at the section headers before libdwfl trusts them. Where a file has no symbol table among
 * them, libdwfl computes one from dynamic tags, which nothing bounds: not with a stranger's file.
 */
static int check_sections(Elf *elf, const struct ft_symtab_src *src, bool *symtab)
{
	size_t strndx;
	Elf_Scn *scn = NULL;
	bool dynsym = false;

	if (elf_getshdrstrndx(elf, &strndx))
		strndx = 0;
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;
		const char *name;

		if (!gelf_getshdr(scn, &sh))
			return -ENOEXEC;
		if (sh.sh_type != SHT_NOBITS && sh.sh_size > SECTION_MAX && !src->trusted)
			return -ENOEXEC;
		*symtab |= sh.sh_type == SHT_SYMTAB;
		dynsym |= sh.sh_type == SHT_DYNSYM;
		name = elf_strptr(elf, strndx, sh.sh_name);
		if (!src->trusted && name && !strcmp(name, ".gnu_debugdata")) {
			sh.sh_name = 0; /* in memory only: now libdwfl does not see it */
			if (!gelf_update_shdr(scn, &sh))
				return -ENOEXEC;
		}
	}
	return src->trusted || *symtab || dynsym || !has_dynamic(elf) ? 0 : -ENOEXEC;
}

static int check_elf(Elf *elf, const struct ft_symtab_src *src, struct ft_symtab *t, uint64_t *low,
		     uint64_t *high)
{
	GElf_Ehdr eh;
	const void *id;
	ssize_t n;
	int err;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh))
		return -ENOEXEC;
	if (eh.e_type != ET_EXEC && eh.e_type != ET_DYN)
		return -ENOEXEC;
	err = read_segments(elf, t, low, high);
	if (!err)
		err = check_sections(elf, src, &t->full);
	if (err)
		return err;
	n = dwelf_elf_gnu_build_id(elf, &id);
	if (n > 0 && n <= FT_BUILD_ID_MAX) {
		memcpy(t->build_id, id, n);
		t->build_id_len = n;
	}
	return 0;
}

static bool in_text(const struct ft_symtab *t, uint64_t vaddr)
{
	for (int i = 0; i < t->n_segs; i++) {
		if (vaddr >= t->seg[i].vaddr && vaddr - t->seg[i].vaddr < t->seg[i].size)
			return true;
	}
	return false;
}

/* The file that a symbol comes from: the program, its debug file, or its .gnu_debugdata. */
struct origin {
	Elf *elf;
	size_t strings; /* section of the names; 0: none */
	bool complete;	/* its symbol table leaves out no function */
};

/* Which table it is libdwfl says not; but .symtab goes before .dynsym there, too. */
static void look_at_origin(Elf *elf, struct origin *o)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	*o = (struct origin) { .elf = elf };
	while (elf && !o->complete && (scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh))
			continue;
		o->complete = sh.sh_type == SHT_SYMTAB;
		if (o->complete || (sh.sh_type == SHT_DYNSYM && !o->strings))
			o->strings = sh.sh_link;
	}
}

/*
 * How far a label without a size may reach: to the end of its section. 0: it cannot be used. Where
 * functions are missing from the table, the code behind a label may be any of them.
 */
static uint64_t label_end(Elf *elf, GElf_Word shndx, uint64_t bias, bool complete)
{
	Elf_Scn *scn = complete ? elf_getscn(elf, shndx) : NULL;
	GElf_Shdr sh;

	return scn && gelf_getshdr(scn, &sh) ? sh.sh_addr + sh.sh_size + bias : 0;
}

static bool is_code(const struct ft_symtab *t, const GElf_Sym *sym, GElf_Addr addr, GElf_Word shndx)
{
	int type = GELF_ST_TYPE(sym->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE) &&
	       shndx != SHN_UNDEF && shndx != SHN_ABS && in_text(t, addr);
}

static int take_symbols(Dwfl_Module *mod, struct ft_symtab *t)
{
	int n = dwfl_module_getsymtab(mod), err = 0;
	struct ft_symbuild b = { 0 };
	struct origin o = { 0 };

	for (int i = 1; i < n && !err; i++) {
		uint64_t end = 0;
		GElf_Addr addr, bias;
		GElf_Word shndx;
		const char *name;
		GElf_Sym sym;
		Elf *elf;

		if (!dwfl_module_getsym_info(mod, i, &sym, &addr, &shndx, &elf, &bias) ||
		    !is_code(t, &sym, addr, shndx))
			continue;
		if (elf != o.elf)
			look_at_origin(elf, &o);
		/* Not the name of libdwfl, which may lack its NUL in a forged file (0.188). */
		name = o.strings ? elf_strptr(elf, o.strings, sym.st_name) : NULL;
		if (!name || !*name)
			continue;
		t->full |= o.complete;
		if (!sym.st_size)
			end = label_end(elf, shndx, bias, o.complete);
		if (sym.st_size || end > addr)
			err = ft_symbuild_add(&b, name, addr, sym.st_size, end,
					      GELF_ST_BIND(sym.st_info));
	}
	if (!err)
		err = ft_symbuild_finish(&b, &t->syms);
	ft_symbuild_deinit(&b);
	return err;
}

static int load_with_dwfl(struct load *l, struct ft_symtab *t, uint64_t low, uint64_t high)
{
	Dwfl *dwfl = dwfl_begin(&callbacks);
	Dwfl_Module *mod = NULL;
	void **userdata;
	int err = -ENOMEM;

	if (!dwfl)
		return err;
	dwfl_report_begin(dwfl);
	mod = dwfl_report_module(dwfl, "file", low, high);
	if (mod) {
		dwfl_module_info(mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
		*userdata = l;
	}
	dwfl_report_end(dwfl, NULL, NULL);
	if (mod)
		err = take_symbols(mod, t);
	dwfl_end(dwfl);
	return err;
}

int ft_symtab_load(const struct ft_symtab_src *src, struct ft_symtab **out)
{
	struct load l = { .src = src };
	struct ft_symtab *t;
	uint64_t low, high;
	int err;

	elf_version(EV_CURRENT);
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	/* Without mmap: the file may be cut short by its owner while it is read. */
	l.elf = src->fd >= 0 ? elf_begin(src->fd, ELF_C_READ, NULL)
			     : elf_memory(src->image, src->image_len);
	err = l.elf ? check_elf(l.elf, src, t, &low, &high) : -ENOEXEC;
	if (!err)
		err = load_with_dwfl(&l, t, low, high);
	elf_end(l.elf);
	if (err) {
		ft_symtab_destroy(t);
		return err;
	}
	if (l.debug_found)
		t->full = true;
	*out = t;
	return 0;
}

void ft_symtab_destroy(struct ft_symtab *t)
{
	if (!t)
		return;
	ft_symbuild_result_deinit(&t->syms);
	free(t);
}

bool ft_symtab_vaddr(const struct ft_symtab *t, uint64_t file_offset, uint64_t *vaddr)
{
	for (int i = 0; i < t->n_segs; i++) {
		const struct segment *s = &t->seg[i];

		if (file_offset >= s->offset && file_offset - s->offset < s->size) {
			*vaddr = s->vaddr + (file_offset - s->offset);
			return true;
		}
	}
	return false;
}

const char *ft_symtab_find(const struct ft_symtab *t, uint64_t vaddr, uint64_t *start, size_t *len)
{
	const char *name = ft_symbuild_find(&t->syms, vaddr, start);

	if (name) {
		/* "memcpy@@GLIBC_2.14" is memcpy; a name that begins with @ is its own. */
		const char *at = strchr(name + 1, '@');

		*len = at ? (size_t)(at - name) : strlen(name);
	}
	return name;
}

size_t ft_symtab_bytes(const struct ft_symtab *t)
{
	return sizeof(*t) + ft_symbuild_bytes(&t->syms);
}

size_t ft_symtab_count(const struct ft_symtab *t)
{
	return t->syms.n;
}

size_t ft_symtab_wants(const struct ft_symtab *t, const unsigned char **build_id)
{
	*build_id = t->build_id;
	return t->full ? 0 : t->build_id_len;
}
