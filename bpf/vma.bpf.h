/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The mapping (vma) that holds an address of the current task, found by walking the kernel's own
 * tree without a lock, and checked: what is returned covered the address and belonged to this mm
 * when it was read. At the end of a fault the fault still holds the vma's (or the mm's) lock, so
 * the vma itself cannot change; only the way to it can, and then the search fails and is counted.
 *
 * bpf_find_vma() would do the same but takes mmap_lock: about 12 us here, and -EBUSY under mmap().
 */
#ifndef FT_VMA_BPF_H
#define FT_VMA_BPF_H

#include "compat.bpf.h"
#include "file.bpf.h"
#include "state.bpf.h"
#include "ft_classify.h"

#define VM_EXEC		0x00000004ULL
#define VM_SHARED	0x00000008ULL
#define VM_GROWSDOWN	0x00000100ULL
#define VM_UFFD_MISSING 0x00000200ULL
#define VM_PFNMAP	0x00000400ULL
#define VM_UFFD_WP	0x00001000ULL
#define VM_IO		0x00004000ULL
#define VM_HUGETLB	0x00400000ULL

/* include/uapi/linux/magic.h, stat.h */
#define TMPFS_MAGIC	    0x01021994
#define ANON_INODE_FS_MAGIC 0x09041934
#define S_IFMT		    0170000
#define S_IFREG		    0100000

/*
 * lib/maple_tree.c: the type of a node is in its pointer (mte_node_type()); only the root's pointer
 * is marked as a node (mt_mk_root()), a tree of one entry has that entry in the root's place.
 */
#define MAPLE_LEAF_64	1
#define MAPLE_RANGE_64	2
#define MAPLE_ARANGE_64 3
#define MAPLE_DEPTH	8

static __always_inline bool maple_is_root_node(__u64 entry)
{
	return (entry & 3) == 2 && entry > 4096;
}

/*
 * Index of the slot for `addr`: the number of pivots below it, counted up to the first one that is
 * not. Pivots past the node's end are 0 or stale, the last one may be ULONG_MAX: subtracting 1
 * gives both the top bit, which no user address has. Branch-free: a branch per pivot and level
 * would be 16^depth paths for the verifier.
 */
static __always_inline __u32 maple_slot(const __u64 *pivots, int n, __u64 addr)
{
	__u64 below = 1, target = addr - 1;
	__u32 slot = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < n; i++) {
		__u64 p = pivots[i] - 1;

		below &= ((p - target) & ~p) >> 63;
		slot += below;
	}
	return slot;
}

/*
 * A node while it is searched. Per CPU; key: 0. A program that preempts the search may overwrite
 * it; the vma found is checked before it is believed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64[32]);
} ft_node SEC(".maps");

/* The vma (unchecked) for `addr`, or 0. Global: verified once, not at each call. */
__noinline __u64 maple_find(__u64 root, __u64 addr)
{
	__u64 entry = root;
	__u32 zero = 0;
	__u64 *node = bpf_map_lookup_elem(&ft_node, &zero);

	if (!node)
		return 0;
	if (!maple_is_root_node(root))
		return root;
	for (int depth = 0; depth < MAPLE_DEPTH; depth++) {
		__u32 type = (entry >> 3) & 15, slot;

		if (bpf_probe_read_kernel(node, 32 * sizeof(*node), (void *)(entry & ~255ULL)))
			return 0;
		if (type == MAPLE_ARANGE_64) {
			slot = maple_slot(node + 1, 9, addr) & 15;
			entry = node[10 + slot];
		} else {
			slot = maple_slot(node + 1, 15, addr) & 15;
			entry = node[16 + slot];
		}
		if (type == MAPLE_LEAF_64)
			return entry;
		if (type != MAPLE_RANGE_64 && type != MAPLE_ARANGE_64)
			return 0;
	}
	return 0;
}

/* The same in a red-black tree. */
__noinline __u64 rb_find(__u64 node, __u64 addr)
{
	__u64 off;

	/* Verified although it is not called: compat.bpf.h, "global functions". */
	if (compat_has_maple_tree())
		return 0;
	off = bpf_core_field_offset(((struct vm_area_struct___rb *)0)->vm_rb);
	for (int depth = 0; depth < 48 && node; depth++) {
		struct vm_area_struct *vma = (void *)(node - off);
		struct rb_node *rb = (void *)node;

		if (addr >= BPF_CORE_READ(vma, vm_end))
			node = (__u64)BPF_CORE_READ(rb, rb_right);
		else if (addr < BPF_CORE_READ(vma, vm_start))
			node = (__u64)BPF_CORE_READ(rb, rb_left);
		else
			return (__u64)vma;
	}
	return 0;
}

