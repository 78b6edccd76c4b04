/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/pidlist.h"
#include "cmd/cmd.h"
#include "cmd/filter.h"
#include "cmd/output.h"
#include "view/explain.h"

struct explain_opts {
	struct ft_pidlist pids;
	bool json;
};

#define AT(member) offsetof(struct explain_opts, member)

static const struct ft_opt explain_opt[] = {
	{ "pid", 'p', "PID", "the process that would touch the address", ft_opt_pids, AT(pids),
	  NULL },
	{ "json", 'j', NULL, "one object of JSON", ft_opt_flag, AT(json), NULL },
};

static const struct ft_opt_group explain_group = FT_OPT_GROUP("Options", explain_opt);
static const struct ft_opt_group *const groups[] = { &explain_group, NULL };

/* "0x7f…", or hex without it. 0; -EINVAL: not a number; -ERANGE: one of more than 64 bits. */
static int parse_address(const char *s, uint64_t *addr)
{
	char *end;

	errno = 0;
	*addr = strtoull(s, &end, 16);
	if (*end)
		return -EINVAL;
	return errno ? -ERANGE : 0;
}

/* As in /proc/PID/maps, where an address may begin with a letter, and so look like a symbol. */
static bool is_hex(const char *s)
{
	return s[strspn(s, "0123456789abcdefABCDEF")] == '\0';
}

static int report_symbol(const struct ft_explain *e, const char *what, int err)
{
	bool number = isdigit((unsigned char)*what);

	if (err == -ERANGE)
		ft_err("'%s' has more than 64 bits: an address is at most 16 hex digits", what);
	else if (number || err == -EINVAL)
		ft_err("'%s' is not an address; use hex (0x7ffd1000), a symbol (main, main+0x10) "
		       "or "
		       "FILE:SYMBOL (libc.so.6:malloc)",
		       what);
	else if (err == -ENODEV)
		ft_err("'%s': PID %d maps no such file; 'faulttrace mem -p %d' lists those it maps",
		       what, e->pid, e->pid);
	else if (err == -ENOTSUP)
		ft_err("'%s' is thread-local: each thread has its own, at its own address", what);
	else if (err == -EACCES)
		ft_err("'%s' was not found, but not every file could be read: run as root, or as "
		       "the "
		       "owner of PID %d",
		       what, e->pid);
	else if (err == -ENOENT)
		ft_err("PID %d has no symbol '%s' (its files may be stripped; an address in hex "
		       "begins "
		       "with 0x)",
		       e->pid, what);
	else
		ft_err("cannot look for '%s': %s", what, strerror(-err));
	return err == -ENOMEM ? FT_EXIT_FAILURE : FT_EXIT_USAGE;
}

/* What the operand means in this process. FT_EXIT_OK, or the exit code after saying why not. */
static int find_address(const struct ft_explain *e, const char *what, uint64_t *addr,
			struct ft_located *found, const char **name)
{
	int err;

	*name = NULL;
	if (!isdigit((unsigned char)*what)) {
		err = e->smaps_err
			      ? -EACCES
			      : ft_locate("", e->pid, &e->smaps.maps, e->elf.path, what, found);
		*addr = found->addr;
		*name = err ? NULL : what;
		if (!err || !*what || !is_hex(what)) {
			if (err)
				err = report_symbol(e, what, err);
			return err && e->smaps_err ? FT_EXIT_PRIVILEGE : err;
		}
	}
	err = parse_address(what, addr);
	return err ? report_symbol(e, what, err) : FT_EXIT_OK;
}

static int not_canonical(const struct ft_explain *e, uint64_t addr)
{
	int top = e->layout.bits - 1;

	ft_err("0x%llx is not canonical: with %d levels bits 63 to %d must be equal, so addresses "
	       "are up "
	       "to 0x%llx or from 0x%llx; a touch is a general protection fault, not a page fault",
	       (unsigned long long)addr, e->layout.levels, top, (1ULL << top) - 1, -(1ULL << top));
	return FT_EXIT_USAGE;
}

