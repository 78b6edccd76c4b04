/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/nofile.h"
#include "cmd/cmd.h"

static const struct ft_cmd *find_cmd(const char *name)
{
	for (int i = 0; ft_cmds[i]; i++)
		if (!strcmp(ft_cmds[i]->name, name))
			return ft_cmds[i];
	return NULL;
}

/*
 * A standard descriptor that is closed would be given to the next file opened, and that one would
 * get what is meant for the terminal. Writing to this one fails, as to a closed one.
 */
static void fill_closed_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* No command means `stream`; its options may then come first. */
int main(int argc, char **argv)
{
	const struct ft_cmd *cmd = argc > 1 ? find_cmd(argv[1]) : NULL;
	struct ft_cmd first;

	fill_closed_fds();
	signal(SIGPIPE, SIG_IGN);
	ft_nofile_raise();
	if (cmd)
		return cmd->run(cmd, argc - 1, argv + 1);
	first = *ft_cmds[0];
	first.all = ft_cmds;
	return first.run(&first, argc, argv);
}
