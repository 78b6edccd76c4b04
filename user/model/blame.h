/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who took whose pages, and what it cost: processes, pairs, files and memory over a trace, from
 * the readings of collect/thrash.h.
 */
#ifndef FT_MODEL_BLAME_H
#define FT_MODEL_BLAME_H

#include <stdbool.h>

#include "collect/thrash.h"
#include "model/thrash.h"

struct ft_blame_proc {
	uint32_t tgid;
	bool gone;		      /* it ended; its numbers are final */
	struct ft_thrash_proc now;    /* since the start of the trace */
	struct ft_thrash_proc before; /* … as it was an interval ago */
	/*
	 * What kswapd took while this process allocated: of each interval, its share by what it
	 * allocated in it and how often it woke kswapd. An estimate.
	 */
	double behalf;
	/*
	 * What it waited for pages of files that the kernel says had been there, and nobody
	 * remembers: of what it waited for files, the share that is so of all. An estimate.
	 */
	uint64_t guess_ns, guess_now_ns;    /* since the start; in the last interval */
	uint64_t waited_ns[FT_VERDICT_MAX]; /* ft_blame_wait() in intervals of each verdict */
};

struct ft_blame_part {
	uint64_t returned, stall_ns;
};

/* Of one victim and each kind of FT_UNSEEN: what was taken by anyone, and what came back. */
struct ft_blame_victim {
	uint32_t tgid;
	uint64_t taken[FT_UNSEEN_MAX];
	struct ft_blame_part back[FT_UNSEEN_MAX];
};

struct ft_blame_table {
	struct ft_blame_proc *procs;
	size_t n, cap;
	struct ft_blame_row *pairs; /* of the last reading, most expensive first */
	size_t n_pairs;
	struct ft_blame_victim *victims; /* … by tgid */
	size_t n_victims;
	struct ft_return_row *files; /* … most re-faults first */
	size_t n_files;
	const struct ft_return_row *mappings; /* … behind the files, most stall first */
	size_t n_mappings;
	struct ft_thrash_sums sums, before;
	uint64_t epoch;	 /* of the last interval */
	bool pages_full; /* pages of files are forgotten */
	bool scoped;	 /* only one cgroup is seen; set by whoever knows */
};

void ft_blame_init(struct ft_blame_table *t);
void ft_blame_deinit(struct ft_blame_table *t);

/* Takes over a reading (its rows are the table's then). 0 or -ENOMEM. */
int ft_blame_update(struct ft_blame_table *t, struct ft_thrash_counts *c);

/*
 * An evictor's part of the pages that came back to a victim and of which nobody saw who had taken
 * them (FT_UNSEEN: unchanged, shared, of files): by how many such pages it took from it. An
 * estimate.
 */
struct ft_blame_part ft_blame_part_of(const struct ft_blame_table *t, const struct ft_blame_row *r);
/* The same of one kind. */
struct ft_blame_part ft_blame_part_kind(const struct ft_blame_table *t,
					const struct ft_blame_row *r, enum ft_unseen kind);
/* Which kind of FT_UNSEEN an evictor's number is; FT_UNSEEN_MAX: none, it is a process. */
enum ft_unseen ft_blame_unseen(uint32_t evictor);
/* "unchanged", "shared", "file". */
const char *ft_unseen_name(uint32_t evictor);
/* To be called when the pairs are other ones. 0 or -ENOMEM. */
int ft_blame_sum_victims(struct ft_blame_table *t);

/* Who cost `victim` most, by its stall, else by pages; NULL when it lost none that was seen. */
const struct ft_blame_row *ft_blame_culprit(const struct ft_blame_table *t, uint32_t victim);

/* Evictor and victim are cgroups; 0: not known. */
struct ft_blame_cgroups {
	uint64_t evictor, victim;
	struct ft_blame v;
	struct ft_blame_part part; /* its part of the pages that nobody saw taken */
};
/*
 * The pairs by the cgroups of the processes, most expensive first, up to `n`; their number. Of
 * kernel threads (kswapd) the cgroup is the root's.
 */
size_t ft_blame_by_cgroup(const struct ft_blame_table *t, struct ft_blame_cgroups *out, size_t n);

/* The process of a tgid, the latest if there were several; NULL when it is not known. */
const struct ft_blame_proc *ft_blame_find(const struct ft_blame_table *t, uint32_t tgid);

/*
 * What a process waited in the last interval for pages that had gone, in ns: its worst thread, or
 * the mean of its threads, which is more where threads come and go.
 */
uint64_t ft_blame_wait(const struct ft_blame_table *t, const struct ft_blame_proc *p);
/* The largest of these. */
uint64_t ft_blame_worst(const struct ft_blame_table *t);
/* The share, 0 to 1, of the last interval's majors on files not seen to return that did so. */
void ft_blame_guess_files(struct ft_blame_table *t, double share);
/* The last interval had this verdict. */
void ft_blame_judged(struct ft_blame_table *t, enum ft_verdict v);

/* How many pages a process took from others and itself; what it allocated. */
uint64_t ft_blame_took(const struct ft_blame_proc *p);
uint64_t ft_blame_stall(const struct ft_blame_proc *p);
/* What kswapd took for it; how often it was an OOM victim. */
uint64_t ft_blame_behalf(const struct ft_blame_proc *p);
uint64_t ft_blame_killed(const struct ft_blame_proc *p);
/* Whether it is a kswapd: it evicts for others. */
bool ft_blame_is_kswapd(const struct ft_blame_proc *p);

/* Up to `n` processes with the largest value, largest first, none that has 0. Their number. */
size_t ft_blame_top(const struct ft_blame_table *t, uint64_t (*value)(const struct ft_blame_proc *),
		    const struct ft_blame_proc **out, size_t n);

/* How many have a value that is not 0. */
size_t ft_blame_count(const struct ft_blame_table *t,
		      uint64_t (*value)(const struct ft_blame_proc *));

/* The middle of a log2 histogram of us, in ns; 0 when it is empty. */
uint64_t ft_distance_p50(const __u64 *distance);

#endif
