/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "model/vaddr.h"

struct ft_vaddr_layout ft_vaddr_x86(bool la57)
{
	return (struct ft_vaddr_layout) {
		.page_shift = 12,
		.bits = la57 ? 57 : 48,
		.levels = la57 ? 5 : 4,
		.sign_extended = true,
	};
}

struct ft_vaddr_layout ft_vaddr_arm64(int page_shift, uint64_t highest)
{
	/* CONFIG_ARM64_VA_BITS by page size; addresses above 48 bits are only given when asked for.
	 */
	static const struct {
		int page_shift, bits;
	} offered[] = {
		{ 12, 39 }, { 12, 48 }, { 12, 52 }, { 14, 36 }, { 14, 47 },
		{ 14, 48 }, { 14, 52 }, { 16, 42 }, { 16, 48 }, { 16, 52 },
	};
	struct ft_vaddr_layout l = { .page_shift = page_shift, .bits = 48 };

	for (unsigned int i = 0; i < sizeof(offered) / sizeof(*offered); i++) {
		if (offered[i].page_shift != page_shift || (highest - 1) >> offered[i].bits)
			continue;
		l.bits = offered[i].bits;
		break;
	}
	/* A table is one page: page_shift - 3 bits per level. ARM64_HW_PGTABLE_LEVELS(). */
	l.levels = (l.bits - 4) / (page_shift - 3);
	return l;
}

void ft_vaddr_split(const struct ft_vaddr_layout *l, uint64_t addr, int entry_shift,
		    struct ft_vaddr_split *out)
{
	/* From the bottom; which names a machine with fewer levels leaves out: the folded ones. */
	static const char *const names[][FT_LEVELS_MAX] = {
		{ 0 },
		{ "PGD" },
		{ "PGD", "PTE" },
		{ "PGD", "PMD", "PTE" },
		{ "PGD", "PUD", "PMD", "PTE" },
		{ "PGD", "P4D", "PUD", "PMD", "PTE" },
	};
	int per_level = l->page_shift - 3;

	*out = (struct ft_vaddr_split) { .levels = l->levels };
	for (int i = 0; i < l->levels; i++) {
		struct ft_vaddr_level *t = &out->level[i];
		int above = l->bits - l->page_shift - per_level * (l->levels - 1 - i);

		t->name = names[l->levels][i];
		t->shift = l->page_shift + per_level * (l->levels - 1 - i);
		t->bits = above < per_level ? above : per_level;
		t->index = addr >> t->shift & ((1ULL << t->bits) - 1);
		t->covers = 1ULL << t->shift;
	}
	/* A size between two levels is several entries of the lower one (arm64's contiguous bit).
	 */
	while (out->levels > 1 && out->level[out->levels - 2].shift <= entry_shift)
		out->levels--;
	out->page_number = addr >> entry_shift;
	out->offset = addr & ((1ULL << entry_shift) - 1);
}

enum ft_vaddr_half ft_vaddr_half(const struct ft_vaddr_layout *l, uint64_t addr)
{
	uint64_t top;

	if (l->sign_extended) {
		top = addr >> (l->bits - 1);
		if (!top)
			return FT_VADDR_USER;
		return top == UINT64_MAX >> (l->bits - 1) ? FT_VADDR_KERNEL : FT_VADDR_NONCANONICAL;
	}
	/*
	 * arm64: bit 55 chooses the table; an address that fits neither is a translation fault like
	 * any other (a SIGSEGV, SEGV_MAPERR), not an exception of its own.
	 */
	return addr >> 55 & 1 ? FT_VADDR_KERNEL : FT_VADDR_USER;
}

uint64_t ft_vaddr_flat_entries(const struct ft_vaddr_layout *l)
{
	return 1ULL << (l->bits - l->page_shift);
}

uint64_t ft_vaddr_flat_bytes(const struct ft_vaddr_layout *l)
{
	return ft_vaddr_flat_entries(l) * FT_PTE_SIZE;
}
