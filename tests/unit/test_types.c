/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's types as far as our programs name them: the same layout, and nothing else. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <bpf/btf.h>

#include "collect/types.h"

static const struct btf_type *find(const struct btf *btf, const char *name, __u32 kind)
{
	int id = btf__find_by_name_kind(btf, name, kind);

	return id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
}

static const struct btf_type *real(const struct btf *btf, __u32 id)
{
	return btf__type_by_id(btf, (__u32)btf__resolve_type(btf, id));
}

static void same_layout(const struct btf *a, const struct btf_type *t, const struct btf *b,
			const struct btf_type *u);

/* What CO-RE asks of a member's type: its kind, its size, and what it holds. */
static void same_type(const struct btf *a, __u32 id, const struct btf *b, __u32 jd)
{
	const struct btf_type *t = real(a, id), *u = real(b, jd);

	assert_int_equal(btf_kind(t), btf_kind(u));
	assert_int_equal(btf__resolve_size(a, id), btf__resolve_size(b, jd));
	if (btf_is_composite(t))
		same_layout(a, t, b, u);
	if (btf_is_array(t)) {
		assert_int_equal(btf_array(t)->nelems, btf_array(u)->nelems);
		same_type(a, btf_array(t)->type, b, btf_array(u)->type);
	}
	if (btf_is_int(t))
		assert_int_equal(btf_int_encoding(t), btf_int_encoding(u));
}

static void same_layout(const struct btf *a, const struct btf_type *t, const struct btf *b,
			const struct btf_type *u)
{
	const struct btf_member *m = btf_members(t), *n = btf_members(u);

	assert_int_equal(t->size, u->size);
	assert_int_equal(btf_vlen(t), btf_vlen(u));
	for (__u32 i = 0; i < btf_vlen(t); i++) {
		assert_string_equal(btf__name_by_offset(a, m[i].name_off),
				    btf__name_by_offset(b, n[i].name_off));
		assert_int_equal(btf_member_bit_offset(t, i), btf_member_bit_offset(u, i));
		assert_int_equal(btf_member_bitfield_size(t, i), btf_member_bitfield_size(u, i));
		same_type(a, m[i].type, b, n[i].type);
	}
}

/* A kernel of six types with names, three of them like ours. */
static struct btf *small_kernel(void)
{
	struct btf *btf = btf__new_empty();
	int u64 = btf__add_int(btf, "unsigned long", 8, 0);
	int u32 = btf__add_int(btf, "unsigned int", 4, 0);
	int stranger, inner, list, alias, pointer;

	stranger = btf__add_struct(btf, "stranger", 8);
	btf__add_field(btf, "a", u64, 0, 0);
	pointer = btf__add_ptr(btf, stranger);
	inner = btf__add_union(btf, "held_by_value", 8);
	btf__add_field(btf, "word", u64, 0, 0);
	btf__add_field(btf, "where", pointer, 0, 0);
	alias = btf__add_typedef(btf, "held_t", btf__add_const(btf, inner));
	list = btf__add_array(btf, u32, alias, 3);
	btf__add_struct(btf, "task_struct", 64);
	btf__add_field(btf, "low", u32, 0, 3);
	btf__add_field(btf, "high", u32, 3, 5);
	btf__add_field(btf, "held", list, 64, 0);
	btf__add_field(btf, "mm", pointer, 320, 0);
	btf__add_struct(btf, "mm_struct", 8); /* twice, as where two files differ */
	btf__add_field(btf, "pgd", pointer, 0, 0);
	btf__add_struct(btf, "mm_struct", 8);
	btf__add_field(btf, "mm_mt", u64, 0, 0);
	btf__add_enum(btf, "bpf_func_id", 4);
	btf__add_enum_value(btf, "BPF_FUNC_first", 1);
	btf__add_enum_value(btf, "BPF_FUNC_second", 2);
	return btf;
}

static void copies_what_is_named(void **state)
{
	struct btf *kernel = small_kernel(), *copy = ft_types_copy(kernel, "BPF_FUNC_second");
	const struct btf_type *t;
	int twice = 0;

	(void)state;
	assert_non_null(copy);
	t = find(copy, "task_struct", BTF_KIND_STRUCT);
	assert_non_null(t);
	same_layout(kernel, find(kernel, "task_struct", BTF_KIND_STRUCT), copy, t);
	assert_null(find(copy, "stranger", BTF_KIND_STRUCT));
	for (__u32 id = 1; id < btf__type_cnt(copy); id++) {
		t = btf__type_by_id(copy, id);
		twice += !strcmp(btf__name_by_offset(copy, t->name_off), "mm_struct");
	}
	assert_int_equal(twice, 2);
	t = find(copy, "bpf_func_id", BTF_KIND_ENUM);
	assert_non_null(t);
	assert_int_equal(btf_vlen(t), 1);
	assert_string_equal(btf__name_by_offset(copy, btf_enum(t)->name_off), "BPF_FUNC_first");
	assert_int_equal(btf_enum(t)->val, 1);
	btf__free(copy);
	btf__free(kernel);
}

/* What a struct holds is no type that BTF has. */
static void refuses_what_makes_no_sense(void **state)
{
	struct btf *kernel = btf__new_empty();
	int var = btf__add_func(kernel, "f", BTF_FUNC_STATIC, 0);

	(void)state;
	btf__add_struct(kernel, "task_struct", 8);
	btf__add_field(kernel, "a", var, 0, 0);
	errno = 0;
	assert_null(ft_types_copy(kernel, NULL));
	assert_int_equal(errno, EINVAL);
	btf__free(kernel);
}

static void copies_this_kernel(void **state)
{
	static const char *const names[] = {
		"task_struct", "mm_struct", "vm_area_struct", "file",
		"inode",       "cgroup",    "pt_regs",	      "dentry"
	};
	struct btf *kernel = btf__load_vmlinux_btf(), *copy;

	(void)state;
	if (!kernel)
		skip();
	copy = ft_types_copy(kernel, NULL);
	assert_non_null(copy);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct btf_type *t = find(kernel, names[i], BTF_KIND_STRUCT);
		const struct btf_type *u = find(copy, names[i], BTF_KIND_STRUCT);

		assert_non_null(t);
		assert_non_null(u);
		same_layout(kernel, t, copy, u);
	}
	assert_true(btf__type_cnt(copy) < btf__type_cnt(kernel) / 10);
	btf__free(copy);
	btf__free(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_what_is_named),
		cmocka_unit_test(refuses_what_makes_no_sense),
		{ .name = "copies this kernel, needs btf", .test_func = copies_this_kernel },
	};

	return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
