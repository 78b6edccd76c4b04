/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The decision of explain over its truth table: named cases, and rules that hold for every fact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ft_names.h"
#include "model/predict.h"

#define R   FT_MAP_R
#define RW  (FT_MAP_R | FT_MAP_W)
#define RX  (FT_MAP_R | FT_MAP_X)
#define RWS (FT_MAP_R | FT_MAP_W | FT_MAP_SHARED)
#define AT(place, ...)                                                                             \
	{                                                                                          \
		.x86 = true, .dirty = FT_DONT_KNOW, .where = FT_WHERE_##place, __VA_ARGS__         \
	}
#define MAP_ON(arch, d, kind, p, ...)                                                              \
	{                                                                                          \
		.x86 = arch, .dirty = d, .where = FT_WHERE_MAPPED, .vma = FT_VMA_##kind,           \
		.perms = p, __VA_ARGS__                                                            \
	}
#define MAP(kind, p, ...) MAP_ON(true, FT_DONT_KNOW, kind, p, __VA_ARGS__)
#define IN_CACHE                                                                                   \
	{                                                                                          \
		FT_NO, FT_YES, FT_YES, FT_NO, 1 << 20                                              \
	}
#define ON_DISK                                                                                    \
	{                                                                                          \
		FT_NO, FT_NO, FT_YES, FT_NO, 1 << 20                                               \
	}
#define HOLE                                                                                       \
	{                                                                                          \
		FT_NO, FT_NO, FT_NO, FT_YES, 1 << 20                                               \
	}
#define PAST_END                                                                                   \
	{                                                                                          \
		FT_YES, FT_DONT_KNOW, FT_DONT_KNOW, FT_NO, 1                                       \
	}
#define UNSEEN                                                                                     \
	{                                                                                          \
		FT_DONT_KNOW, FT_DONT_KNOW, FT_DONT_KNOW, FT_DONT_KNOW, 0                          \
	}

/* "hit", "minor cow | hit", "minor zero-page > invalid protection" */
static const char *said(const struct ft_prediction *p)
{
	static char s[512];
	size_t n = 0;

	for (int i = -1; i < p->alts; i++) {
		const struct ft_outcome *o = i < 0 ? &p->is : &p->alt[i].is;

		n += snprintf(s + n, sizeof(s) - n, "%s", i < 0 ? "" : " | ");
		if (o->kind == FT_OUTCOME_FAULT)
			n += snprintf(s + n, sizeof(s) - n, "%s %s", ft_type_name(o->type),
				      ft_cause_name(o->cause));
		else
			n += snprintf(s + n, sizeof(s) - n, "%s",
				      o->kind == FT_OUTCOME_HIT	 ? "hit"
				      : o->kind == FT_OUTCOME_GP ? "gp"
								 : "emulated");
	}
	if (p->has_then)
		snprintf(s + n, sizeof(s) - n, " > %s %s", ft_type_name(p->then.type),
			 ft_cause_name(p->then.cause));
	return s;
}

