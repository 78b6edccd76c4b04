/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From two readings of histograms to what is shown of each group: counts, percentiles, bars. */
#ifndef FT_MODEL_HIST_H
#define FT_MODEL_HIST_H

#include <stdint.h>

#include "collect/hist.h"
#include "enrich/group.h"
#include "ft_wire.h"

/* What --by takes. X(id of FT_BY_*, name, description) */
#define FT_HIST_PARTS(X)                                                                           \
	X(TYPE, "type", "minor, major, invalid, aborted")                                          \
	X(CAUSE, "cause", "why it happened")                                                       \
	X(COMM, "comm", "the thread's name")                                                       \
	X(PID, "pid", "the process")                                                               \
	X(CGROUP, "cgroup", "the memory cgroup, or the v2 cgroup")                                 \
	X(CPU, "cpu", "the CPU")                                                                   \
	X(MAPPING, "mapping", "the process and the file, heap, stack … in it")                     \
	X(FILE, "file", "the file, heap, stack … of all processes")                                \
	X(ACCESS, "access", "read, write, exec")

enum ft_hist_part {
#define FT_X(id, ...) FT_HIST_PART_##id,
	FT_HIST_PARTS(FT_X)
#undef FT_X
		FT_HIST_PART_MAX
};

const char *ft_hist_part_name(unsigned int part);
/* Its FT_BY_* bit. */
uint32_t ft_hist_part_bit(enum ft_hist_part part);

/* What the time of the faults went to. X(id, name in text, header of the column) */
#define FT_HIST_SHARES(X)                                                                          \
	X(RECLAIM, "reclaim", "RECL%")                                                             \
	X(MEMCG, "memcg reclaim", "MEMCG%")                                                        \
	X(COMPACTION, "compaction", "COMP%")                                                       \
	X(WAIT, "off-CPU wait", "WAIT%")                                                           \
	X(REST, "rest, on the CPU", "CPU%")

enum ft_hist_share {
#define FT_X(id, ...) FT_HIST_SHARE_##id,
	FT_HIST_SHARES(FT_X)
#undef FT_X
		FT_HIST_SHARE_MAX
};

/* One group in one interval. Values without one are FT_UNKNOWN_NS. */
struct ft_hist_row {
	const struct ft_group *key;
	struct ft_group_text text;
	const struct ft_hist *now, *before; /* the interval is the difference; NULL: all 0 */
	uint64_t count;			    /* of all faults */
	uint64_t unknown;		    /* of those whose latency is not known: in no bucket */
	uint64_t stall_ns;		    /* sum of the latencies */
	/* Of stall_ns, in the order of enum ft_hist_share; all 0 without --breakdown. */
	uint64_t share_ns[FT_HIST_SHARE_MAX];
	unsigned int first, last; /* buckets that hold all */
	/*
	 * Percentiles are nearest-rank, as the upper bound of the bucket (the HdrHistogram way) but
	 * never above max_ns. The kernel side keeps the extremes since the start: min_ns and max_ns
	 * of an interval are exact when it set a new one, else the bound of the outermost bucket,
	 * off by 1/16 at most.
	 */
	uint64_t min_ns, max_ns, p50_ns, p90_ns, p99_ns;
};

struct ft_hist_rows {
	struct ft_hist_row *v;
	size_t n, room;
	bool has_other; /* the last one is (other) */
	/* Groups left out by ft_hist_rows_limit(). */
	size_t hidden;
	uint64_t hidden_count, hidden_stall_ns;
};

/* False when nothing happened. Does not fill `text`. */
bool ft_hist_row_fill(struct ft_hist_row *row, const struct ft_group *key,
		      const struct ft_hist *now, const struct ft_hist *before);

static inline uint64_t ft_hist_row_bucket(const struct ft_hist_row *row, unsigned int i)
{
	return row->now->bucket[i] - (row->before ? row->before->bucket[i] : 0);
}

/* The smallest value that `percent` of the values are not above; FT_UNKNOWN_NS without values. */
uint64_t ft_hist_row_percentile(const struct ft_hist_row *row, unsigned int percent);
/* Of the faults whose latency is known; FT_UNKNOWN_NS without any. */
uint64_t ft_hist_row_average(const struct ft_hist_row *row);

/*
 * Finds out what the groups of a reading are called. Whoever is gone by now has said its name in a
 * record: take those after this, and before ft_hist_rows_make(). 0 or -ENOMEM.
 */
int ft_hist_rows_name(const struct ft_hists *h, struct ft_groups *names, uint64_t now_ns);
/*
 * The groups in which something happened since ft_hists_keep(), in the order of reading, (other)
 * last. Names are borrowed. Keeps its memory from call to call. 0 or -ENOMEM.
 */
int ft_hist_rows_make(struct ft_hist_rows *rows, const struct ft_hists *h,
		      const struct ft_groups *names);
/* Leaves the first `most` groups and (other). */
void ft_hist_rows_limit(struct ft_hist_rows *rows, size_t most);
void ft_hist_rows_deinit(struct ft_hist_rows *rows);

/*
 * Folded to powers of two of `unit_ns`: out[i] is [2^i, 2^(i+1) - 1], the first also 0. Where a
 * bucket lies on two rows (unit above 1), it counts to that of its middle. The number of rows up to
 * the last that is not 0.
 */
unsigned int ft_hist_row_log2(const struct ft_hist_row *row, uint64_t unit_ns, uint64_t out[64]);

#define FT_HIST_LINEAR_MAX 32

/* Rows of equal width, up to about the 99th percentile; the rest is in one more row. */
struct ft_hist_linear {
	uint64_t from, step; /* in units */
	unsigned int n;
	uint64_t v[FT_HIST_LINEAR_MAX];
	uint64_t rest, rest_to; /* rest: from + n * step … rest_to */
};

/* Steps are 1, 2 or 5 times a power of ten and not finer than the buckets. */
void ft_hist_row_linear(const struct ft_hist_row *row, uint64_t unit_ns,
			struct ft_hist_linear *out);

#endif
