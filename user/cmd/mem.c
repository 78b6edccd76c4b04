/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/log.h"
#include "base/pidlist.h"
#include "cmd/cmd.h"
#include "cmd/filter.h"
#include "cmd/output.h"
#include "enrich/launch.h"
#include "view/mem.h"

struct mem_opts {
	struct ft_pidlist pids;
	bool self, json;
	const char *output;
};

#define AT(member) offsetof(struct mem_opts, member)

static const struct ft_opt mem_opt[] = {
	{ "pid", 'p', "PID", "the process to show", ft_opt_pids, AT(pids), NULL },
	{ "self", 0, NULL, "faulttrace itself, as an example", ft_opt_flag, AT(self), NULL },
	{ "json", 'j', NULL, "a line of JSON for the process, then one per mapping; sizes in KB",
	  ft_opt_flag, AT(json), NULL },
	{ "output", 'o', "FILE", "write to FILE instead of standard output", ft_opt_str, AT(output),
	  NULL },
};

static const struct ft_opt_group mem_group = FT_OPT_GROUP("Options", mem_opt);
static const struct ft_opt_group *const groups[] = { &mem_group, NULL };

/* What is shown without the right to see the rest, and what would give it. */
static int report_hidden(const struct ft_mem *m)
{
	ft_err("the mappings of PID %d may not be seen: that takes its owner, or CAP_SYS_PTRACE "
	       "and "
	       "its capabilities; shown is what everybody may see",
	       m->pid);
	return FT_EXIT_PRIVILEGE;
}

static int no_memory(const struct ft_mem *m)
{
	if (m->stat.state == 'Z')
		ft_err("PID %d (%s) is a zombie: it has ended and has no memory any more; its "
		       "parent, "
		       "PID %d, has yet to take notice",
		       m->pid, m->stat.comm, m->stat.ppid);
	else
		ft_err("PID %d (%s) is a kernel thread: it has no user memory; 'faulttrace ps' "
		       "lists "
		       "the processes that have",
		       m->pid, m->stat.comm);
	return FT_EXIT_FAILURE;
}

/* The exit code. */
static int show(const struct mem_opts *o, struct ft_buf *out, pid_t pid, const char *where)
{
	struct ft_mem m;
	int err = ft_mem_read(&m, "", pid), code = FT_EXIT_OK, hidden = FT_EXIT_OK;

	/* It may have gone since it was looked for. */
	if (err == -ESRCH)
		code = ft_filter_check_process(pid);
	else if (err)
		ft_err("cannot read the memory of PID %d: %s", pid, strerror(-err));
	if (err && !code)
		code = FT_EXIT_FAILURE;
	if (!err && (m.stat.state == 'Z' || ft_stat_is_kthread(&m.stat))) {
		code = no_memory(&m);
	} else if (!err) {
		if (m.smaps_err == -EACCES || m.smaps_err == -EPERM)
			hidden = report_hidden(&m);
		else if (m.smaps_err)
			ft_err("cannot read the mappings of PID %d: %s", pid,
			       strerror(-m.smaps_err));
		if (o->json)
			ft_view_mem_json(out, &m, where);
		else
			ft_view_mem_text(out, &m, where);
		code = ft_cmd_flush(out);
		if (!code)
			code = hidden ? hidden : m.smaps_err ? FT_EXIT_FAILURE : FT_EXIT_OK;
	}
	ft_mem_deinit(&m);
	return code;
}

static const char *place_words(const struct ft_launch *l)
{
	struct ft_elfinfo elf;

	if (l->place == FT_LAUNCH_MAIN)
		return "stopped before its main() runs";
	ft_elfinfo_read("", l->pid, &elf);
	return elf.linkage == FT_LINK_DYNAMIC ? "stopped at its entry point: its libraries are "
						"loaded, its own code has not run"
					      : "stopped at its entry point: nothing of it has run";
}

/* Where it stands: a sentence, or for JSON a word. */
static void place_text(const struct ft_launch *l, bool json, char *text, size_t size)
{
	if (json)
		snprintf(text, size, "%s", l->place == FT_LAUNCH_MAIN ? "main" : "entry");
	else
		snprintf(text, size, "%s%s", place_words(l),
			 l->code_changed ? " (which took a private copy of one page of its code)"
					 : "");
}

