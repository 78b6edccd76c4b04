/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "collect/swevent.h"

int ft_perf_event_open(struct perf_event_attr *attr, int pid, int cpu)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int ft_swevent_open(unsigned long long config, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = config,
		.sample_period = 1,
	};

	return ft_perf_event_open(&attr, -1, cpu);
}

static int attach_one(struct ft_swevents *ev, const struct bpf_program *prog,
		      unsigned long long config, int cpu)
{
	struct bpf_link **links, *link;
	int fd = ft_swevent_open(config, cpu);

	if (fd == -ENODEV) /* possible but not online */
		return 0;
	if (fd < 0)
		return fd;
	link = bpf_program__attach_perf_event(prog, fd);
	if (!link) {
		int err = -errno;

		close(fd);
		return err;
	}
	links = realloc(ev->links, (ev->n + 1) * sizeof(*links));
	if (!links) {
		bpf_link__destroy(link);
		return -ENOMEM;
	}
	ev->links = links;
	ev->links[ev->n++] = link;
	return 0;
}

int ft_swevents_attach(struct ft_swevents *ev, const struct bpf_program *prog,
		       unsigned long long config)
{
	int cpus = libbpf_num_possible_cpus(), err = cpus < 0 ? cpus : 0;
	size_t before = ev->n;

	for (int cpu = 0; cpu < cpus && !err; cpu++)
		err = attach_one(ev, prog, config, cpu);
	while (err && ev->n > before)
		bpf_link__destroy(ev->links[--ev->n]);
	return err;
}

void ft_swevents_deinit(struct ft_swevents *ev)
{
	while (ev->n)
		bpf_link__destroy(ev->links[--ev->n]);
	free(ev->links);
	ev->links = NULL;
}
