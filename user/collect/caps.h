/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What this kernel can do for us: one result, found by trying, that the loader, the views and
 * `doctor` read. For each ability the hooks that give it stand in one table (caps.c), best first.
 */
#ifndef FT_CAPS_H
#define FT_CAPS_H

#include <stdbool.h>

struct btf;

/* X(id, name, what it gives) */
#define FT_ABILITIES(X)                                                                            \
	X(RING, "ring", "a ring buffer from the kernel to the tool")                               \
	X(STATE, "task-state", "memory of a fault between its beginning and its end")              \
	X(ENTRY, "entry", "that a fault began: address, access, code")                             \
	X(END, "outcome", "that a fault ended, minor or major, and its latency")                   \
	X(INVALID, "invalid", "faults that end in SIGSEGV or SIGBUS")                              \
	X(FIXUP, "efault", "kernel accesses that fail: EFAULT, or tried again")                    \
	X(FATAL, "fatal", "whether such a signal killed the process")                              \
	X(LIFE, "lifecycle", "processes that begin and end while they are traced")                 \
	X(COUNTS, "counts", "the kernel's own fault counters of living tasks")                     \
	X(VMA, "mapping", "the mapping of an address, from the kernel's own vma")                  \
	X(PTE, "page-table", "the page-table entry before the fault: swap, NUMA, spurious, THP")   \
	X(NONPRESENT, "swap-entry", "what an entry without a page means: swap, NUMA, migration")   \
	X(GUP, "gup", "faults taken by the kernel without an exception (get_user_pages)")          \
	X(STACKS, "stacks", "who faults: user and kernel stacks")                                  \
	X(SWAP_OUT, "swap-out", "pages that leave to swap")                                        \
	X(SWAP_IN, "swap-in", "pages that come back from swap")                                    \
	X(RECLAIM, "reclaim", "time that a task spends freeing memory")                            \
	X(REFAULT, "refault", "faults on pages that had been evicted")                             \
	X(EVICTION, "evictions", "whose pages reclaim takes")                                      \
	X(KSWAPD, "kswapd-wake", "whose allocations wake kswapd")                                  \
	X(COMPACTION, "compaction", "time that a task spends making free memory contiguous")       \
	X(OOM, "oom", "processes killed for lack of memory")                                       \
	X(CGROUP1, "cgroup-v1", "memory cgroups of the old hierarchy")                             \
	X(CGROUP2, "cgroup-v2", "memory cgroups of the unified hierarchy")                         \
	X(PSI, "psi", "the kernel's own measure of memory pressure")                               \
	X(PROCMAP, "procmap-query", "one mapping of a process by itself (not used)")

enum ft_ability {
#define FT_X(id, ...) FT_ABILITY_##id,
	FT_ABILITIES(FT_X)
#undef FT_X
		FT_ABILITY_MAX
};

/* From this one on they are probed only when asked for: ft_caps_config.thorough or .also. */
#define FT_ABILITY_FIRST_EXTRA FT_ABILITY_STACKS

enum ft_cap_state {
	FT_CAP_ABSENT,	/* this kernel does not have it */
	FT_CAP_REFUSED, /* it has it, and does not let us */
	FT_CAP_OK,
};

struct ft_cap {
	enum ft_cap_state state;
	const char *hook; /* in use, "tp_btf/page_fault_user"; NULL unless OK */
	int choice;	  /* its rank in the table, 0 is the best; -1 */
	char reason[160]; /* why not, or why not the best; may be empty */
	const char *cure; /* one line, or NULL */
};

struct ft_caps {
	struct ft_cap v[FT_ABILITY_MAX];
	char lockdown[32]; /* "none", "integrity", "confidentiality", "" unknown */
	bool btf;	   /* the kernel's types are at hand */
	bool no_files;	   /* no descriptor was left to try with */
	bool paranoid;	   /* software events are refused: ft_caps_paranoid() */
	bool memlock;	   /* memory is refused: ft_probe_memlock() */
	int cast;	   /* BTF id of bpf_rdonly_cast(), or 0: programs may load from anywhere */
	int cast_type;	   /* … and of a type that begins with a word */
	struct btf *types; /* those that our programs name: ft_types_copy(); or NULL */
};

struct ft_caps_config {
	/*
	 * --btf FILE: a kernel without BTF of its own. Tracepoints are used as raw ones, and what
	 * cannot do without the kernel's own BTF is absent. NULL: /sys/kernel/btf/vmlinux.
	 */
	const char *btf_path;
	bool portable; /* --hooks portable: as if fentry were refused */
	/*
	 * For a command that sums: without the hooks that only add facts to a single fault (its
	 * retries) or make an inferred number a measured one (gup), and cost half as much again.
	 */
	bool sums;
	/*
	 * Attach to everything, as doctor does. Else BTF tracepoints that the kernel lists are
	 * taken as attachable: nothing refuses them but what refuses the load as a whole, and each
	 * trial costs 20 ms of waiting for RCU.
	 */
	bool thorough;
	unsigned int also; /* bits 1 << FT_ABILITY_*: extra abilities that the command uses */
};

/*
 * Tries everything. 0, or -ENOENT when there is no BTF, -EPERM when not even a map may be made,
 * -EMFILE when it ran out of descriptors; the table is filled as far as known either way. For
 * ft_caps_release().
 */
int ft_caps_probe(struct ft_caps *caps, const struct ft_caps_config *config);
void ft_caps_release(struct ft_caps *caps);

/*
 * kernel.perf_event_paranoid, or -1. Above 2 Debian's kernels give perf events to CAP_SYS_ADMIN
 * alone ("security,perf: Allow further restriction of perf_event_open"); the mainline asks for
 * CAP_PERFMON at any value.
 */
int ft_caps_paranoid(void);
#define FT_PARANOID_CURE "sysctl kernel.perf_event_paranoid=2, or run as root"
#define FT_MEMLOCK_CURE                                                                            \
	"raise the limit of locked memory (ulimit -l, LimitMEMLOCK=), or grant CAP_SYS_RESOURCE"

const char *ft_ability_name(enum ft_ability a);
/* What it gives, in one line. */
const char *ft_ability_help(enum ft_ability a);
/* Whether faults cannot be traced at all without it. */
bool ft_ability_needed(enum ft_ability a);

/* What was found out by using an ability: 0, or the -errno and a `cure` for it. */
void ft_caps_proved(struct ft_caps *caps, enum ft_ability a, const char *hook, int err,
		    const char *cure);

/* Whether `a` is had by `hook`; a BTF tracepoint stands for the raw one of the same event, too. */
bool ft_caps_uses(const struct ft_caps *caps, enum ft_ability a, const char *hook);

static inline bool ft_caps_has(const struct ft_caps *caps, enum ft_ability a)
{
	return caps->v[a].state == FT_CAP_OK;
}

#endif
