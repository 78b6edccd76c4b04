/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prints where its main, number, hidden and libc's getenv are, and waits: symbols of each sort for
 * `explain`, and one whose name could be an address.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int number = 1;
void face(void);

static int hidden(void)
{
	return number;
}

void face(void)
{
	number++;
}

int main(void)
{
	printf("%p %p %p %p\n", (void *)main, (void *)&number, (void *)hidden, (void *)getenv);
	fflush(stdout);
	pause();
	face();
	return hidden();
}
