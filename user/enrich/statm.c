/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "base/scan.h"
#include "enrich/statm.h"

static bool scan_pid(struct ft_scan *c, pid_t *pid)
{
	uint64_t v;

	if (!ft_scan_number(c, 10, INT_MAX, &v))
		return false;
	*pid = v;
	return true;
}

/* A blank and a number that may be negative (tpgid, priority, nice): its value is not wanted. */
static bool skip_fields(struct ft_scan *c, int n)
{
	uint64_t v;

	while (n-- > 0) {
		if (!ft_scan_char(c, ' '))
			return false;
		ft_scan_char(c, '-');
		if (!ft_scan_u64(c, &v))
			return false;
	}
	return true;
}

static bool scan_field(struct ft_scan *c, uint64_t *v)
{
	return ft_scan_char(c, ' ') && ft_scan_u64(c, v);
}

/*
 * The name is between the first '(' and the last ')': the process chose it, so it may hold blanks,
 * parentheses and newlines. What follows the last one is numbers only.
 */
static bool scan_comm(struct ft_scan *c, struct ft_stat *out)
{
	const char *last;
	size_t n;

	if (!ft_scan_char(c, '('))
		return false;
	last = memrchr(c->s, ')', c->end - c->s);
	if (!last)
		return false;
	n = last - c->s;
	if (n >= sizeof(out->comm) || memchr(c->s, '\0', n))
		return false;
	memcpy(out->comm, c->s, n);
	out->comm[n] = '\0';
	c->s = last + 1;
	return true;
}

int ft_stat_parse(const char *text, size_t len, struct ft_stat *out)
{
	struct ft_scan c = { text, text + len };
	uint64_t skipped;

	*out = (struct ft_stat) { 0 };
	if (!scan_pid(&c, &out->pid) || !ft_scan_char(&c, ' ') || !scan_comm(&c, out) ||
	    !ft_scan_char(&c, ' ') || c.s >= c.end)
		return -EINVAL;
	out->state = *c.s++;
	if (!ft_scan_char(&c, ' ') || !scan_pid(&c, &out->ppid))
		return -EINVAL;
	/* pgrp session tty_nr tpgid; then cminflt between the two; then times, priority, nice, … */
	if (!skip_fields(&c, 4) || !scan_field(&c, &out->flags) || !scan_field(&c, &out->minflt) ||
	    !scan_field(&c, &skipped) || !scan_field(&c, &out->majflt) || !skip_fields(&c, 9) ||
	    !scan_field(&c, &out->starttime))
		return -EINVAL;
	return 0;
}

int ft_statm_parse(const char *text, size_t len, struct ft_statm *out)
{
	struct ft_scan c = { text, text + len };
	uint64_t always_0;

	*out = (struct ft_statm) { 0 };
	if (!ft_scan_u64(&c, &out->size) || !scan_field(&c, &out->resident) ||
	    !scan_field(&c, &out->shared) || !scan_field(&c, &out->text) ||
	    !scan_field(&c, &always_0) || !scan_field(&c, &out->data) || !scan_field(&c, &always_0))
		return -EINVAL;
	return 0;
}

/* "VmSwap:\t     0 kB" after its key; a malformed one is refused, not shown as unknown. */
static bool scan_value(struct ft_scan *line, const char *unit, uint64_t *v)
{
	ft_scan_blanks(line);
	return ft_scan_u64(line, v) && ft_scan_word(line, unit);
}

int ft_status_parse(const char *text, size_t len, struct ft_status *out)
{
	struct ft_scan c = { text, text + len }, line;
	bool good = true, uid = false;

	*out = (struct ft_status) { FT_UNKNOWN, FT_UNKNOWN, FT_UNKNOWN };
	while (good && ft_scan_line(&c, &line)) {
		if (ft_scan_word(&line, "Uid:"))
			good = uid = scan_value(&line, "\t", &out->uid);
		else if (ft_scan_word(&line, "VmSwap:"))
			good = scan_value(&line, " kB", &out->swap_kb);
		else if (ft_scan_word(&line, "VmPTE:"))
			good = scan_value(&line, " kB", &out->page_tables_kb);
	}
	return good && uid ? 0 : -EINVAL;
}

/* 52 numbers and a name: well below the buffer. */
int ft_stat_read(int procfd, pid_t pid, struct ft_stat *out)
{
	char text[2048];
	ssize_t n = ft_proc_read_at(procfd, pid, "stat", text, sizeof(text));

	return n < 0 ? n : ft_stat_parse(text, n, out);
}

int ft_statm_read(int procfd, pid_t pid, struct ft_statm *out)
{
	char text[256];
	ssize_t n = ft_proc_read_at(procfd, pid, "statm", text, sizeof(text));

	return n < 0 ? n : ft_statm_parse(text, n, out);
}

/* 65,536 supplementary groups (NGROUPS_MAX) of up to 11 bytes, and the masks of CPUs and nodes. */
#define STATUS_MAX (1024 * 1024)

int ft_status_read(int procfd, pid_t pid, struct ft_status *out)
{
	_cleanup_free_ char *big = NULL;
	char text[8192];
	ssize_t n = ft_proc_read_at(procfd, pid, "status", text, sizeof(text));

	if (n == -E2BIG) {
		big = malloc(STATUS_MAX);
		if (!big)
			return -ENOMEM;
		n = ft_proc_read_at(procfd, pid, "status", big, STATUS_MAX);
	}
	return n < 0 ? n : ft_status_parse(big ? big : text, n, out);
}