static const struct {
	struct ft_predict_in in;
	const char *read, *write, *exec;
} cases[] = {
	/* clang-format off */
	{ AT(NOTHING), "invalid unmapped", "invalid unmapped", "invalid unmapped" },
	{ AT(KERNEL), "invalid unmapped", "invalid unmapped", "invalid unmapped" },
	{ AT(STACK_REFUSED), "invalid unmapped", "invalid unmapped", "invalid unmapped" },
	{ AT(NONCANONICAL), "gp", "gp", "gp" },
	{ AT(BELOW_STACK, .perms = RW, .vma = FT_VMA_STACK),
	  "minor zero-page", "minor stack", "minor zero-page > invalid protection" },
	{ AT(VSYSCALL, .perms = FT_MAP_X, .vsyscall_entry = true),
	  "invalid unmapped", "invalid unmapped", "emulated" },
	{ AT(VSYSCALL, .perms = RX), "hit", "invalid unmapped", "invalid unknown" },

	{ MAP(ANON, RW), "minor zero-page", "minor zero-fill", "minor zero-page > invalid protection" },
	{ MAP(ANON, RW, .own_zeros = true), "minor zero-page", "minor zero-fill",
	  "minor zero-page > invalid protection" },
	{ MAP(ANON, RW, .thp = true), "minor zero-page", "minor thp | minor zero-fill",
	  "minor zero-page > invalid protection" },
	{ MAP(ANON, RW, .uffd_missing = true), "minor uffd | major uffd", "minor uffd | major uffd", "minor uffd | major uffd > invalid protection" },
	{ MAP(ANON, RW, .entry = FT_ENTRY_PRESENT), "hit", "hit | minor cow", "invalid protection" },
	{ MAP(ANON, RW, .entry = FT_ENTRY_SHARED), "hit", "minor cow", "invalid protection" },
	{ MAP(ANON, RW, .entry = FT_ENTRY_PRESENT, .uffd_wp = true, .entry_uffd_wp = true),
	  "hit", "minor uffd | major uffd", "invalid protection" },
	{ MAP(ANON, RW, .entry = FT_ENTRY_SWAP), "major swap-in | minor swap-cache",
	  "major swap-in | minor swap-cache", "major swap-in | minor swap-cache > invalid protection" },
	{ MAP(ANON, RW, .entry = FT_ENTRY_GUARD), "invalid unmapped", "invalid unmapped", "invalid unmapped" },
	{ MAP(ANON, RW, .entry = FT_ENTRY_SPECIAL), "minor migration | invalid hwpoison",
	  "minor migration | invalid hwpoison", "minor migration | invalid hwpoison > invalid protection" },
	{ MAP(ANON, RW, .entry = FT_ENTRY_UNKNOWN), "hit | minor unknown", "hit | minor unknown",
	  "invalid protection | minor unknown > invalid protection" },
	{ MAP(ANON, RW, .entry = FT_ENTRY_PRESENT, .numa = true), "hit | minor numa-hint",
	  "hit | minor cow | minor numa-hint", "invalid protection" },
	{ MAP(ANON, RW, .entry = FT_ENTRY_PRESENT, .pkey = true), "hit | invalid pkey",
	  "hit | minor cow | invalid pkey", "invalid protection" },
	{ MAP(ANON, FT_MAP_X, .pkey = true), "invalid pkey | minor zero-page",
	  "invalid pkey | invalid protection", "minor zero-page" },
	{ MAP(ANON, FT_MAP_X, .pkey = true, .entry = FT_ENTRY_PRESENT), "invalid pkey | hit",
	  "invalid pkey | invalid protection", "hit" },
	{ MAP(ANON, R, .pkey = true), "minor zero-page | invalid pkey", "invalid protection | invalid pkey",
	  "minor zero-page > invalid protection" },
	{ MAP(ANON, RW, .uffd_wp = true, .entry_uffd_wp = true), "minor zero-page",
	  "minor zero-fill > minor uffd", "minor zero-page > invalid protection" },
	{ MAP(ANON, RW, .entry_uffd_wp = true), "minor zero-page", "minor zero-fill",
	  "minor zero-page > invalid protection" },
	{ MAP(ANON, 0), "invalid protection", "invalid protection", "invalid protection" },
	{ MAP(ANON, 0, .entry = FT_ENTRY_PRESENT), "invalid protection", "invalid protection",
	  "invalid protection" },
	{ MAP(ANON, R), "minor zero-page", "invalid protection", "minor zero-page > invalid protection" },
	{ MAP(ANON, FT_MAP_W), "minor zero-page", "minor zero-fill", "minor zero-page > invalid protection" },
	{ MAP_ON(false, FT_DONT_KNOW, ANON, RW), "minor zero-page", "minor zero-fill", "invalid protection" },

	{ MAP(FILE_PRIVATE, RW, .file = IN_CACHE), "minor file-map", "minor file-cow",
	  "minor file-map > invalid protection" },
	{ MAP(FILE_PRIVATE, RW, .file = ON_DISK), "major file-read", "major file-read",
	  "major file-read > invalid protection" },
	{ MAP(FILE_PRIVATE, RW, .file = PAST_END), "invalid bus", "invalid bus", "invalid bus" },
	{ MAP(FILE_PRIVATE, RX, .file = UNSEEN),
	  "minor file-map | major file-read | invalid bus", "invalid protection",
	  "minor file-map | major file-read | invalid bus" },
	{ MAP(FILE_PRIVATE, RW, .entry = FT_ENTRY_FILE), "hit", "minor cow", "invalid protection" },
	{ MAP(FILE_PRIVATE, RW, .entry = FT_ENTRY_PRESENT), "hit", "hit | minor cow",
	  "invalid protection" },
	{ MAP(FILE_SHARED, RWS, .file = IN_CACHE), "minor file-map", "minor mkwrite",
	  "minor file-map > invalid protection" },
	{ MAP(FILE_SHARED, RWS, .entry = FT_ENTRY_FILE), "hit", "hit | minor mkwrite",
	  "invalid protection" },
	{ MAP_ON(true, FT_NO, FILE_SHARED, RWS, .entry = FT_ENTRY_FILE),
	  "hit", "minor mkwrite", "invalid protection" },

	{ MAP(SHMEM, RWS, .file = IN_CACHE), "minor shmem", "minor shmem",
	  "minor shmem > invalid protection" },
	{ MAP(SHMEM, RWS, .file = HOLE), "minor shmem", "minor shmem",
	  "minor shmem > invalid protection" },
	{ MAP(SHMEM, RWS, .file = ON_DISK), "major swap-in | minor shmem",
	  "major swap-in | minor shmem", "major swap-in | minor shmem > invalid protection" },
	{ MAP(SHMEM, RWS, .entry = FT_ENTRY_FILE), "hit", "hit", "invalid protection" },
	{ MAP(FILE_SHARED, RWS, .dirty_retries = true, .file = IN_CACHE), "minor file-map",
	  "major retry", "minor file-map > invalid protection" },
	{ MAP(FILE_SHARED, RWS, .dirty_retries = true, .file = ON_DISK), "major file-read",
	  "major file-read", "major file-read > invalid protection" },
	{ MAP(FILE_SHARED, RWS, .dirty_retries = true, .entry = FT_ENTRY_FILE), "hit",
	  "hit | major retry", "invalid protection" },
	{ MAP_ON(true, FT_NO, FILE_SHARED, RWS, .dirty_retries = true, .entry = FT_ENTRY_FILE),
	  "hit", "major retry", "invalid protection" },
	{ MAP(SHMEM, RWS, .dirty_retries = true, .file = IN_CACHE), "minor shmem",
	  "minor shmem | major retry", "minor shmem > invalid protection" },
	{ MAP(SHMEM, RWS, .dirty_retries = true, .file = HOLE), "minor shmem", "major retry",
	  "minor shmem > invalid protection" },
	{ MAP(SHMEM, RWS, .dirty_retries = true, .file = ON_DISK), "major swap-in | minor shmem",
	  "major swap-in | minor shmem", "major swap-in | minor shmem > invalid protection" },
	{ MAP(SHMEM_PRIVATE, RW, .dirty_retries = true, .file = HOLE), "minor shmem",
	  "minor file-cow", "minor shmem > invalid protection" },
	{ MAP(SHMEM_PRIVATE, RW, .file = IN_CACHE), "minor shmem", "minor file-cow",
	  "minor shmem > invalid protection" },
	{ MAP(SHMEM, RWS, .uffd_missing = true, .file = HOLE), "minor uffd | major uffd",
	  "minor uffd | major uffd", "minor uffd | major uffd > invalid protection" },
	{ MAP(SHMEM, RWS, .uffd_missing = true, .file = ON_DISK), "major swap-in | minor shmem",
	  "major swap-in | minor shmem", "major swap-in | minor shmem > invalid protection" },
	{ MAP(SHMEM, RWS, .uffd_missing = true, .file = IN_CACHE), "minor shmem", "minor shmem",
	  "minor shmem > invalid protection" },
	{ MAP(SHMEM, RWS, .uffd_minor = true, .file = IN_CACHE), "minor uffd | major uffd", "minor uffd | major uffd",
	  "minor uffd | major uffd > invalid protection" },
	{ MAP(SHMEM, RWS, .uffd_minor = true, .file = HOLE), "minor shmem", "minor shmem",
	  "minor shmem > invalid protection" },
	{ MAP(HUGETLB, RW, .file = PAST_END), "invalid bus", "invalid bus", "invalid bus" },
	{ MAP(HUGETLB, RW, .entry = FT_ENTRY_PRESENT), "hit", "hit | minor hugetlb",
	  "invalid protection" },
	{ MAP(HUGETLB, RWS, .entry = FT_ENTRY_FILE), "hit", "hit", "invalid protection" },
	{ MAP(HUGETLB, RW), "minor hugetlb | invalid bus", "minor hugetlb | invalid bus",
	  "minor hugetlb | invalid bus > invalid protection" },
	{ MAP(HUGETLB, RW, .entry = FT_ENTRY_SHARED), "hit", "minor hugetlb", "invalid protection" },
	{ MAP(SPECIAL, R, .entry = FT_ENTRY_UNKNOWN), "hit | minor special | invalid bus",
	  "invalid protection",
	  "invalid protection | minor special | invalid bus > invalid protection" },
	{ MAP(SPECIAL, RX), "minor special | invalid bus", "invalid protection",
	  "minor special | invalid bus" },
	/* clang-format on */
};

