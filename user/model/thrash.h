/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Is it thrashing? A pure decision over the numbers of one interval, and the thresholds it uses.
 *
 * Thrashing is: someone loses much of the time (time), because pages go and come (circle), and the
 * pages that come are those that went a short while ago (return). All three, or it is something
 * else: pressure (reclaim slows people down, but what it takes is not needed again), or a cold
 * start (pages are read for the first time).
 */
#ifndef FT_MODEL_THRASH_H
#define FT_MODEL_THRASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Worse is larger. X(id, name) */
#define FT_VERDICTS(X)                                                                             \
	X(HEALTHY, "HEALTHY")                                                                      \
	X(COLD_START, "COLD START")                                                                \
	X(PRESSURE, "PRESSURE")                                                                    \
	X(THRASHING, "THRASHING")

enum ft_verdict {
#define FT_X(id, ...) FT_VERDICT_##id,
	FT_VERDICTS(FT_X)
#undef FT_X
		FT_VERDICT_MAX
};

const char *ft_verdict_name(enum ft_verdict v);

/* What --threshold sets. X(id, name, default, unit, help) */
#define FT_THRESHOLDS(X)                                                                           \
	X(full, "full", 10, "%", "thrashing: PSI memory full, share of the time")                  \
	X(victim, "victim", 20, "%",                                                               \
	  "thrashing: or one process waits this much for its own pages")                           \
	X(swap_rate, "swap", 20, "/s", "thrashing: pages in and pages out of swap, both")          \
	X(file_share, "file", 30, "%", "thrashing: or file pages read again, of those cached")     \
	X(file_rate, "file-rate", 50, "/s", "thrashing: or majors on file pages read before")      \
	X(refaults, "refaults", 50, "%", "thrashing: re-faults among the majors")                  \
	X(some, "some", 10, "%", "pressure: PSI memory some, share of the time")                   \
	X(reclaim, "reclaim", 10, "%", "pressure: or time in direct reclaim, of one CPU")          \
	X(cold_majors, "cold-majors", 200, "/s", "cold start: major faults")                       \
	X(cold_refaults, "cold-refaults", 5, "%", "cold start: re-faults among them, at most")     \
	X(cold_full, "cold-full", 5, "%", "cold start: PSI memory full, at most")                  \
	X(distance, "distance", 60, "s",                                                           \
	  "a page that was gone for longer does not count as re-fault")

struct ft_thresholds {
#define FT_X(id, ...) double id;
	FT_THRESHOLDS(FT_X)
#undef FT_X
};

extern const struct ft_thresholds ft_thresholds_default;

/* "NAME=VALUE". 0, or -EINVAL after the right form was written to `why`. */
int ft_threshold_set(struct ft_thresholds *t, const char *arg, struct ft_buf *why);

/* One interval. Counts are of the interval, not per second. */
struct ft_reading {
	uint64_t interval_ns;
	bool scoped;		    /* of one cgroup: the kernel's counters, too */
	bool psi_known, psi_system; /* psi_system: of the machine, shown, but no evidence */
	double psi_some, psi_full;  /* % of the interval; of a sum: of the time it is known for */
	uint64_t psi_ns;	    /* of a sum: that time */
	uint64_t swapin, swapout;   /* pages */
	uint64_t evicted;	    /* mappings of anonymous pages taken, without a write too */
	uint64_t evicted_file;	    /* mappings of file pages taken */
	uint64_t swapin_old;	    /* came back, and nobody saw when they went: before the trace */
	uint64_t refault_anon, refault_file; /* the kernel's own counters; FT_UNKNOWN */
	uint64_t majors, file_majors;
	uint64_t refaults, file_refaults; /* majors on a page seen to go */
	bool file_full;			  /* pages of files are forgotten: more may have returned */
	uint64_t reclaims, reclaim_ns;	  /* direct and memcg reclaim */
	uint64_t stall_ns, refault_ns;	  /* in faults; in faults on pages that had gone */
	double victim_pct; /* the worst process: ft_blame_wait(), of the interval; at most 100 */
	uint64_t file_lru; /* pages cached; FT_UNKNOWN */
};

/* A rule, with the number it looked at. X(id, name, what it says) */
#define FT_RULES(X)                                                                                \
	X(FULL, "psi-full", "all tasks waited for memory, % of the time")                          \
	X(VICTIM, "victim", "the worst process waited for its own pages, % of the time")           \
	X(SWAP_BOTH, "swap-both-ways", "pages/s back from swap and away, the smaller")             \
	X(FILE_SHARE, "file-share", "file pages read again, % of those cached")                    \
	X(FILE_RATE, "file-rate", "majors/s on file pages read before")                            \
	X(RETURN, "re-faults", "majors on pages that had been there, %")                           \
	X(SOME, "psi-some", "some task waited for memory, % of the time")                          \
	X(RECLAIM, "reclaim", "time in direct reclaim, % of one CPU")                              \
	X(COLD, "cold-majors", "majors/s")                                                         \
	X(COLD_FRESH, "cold-re-faults", "majors on pages that had been there, %: few")             \
	X(COLD_FULL, "cold-full", "all tasks waited for memory, % of the time: few")

enum ft_rule {
#define FT_X(id, ...) FT_RULE_##id,
	FT_RULES(FT_X)
#undef FT_X
		FT_RULE_MAX
};

struct ft_evidence {
	double value, threshold;
	bool known, holds;
};

const char *ft_rule_name(enum ft_rule r);
const char *ft_rule_help(enum ft_rule r);

/* The verdict, and what each rule found. */
enum ft_verdict ft_thrash_verdict(const struct ft_reading *r, const struct ft_thresholds *t,
				  struct ft_evidence ev[FT_RULE_MAX]);

/* Adds an interval to the sum of some. */
void ft_reading_add(struct ft_reading *sum, const struct ft_reading *r);

/* Intervals that had one verdict. */
struct ft_spell {
	struct ft_reading sum;
	uint64_t n;
};

/*
 * Of a whole trace: the worst verdict that was more than a passing one. It, and worse ones, were a
 * tenth of the time, and two intervals or two seconds, or the only ones there are.
 */
enum ft_verdict ft_thrash_overall(const struct ft_spell spells[FT_VERDICT_MAX]);

/* What has been reported; after some intervals that were better, getting worse is news again. */
struct ft_alarm {
	enum ft_verdict reported, calm; /* calm: the worst of the better ones */
	unsigned int better;
};
#define FT_ALARM_CALM 3

/* The verdict of the next interval: whether it got worse. */
bool ft_alarm_next(struct ft_alarm *a, enum ft_verdict v);

#endif
