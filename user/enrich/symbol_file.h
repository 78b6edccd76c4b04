/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finding the file behind a mapping, and being sure that it is that file.
 *
 * Candidates, in order: /proc/PID/root/PATH (other mount namespaces), /proc/PID/map_files/START-END
 * and /proc/PID/exe (deleted or replaced on disk, while the process lives), PATH itself (after it
 * ended). A path that was cut is completed from /proc/PID/maps first. One is accepted when
 *   1. stat's device and inode are the mapping's, or
 *   2. the kernel prints the mapping's device and inode for a mapping of the candidate that we make
 *      ourselves: on btrfs and overlayfs stat and maps differ, maps and maps do not; or
 *   3. it is overlayfs, the candidate is map_files of exactly this mapping, and the inode number
 *      is the mapping's: since 6.8 the kernel prints overlayfs' device, while `vm_file` in the hand
 *      of a BPF program still is the file of the layer below; or
 *   4. the mapping's identity is unknown (0, 0) and the candidate is map_files of this mapping.
 */
#ifndef FT_SYMBOL_FILE_H
#define FT_SYMBOL_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ft_sym_query;

/*
 * A file's content at one time. The inode number alone is not enough: it is used again after the
 * file is deleted, and a file can be rewritten in place. Either changes the time of change.
 */
struct ft_file_id {
	uint64_t dev, ino; /* as stat says */
	uint64_t size;
	int64_t mtime_ns, ctime_ns;
	uid_t uid;
	mode_t mode;
};

bool ft_file_id_equal(const struct ft_file_id *a, const struct ft_file_id *b);

/* A path whose beginning was left out: deeper than BPF follows it (FT_FILE_TRUNCATED). */
bool ft_file_cut(const char *path);

/* Nobody but root and ourselves can write it. */
bool ft_file_trusted(const struct ft_file_id *id);

/*
 * Opens `path` with O_PATH, so that no device is touched and no FIFO waited for, and refuses all
 * but regular files. The descriptor, or -errno; -EINVAL when it is no regular file.
 */
int ft_file_probe(const char *path, struct ft_file_id *id);
/* A readable descriptor of a probed file, or -errno. */
int ft_file_reopen(int probe);

/*
 * The first candidate of `q` that is the mapped file: an O_PATH descriptor, `id`, and the path
 * it was reached by in `access` (size PATH_MAX + 64). -ENOENT when none is.
 */
#define FT_FILE_ACCESS_MAX (4096 + 64)
int ft_file_find(const char *root, const struct ft_sym_query *q, struct ft_file_id *id,
		 char *access);

#endif
