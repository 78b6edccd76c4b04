/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "enrich/elfinfo.h"

static void read_interp(int fd, const GElf_Phdr *ph, struct ft_elfinfo *out)
{
	size_t want = ph->p_filesz < sizeof(out->interp) ? ph->p_filesz : sizeof(out->interp) - 1;
	ssize_t n = pread(fd, out->interp, want, ph->p_offset);

	out->interp[n > 0 ? n : 0] = '\0';
}

/* Sums saturate: the headers of a forged file may say anything. */
static uint64_t add(uint64_t a, uint64_t b)
{
	return __builtin_add_overflow(a, b, &a) ? UINT64_MAX : a;
}

static int read_headers(int fd, Elf *elf, struct ft_elfinfo *out)
{
	bool interp = false;
	GElf_Ehdr eh;
	size_t n;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh) || elf_getphdrnum(elf, &n))
		return -ENOEXEC;
	out->is_32bit = gelf_getclass(elf) == ELFCLASS32;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, i, &ph))
			return -ENOEXEC;
		if (ph.p_type == PT_INTERP) {
			read_interp(fd, &ph, out);
			interp = true;
		} else if (ph.p_type == PT_LOAD) {
			out->load_size = add(out->load_size, ph.p_memsz);
			if (ph.p_memsz > ph.p_filesz)
				out->bss_size = add(out->bss_size, ph.p_memsz - ph.p_filesz);
		}
	}
	out->linkage = interp		     ? FT_LINK_DYNAMIC
		       : eh.e_type == ET_DYN ? FT_LINK_STATIC_PIE
					     : FT_LINK_STATIC;
	return 0;
}

int ft_elfinfo_read(const char *root, pid_t pid, struct ft_elfinfo *out)
{
	_cleanup_fd_ int fd = -1;
	char link[FT_PROC_PATH_MAX];
	struct stat st;
	ssize_t len;
	Elf *elf;
	int n, err;

	*out = (struct ft_elfinfo) { 0 };
	n = pid ? snprintf(link, sizeof(link), "%s/proc/%d/exe", root, pid)
		: snprintf(link, sizeof(link), "%s/proc/self/exe", root);
	if (n < 0 || (size_t)n >= sizeof(link))
		return -ENAMETOOLONG;
	len = readlink(link, out->path, sizeof(out->path) - 1);
	if (len < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return fd < 0 ? -errno : -ENOEXEC;
	out->file_size = st.st_size;
	elf_version(EV_CURRENT);
	/* Read, not mapped: its owner may cut the file short meanwhile. */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return -ENOEXEC;
	err = read_headers(fd, elf, out);
	elf_end(elf);
	return err;
}
