/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "collect/object.h"
#include "collect/skel.h"

#define TP_BTF "tp_btf"

static int attach_raw(const struct bpf_program *prog, long cookie, struct bpf_link **link)
{
	*link = bpf_program__attach_raw_tracepoint(prog, bpf_program__section_name(prog) +
								 strlen(TP_BTF "/"));
	return *link ? 0 : -errno;
}

/*
 * From here on libbpf takes programs on BTF tracepoints for programs on raw ones: the context is
 * the same, only that the verifier does not know the types of the arguments.
 */
static int without_kernel_btf(void)
{
	static int handler = -1;
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_attach_fn = attach_raw);

	if (handler < 0)
		handler = libbpf_register_prog_handler(TP_BTF "+", BPF_PROG_TYPE_RAW_TRACEPOINT, 0,
						       &opts);
	return handler < 0 ? handler : 0;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

/*
 * The types of `path` as a file of a kernel that has none itself: helpers that give out pointers
 * with a type are not named in it, and programs do without them (compat_has_task_btf()).
 */
static int copy_types(const char *path)
{
	static const char name[] = "BPF_FUNC_get_current_task_btf";
	struct btf *btf = btf__parse(path, NULL);
	_cleanup_free_ char *copy = NULL;
	const void *raw;
	__u32 size = 0;
	char *at;
	int fd, err;

	if (!btf)
		return -errno;
	raw = btf__raw_data(btf, &size);
	copy = raw ? malloc(size) : NULL;
	if (copy)
		memcpy(copy, raw, size);
	btf__free(btf);
	if (!copy)
		return -ENOMEM;
	at = memmem(copy, size, name, sizeof(name));
	if (at)
		memset(at, '_', strlen(name));
	fd = memfd_create("faulttrace-btf", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write_all(fd, copy, size);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Makes calls of FT_CALL_CAST in the object's code calls of the kernel function with this id. */
static void patch_cast(char *elf, size_t size, int id)
{
	const struct bpf_insn from = { .code = BPF_JMP | BPF_CALL, .imm = FT_CALL_CAST };
	const struct bpf_insn to = { .code = BPF_JMP | BPF_CALL,
				     .src_reg = BPF_PSEUDO_KFUNC_CALL,
				     .imm = id };

	/* Sections of code are aligned to an instruction. */
	for (size_t i = 0; i + sizeof(from) <= size; i += sizeof(from))
		if (!memcmp(elf + i, &from, sizeof(from)))
			memcpy(elf + i, &to, sizeof(to));
}

static int open_skeleton(struct faulttrace_bpf **out, const struct bpf_object_open_opts *opts,
			 int cast)
{
	struct faulttrace_bpf *skel = calloc(1, sizeof(*skel));
	_cleanup_free_ char *elf = NULL;
	int err;

	if (!skel)
		return -ENOMEM;
	err = faulttrace_bpf__create_skeleton(skel);
	if (!err && cast) {
		elf = malloc(skel->skeleton->data_sz);
		err = elf ? 0 : -ENOMEM;
	}
	if (!err && cast) {
		memcpy(elf, skel->skeleton->data, skel->skeleton->data_sz);
		patch_cast(elf, skel->skeleton->data_sz, cast);
		skel->skeleton->data = elf; /* read by the open alone */
	}
	if (!err)
		err = bpf_object__open_skeleton(skel->skeleton, opts);
	if (err)
		faulttrace_bpf__destroy(skel);
	else
		*out = skel;
	return err;
}

int ft_object_open(struct faulttrace_bpf **out, int *types, int cast, const char *btf_path)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	char path[32];
	int err;

	*types = -1;
	if (btf_path) {
		err = without_kernel_btf();
		if (err)
			return err;
		*types = copy_types(btf_path);
		if (*types < 0)
			return *types;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", *types);
		opts.btf_custom_path = path;
	}
	err = open_skeleton(out, &opts, cast);
	if (err && *types >= 0) {
		close(*types);
		*types = -1;
	}
	return err;
}
