/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfids KIND ID…: prints those of the BPF objects (prog, map, link) that the kernel still has. */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int get_fd(enum bpf_cmd cmd, unsigned int id)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id; /* map_id and link_id are at the same place */
	return (int)syscall(SYS_bpf, cmd, &attr, sizeof(attr));
}

int main(int argc, char **argv)
{
	enum bpf_cmd cmd;

	if (argc > 1 && !strcmp(argv[1], "prog"))
		cmd = BPF_PROG_GET_FD_BY_ID;
	else if (argc > 1 && !strcmp(argv[1], "map"))
		cmd = BPF_MAP_GET_FD_BY_ID;
	else if (argc > 1 && !strcmp(argv[1], "link"))
		cmd = BPF_LINK_GET_FD_BY_ID;
	else
		return 2;
	for (int i = 2; i < argc; i++) {
		int fd = get_fd(cmd, (unsigned int)atoi(argv[i]));

		if (fd < 0)
			continue;
		puts(argv[i]);
		close(fd);
	}
	return 0;
}
