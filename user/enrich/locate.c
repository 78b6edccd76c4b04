/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "enrich/locate.h"
#include "enrich/symbol.h"
#include "enrich/symbol_debug.h"
#include "enrich/symbol_file.h"
#include "enrich/symbol_image.h"

/* Bounds what a forged header makes us allocate. */
#define SECTION_MAX (1UL << 30)

/* The better one wins: what the dynamic linker would bind to, before what only the file sees. */
enum rank { RANK_NONE, RANK_LOCAL, RANK_OLD_VERSION, RANK_WEAK, RANK_GLOBAL };

struct search {
	const char *name;
	size_t len;
	enum rank best;
	GElf_Sym sym;
	unsigned int same; /* of the best rank, at other addresses */
	bool tls;
};

/* "memcpy@@GLIBC_2.14" is the default memcpy, "memcpy@GLIBC_2.2.5" one for old programs. */
static bool name_matches(const struct search *s, const char *name, bool *old_version)
{
	if (!name || strncmp(name, s->name, s->len) != 0)
		return false;
	*old_version = name[s->len] == '@' && name[s->len + 1] != '@';
	return !name[s->len] || name[s->len] == '@';
}

static enum rank rank_of(const GElf_Sym *sym, bool old_version)
{
	if (old_version)
		return RANK_OLD_VERSION;
	switch (GELF_ST_BIND(sym->st_info)) {
	case STB_LOCAL:
		return RANK_LOCAL;
	case STB_WEAK:
		return RANK_WEAK;
	default:
		return RANK_GLOBAL;
	}
}

static void consider(struct search *s, const GElf_Sym *sym, bool old_version)
{
	int type = GELF_ST_TYPE(sym->st_info);
	enum rank rank = rank_of(sym, old_version);

	if (sym->st_shndx == SHN_UNDEF || type == STT_SECTION || type == STT_FILE)
		return;
	if (type == STT_TLS) {
		s->tls = true;
		return;
	}
	if (rank > s->best) {
		s->best = rank;
		s->sym = *sym;
		s->same = 0;
	} else if (rank == s->best && sym->st_value != s->sym.st_value) {
		s->same++;
	}
}

/* The version table that belongs to a dynamic symbol table, or NULL. */
static Elf_Data *versions_of(Elf *elf, Elf_Scn *symtab)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_GNU_versym &&
		    sh.sh_link == elf_ndxscn(symtab) && sh.sh_size <= SECTION_MAX)
			return elf_getdata(scn, NULL);
	return NULL;
}

static void search_table(struct search *s, Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	Elf_Data *versions = sh->sh_type == SHT_DYNSYM ? versions_of(elf, scn) : NULL;
	size_t n = sh->sh_entsize ? sh->sh_size / sh->sh_entsize : 0;

	for (size_t i = 1; data && i < n; i++) {
		bool old_version = false;
		GElf_Versym version;
		GElf_Sym sym;

		if (!gelf_getsym(data, i, &sym))
			return;
		if (!name_matches(s, elf_strptr(elf, sh->sh_link, sym.st_name), &old_version))
			continue;
		/* The hidden bit: not what a program linked today would get. */
		if (versions && gelf_getversym(versions, i, &version) && version & 0x8000)
			old_version = true;
		consider(s, &sym, old_version);
	}
}

/* Every symbol table of the file. Whether it has a full one (.symtab). */
static bool search_elf(struct search *s, Elf *elf)
{
	Elf_Scn *scn = NULL;
	bool full = false;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || sh.sh_size > SECTION_MAX)
			continue;
		if (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM)
			continue;
		full |= sh.sh_type == SHT_SYMTAB;
		search_table(s, elf, scn, &sh);
	}
	return full;
}

static void search_debug_file(struct search *s, int fd, const char *access, const char *path,
			      Elf *elf)
{
	const struct ft_symtab_src src = {
		.fd = fd,
		.access = access,
		.path = path,
		.debug_dir = "/usr/lib/debug",
	};
	_cleanup_fd_ int debug_fd = ft_debug_find(&src, elf);
	Elf *debug = debug_fd >= 0 ? elf_begin(debug_fd, ELF_C_READ, NULL) : NULL;

	if (debug)
		search_elf(s, debug);
	elf_end(debug);
}

/*
 * Where the file's address 0 would be: the mapping's start, less where the program header that
 * covers the mapping's offset wanted it. Source: elf_load(), fs/binfmt_elf.c.
 */
static bool load_bias(Elf *elf, const struct ft_map *m, uint64_t *bias)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;
		uint64_t shift;

		if (!gelf_getphdr(elf, i, &ph) || ph.p_type != PT_LOAD)
			continue;
		shift = ph.p_offset & (page - 1);
		if (ph.p_offset - shift > m->offset ||
		    m->offset - (ph.p_offset - shift) >= ph.p_filesz + shift)
			continue;
		*bias = m->start - m->offset + ph.p_offset - ph.p_vaddr;
		return true;
	}
	return false;
}

