// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Proves a cross build: calls one function of each library that faulttrace is linked with. */
#include <bpf/libbpf.h>
#include <bzlib.h>
#include <cap-ng.h>
#include <elfutils/libdwfl.h>
#include <libelf.h>
#include <lzma.h>
#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

int main(void)
{
	printf("libbpf %s\n", libbpf_version_string());
	printf("libelf %s\n", elf_version(EV_CURRENT) == EV_CURRENT ? "ok" : "bad");
	printf("libdw %s\n", dwfl_version(NULL));
	printf("libcap-ng %s\n",
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN) ? "root" : "user");
	printf("zlib %s, lzma %s, bz2 %s, zstd %s\n", zlibVersion(), lzma_version_string(),
	       BZ2_bzlibVersion(), ZSTD_versionString());
	return 0;
}
