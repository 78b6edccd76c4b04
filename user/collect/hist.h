/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads the histograms that the BPF side counts. Counters there only grow and are never reset: what
 * happened in an interval is the difference of two readings, so that no fault is lost or counted
 * twice, whenever it comes.
 */
#ifndef FT_COLLECT_HIST_H
#define FT_COLLECT_HIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map64.h"
#include "collect/tracer.h"
#include "ft_wire.h"

/* One group of faults: its histogram summed over the CPUs, since the start. */
struct ft_hist_group {
	struct ft_group key;
	struct ft_hist now;	     /* at the last reading; min_ns is inverted as on the wire */
	struct ft_hist *before;	     /* at the last ft_hists_keep(); NULL: nothing yet */
	struct ft_hist_group *chain; /* another key of the same hash */
	bool gone;		     /* the kernel has it no more; see ft_hists_forget() */
};

struct ft_hists {
	struct ft_hist_group **v; /* in the order in which they were first read */
	size_t n;
	uint32_t by;   /* FT_BY_* */
	uint64_t past; /* faults of groups that were forgotten */
	struct ft_tracer *tracer;
	int fd, cpus;
	bool no_batch;
	size_t room, at_once; /* of v; elements per call of the kernel */
	struct ft_map64 by_hash;
	void *keys, *values;
};

/* 0, -ENOENT when this trace counts no histograms, -ENOMEM. */
int ft_hists_init(struct ft_hists *h, struct ft_tracer *t, uint32_t by);
void ft_hists_deinit(struct ft_hists *h);

/* Reads all groups anew. 0 or -errno. */
int ft_hists_read(struct ft_hists *h);
/* What was read last is what the next interval begins with. 0 or -ENOMEM. */
int ft_hists_keep(struct ft_hists *h);

/*
 * Makes room in the kernel: deletes groups in which nothing happened since ft_hists_keep(), and of
 * which `over` says that nothing will (their process has ended). What happened in one between the
 * reading and its end is in it at the next reading; after that it is only counted in `past`.
 */
void ft_hists_forget(struct ft_hists *h, bool (*over)(void *ctx, const struct ft_group *key),
		     void *ctx);
/* All faults that were counted, as of the last reading. */
uint64_t ft_hists_count(const struct ft_hists *h);

/*
 * Calls `fn` with the key of each group that the kernel has now: much cheaper than a reading. 0 or
 * -errno.
 */
int ft_hists_keys(const struct ft_hists *h, void (*fn)(void *ctx, const struct ft_group *key),
		  void *ctx);

/* Adds one CPU's values. */
void ft_hist_add(struct ft_hist *sum, const struct ft_hist *h);

#endif