static __always_inline struct vm_area_struct *vma_find(struct mm_struct *mm, __u64 addr)
{
	if (compat_has_maple_tree())
		return (void *)maple_find((__u64)BPF_CORE_READ(mm, mm_mt.ma_root), addr);
	return (void *)rb_find((__u64)BPF_CORE_READ((struct mm_struct___rb *)mm, mm_rb.rb_node),
			       addr);
}

/*
 * Whether what is mapped are pages of a file, and not what a driver or the kernel itself provides:
 * a perf buffer, a KVM vcpu, a socket's ring.
 */
static __always_inline bool file_is_regular(struct inode *inode, __u64 magic)
{
	/* compat.bpf.h, "inodes without a name" */
	return (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFREG && magic != ANON_INODE_FS_MAGIC;
}

/*
 * What userfaultfd is asked. VM_UFFD_MINOR has another bit in each kernel: it is what a mapping has
 * that is registered and has no other; with another it is not known.
 */
static __noinline __u8 vma_uffd(struct vm_area_struct *vma)
{
	__u64 flags = BPF_CORE_READ(vma, vm_flags);
	__u8 bits = 0;

	if (flags & VM_UFFD_WP)
		bits |= FT_UFFD_WP;
	if (flags & VM_UFFD_MISSING)
		bits |= FT_UFFD_MISSING;
	return !bits && compat_has_uffd(vma) ? FT_UFFD_MINOR : bits;
}

static __always_inline __u8 vma_kind(struct vm_area_struct *vma, struct file *file, __u64 flags)
{
	struct inode *inode;
	__u64 magic;

	if (flags & VM_HUGETLB)
		return FT_VMA_HUGETLB;
	if (flags & (VM_PFNMAP | VM_IO))
		return FT_VMA_SPECIAL;
	/* vma_is_anonymous(), include/linux/mm.h: also with a file, /dev/zero mapped privately. */
	if (!BPF_CORE_READ(vma, vm_ops))
		return flags & VM_GROWSDOWN ? FT_VMA_STACK : FT_VMA_ANON;
	if (!file)
		return FT_VMA_SPECIAL;
	inode = BPF_CORE_READ(file, f_inode);
	magic = BPF_CORE_READ(inode, i_sb, s_magic);
	if (!file_is_regular(inode, magic))
		return FT_VMA_SPECIAL;
	if (magic == TMPFS_MAGIC)
		return flags & VM_SHARED ? FT_VMA_SHMEM : FT_VMA_SHMEM_PRIVATE;
	return flags & VM_SHARED ? FT_VMA_FILE_SHARED : FT_VMA_FILE_PRIVATE;
}

/* fs/proc/task_mmu.c: vma_is_initial_heap(), vma_is_initial_stack(); arch_vma_name() for the vdso.
 */
static __always_inline __u16 vma_bits(struct mm_struct *mm, __u64 start, __u64 end)
{
	__u16 bits = 0;
	__u64 sp;

	/* One after the other: values that wait for each other take stack, see compat.bpf.h. */
	if (start < BPF_CORE_READ(mm, brk) && end > BPF_CORE_READ(mm, start_brk))
		bits |= FT_VMA_HEAP;
	sp = BPF_CORE_READ(mm, start_stack);
	if (start <= sp && end >= sp)
		bits |= FT_VMA_IS_STACK;
	if ((__u64)BPF_CORE_READ(mm, context.vdso) == start)
		bits |= FT_VMA_VDSO;
	return bits;
}

/* In ft_vma_slot.bits: its file could not be announced, ask again at the next fault. */
#define VMA_UNNAMED 0x8000

/* What vma_lookup() found. Per CPU; key: 0. */
struct ft_vma_found {
	struct ft_vma_slot slot;
	__u64 mm;
	__u64 code_key[5]; /* of code_announce(), for want of room on the stack */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ft_vma_found);
} ft_found SEC(".maps");

static __always_inline struct ft_vma_found *vma_found(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&ft_found, &zero);
}

/* Reads `vma` into `found`. False when it does not hold `addr` in `mm`. */
static __always_inline bool vma_read(struct vm_area_struct *vma, struct mm_struct *mm, __u64 addr,
				     struct ft_vma_found *found)
{
	struct ft_vma_slot *slot = &found->slot;
	struct file *file;