static int finish(const struct search *s, Elf *elf, const struct ft_map *m, struct ft_located *out)
{
	uint64_t bias = 0;

	if (!s->best)
		return s->tls ? -ENOTSUP : -ENOENT;
	if (s->sym.st_shndx != SHN_ABS && !load_bias(elf, m, &bias))
		return -ENOENT;
	*out = (struct ft_located) {
		.addr = s->sym.st_value + bias,
		.size = s->sym.st_size,
		.map = m,
		.ifunc = GELF_ST_TYPE(s->sym.st_info) == STT_GNU_IFUNC,
		.others = s->best == RANK_LOCAL ? s->same : 0,
	};
	return 0;
}

static int locate_in_vdso(const char *root, pid_t pid, const struct ft_map *m, struct search *s,
			  struct ft_located *out)
{
	_cleanup_free_ void *image = NULL;
	size_t len;
	int err = ft_image_read(root, pid, m->start, m->end, &image, &len);
	Elf *elf;

	if (err)
		return -EACCES;
	elf = elf_memory(image, len);
	if (!elf)
		return -ENOENT;
	search_elf(s, elf);
	err = finish(s, elf, m, out);
	elf_end(elf);
	return err;
}

static int locate_in_file(const char *root, pid_t pid, const struct ft_map *m, struct search *s,
			  struct ft_located *out)
{
	const struct ft_sym_query q = {
		.pid = pid,
		.path = m->path,
		.dev = (uint64_t)m->major << 20 | m->minor,
		.ino = m->ino,
		.map_start = m->start,
		.map_end = m->end,
	};
	char access[FT_FILE_ACCESS_MAX];
	_cleanup_fd_ int probe = -1;
	_cleanup_fd_ int fd = -1;
	struct ft_file_id id;
	Elf *elf;
	int err;

	probe = ft_file_find(root, &q, &id, access);
	fd = probe >= 0 ? ft_file_reopen(probe) : -1;
	if (fd < 0)
		return -EACCES;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		return -ENOENT;
	}
	if (!search_elf(s, elf) && s->best < RANK_WEAK)
		search_debug_file(s, fd, access, m->path, elf);
	err = finish(s, elf, m, out);
	elf_end(elf);
	return err;
}

static int locate_in(const char *root, pid_t pid, const struct ft_map *m, const char *name,
		     size_t len, struct ft_located *out)
{
	struct search s = { .name = name, .len = len };

	if (!strcmp(m->path, "[vdso]"))
		return locate_in_vdso(root, pid, m, &s, out);
	return locate_in_file(root, pid, m, &s, out);
}

bool ft_locate_is_file(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return *name && (!strcmp(path, name) || (slash && !strcmp(slash + 1, name)));
}

/* Of several failures the one that tells most: a file not read may hold what others do not. */
static int worse(int a, int b)
{
	static const int order[] = { -ENOMEM, -ENOTSUP, -EACCES, -ENOENT };

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a;
}

/* Once per file: its mappings follow one another, the first is enough. */
static bool is_first_of_file(const struct ft_maps *maps, size_t i)
{
	const struct ft_map *m = &maps->v[i];

	if (*m->path != '/')
		return !strcmp(m->path, "[vdso]");
	return !i || strcmp(maps->v[i - 1].path, m->path) != 0;
}

static int search_maps(const char *root, pid_t pid, const struct ft_maps *maps, const char *file,
		       const char *name, size_t len, struct ft_located *out)
{
	int err = -ENODEV;

	for (size_t i = 0; i < maps->n; i++) {
		const struct ft_map *m = &maps->v[i];
		int now;

		if (!is_first_of_file(maps, i) || (file && !ft_locate_is_file(m->path, file)))
			continue;
		now = locate_in(root, pid, m, name, len, out);
		if (!now)
			return 0;
		err = err == -ENODEV ? now : worse(err, now);
	}
	return err;
}

int ft_locate_in_program(const char *root, pid_t pid, const struct ft_maps *maps, const char *exe,
			 const char *name, struct ft_located *out)
{
	elf_version(EV_CURRENT);
	return search_maps(root, pid, maps, exe, name, strlen(name), out);
}

/* The ':' that ends a file's name: not one of a "::", which C++ writes in names. */
static const char *file_end(const char *what)
{
	const char *c = strchr(what, ':');

	return c && c[1] != ':' ? c : NULL;
}

static int parse_offset(const char *s, uint64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoull(s, &end, 0);
	return *s < '0' || *s > '9' || *end || errno ? -EINVAL : 0;
}

int ft_locate(const char *root, pid_t pid, const struct ft_maps *maps, const char *exe,
	      const char *what, struct ft_located *out)
{
	const char *colon = file_end(what), *name = colon ? colon + 1 : what;
	const char *plus = strrchr(name, '+');
	size_t len = plus ? (size_t)(plus - name) : strlen(name);
	_cleanup_free_ char *file = NULL;
	uint64_t offset = 0;
	int err;

	if (plus && parse_offset(plus + 1, &offset))
		return -EINVAL;
	if (!len)
		return -ENOENT;
	elf_version(EV_CURRENT);
	if (colon) {
		file = strndup(what, colon - what);
		if (!file)
			return -ENOMEM;
		err = search_maps(root, pid, maps, file, name, len, out);
	} else {
		err = *exe ? search_maps(root, pid, maps, exe, name, len, out) : -ENOENT;
		if (err)
			err = search_maps(root, pid, maps, NULL, name, len, out);
	}
	if (!err)
		out->addr += offset;
	return err;
}
