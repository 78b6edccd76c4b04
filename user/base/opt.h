/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The option table: one array per group of options drives the parser, --help, the man page and the
 * completion. A group is bound to a struct; each row names the member it fills. A command lists the
 * groups it takes and, when it parses, the struct of each.
 */
#ifndef FT_OPT_H
#define FT_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct ft_opt;

/*
 * Parses `arg` (NULL for a flag) into the member at `dst`. 0, or -EINVAL after it wrote to `why`
 * what a right argument looks like ("a duration such as 250us, 10ms or 2s").
 */
typedef int (*ft_opt_set_fn)(const struct ft_opt *opt, const char *arg, void *dst,
			     struct ft_buf *why);

struct ft_opt {
	const char *name; /* long name */
	char letter;	  /* short name, or 0 */
	const char *arg;  /* argument's name in help, NULL for a flag */
	const char *help; /* one sentence, no full stop */
	ft_opt_set_fn set;
	size_t offset;	   /* of the member in the group's struct */
	const char *words; /* for ft_opt_word: "count|stall|p99"; completed too */
};

struct ft_opt_group {
	const char *title; /* heading in help */
	const struct ft_opt *opts;
	size_t n;
};

#define FT_OPT_GROUP(t, array)                                                                     \
	{                                                                                          \
		.title = (t), .opts = (array), .n = sizeof(array) / sizeof(*(array))               \
	}

/* Setters. The member's type is behind each. */
int ft_opt_flag(const struct ft_opt *, const char *, void *, struct ft_buf *);	/* bool: true */
int ft_opt_count(const struct ft_opt *, const char *, void *, struct ft_buf *); /* int: +1 */
int ft_opt_str(const struct ft_opt *, const char *, void *, struct ft_buf *);	/* const char * */
int ft_opt_u64(const struct ft_opt *, const char *, void *, struct ft_buf *); /* uint64_t, from 0 */
int ft_opt_u64_pos(const struct ft_opt *, const char *, void *,
		   struct ft_buf *); /* uint64_t, from 1 */
int ft_opt_duration(const struct ft_opt *, const char *, void *,
		    struct ft_buf *); /* uint64_t ns, bare number: seconds */
int ft_opt_latency(const struct ft_opt *, const char *, void *,
		   struct ft_buf *); /* uint64_t ns, bare number: us */
int ft_opt_size(const struct ft_opt *, const char *, void *, struct ft_buf *); /* uint64_t bytes */
int ft_opt_user(const struct ft_opt *, const char *, void *,
		struct ft_buf *); /* uint64_t id of a user, by name or number */
int ft_opt_word(const struct ft_opt *, const char *, void *,
		struct ft_buf *); /* int: index in words */

struct ft_cmd {
	const char *name;
	const char *args;    /* what follows the options: "[INTERVAL [COUNT]]", or "" */
	const char *summary; /* one line for the command list */
	const char *text;    /* what it shows: paragraphs for --help and the man page */
	const struct ft_opt_group *const *groups; /* NULL-terminated; ft_opt_common is implied */
	/* argv[0] is the command's name. Returns the exit code. */
	int (*run)(const struct ft_cmd *cmd, int argc, char **argv);
	/* Set when no command was named and this one runs: --help then lists all. NULL-terminated.
	 */
	const struct ft_cmd *const *all;
};

/* -q, -v, -h, -V: every command's. */
extern const struct ft_opt_group ft_opt_common;

#define FT_OPT_HELP_SHOWN 1 /* --help or --version was printed: exit with 0 */

/*
 * Parses the options of `cmd`. `bases[i]` is the struct of cmd->groups[i]. Options and operands may
 * stand in any order; the operands are moved together in argv. On return *rest is the index of the
 * first one; everything after "--" is the program (*program is its index, or 0 when there is no
 * "--").
 * 0, FT_OPT_HELP_SHOWN, or -EINVAL after the mistake was reported.
 */
int ft_opt_parse(const struct ft_cmd *cmd, int argc, char **argv, void *const *bases, int *rest,
		 int *program);

/* Operands [INTERVAL [COUNT]]: seconds (or a duration) in ns, and a count; 0 when absent. */
int ft_opt_interval(int argc, char **argv, int rest, int program, uint64_t *interval_ns,
		    uint64_t *count);

void ft_opt_print_help(struct ft_buf *out, const struct ft_cmd *cmd);

/* "250us", "10ms", "2s", "1m", "1h"; a bare number counts in `unit_ns`. -EINVAL, -ERANGE. */
int ft_parse_duration(const char *s, uint64_t unit_ns, uint64_t *ns);
/* "4096", "64K", "16M", "1G" (powers of 1024; a trailing B or iB is taken). -EINVAL, -ERANGE. */
int ft_parse_size(const char *s, uint64_t *bytes);
/* A decimal number and nothing else. -EINVAL, -ERANGE. */
int ft_parse_u64(const char *s, uint64_t *v);

#endif
