/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files get small ids. The first time a file is met its path is sent in a FILE record, so that a
 * mapping is named even when its process is gone before user space looks.
 */
#ifndef FT_FILE_BPF_H
#define FT_FILE_BPF_H

#include "compat.bpf.h"
#include "knobs.bpf.h"
#include "ring.bpf.h"

struct ft_file_key {
	__u64 ino;
	__u64 name; /* changes when the file is renamed or unlinked: file_name() */
	__u32 dev;
	__u32 generation;
};

/*
 * Ids of files. Key: identity; value: id. Written and read by file_id(). When full, the file that
 * was not used for the longest time is forgotten and announced again under another id.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct ft_file_key);
	__type(value, __u32);
} ft_files SEC(".maps");

/*
 * The last id given on this CPU. Key: 0. Per CPU because no counter can be read as it is added to
 * on every kernel: compat.bpf.h.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} ft_last_file SEC(".maps");

#define FILE_ID_CPU_SHIFT 20

static __always_inline __u32 file_new_id(void)
{
	__u32 zero = 0;
	__u32 *last = bpf_map_lookup_elem(&ft_last_file, &zero);

	if (!last)
		return 0;
	*last = (*last + 1) & ((1 << FILE_ID_CPU_SHIFT) - 1);
	return bpf_get_smp_processor_id() << FILE_ID_CPU_SHIFT | *last;
}

#define FILE_DEPTH   24
#define NAME_MAX_LEN 256

/* One step of a walk from a file up to the root of its mount namespace. */
struct file_step {
	struct dentry *dentry;
	struct mount *mnt;
};

/* From the root of a mount to where it is mounted. False at the root of all. */
static __always_inline bool file_cross(struct file_step *at)
{
	struct mount *mnt = at->mnt;

	at->dentry = BPF_CORE_READ(mnt, mnt_mountpoint);
	at->mnt = BPF_CORE_READ(mnt, mnt_parent);
	return at->mnt != mnt;
}

/*
 * Adds the components of the path, leaf first. Source: prepend_path(), fs/d_path.c. The length is
 * kept in the record: what comes from there is one unknown number to the verifier, in each round
 * the same, and not a range for each path through the rounds before.
 */
static __always_inline void file_path(struct ft_file *r, struct dentry *dentry,
				      struct vfsmount *vfsmnt)
{
	struct file_step at = {
		.dentry = dentry,
		.mnt = (void *)vfsmnt - bpf_core_field_offset(((struct mount *)0)->mnt),
	};
	volatile __u32 *names_len = &r->names_len;

	*names_len = 0;
	r->flags |= FT_FILE_TRUNCATED;
	for (int i = 0; i < FILE_DEPTH; i++) {
		struct dentry *here = at.dentry, *parent;
		struct mount *mnt = at.mnt;
		__u32 len = *names_len;
		const unsigned char *name;
		long n;

		/* A mount on the root of a mount is crossed one step at a time. */
		if (here == BPF_CORE_READ(mnt, mnt.mnt_root) && len) {
			if (file_cross(&at))
				continue;
			r->flags &= ~FT_FILE_TRUNCATED;
			break;
		}
		name = BPF_CORE_READ(here, d_name.name);
		/* Checked next to its use: compat.bpf.h, "bounds in memory". */
		barrier_var(len);
		if (len > FT_PATH_LEN - NAME_MAX_LEN)
			break;
		n = bpf_probe_read_kernel_str(r->names + len, NAME_MAX_LEN, name);
		if (n <= 0 || n > NAME_MAX_LEN)
			break;
		*names_len = len + n;
		parent = BPF_CORE_READ(here, d_parent);
		if (parent == here) {
			r->flags &= ~FT_FILE_TRUNCATED;
			break;
		}
		at.dentry = parent;
	}
}

/* d_unlinked(), include/linux/dcache.h */
static __always_inline bool file_unlinked(struct dentry *dentry)
{
	return !BPF_CORE_READ(dentry, d_hash.pprev);
}

/*
 * What the file is called, as a number: the hash (which the directory goes into) and the length of
 * its name. A file under a new name gets a new id, and with it a FILE record. Not for what is
 * summed by id over time, where it is one file whatever its name.
 */
static __always_inline __u64 file_name(struct dentry *dentry)
{
	if (ft_knobs.out & FT_OUT_THRASH)
		return 0;
	return BPF_CORE_READ(dentry, d_name.hash_len) | (__u64)file_unlinked(dentry) << 63;
}

/*
 * Announces the file at `addr` under `id`. False when the ring had no room. Global: verified once,
 * not at each call.
 */
__noinline int file_announce(__u64 addr, __u32 id)
{
	struct ft_file *r = bpf_ringbuf_reserve(&ft_ring, sizeof(*r), 0);
	struct file_seen seen;
	struct inode *inode;

	if (!r)
		return 0;
	compat_file_seen((struct file *)addr, &seen);
	inode = seen.inode;
	r->h.kind = FT_KIND_FILE;
	r->h.len = sizeof(*r);
	r->h.cpu = bpf_get_smp_processor_id();
	r->h.ts_ns = bpf_ktime_get_ns();
	r->id = id;
	r->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	r->ino = BPF_CORE_READ(inode, i_ino);
	r->flags = file_unlinked(seen.dentry) ? FT_FILE_DELETED : 0;
	file_path(r, seen.dentry, seen.mnt);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 1;
}

/* The id of `file`, announced if it is new; 0 when the ring had no room for the announcement. */
static __always_inline __u32 file_id(struct file *file)
{
	struct ft_file_key key = {};
	struct file_seen seen;
	struct inode *inode;
	__u32 *known;
	__u32 id;

	compat_file_seen(file, &seen);
	inode = seen.inode;
	key.ino = BPF_CORE_READ(inode, i_ino);
	key.name = file_name(seen.dentry);
	key.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	key.generation = BPF_CORE_READ(inode, i_generation);
	known = bpf_map_lookup_elem(&ft_files, &key);
	if (known)
		return *known;
	id = file_new_id();
	if (!file_announce((__u64)file, id)) {
		lose(FT_LOSS_FILES_FULL);
		return 0;
	}
	if (bpf_map_update_elem(&ft_files, &key, &id, BPF_NOEXIST)) {
		/* Another CPU met it at the same time: one file, one id. */
		known = bpf_map_lookup_elem(&ft_files, &key);
		if (known)
			return *known;
	}
	return id;
}

#endif