static void named_cases(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *want[] = { cases[i].read, cases[i].write, cases[i].exec };

		for (int a = 0; a < FT_ACCESS_MAX; a++) {
			struct ft_prediction p;

			ft_predict(&cases[i].in, a, &p);
			if (strcmp(said(&p), want[a]) != 0)
				print_error("case %zu, %s\n", i, ft_access_name(a));
			assert_string_equal(said(&p), want[a]);
		}
	}
}

/* What must hold whatever the facts are. */
static void check_rules(const struct ft_predict_in *in, enum ft_access access)
{
	struct ft_prediction p;
	bool may = in->perms & (access == FT_ACCESS_READ    ? FT_MAP_R | FT_MAP_W | FT_MAP_X
				: access == FT_ACCESS_WRITE ? FT_MAP_W
							    : FT_MAP_X);

	ft_predict(in, access, &p);
	assert_in_range(p.steps, 1, FT_PREDICT_STEPS - 1);
	assert_in_range(p.alts, 0, FT_PREDICT_ALTS);
	/* A mapping that forbids it never lets it through, and one that is not there never maps. */
	if (in->where == FT_WHERE_MAPPED && !may)
		assert_true(p.is.kind == FT_OUTCOME_FAULT &&
			    (p.is.type == FT_TYPE_INVALID || p.has_then));
	if (in->where == FT_WHERE_NOTHING)
		assert_int_equal(p.is.cause, FT_CAUSE_UNMAPPED);
	/* The late check of execution is x86's alone; a write may meet userfaultfd after it. */
	if (p.has_then && access == FT_ACCESS_WRITE)
		assert_true(in->uffd_wp && p.then.cause == FT_CAUSE_UFFD);
	else if (p.has_then)
		assert_true(in->x86 && access == FT_ACCESS_EXEC);
	/* Only what can be read in is major, or a write that is retried. */
	if (p.is.kind == FT_OUTCOME_FAULT && p.is.type == FT_TYPE_MAJOR)
		assert_true(p.is.cause == FT_CAUSE_SWAP_IN || p.is.cause == FT_CAUSE_FILE_READ ||
			    (p.is.cause == FT_CAUSE_RETRY && in->dirty_retries &&
			     access == FT_ACCESS_WRITE));
	for (int i = 0; i < p.alts; i++)
		assert_true(p.alt[i].is.kind != p.is.kind || p.alt[i].is.type != p.is.type ||
			    p.alt[i].is.cause != p.is.cause);
}

