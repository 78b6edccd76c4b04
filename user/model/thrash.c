/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "enrich/statm.h"
#include "model/thrash.h"

#define PASSING_NS 2000000000ULL

const char *ft_verdict_name(enum ft_verdict v)
{
	static const char *const names[] = {
#define FT_X(id, name) name,
		FT_VERDICTS(FT_X)
#undef FT_X
	};

	return v < FT_VERDICT_MAX ? names[v] : "-";
}

const struct ft_thresholds ft_thresholds_default = {
#define FT_X(id, name, value, ...) .id = value,
	FT_THRESHOLDS(FT_X)
#undef FT_X
};

static const struct {
	const char *name, *help;
} rules[] = {
#define FT_X(id, name, help) { name, help },
	FT_RULES(FT_X)
#undef FT_X
};

const char *ft_rule_name(enum ft_rule r)
{
	return rules[r].name;
}

const char *ft_rule_help(enum ft_rule r)
{
	return rules[r].help;
}

int ft_threshold_set(struct ft_thresholds *t, const char *arg, struct ft_buf *why)
{
	static const struct {
		const char *name;
		size_t at;
	} list[] = {
#define FT_X(id, name, ...) { name, offsetof(struct ft_thresholds, id) },
		FT_THRESHOLDS(FT_X)
#undef FT_X
	};
	const size_t n = sizeof(list) / sizeof(*list);
	const char *eq = strchr(arg, '=');
	char *end = NULL;
	double v = eq ? strtod(eq + 1, &end) : -1;

	for (size_t i = 0; i < n && eq; i++) {
		if (strlen(list[i].name) != (size_t)(eq - arg) ||
		    strncmp(list[i].name, arg, (size_t)(eq - arg)) != 0)
			continue;
		if (end == eq + 1 || *end || !(v >= 0) || v > 1e12)
			break;
		*(double *)((char *)t + list[i].at) = v;
		return 0;
	}
	ft_buf_str(why, "NAME=VALUE, a number from 0, with one of");
	for (size_t i = 0; i < n; i++)
		ft_buf_fmt(why, "%s %s", i ? "," : "", list[i].name);
	return -EINVAL;
}

static double per_second(uint64_t n, const struct ft_reading *r)
{
	return r->interval_ns ? (double)n * 1e9 / (double)r->interval_ns : 0;
}

static double percent(double part, double whole)
{
	return whole > 0 ? part * 100 / whole : 0;
}

/*
 * Majors on pages of files that had been there, and that reclaim had taken: what is thrown away
 * otherwise (drop_caches, POSIX_FADV_DONTNEED) is read again without any lack of memory. Those on a
 * page that was seen to be read before, or, `by_kernel`, what the kernel says has been read again:
 * it knows of pages that went before the trace, but counts what read() and read-ahead bring back,
 * too.
 */
static uint64_t file_returned(const struct ft_reading *r, bool by_kernel)
{
	uint64_t file = r->file_refaults, kernel = r->refault_file;
	uint64_t went = kernel != FT_UNKNOWN && kernel > r->evicted_file ? kernel : r->evicted_file;

	if (kernel == FT_UNKNOWN)
		return file;
	file = file < went ? file : went;
	if (by_kernel && kernel > file)
		file = kernel < r->file_majors ? kernel : r->file_majors;
	return file;
}

/* Majors on pages that had been there, of swapped pages those whose going was seen. */
static double returned(const struct ft_reading *r, bool by_kernel, bool both)
{
	uint64_t anon = r->refaults - r->file_refaults;
	uint64_t swapins = r->majors - (r->file_majors < r->majors ? r->file_majors : r->majors);

	/*
	 * A page in swap has been evicted, by definition; only how long ago is not known of those
	 * that went before the trace. While others go, too, they count.
	 */
	if (both)
		anon += r->swapin_old;
	if (anon > swapins)
		anon = swapins;
	return (double)(anon + file_returned(r, by_kernel));
}

static struct ft_evidence at_least(double value, double threshold)
{
	return (struct ft_evidence) { value, threshold, true, value >= threshold };
}

static struct ft_evidence at_most(double value, double threshold)
{
	return (struct ft_evidence) { value, threshold, true, value <= threshold };
}

static void unknown_unless(bool known, struct ft_evidence *e, bool holds)
{
	if (known)
		return;
	e->known = false;
	e->holds = holds;
}

static void weigh(const struct ft_reading *r, const struct ft_thresholds *t, struct ft_evidence *ev)
{
	uint64_t out = r->swapout > r->evicted ? r->swapout : r->evicted;
	uint64_t both = r->swapin < out ? r->swapin : out;
	bool psi = r->psi_known && !r->psi_system;
	double fresh, back;
	bool circle, kernel, much;
	bool lru = r->file_lru != FT_UNKNOWN && r->refault_file != FT_UNKNOWN;

	ev[FT_RULE_FULL] = at_least(r->psi_full, t->full);
	ev[FT_RULE_VICTIM] = at_least(r->victim_pct, t->victim);
	ev[FT_RULE_SWAP_BOTH] = at_least(per_second(both, r), t->swap_rate);
	ev[FT_RULE_FILE_SHARE] =
		at_least(lru ? percent((double)r->refault_file, (double)(r->file_lru ?: 1)) : 0,
			 t->file_share);
	circle = ev[FT_RULE_SWAP_BOTH].holds;
	/* Believed where it is of one cgroup, or much, or where we know less than it does. */
	kernel = r->scoped || ev[FT_RULE_FILE_SHARE].holds || r->file_full;
	/* Whoever reads them: where as many pages return, it is not certain that these are new. */
	much = r->refault_file != FT_UNKNOWN && r->refault_file * 2 >= r->file_majors;
	fresh = percent(returned(r, much, circle), (double)r->majors);
	back = percent(returned(r, kernel, circle), (double)r->majors);
	ev[FT_RULE_FILE_RATE] = at_least(per_second(file_returned(r, kernel), r), t->file_rate);
	ev[FT_RULE_RETURN] = at_least(back, t->refaults);
	ev[FT_RULE_SOME] = at_least(r->psi_some, t->some);
	ev[FT_RULE_RECLAIM] =
		at_least(percent((double)r->reclaim_ns, (double)r->interval_ns), t->reclaim);
	ev[FT_RULE_COLD] = at_least(per_second(r->majors, r), t->cold_majors);
	ev[FT_RULE_COLD_FRESH] = at_most(fresh, t->cold_refaults);
	ev[FT_RULE_COLD_FULL] = at_most(r->psi_full, t->cold_full);
	unknown_unless(psi, &ev[FT_RULE_FULL], false);
	unknown_unless(psi, &ev[FT_RULE_SOME], false);
	unknown_unless(psi, &ev[FT_RULE_COLD_FULL], true);
	unknown_unless(lru, &ev[FT_RULE_FILE_SHARE], false);
}

