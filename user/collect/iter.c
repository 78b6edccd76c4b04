/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "collect/iter.h"

int ft_iter_open(const struct bpf_program *prog, int map)
{
	union bpf_iter_link_info info = { .map.map_fd = (__u32)map };
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = map >= 0 ? &info : NULL,
		    .link_info_len = map >= 0 ? sizeof(info) : 0);
	struct bpf_link *link;
	int fd;

	if (bpf_program__fd(prog) < 0)
		return -ENOENT;
	link = bpf_program__attach_iter(prog, &opts);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		fd = -errno;
	bpf_link__destroy(link);
	return fd;
}
