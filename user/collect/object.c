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
#include "collect/caps.h"
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

/* A file of these types: its descriptor, or -errno. */
static int types_file(const struct btf *types)
{
	__u32 size = 0;
	const void *raw = types ? btf__raw_data(types, &size) : NULL;
	int fd, err;

	if (!raw)
		return -ENOMEM;
	fd = memfd_create("faulttrace-btf", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write_all(fd, raw, size);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/*
 * Makes calls of FT_CALL_CAST in the object's code calls of the kernel's function, and the type
 * FT_TYPE_CAST the kernel's. Sections of code are aligned to an instruction.
 */
static void patch_cast(char *elf, size_t size, const struct ft_caps *caps)
{
	const struct bpf_insn call = { .code = BPF_JMP | BPF_CALL, .imm = FT_CALL_CAST };

	for (size_t i = 0; i + sizeof(struct bpf_insn) <= size; i += sizeof(struct bpf_insn)) {
		struct bpf_insn insn;

		memcpy(&insn, elf + i, sizeof(insn));
		if (!memcmp(&insn, &call, sizeof(insn))) {
			insn.src_reg = BPF_PSEUDO_KFUNC_CALL;
			insn.imm = caps->cast;
		} else if ((insn.code == (BPF_ALU64 | BPF_MOV | BPF_K) ||
			    insn.code == (BPF_ALU | BPF_MOV | BPF_K)) &&
			   insn.imm == FT_TYPE_CAST) {
			insn.imm = caps->cast_type;
		}
		memcpy(elf + i, &insn, sizeof(insn));
	}
}

static int open_skeleton(struct faulttrace_bpf **out, const struct bpf_object_open_opts *opts,
			 const struct ft_caps *caps)
{
	struct faulttrace_bpf *skel = calloc(1, sizeof(*skel));
	_cleanup_free_ char *elf = NULL;
	int err;

	if (!skel)
		return -ENOMEM;
	err = faulttrace_bpf__create_skeleton(skel);
	if (!err && caps->cast) {
		elf = malloc(skel->skeleton->data_sz);
		err = elf ? 0 : -ENOMEM;
	}
	if (!err && caps->cast) {
		memcpy(elf, skel->skeleton->data, skel->skeleton->data_sz);
		patch_cast(elf, skel->skeleton->data_sz, caps);
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

int ft_object_open(struct faulttrace_bpf **out, int *types, const struct ft_caps *caps,
		   bool own_btf)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	char path[32];
	int err;

	*types = -1;
	if (!own_btf) {
		err = without_kernel_btf();
		if (err)
			return err;
	}
	*types = types_file(caps->types);
	if (*types < 0)
		return *types;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *types);
	opts.btf_custom_path = path;
	err = open_skeleton(out, &opts, caps);
	if (err) {
		close(*types);
		*types = -1;
	}
	return err;
}