static int program_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int launch_failed(const char *program, int err, bool exec_failed)
{
	if (exec_failed) {
		ft_err("cannot start '%s': %s", program, strerror(-err));
		return FT_EXIT_FAILURE;
	}
	if (err == -ENOENT) {
		ft_err("where '%s' begins cannot be found; start it, and use 'faulttrace mem -p "
		       "PID'",
		       program);
		return FT_EXIT_FAILURE;
	}
	ft_err("cannot trace '%s' to stop it: %s; ptrace may be forbidden here (containers, "
	       "kernel.yama.ptrace_scope), then use 'faulttrace mem -p PID'",
	       program, strerror(-err));
	return err == -EPERM ? FT_EXIT_PRIVILEGE : FT_EXIT_FAILURE;
}

/* The program's own code unless there is something of ours to report. */
static int run_program(const struct mem_opts *o, struct ft_buf *out, char **argv)
{
	struct ft_launch l;
	bool exec_failed;
	char place[160];
	int err = ft_launch(argv, &l, &exec_failed), code = FT_EXIT_OK, status = 0;

	if (err)
		return launch_failed(argv[0], err, exec_failed);
	if (l.ended) {
		ft_err("'%s' ended before its main: there was nothing to show", argv[0]);
		return program_code(l.status);
	}
	place_text(&l, o->json, place, sizeof(place));
	code = show(o, out, l.pid, place);
	/* Ctrl-C is for the program from here on; we wait for what it makes of it. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	err = ft_launch_release(&l);
	if (!err || err == -ESRCH)
		err = ft_launch_wait(&l, &status);
	if (err) {
		ft_err("lost '%s' after letting it go: %s", argv[0], strerror(-err));
		return FT_EXIT_FAILURE;
	}
	return code ? code : program_code(status);
}

static int check(const struct mem_opts *o, int argc, char **argv, int rest, int program)
{
	int ways = (o->pids.n > 0) + o->self + (program > 0);

	if (rest < (program ? program - 1 : argc)) {
		ft_err("'%s' is not an option; give -p PID, --self, or a program after '--'",
		       argv[rest]);
		return -EINVAL;
	}
	if (ways != 1 || o->pids.n > 1 || (program && program >= argc)) {
		ft_err("give one process: -p PID, --self, or -- PROGRAM [ARGS...]");
		return -EINVAL;
	}
	return 0;
}

static int mem_main(const struct ft_cmd *cmd, int argc, char **argv)
{
	struct mem_opts o = { 0 };
	void *bases[] = { &o };
	int rest, program, err = ft_opt_parse(cmd, argc, argv, bases, &rest, &program);
	_cleanup_fd_ int fd = -1;
	struct ft_buf out;
	int code;

	if (err == FT_OPT_HELP_SHOWN)
		return FT_EXIT_OK;
	if (err || check(&o, argc, argv, rest, program))
		return FT_EXIT_USAGE;
	if (o.output) {
		fd = open(o.output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd < 0) {
			ft_err("cannot write '%s': %s", o.output, strerror(errno));
			return FT_EXIT_FAILURE;
		}
	}
	ft_buf_init(&out, o.output ? fd : STDOUT_FILENO);
	code = o.pids.n ? ft_filter_check_process(o.pids.v[0]) : FT_EXIT_OK;
	if (program)
		code = run_program(&o, &out, argv + program);
	else if (!code)
		code = show(&o, &out, o.self ? getpid() : o.pids.v[0], NULL);
	ft_buf_deinit(&out);
	return code;
}

const struct ft_cmd ft_cmd_mem = {
	.name = "mem",
	.args = "-p PID | --self | -- PROGRAM [ARGS...]",
	.summary = "one process's memory: summary, every mapping, sums, in words",
	.text = "The memory of one process: total, resident, shared, text, data+stack from\n"
		"statm; every mapping with its range, permissions, file and, from smaps, what\n"
		"of it is in RAM (RSS; PSS: shared pages by their share), in swap, written\n"
		"(private and shared dirty) and in huge pages; sums per kind; and what the\n"
		"numbers say, in words. No BPF.\n"
		"\n"
		"With -- PROGRAM it is started and stopped before the first instruction of its\n"
		"main, when libraries are loaded and constructors have run, shown, and let go;\n"
		"its exit status is ours (128+N on signal N). Where its main cannot be found\n"
		"(stripped), it stops at the entry point of its file, right after the dynamic\n"
		"linker. A set-user-ID program runs without its privilege when it is started\n"
		"this way by a user. -o keeps the report apart from the program's output.\n"
		"\n"
		"One's own processes take no privilege. Of others everybody may see the\n"
		"summary; their mappings take root or CAP_SYS_PTRACE (exit code 3).",
	.groups = groups,
	.run = mem_main,
};
