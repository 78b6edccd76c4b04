/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * staged [STATUS]: says how far it has come, and has a megabyte of zeros. For `mem -- PROGRAM`,
 * which stops it in between.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char zeros[1 << 20];

static void say(const char *stage)
{
	if (write(STDERR_FILENO, stage, strlen(stage)) < 0)
		_exit(126);
}

__attribute__((constructor)) static void begin(void)
{
	say("constructor\n");
}

int main(int argc, char **argv)
{
	say("main\n");
	return argc > 1 ? atoi(argv[1]) : 0;
}