	found->mm = (__u64)mm;
	slot->uffd = vma_uffd(vma);
	slot->start = BPF_CORE_READ(vma, vm_start);
	slot->end = BPF_CORE_READ(vma, vm_end);
	if (BPF_CORE_READ(vma, vm_mm) != mm || addr < slot->start || addr >= slot->end)
		return false;
	file = BPF_CORE_READ(vma, vm_file);
	slot->flags = BPF_CORE_READ(vma, vm_flags);
	slot->pgoff = BPF_CORE_READ(vma, vm_pgoff);
	slot->kind = vma_kind(vma, file, slot->flags);
	slot->bits = file ? 0 : vma_bits(mm, slot->start, slot->end);
	slot->file = file ? file_id(file) : 0;
	if (file && !slot->file)
		slot->bits |= VMA_UNNAMED;
	return true;
}

/*
 * Finds the current task's mapping of `addr` and leaves it in ft_found. 0 when none was found that
 * holds it. Global: verified once, not at each call.
 */
__noinline int vma_lookup(__u64 addr)
{
	struct mm_struct *mm = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), mm);
	struct vm_area_struct *vma = vma_find(mm, addr);
	struct ft_vma_found *found;

	found = vma_found();
	return found && vma && vma_read(vma, mm, addr, found);
}

/* Fills `slot` with the mapping of `addr`; empties it and returns false when there is none. */
static __always_inline bool vma_fill(struct mm_struct *mm, __u64 addr, struct ft_vma_slot *slot)
{
	struct ft_vma_found *found;

	slot->start = slot->end = 0;
	/* Another thread may be changing the way to it, and is done by the next time. */
	if (!vma_lookup(addr) && !vma_lookup(addr))
		return false;
	found = vma_found();
	if (!found || found->mm != (__u64)mm)
		return false;
	*slot = found->slot;
	if (addr >= slot->start && addr < slot->end)
		return true;
	slot->start = slot->end = 0;
	return false;
}

/* Forgets what was cached when the address space is another one or has changed. */
static __always_inline void vma_refresh(struct ft_state *st, struct mm_struct *mm, bool hot)
{
	__u32 seq;

	if (!hot)
		seq = compat_mm_seq(mm);
	else if (ft_knobs.cast)
		seq = compat_mm_seq_hot(mm, true);
	else
		seq = compat_mm_seq_hot(mm, false);
	if (compat_has_mm_seq() && st->mm == (__u64)mm && st->seq == seq)
		return;
	st->data[0].end = st->data[1].end = st->code.end = 0;
	st->mm = (__u64)mm;
	st->seq = seq;
}

static __always_inline bool vma_covers(const struct ft_vma_slot *s, __u64 addr)
{
	return addr >= s->start && addr < s->end && !(s->bits & VMA_UNNAMED);
}

/*
 * Reads the vma at ft_found.mm and leaves it in ft_found. 0 when it does not hold `addr`. Global:
 * its stack. The vma comes through memory: compat.bpf.h, "global functions".
 */
__noinline int vma_read_found(__u64 addr)
{
	struct vm_area_struct *vma;
	struct ft_vma_found *found;

	found = vma_found();
	if (!found)
		return 0;
	vma = (void *)found->mm;
	return vma_read(vma, BPF_CORE_READ(vma, vm_mm), addr, found);
}

/*
 * Takes the mapping of `addr` from the vma that the kernel hands to handle_mm_fault(): no search.
 * Its lock is held now.
 */
static __always_inline void vma_take(struct ft_state *st, struct vm_area_struct *vma, __u64 addr)
{
	struct ft_vma_found *found;
	struct mm_struct *mm = BPF_CORE_READ(vma, vm_mm);

	vma_refresh(st, mm, false);
	if (vma_covers(&st->data[0], addr) || vma_covers(&st->data[1], addr))
		return;
	found = vma_found();
	if (!found)
		return;
	found->mm = (__u64)vma;
	if (!vma_read_found(addr))
		return;
	st->last ^= 1;
	barrier();
	st->data[st->last & 1] = found->slot;
}

/*
 * The mapping of a data address, or NULL. Call vma_refresh() first. The slot's index goes through
 * memory: to the verifier it is then one unknown pointer instead of one path per slot.
 */
static __always_inline struct ft_vma_slot *vma_data(struct ft_state *st, struct mm_struct *mm,
						    __u64 addr)
{
	struct ft_vma_slot *s = &st->data[st->last & 1];

	if (vma_covers(s, addr))
		return s;
	st->last ^= 1;
	barrier();
	s = &st->data[st->last & 1];
	return vma_covers(s, addr) || vma_fill(mm, addr, s) ? s : NULL;
}

static __always_inline struct ft_vma_slot *vma_code(struct ft_state *st, struct mm_struct *mm,
						    __u64 ip)
{
	if (vma_covers(&st->code, ip) || vma_fill(mm, ip, &st->code))
		return &st->code;
	return NULL;
}

#endif
