/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The floor of the benchmark: empty BPF programs on faulttrace's hooks.
 *
 * usage: floor [--fentry|--latency] [-- COMMAND ARGS…]
 *
 * --latency: programs that measure each fault's latency and sum it, and nothing else.
 * --fentry: on fentry and fexit of handle_mm_fault() too, as faulttrace has it where they attach.
 * Says "ready" on stderr, runs COMMAND to its end (its exit status), or waits for a signal.
 */
#include <linux/perf_event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "collect/swevent.h"

#include "bench/floor.skel.h"

enum what { EMPTY, FENTRY, LATENCY };

static struct floor_bpf *attach(struct ft_swevents *ev, enum what what)
{
	struct floor_bpf *skel = floor_bpf__open();
	struct bpf_program *end;

	if (!skel)
		return NULL;
	end = what == LATENCY ? skel->progs.latency__page_fault
			      : skel->progs.perf_event__page_fault;
	/* Attached below: they have no hook of their own. */
	bpf_program__set_autoattach(skel->progs.perf_event__page_fault, false);
	bpf_program__set_autoattach(skel->progs.latency__page_fault, false);
	bpf_program__set_autoload(skel->progs.tp_btf__page_fault_user, what != LATENCY);
	bpf_program__set_autoload(skel->progs.perf_event__page_fault, what != LATENCY);
	bpf_program__set_autoload(skel->progs.latency__page_fault_user, what == LATENCY);
	bpf_program__set_autoload(skel->progs.latency__page_fault, what == LATENCY);
	bpf_program__set_autoload(skel->progs.fentry__handle_mm_fault, what == FENTRY);
	bpf_program__set_autoload(skel->progs.fexit__handle_mm_fault, what == FENTRY);
	if (!floor_bpf__load(skel) && !floor_bpf__attach(skel) &&
	    !ft_swevents_attach(ev, end, PERF_COUNT_SW_PAGE_FAULTS_MIN) &&
	    !ft_swevents_attach(ev, end, PERF_COUNT_SW_PAGE_FAULTS_MAJ))
		return skel;
	floor_bpf__destroy(skel);
	return NULL;
}

static int run(char **argv)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	enum what what = argc < 2			 ? EMPTY
			 : !strcmp(argv[1], "--fentry")	 ? FENTRY
			 : !strcmp(argv[1], "--latency") ? LATENCY
							 : EMPTY;
	int first = 1 + (what != EMPTY), status = 0;
	struct ft_swevents ev = {};
	struct floor_bpf *skel;
	sigset_t stop;
	int sig;

	if (first < argc && (strcmp(argv[first], "--") != 0 || first + 1 == argc)) {
		fprintf(stderr, "usage: floor [--fentry|--latency] [-- COMMAND ARGS...]\n");
		return 2;
	}
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	if (first == argc)
		sigprocmask(SIG_BLOCK, &stop, NULL);
	skel = attach(&ev, what);
	if (!skel) {
		fprintf(stderr, "floor: cannot attach\n");
		return 1;
	}
	fprintf(stderr, "ready\n");
	if (first < argc)
		status = run(argv + first + 1);
	else
		sigwait(&stop, &sig);
	ft_swevents_deinit(&ev);
	floor_bpf__destroy(skel);
	return status;
}
