/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/pidlist.h"

int ft_parse_pid(const char *s, pid_t *pid)
{
	uint64_t v = 0;
	int err = ft_parse_u64(s, &v);

	if (!err && (!v || v > INT_MAX))
		err = -ERANGE;
	if (!err)
		*pid = v;
	return err;
}

/* Keeps the list in order; one that is there already is not added again. */
static int add(struct ft_pidlist *l, pid_t pid)
{
	size_t at = l->n;

	while (at && l->v[at - 1] > pid)
		at--;
	if (at && l->v[at - 1] == pid)
		return 0;
	if (l->n == FT_PIDLIST_MAX)
		return -E2BIG;
	memmove(&l->v[at + 1], &l->v[at], (l->n - at) * sizeof(*l->v));
	l->v[at] = pid;
	l->n++;
	return 0;
}

int ft_opt_pids(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	int err = 0;

	(void)opt;
	while (!err) {
		size_t n = strcspn(arg, ",");
		char word[16];
		pid_t pid = 0;

		if (n >= sizeof(word)) {
			err = -ERANGE;
			break;
		}
		memcpy(word, arg, n);
		word[n] = '\0';
		err = ft_parse_pid(word, &pid);
		if (!err)
			err = add(dst, pid);
		if (!arg[n])
			break;
		arg += n + 1;
	}
	if (err == -E2BIG)
		ft_buf_fmt(why, "a list of at most %d PIDs", FT_PIDLIST_MAX);
	else if (err)
		ft_buf_str(why, "a PID, or several separated by commas, such as 1,4242");
	return err ? -EINVAL : 0;
}
