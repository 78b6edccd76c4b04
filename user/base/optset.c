/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The setters of the option table: text to typed member, with a word on what would be right. */
#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "base/opt.h"

int ft_opt_flag(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	(void)opt, (void)arg, (void)why;
	*(bool *)dst = true;
	return 0;
}

int ft_opt_count(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	(void)opt, (void)arg, (void)why;
	++*(int *)dst;
	return 0;
}

int ft_opt_str(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	(void)opt;
	if (!*arg) {
		ft_buf_str(why, "a value");
		return -EINVAL;
	}
	*(const char **)dst = arg;
	return 0;
}

/* On a mistake says what would be right; passes `err` on. */
static int explain(struct ft_buf *why, int err, const char *what)
{
	if (err)
		ft_buf_str(why, what);
	return err;
}

int ft_opt_u64(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	(void)opt;
	return explain(why, ft_parse_u64(arg, dst), "a number, 0 or more");
}

int ft_opt_u64_pos(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	uint64_t v = 0;
	int err = ft_parse_u64(arg, &v);

	(void)opt;
	if (!err && !v)
		err = -EINVAL;
	if (!err)
		*(uint64_t *)dst = v;
	return explain(why, err, "a number, 1 or more");
}

int ft_opt_duration(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	uint64_t v = 0;
	int err = ft_parse_duration(arg, 1000000000, &v);

	(void)opt;
	if (!err && !v)
		err = -EINVAL;
	if (!err)
		*(uint64_t *)dst = v;
	return explain(why, err, "a duration such as 10 (seconds), 500ms or 2m");
}

int ft_opt_latency(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	(void)opt;
	return explain(why, ft_parse_duration(arg, 1000, dst),
		       "a latency such as 250us, 10ms or 2s");
}

int ft_opt_size(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	uint64_t v = 0;
	int err = ft_parse_size(arg, &v);

	(void)opt;
	if (!err && !v)
		err = -EINVAL;
	if (!err)
		*(uint64_t *)dst = v;
	return explain(why, err, "a size such as 64K, 16M or 1G");
}

int ft_opt_user(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	struct passwd pw, *found = NULL;
	char text[16384];
	uint64_t v = 0;

	(void)opt;
	if (ft_parse_u64(arg, &v) || v >= UINT32_MAX) {
		if (getpwnam_r(arg, &pw, text, sizeof(text), &found) || !found)
			return explain(why, -EINVAL, "a user: give a name or an id");
		v = found->pw_uid;
	}
	*(uint64_t *)dst = v;
	return 0;
}

int ft_opt_word(const struct ft_opt *opt, const char *arg, void *dst, struct ft_buf *why)
{
	size_t len = strchr(arg, '|') ? 0 : strlen(arg);
	int index = 0;

	for (const char *w = opt->words; w; w = strchr(w, '|')) {
		if (*w == '|')
			w++;
		if (len && !strncmp(w, arg, len) && (w[len] == '|' || !w[len])) {
			*(int *)dst = index;
			return 0;
		}
		index++;
	}
	ft_buf_fmt(why, "one of %s", opt->words);
	return -EINVAL;
}