static void every_combination(void **state)
{
	static const struct ft_backing files[] = { IN_CACHE, ON_DISK, HOLE, PAST_END, UNSEEN };
	struct ft_predict_in in = { 0 };

	for (unsigned int i = 0; i < FT_WHERE_MAX * (FT_VMA_MAX - 1) * FT_ENTRY_MAX * 16 * 5 * 512;
	     i++) {
		unsigned int v = i;

		in.where = v % FT_WHERE_MAX, v /= FT_WHERE_MAX;
		in.vma = 1 + v % (FT_VMA_MAX - 1), v /= FT_VMA_MAX - 1; /* UNKNOWN is never asked */
		in.entry = v % FT_ENTRY_MAX, v /= FT_ENTRY_MAX;
		in.perms = v % 16, v /= 16;
		in.file = files[v % 5], v /= 5;
		in.x86 = v & 1;
		in.pkey = v >> 1 & 1;
		in.uffd_missing = v >> 2 & 1;
		in.uffd_wp = in.entry_uffd_wp = v >> 3 & 1;
		in.thp = v >> 4 & 1;
		in.numa = v >> 5 & 1;
		in.uffd_minor = v >> 7 & 1;
		in.dirty_retries = v >> 8 & 1;
		in.dirty = v >> 6 & 1 ? FT_YES : FT_DONT_KNOW;
		for (int a = 0; a < FT_ACCESS_MAX; a++)
			check_rules(&in, a);
	}
}

static void every_word(void **state)
{
	for (int i = 0; i < FT_STEP_MAX; i++)
		assert_true(ft_step_text[i] && *ft_step_text[i] && ft_step_function[i]);
	for (int i = 0; i < FT_IF_MAX; i++)
		assert_true(ft_condition_text[i] && *ft_condition_text[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named_cases),
		cmocka_unit_test(every_combination),
		cmocka_unit_test(every_word),
	};

	return cmocka_run_group_tests_name("predict", tests, NULL, NULL);
}