enum ft_verdict ft_thrash_verdict(const struct ft_reading *r, const struct ft_thresholds *t,
				  struct ft_evidence ev[FT_RULE_MAX])
{
	bool time, circle;

	weigh(r, t, ev);
	time = ev[FT_RULE_FULL].holds || ev[FT_RULE_VICTIM].holds;
	circle = ev[FT_RULE_SWAP_BOTH].holds || ev[FT_RULE_FILE_SHARE].holds ||
		 ev[FT_RULE_FILE_RATE].holds;
	if (time && circle && ev[FT_RULE_RETURN].holds && r->majors)
		return FT_VERDICT_THRASHING;
	if ((ev[FT_RULE_SOME].holds && r->reclaims) || ev[FT_RULE_RECLAIM].holds)
		return FT_VERDICT_PRESSURE;
	if (ev[FT_RULE_COLD].holds && ev[FT_RULE_COLD_FRESH].holds && ev[FT_RULE_COLD_FULL].holds)
		return FT_VERDICT_COLD_START;
	return FT_VERDICT_HEALTHY;
}

static double weighted(double a, uint64_t na, double b, uint64_t nb)
{
	return na + nb ? (a * (double)na + b * (double)nb) / (double)(na + nb) : 0;
}

static void add_known(uint64_t *sum, uint64_t v)
{
	*sum = *sum == FT_UNKNOWN || v == FT_UNKNOWN ? FT_UNKNOWN : *sum + v;
}

void ft_reading_add(struct ft_reading *sum, const struct ft_reading *r)
{
	struct ft_reading old = *sum;
	uint64_t old_psi, psi;

	if (!old.interval_ns) {
		*sum = *r;
		sum->psi_ns = r->psi_known ? r->interval_ns : 0;
		return;
	}
	old_psi = old.psi_ns ?: old.psi_known ? old.interval_ns : 0;
	psi = r->psi_known ? r->interval_ns : 0;
	sum->psi_ns = old_psi + psi;
	sum->interval_ns += r->interval_ns;
	sum->psi_known = old.psi_known || r->psi_known;
	sum->psi_system = old.psi_system || r->psi_system;
	sum->file_full = old.file_full || r->file_full;
	sum->psi_some = weighted(old.psi_some, old_psi, r->psi_some, psi);
	sum->psi_full = weighted(old.psi_full, old_psi, r->psi_full, psi);
#define MEAN(m) sum->m = weighted(old.m, old.interval_ns, r->m, r->interval_ns)
	MEAN(victim_pct);
#undef MEAN
#define ADD(m) sum->m += r->m
	ADD(swapin);
	ADD(swapout);
	ADD(evicted);
	ADD(evicted_file);
	ADD(swapin_old);
	ADD(majors);
	ADD(file_majors);
	ADD(refaults);
	ADD(file_refaults);
	ADD(reclaims);
	ADD(reclaim_ns);
	ADD(stall_ns);
	ADD(refault_ns);
#undef ADD
	add_known(&sum->refault_anon, r->refault_anon);
	add_known(&sum->refault_file, r->refault_file);
	/* A share of what is cached, per interval: the mean of the intervals. */
	if (r->file_lru != FT_UNKNOWN && old.file_lru != FT_UNKNOWN)
		sum->file_lru = old.file_lru + r->file_lru;
	else
		sum->file_lru = FT_UNKNOWN;
}

enum ft_verdict ft_thrash_overall(const struct ft_spell spells[FT_VERDICT_MAX])
{
	uint64_t all = 0, all_ns = 0, n = 0, ns = 0;

	for (int v = 0; v < FT_VERDICT_MAX; v++) {
		all += spells[v].n;
		all_ns += spells[v].sum.interval_ns;
	}
	for (int v = FT_VERDICT_MAX - 1; v > FT_VERDICT_HEALTHY; v--) {
		n += spells[v].n;
		ns += spells[v].sum.interval_ns;
		if (spells[v].n && ns * 10 >= all_ns && (n > 1 || ns >= PASSING_NS || all < 3))
			return v;
	}
	return FT_VERDICT_HEALTHY;
}

bool ft_alarm_next(struct ft_alarm *a, enum ft_verdict v)
{
	if (v >= a->reported) {
		bool worse = v > a->reported;

		*a = (struct ft_alarm) { .reported = v };
		return worse;
	}
	if (v > a->calm)
		a->calm = v;
	if (++a->better >= FT_ALARM_CALM)
		*a = (struct ft_alarm) { .reported = a->calm };
	return false;
}
