/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "collect/skel.h"
#include "collect/types.h"

/* Names of types, sorted; the strings are the BTF's they come from. */
struct names {
	char **v;
	size_t n;
};

struct copying {
	const struct btf *from;
	struct btf *to;
	const char *hide;
	int *ids;    /* in `to`, by the id in `from`; 0: not there */
	int pointer; /* all pointers are one type */
};

/* Kinds that CO-RE looks for by name. */
static bool is_sought(const struct btf_type *t)
{
	return t->name_off && (btf_is_composite(t) || btf_is_any_enum(t));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of our own types, without what "___" begins. */
static int our_names(const struct btf *ours, struct names *names)
{
	__u32 n = btf__type_cnt(ours);

	names->v = calloc(n, sizeof(*names->v));
	if (!names->v)
		return -ENOMEM;
	for (__u32 id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(ours, id);
		const char *name = btf__name_by_offset(ours, t->name_off);
		const char *end = strstr(name, "___");

		if (!is_sought(t))
			continue;
		names->v[names->n] = strndup(name, end ? (size_t)(end - name) : strlen(name));
		if (!names->v[names->n])
			return -ENOMEM;
		names->n++;
	}
	qsort(names->v, names->n, sizeof(*names->v), by_name);
	return 0;
}

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

/* The BTF in our BPF object. */
static struct btf *our_types(void)
{
	struct btf *btf = NULL;
	size_t size, names;
	const void *bytes = faulttrace_bpf__elf_bytes(&size);
	Elf *elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_memory((char *)bytes, size);
	Elf_Scn *section = NULL;

	if (!elf || elf_getshdrstrndx(elf, &names))
		goto out;
	while (!btf && (section = elf_nextscn(elf, section))) {
		const Elf64_Shdr *header = elf64_getshdr(section);
		const char *name = header ? elf_strptr(elf, names, header->sh_name) : NULL;
		const Elf_Data *data;

		if (!name || strcmp(name, ".BTF") != 0)
			continue;
		data = elf_rawdata(section, NULL);
		btf = data ? btf__new(data->d_buf, (__u32)data->d_size) : NULL;
	}
out:
	elf_end(elf);
	if (!btf)
		errno = errno ?: EINVAL;
	return btf;
}

static int copy_type(struct copying *c, __u32 id);

static int copy_composite(struct copying *c, const struct btf_type *t, const char *name)
{
	const struct btf_member *m = btf_members(t);
	int err = 0, id;

	/* Members are added to the type that was added last. */
	for (int i = 0; i < btf_vlen(t); i++) {
		int member = copy_type(c, m[i].type);

		if (member < 0)
			return member;
	}
	id = btf_is_union(t) ? btf__add_union(c->to, name, t->size)
			     : btf__add_struct(c->to, name, t->size);
	for (int i = 0; i < btf_vlen(t) && id > 0 && !err; i++)
		err = btf__add_field(c->to, btf__name_by_offset(c->from, m[i].name_off),
				     copy_type(c, m[i].type), btf_member_bit_offset(t, (__u32)i),
				     btf_member_bitfield_size(t, (__u32)i));
	return err ? err : id;
}

static int copy_array(struct copying *c, const struct btf_array *a)
{
	int element = copy_type(c, a->type), index = copy_type(c, a->index_type);

	if (element < 0 || index < 0)
		return element < 0 ? element : index;
	return btf__add_array(c->to, index, element, a->nelems);
}

static int copy_enum(struct copying *c, const struct btf_type *t, const char *name)
{
	const struct btf_enum *e = btf_enum(t);
	int err = 0, id = btf__add_enum(c->to, name, t->size);

	for (int i = 0; i < btf_vlen(t) && id > 0 && !err; i++) {
		const char *value = btf__name_by_offset(c->from, e[i].name_off);

		if (!c->hide || strcmp(value, c->hide) != 0)
			err = btf__add_enum_value(c->to, value, e[i].val);
	}
	return err ? err : id;
}

/* The id in `to` of a type and all that it holds, or -errno. CO-RE looks through modifiers. */
static int copy_type(struct copying *c, __u32 id)
{
	int real = btf__resolve_type(c->from, id);
	const struct btf_type *t = real < 0 ? NULL : btf__type_by_id(c->from, (__u32)real);
	const char *name = t ? btf__name_by_offset(c->from, t->name_off) : NULL;
	int copy;

	if (!t)
		return real < 0 ? real : -EINVAL;
	if (btf_is_ptr(t))
		return c->pointer;
	if (c->ids[real])
		return c->ids[real];
	if (btf_is_composite(t))
		copy = copy_composite(c, t, name);
	else if (btf_is_array(t))
		copy = copy_array(c, btf_array(t));
	else if (btf_is_enum(t))
		copy = copy_enum(c, t, name);
	else if (btf_is_int(t) || btf_is_float(t) || btf_is_enum64(t))
		copy = btf__add_type(c->to, c->from, t);
	else
		copy = -EINVAL;
	if (copy > 0)
		c->ids[real] = copy;
	return copy;
}

static int copy_named(struct copying *c, const struct names *names)
{
	__u32 n = btf__type_cnt(c->from);
	int err = 0;

	for (__u32 id = 1; id < n && err >= 0; id++) {
		const struct btf_type *t = btf__type_by_id(c->from, id);
		const char *name = btf__name_by_offset(c->from, t->name_off);

		if (is_sought(t) && bsearch(&name, names->v, names->n, sizeof(*names->v), by_name))
			err = copy_type(c, id);
	}
	return err < 0 ? err : 0;
}

struct btf *ft_types_copy(const struct btf *kernel, const char *hide)
{
	_cleanup_free_ int *ids = calloc(btf__type_cnt(kernel), sizeof(*ids));
	struct copying c = { .from = kernel, .hide = hide, .ids = ids };
	struct btf *ours = our_types();
	struct names names = {};
	int err = ours ? 0 : -errno;

	c.to = ids ? btf__new_empty() : NULL;
	if (!c.to)
		err = -ENOMEM;
	if (!err)
		err = c.pointer = btf__add_ptr(c.to, 0);
	if (err >= 0)
		err = our_names(ours, &names);
	if (!err)
		err = copy_named(&c, &names);
	names_free(&names);
	btf__free(ours);
	if (!err)
		return c.to;
	btf__free(c.to);
	errno = -err;
	return NULL;
}
