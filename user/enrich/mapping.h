/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The mapping at an address of a process, at the time of an event, where the BPF side did not have
 * the vma at hand. Tables of /proc/PID/maps are kept for each process and survive it.
 *
 * Staleness. An event carries a stamp: a number that is different whenever the address space is.
 * It must not come back in the life of a pid: not after exec (a new mm counts from 0 again, so mix
 * the mm into it), not when the pid is used again. A table is a table of stamp S when it was S
 * before and after the read: the event that made us read had S before it, and the table is
 * confirmed when an event that happened after the read has S too. Until then lookups return
 * -EAGAIN. Stamps that can come back (map_count and total_vm, before 6.4) are as good as that is
 * unlikely.
 *
 * Nothing is read twice for one stamp. A process that changes its address space all the time is
 * read at most 5 % of the time.
 */
#ifndef FT_MAPPING_H
#define FT_MAPPING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ft_mappings;

struct ft_mappings_config {
	const char *root;	  /* what holds proc/; "" or NULL: this machine */
	uint64_t (*now_ns)(void); /* the clock of the events; NULL: CLOCK_MONOTONIC */
	size_t processes;	  /* kept at a time, the longest unused go first; 0: 4096 */
	size_t bytes;		  /* of tables; 0: 64 MiB */
};

struct ft_mapping_info {
	uint64_t start, end; /* end 0: nothing is known */
	uint64_t offset;     /* of start in the file, bytes */
	uint64_t dev;	     /* kernel's s_dev: major << 20 | minor */
	uint64_t ino;
	uint8_t perms;	  /* enum ft_map_perm */
	const char *kind; /* ft_map_kind() */
	/* As maps prints it; "" for anonymous memory. Valid until the next call. Escape it. */
	const char *path;
};

/* `config` may be NULL. NULL when memory is gone. */
struct ft_mappings *ft_mappings_create(const struct ft_mappings_config *config);
/* NULL is fine. */
void ft_mappings_destroy(struct ft_mappings *m);

/*
 * The mapping of `addr` in process `pid` (tgid) when its address space had `stamp` (0: no stamp),
 * which it had at `ts_ns`.
 *   0        `out` is it.
 *   -EFAULT  nothing was mapped there.
 *   -EAGAIN  `out` is what a table says that nothing has confirmed yet: ask again when a later
 *            event of this process was looked up, or treat it as unknown. Without a stamp always.
 *   -ESTALE  the address space changed since, and no table of that stamp was read in time. `out` is
 *            what tables from before and from after the event both say, else empty: likely, but
 *            not known.
 *   -ESRCH   nothing is known: the process ended before it was ever read, or may not be read.
 *   -ENOMEM
 */
int ft_mappings_lookup(struct ft_mappings *m, pid_t pid, uint64_t addr, uint64_t stamp,
		       uint64_t ts_ns, struct ft_mapping_info *out);

/* An event of the process was seen that needs no lookup: it may confirm a table. */
void ft_mappings_note(struct ft_mappings *m, pid_t pid, uint64_t stamp, uint64_t ts_ns);

/* The process is another one now (exec, or its pid was given away): drops what is known of it. */
void ft_mappings_forget(struct ft_mappings *m, pid_t pid);

struct ft_mappings_stats {
	uint64_t reads; /* tables read */
	uint64_t hits;	/* lookups answered without one */
	uint64_t stale, unconfirmed, unknown;
	size_t processes, bytes;
};

void ft_mappings_stats(const struct ft_mappings *m, struct ft_mappings_stats *out);

#endif