static int report_process(const struct ft_explain *e, pid_t pid, int err)
{
	int code;

	if (err == -ESRCH && (code = ft_filter_check_process(pid)) != FT_EXIT_OK)
		return code;
	if (err)
		ft_err("cannot read PID %d: %s", pid, strerror(-err));
	else if (e->stat.state == 'Z')
		ft_err("PID %d (%s) is a zombie: it has ended and has no addresses any more", pid,
		       e->stat.comm);
	else if (ft_stat_is_kthread(&e->stat))
		ft_err("PID %d (%s) is a kernel thread: it has no user addresses", pid,
		       e->stat.comm);
	else
		return FT_EXIT_OK;
	return FT_EXIT_FAILURE;
}

static int explain(struct ft_explain *e, const struct explain_opts *o, const char *what)
{
	struct ft_located found = { 0 };
	const char *name;
	struct ft_buf out;
	uint64_t addr = 0;
	int code = find_address(e, what, &addr, &found, &name);

	if (code)
		return code;
	if (ft_vaddr_half(&e->layout, addr) == FT_VADDR_NONCANONICAL)
		return not_canonical(e, addr);
	ft_explain_address(e, "", addr);
	if (e->smaps_err)
		ft_err("the mappings of PID %d cannot be read (%s): that takes its owner, or "
		       "CAP_SYS_PTRACE and its capabilities; shown is the split alone",
		       e->pid, strerror(-e->smaps_err));
	ft_buf_init(&out, STDOUT_FILENO);
	if (o->json)
		ft_view_explain_json(&out, e, name, &found);
	else
		ft_view_explain_text(&out, e, name, &found);
	code = ft_cmd_flush(&out);
	ft_buf_deinit(&out);
	if (!code && e->smaps_err)
		code = e->smaps_err == -EACCES || e->smaps_err == -EPERM ? FT_EXIT_PRIVILEGE
									 : FT_EXIT_FAILURE;
	return code;
}

static int explain_main(const struct ft_cmd *cmd, int argc, char **argv)
{
	struct explain_opts o = { 0 };
	void *bases[] = { &o };
	struct ft_explain e;
	int rest, program, err = ft_opt_parse(cmd, argc, argv, bases, &rest, &program), code;

	if (err)
		return err == FT_OPT_HELP_SHOWN ? FT_EXIT_OK : FT_EXIT_USAGE;
	if (o.pids.n != 1 || program || rest + 1 != argc) {
		ft_err("give one process and one address: faulttrace explain -p PID ADDRESS, where "
		       "ADDRESS is hex or a symbol");
		return FT_EXIT_USAGE;
	}
	code = ft_filter_check_process(o.pids.v[0]);
	if (code)
		return code;
	err = ft_explain_open(&e, "", o.pids.v[0]);
	code = report_process(&e, o.pids.v[0], err);
	if (!code)
		code = explain(&e, &o, argv[rest]);
	ft_explain_close(&e);
	return code;
}

const struct ft_cmd ft_cmd_explain = {
	.name = "explain",
	.args = "-p PID ADDRESS",
	.summary = "what happens at one address: mapping, page-table entry, what a touch would do",
	.text = "What happens when the process touches ADDRESS: how the address splits into\n"
		"table indexes and offset; the mapping it falls in, or its neighbours; the\n"
		"page-table entry as /proc/PID/pagemap tells it; and the steps that a read, a\n"
		"write and an execution take from here, in the kernel's order (functions as\n"
		"Linux 6.18 calls them): a hit, a minor or major fault with its cause, or an\n"
		"invalid one. Where the kernel does not show what decides, both outcomes are\n"
		"named with what they depend on. Nothing is touched. No BPF.\n"
		"\n"
		"ADDRESS is hex (0x7ffd1000, or as in /proc/PID/maps), or a symbol: main,\n"
		"libc.so.6:malloc, main+0x10. The program is searched first, then the files it\n"
		"maps.\n"
		"\n"
		"One's own processes take no privilege; frame numbers, page flags and places\n"
		"in swap are shown to root (CAP_SYS_ADMIN).",
	.groups = groups,
	.run = explain_main,
};
