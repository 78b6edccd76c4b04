/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The BPF side as one object: loaded with what this kernel can do, attached, read, detached.
 * Nothing is pinned: it all goes with the process.
 */
#ifndef FT_TRACER_H
#define FT_TRACER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collect/caps.h"
#include "ft_classify.h"
#include "ft_knobs.h"
#include "ft_wire.h"

struct ft_tracer;

struct ft_tracer_config {
	struct ft_knobs knobs;	    /* task_storage and self are filled in */
	const struct ft_caps *caps; /* must outlive the tracer */
	const char *btf_path;	    /* --btf FILE, or NULL */
	size_t ring_bytes;	    /* rounded up to a power of two; 0: as small as can be */
	size_t max_groups;	    /* of histograms, with groups that are not few; 0: 512 */
	size_t max_stacks;	    /* 0: 16384 */
	bool prove;		    /* load what ft_tracer_vma_state() needs */
	size_t max_evictions;	    /* of FT_OUT_THRASH; 0: 65536 */
	size_t max_processes;	    /* … 0: 8192 */
	size_t max_pages;	    /* … of files, read by majors; 0: 131072 */
	const pid_t *tgids;	    /* with FT_FILTER_TGIDS: whom to trace first */
	size_t n_tgids;
};

/*
 * Loads the programs. 0 and a tracer for ft_tracer_close(); -EPERM without privilege, -ENOMEM,
 * -EXDEV in a PID namespace other than the first, -EDQUOT: FT_MEMLOCK_CURE, or what the kernel
 * said.
 */
int ft_tracer_open(struct ft_tracer **out, const struct ft_tracer_config *config);
void ft_tracer_close(struct ft_tracer *t);

/* From here faults are followed. 0 or -errno; then nothing is attached. */
int ft_tracer_attach(struct ft_tracer *t);
/* No fault begins any more; what began is still finished by ft_tracer_close(). */
void ft_tracer_detach(struct ft_tracer *t);

/* Whether page tables can be read (ability "page-table"); -errno says why not. */
int ft_tracer_pte_state(const struct ft_tracer *t);
/* Whether it is known what an entry without a page means (ability "swap-entry"). */
int ft_tracer_nonpresent_state(const struct ft_tracer *t);

/* Whether a mapping of ours is found by searching the kernel's tree; needs config.prove. 0, -errno.
 */
int ft_tracer_vma_state(struct ft_tracer *t);

/*
 * What the kernel calls its own address `ip`: "name+0xoffset/0xsize [module]", or the address when
 * it is no symbol's. 0; -EOPNOTSUPP before 5.13; -errno. `ctx` is a struct ft_tracer *.
 */
int ft_tracer_ksym(void *ctx, uint64_t ip, char *text, size_t size);

/* What -EXDEV of ft_tracer_open() means, and what to do then. */
#define FT_PID_NAMESPACE_WHY  "in a PID namespace process numbers are not those of the kernel"
#define FT_PID_NAMESPACE_CURE "run it in the host's: docker run --pid=host, nsenter -t 1 -p -m"

struct ft_program_info {
	const char *name;
	unsigned int insns; /* that the verifier looked at; 0: unknown, before 5.16 */
};

/* What the kernel says of each loaded program. */
void ft_tracer_programs(struct ft_tracer *t,
			void (*fn)(void *ctx, const struct ft_program_info *info), void *ctx);

/* The descriptor of a map by its name in bpf/, or -ENOENT when it is not made for this trace. */
int ft_tracer_map_fd(const struct ft_tracer *t, const char *name);

/* Groups of histograms were deleted: there is room for others again. */
void ft_tracer_groups_freed(struct ft_tracer *t);

/* An interval of FT_OUT_THRASH ended: its number. */
uint64_t ft_tracer_next_epoch(struct ft_tracer *t);

/* Everything the kernel side counted, read while it goes on counting. */
struct ft_snapshot {
	struct ft_total total[FT_TYPE_MAX][FT_CAUSE_MAX];
	__u64 loss[FT_LOSS_MAX];
	/* Tasks that ended, and those that live: of each what kernel and hooks counted. */
	struct ft_counts counts;
	bool counts_known; /* living tasks are in it, too */
	__u64 misses;	   /* runs of trampoline programs that the kernel skipped */
	bool gup_measured;
};

/* 0 or -errno. Call it before ft_tracer_detach(): the kernel goes on counting after that. */
int ft_tracer_snapshot(struct ft_tracer *t, struct ft_snapshot *s);
/* Totals and losses again, after the detach: now they are final. */
int ft_tracer_final(struct ft_tracer *t, struct ft_snapshot *s);

#endif
