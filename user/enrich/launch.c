/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/maps.h"
#include "base/nofile.h"
#include "base/procfs.h"
#include "enrich/elfinfo.h"
#include "enrich/launch.h"
#include "enrich/launch_arch.h"
#include "enrich/locate.h"

/* Tells the parent why exec failed; on success the descriptor is closed unwritten. */
static _Noreturn void child(char *const argv[], int report)
{
	int err;

	/* main() of this program changes both; that would survive the exec. */
	ft_nofile_restore();
	signal(SIGPIPE, SIG_DFL);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL)) {
		err = -errno;
	} else {
		execvp(argv[0], argv);
		err = errno;
	}
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

static int wait_for(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* The first stop is the one after exec. *exec_failed tells whose error it is. */
static int start(char *const argv[], struct ft_launch *l, bool *exec_failed)
{
	int fds[2], err = 0;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	l->pid = fork();
	if (l->pid < 0)
		err = -errno;
	if (!l->pid)
		child(argv, fds[1]);
	close(fds[1]);
	if (err) {
		close(fds[0]);
		return err;
	}
	n = read(fds[0], &err, sizeof(err));
	close(fds[0]);
	if (n == sizeof(err)) {
		wait_for(l->pid, &l->status);
		*exec_failed = err > 0;
		return err > 0 ? -err : err;
	}
	err = wait_for(l->pid, &l->status);
	if (!err && !WIFSTOPPED(l->status))
		l->ended = true;
	return err;
}

/* Word `i` of an auxiliary vector, which has the word size of the program. */
static uint64_t auxv_word(const void *auxv, size_t i, bool is_32bit)
{
	return is_32bit ? ((const uint32_t *)auxv)[i] : ((const uint64_t *)auxv)[i];
}

static int find_entry(pid_t pid, uint64_t *entry)
{
	struct ft_elfinfo elf;
	uint64_t auxv[128];
	char path[64];
	size_t words;
	ssize_t n;

	snprintf(path, sizeof(path), "proc/%d/auxv", pid);
	n = ft_proc_read("", path, (char *)auxv, sizeof(auxv));
	if (n < 0)
		return n;
	ft_elfinfo_read("", pid, &elf);
	words = n / (elf.is_32bit ? sizeof(uint32_t) : sizeof(uint64_t));
	for (size_t i = 0; i + 1 < words; i += 2) {
		uint64_t type = auxv_word(auxv, i, elf.is_32bit);

		if (type == AT_NULL)
			break;
		if (type == AT_ENTRY) {
			*entry = auxv_word(auxv, i + 1, elf.is_32bit);
			return 0;
		}
	}
	return -ENOENT;
}

static int find_main(pid_t pid, uint64_t *addr)
{
	struct ft_located found;
	char link[64], exe[4096];
	struct ft_maps maps;
	ssize_t n;
	int err;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	n = readlink(link, exe, sizeof(exe) - 1);
	if (n < 0)
		return -errno;
	exe[n] = '\0';
	err = ft_maps_read("", pid, &maps);
	if (err)
		return err;
	err = ft_locate_in_program("", pid, &maps, exe, "main", &found);
	if (!err)
		*addr = found.addr;
	ft_maps_deinit(&maps);
	return err;
}

/* Chooses the place and watches it. After every exec: a new image has neither. */
static int arm(struct ft_launch *l, struct ft_breakpoint *b)
{
	int err = find_main(l->pid, &l->addr);

	l->place = FT_LAUNCH_MAIN;
	if (err) {
		l->place = FT_LAUNCH_ENTRY;
		err = find_entry(l->pid, &l->addr);
	}
	if (!err)
		err = ft_breakpoint_set(b, l->pid, l->addr);
	l->code_changed = b->in_code;
	return err;
}

static bool is_exec_stop(int status)
{
	return status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8);
}

/* The signal to hand on at this stop: our own traps and group stops are not the program's. */
static int signal_of(int status)
{
	int sig = WSTOPSIG(status);

	return status >> 16 || sig == SIGTRAP || sig == SIGSTOP ? 0 : sig;
}

static int run_to_place(struct ft_launch *l)
{
	struct ft_breakpoint b = { 0 };
	int err = arm(l, &b), sig = 0;

	while (!err) {
		if (ptrace(PTRACE_CONT, l->pid, NULL, sig))
			return -errno;
		err = wait_for(l->pid, &l->status);
		if (err)
			break;
		if (!WIFSTOPPED(l->status)) {
			l->ended = true;
			break;
		}
		sig = signal_of(l->status);
		if (is_exec_stop(l->status))
			err = arm(l, &b);
		else if (WSTOPSIG(l->status) == SIGTRAP && ft_breakpoint_hit(&b))
			return ft_breakpoint_clear(&b);
	}
	return err;
}

int ft_launch(char *const argv[], struct ft_launch *l, bool *exec_failed)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC;
	int err;

	*l = (struct ft_launch) { 0 };
	*exec_failed = false;
	err = start(argv, l, exec_failed);
	if (err || l->ended)
		return err;
	if (ptrace(PTRACE_SETOPTIONS, l->pid, NULL, options))
		err = -errno;
	if (!err)
		err = run_to_place(l);
	if (err && !l->ended) {
		kill(l->pid, SIGKILL);
		wait_for(l->pid, &l->status);
	}
	return err;
}

int ft_launch_release(struct ft_launch *l)
{
	return ptrace(PTRACE_DETACH, l->pid, NULL, NULL) ? -errno : 0;
}

int ft_launch_wait(struct ft_launch *l, int *status)
{
	int err = l->ended ? 0 : wait_for(l->pid, &l->status);

	*status = l->status;
	return err;
}
