/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * process_vm_readv() of a child's fresh memory: faults in the child's address
 * space, without an exception, counted as the parent's.
 */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "wl.h"

int main(int argc, char **argv)
{
	unsigned long n = wl_init(argc, argv, "vm-readv", 1009);
	char *mem = wl_area(n * wl_page);
	char byte;
	struct iovec local = { &byte, 1 };
	pid_t pid = wl_hold();

	wl_begin();
	for (unsigned long i = 0; i < n; i++) {
		struct iovec remote = { mem + i * wl_page, 1 };

		if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != 1)
			wl_die("process_vm_readv: %s", strerror(errno));
	}
	wl_end();
	wl_hold_end(pid);

	wl_expect_gup(n, mem, mem + n * wl_page);
	return wl_finish();
}
