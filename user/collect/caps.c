/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "collect/caps.h"
#include "collect/probe.h"
#include "collect/types.h"

#define TP(ability, event, cure)                                                                   \
	{                                                                                          \
		FT_ABILITY_##ability, FT_HOOK_TP_BTF, "tp_btf/" event, event, cure,                \
			"raw_tp/" event                                                            \
	}

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF	    39
#endif

/* At the beginning of a cure: see cure_of(). */
#define LIFT "lift lockdown, or "

/*
 * The hooks of each ability, best first. `hook` is also the section name of the program that the
 * loader then takes.
 */
static const struct choice {
	enum ft_ability ability;
	enum ft_hook_kind kind;
	const char *hook, *target;
	const char *cure; /* when it cannot be had */
	const char *raw;  /* the hook where the kernel has no BTF of its own */
} choices[] = {
	{ FT_ABILITY_RING, FT_HOOK_RINGBUF, "ringbuf", NULL, "use a kernel from 5.8 on", NULL },
	{ FT_ABILITY_STATE, FT_HOOK_TASK_STORAGE, "task-storage", NULL,
	  "use a kernel from 5.11 on; until then a hash map does it, at a higher cost", NULL },
	{ FT_ABILITY_STATE, FT_HOOK_RINGBUF, "hash", NULL, NULL, NULL },
	TP(ENTRY, "page_fault_user", "use a kernel with BTF"),
	{ FT_ABILITY_ENTRY, FT_HOOK_FENTRY, "fentry/handle_mm_fault", "handle_mm_fault",
	  "use a kernel with fentry", NULL },
	{ FT_ABILITY_ENTRY, FT_HOOK_KPROBE, "kprobe/handle_mm_fault", "handle_mm_fault",
	  "use a kernel with CONFIG_KPROBES", NULL },
	{ FT_ABILITY_END, FT_HOOK_SW_EVENT, "perf_event", NULL,
	  "use a kernel with CONFIG_PERF_EVENTS", NULL },
	TP(INVALID, "signal_generate", NULL),
	TP(FIXUP, "page_fault_kernel", "none on this architecture: such accesses are not seen"),
	TP(FATAL, "signal_deliver", NULL),
	TP(LIFE, "sched_process_exit", NULL),
	{ FT_ABILITY_COUNTS, FT_HOOK_ITER, "iter/task", "task", NULL, NULL },
	{ FT_ABILITY_COUNTS, FT_HOOK_HASH, "hash", NULL, NULL, NULL },
	{ FT_ABILITY_VMA, FT_HOOK_FENTRY, "fentry/handle_mm_fault", "handle_mm_fault",
	  "none needed: the kernel's tree of mappings is searched instead", NULL },
	{ FT_ABILITY_GUP, FT_HOOK_FEXIT, "fexit/handle_mm_fault", "handle_mm_fault",
	  LIFT "use a kernel with fentry; until then they are the remainder between "
	       "the kernel's counters and what was seen",
	  NULL },
	{ FT_ABILITY_STACKS, FT_HOOK_STACK_MAP, "stack-trace", NULL, "use a kernel from 4.6 on",
	  NULL },
	TP(SWAP_OUT, "mm_vmscan_write_folio", NULL),
	/* The same before pages became folios. */
	TP(SWAP_OUT, "mm_vmscan_writepage", "use a kernel with CONFIG_SWAP"),
	TP(RECLAIM, "mm_vmscan_direct_reclaim_begin", NULL),
	TP(REFAULT, "mm_vmscan_write_folio", NULL),
	TP(REFAULT, "mm_vmscan_writepage", NULL),
	TP(EVICTION, "rss_stat", "use a kernel from 5.5 on"),
	TP(KSWAPD, "mm_vmscan_wakeup_kswapd", NULL),
	TP(COMPACTION, "mm_compaction_begin", "use a kernel with CONFIG_COMPACTION"),
	TP(OOM, "mark_victim", NULL),
	{ FT_ABILITY_CGROUP1, FT_HOOK_MOUNT, "cgroup:memory", "cgroup memory",
	  "none needed where cgroup v2 is in use", NULL },
	{ FT_ABILITY_CGROUP2, FT_HOOK_MOUNT, "cgroup2", "cgroup2 memory",
	  "boot with cgroup_no_v1=memory, and mount -t cgroup2 cgroup2 /sys/fs/cgroup; none needed "
	  "where cgroup v1 is in use",
	  NULL },
	{ FT_ABILITY_PSI, FT_HOOK_FILE, "/proc/pressure/memory", "/proc/pressure/memory",
	  "boot with psi=1, or use a kernel with CONFIG_PSI", NULL },
	{ FT_ABILITY_PROCMAP, FT_HOOK_PROCMAP, "ioctl/PROCMAP_QUERY", NULL,
	  "none needed: /proc/PID/maps is read instead; from 6.11 on", NULL },
};

static const struct {
	const char *name, *help;
} words[] = {
#define FT_X(id, name, help) [FT_ABILITY_##id] = { name, help },
	FT_ABILITIES(FT_X)
#undef FT_X
};

const char *ft_ability_name(enum ft_ability a)
{
	return words[a].name;
}

const char *ft_ability_help(enum ft_ability a)
{
	return words[a].help;
}

bool ft_ability_needed(enum ft_ability a)
{
	return a == FT_ABILITY_RING || a == FT_ABILITY_STATE || a == FT_ABILITY_ENTRY ||
	       a == FT_ABILITY_END;
}

/* The file of securityfs, also where that is not mounted: then through a mount that is nowhere. */
static int open_lockdown(void)
{
	int fd = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int fs = -1, mnt = -1;

	if (fd >= 0)
		return fd;
	fs = fsopen("securityfs", FSOPEN_CLOEXEC);
	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	mnt = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return mnt < 0 ? -1 : openat(mnt, "lockdown", O_RDONLY | O_CLOEXEC);
}

/* "[none] integrity confidentiality": the word in brackets. */
static void read_lockdown(char *out, size_t size)
{
	_cleanup_fd_ int fd = open_lockdown();
	char line[128], *open, *close;
	ssize_t n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : -1;

	out[0] = '\0';
	if (n <= 0)
		return;
	line[n] = '\0';
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close)
		snprintf(out, size, "%.*s", (int)(close - open - 1), open + 1);
}

static bool uses_fentry(enum ft_hook_kind kind)
{
	return kind == FT_HOOK_FENTRY || kind == FT_HOOK_FEXIT;
}

/* Programs whose target, or whose helpers' arguments, the kernel finds by its own BTF. */
static bool needs_kernel_btf(enum ft_hook_kind kind)
{
	return uses_fentry(kind) || kind == FT_HOOK_ITER || kind == FT_HOOK_TASK_STORAGE;
}

/* Programs of ours run there: they need types, be it from a file. */
static bool runs_programs(enum ft_hook_kind kind)
{
	return uses_fentry(kind) || kind == FT_HOOK_TP_BTF || kind == FT_HOOK_RAW_TP ||
	       kind == FT_HOOK_KPROBE || kind == FT_HOOK_ITER;
}

bool ft_caps_uses(const struct ft_caps *caps, enum ft_ability a, const char *hook)
{
	static const char raw[] = "raw_tp/", btf[] = "tp_btf/";
	const char *used = ft_caps_has(caps, a) ? caps->v[a].hook : "";

	if (!strncmp(used, raw, strlen(raw)) && !strncmp(hook, btf, strlen(btf)))
		return !strcmp(used + strlen(raw), hook + strlen(btf));
	return !strcmp(used, hook);
}

static bool is_locked(const struct ft_caps *caps)
{
	return caps->lockdown[0] && strcmp(caps->lockdown, "none") != 0;
}

/* Effective capabilities; all where that cannot be asked. */
static uint64_t capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, data))
		return UINT64_MAX;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

/* CAP_BPF or CAP_PERFMON: then that is why anything is refused, whatever else would refuse it. */
static bool lacks_capability(void)
{
	const uint64_t both = 1ULL << CAP_PERFMON | 1ULL << CAP_BPF, have = capabilities();

	return !(have & 1ULL << CAP_SYS_ADMIN) && (have & both) != both;
}

int ft_caps_paranoid(void)
{
	_cleanup_file_ FILE *f = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	int level = -1;

	if (f && fscanf(f, "%d", &level) != 1)
		return -1;
	return level;
}

static bool is_paranoid(const struct choice *c, int err)
{
	return c->kind == FT_HOOK_SW_EVENT && err == -EACCES && ft_caps_paranoid() > 2 &&
	       !(capabilities() & 1ULL << CAP_SYS_ADMIN) && !lacks_capability();
}

/* Whether it is refused for want of memory, and not of what else fentry is refused for. */
static bool lacks_memory(const struct choice *c, int err, const struct ft_caps *caps)
{
	return err == -EPERM && !uses_fentry(c->kind) && ft_probe_memlock(caps->types);
}

/* What would help, or what does until then. Of a choice without one the best one's stays. */
static const char *cure_of(const struct choice *c, int err, const struct ft_caps *caps,
			   const char *before)
{
	bool refused = err == -EPERM || err == -EACCES;

	if (refused && lacks_capability())
		return "run as root, or grant the capabilities that are missing";
	if (is_paranoid(c, err))
		return FT_PARANOID_CURE;
	if (lacks_memory(c, err, caps))
		return FT_MEMLOCK_CURE;
	if (err == -ECANCELED)
		return "leave --hooks portable out";
	if (err == -ENODATA && !caps->btf)
		return "name a file with --btf FILE";
	if (err == -ENODATA && c->ability != FT_ABILITY_VMA)
		return access("/sys/kernel/btf/vmlinux", R_OK)
			       ? "use a kernel with CONFIG_DEBUG_INFO_BTF"
			       : "leave --btf out: this kernel has types of its own";
	if (refused && !uses_fentry(c->kind))
		return is_locked(caps) ? "lift lockdown"
				       : "ask for what refuses it: seccomp, or a security module";
	/* Only where it is on there is a lockdown to lift. */
	if (c->cure && !is_locked(caps) && !strncmp(c->cure, LIFT, strlen(LIFT)))
		return c->cure + strlen(LIFT);
	return c->cure ? c->cure : before;
}

static void explain(struct ft_cap *cap, const struct choice *c, int err, struct ft_caps *caps)
{
	bool absent = err == -ENOENT || err == -EINVAL || err == -ENODEV || err == -ENOTTY ||
		      err == -ENODATA || err == -ENXIO;
	const char *why = strerror(-err);
	bool locked;

	/* The best one's reason is the one of interest, but that it is refused is more than absent.
	 */
	if (cap->reason[0] && (absent || cap->state == FT_CAP_REFUSED))
		return;
	if (err == -ENODATA)
		why = caps->btf ? "needs BTF in the kernel itself, not in a file"
				: "needs the kernel's types (BTF)";
	else if (err == -ENXIO)
		why = "mounted, but without the memory controller";
	else if (absent)
		why = "this kernel does not have it";
	else if (err == -524)
		why = "loads but cannot be attached on this architecture";
	else if (err == -ECANCELED)
		why = "left out by --hooks portable";
	else if (err == -ENOTSUP)
		why = "left out of sums, for what it costs";
	cap->state = absent ? FT_CAP_ABSENT : FT_CAP_REFUSED;
	cap->cure = cure_of(c, err, caps, cap->cure);
	caps->paranoid = caps->paranoid || is_paranoid(c, err);
	caps->memlock =
		caps->memlock || (ft_ability_needed(c->ability) && lacks_memory(c, err, caps));
	locked = err == -EPERM && is_locked(caps) && !lacks_capability();
	snprintf(cap->reason, sizeof(cap->reason), "%s: %s%s%s", c->hook, why,
		 locked ? "; lockdown is " : "", locked ? caps->lockdown : "");
}

/* Faults are followed without it, where there is an exception tracepoint. */
static bool only_adds_facts(const struct ft_caps *caps, enum ft_ability a)
{
	return (a == FT_ABILITY_VMA || a == FT_ABILITY_GUP) &&
	       ft_caps_uses(caps, FT_ABILITY_ENTRY, "tp_btf/page_fault_user");
}

/* 0, or why the hook cannot be had. */
static int try_hook(const struct ft_caps *caps, const struct choice *c, const struct btf *btf,
		    const struct ft_caps_config *config)
{
	bool raw = config->btf_path && c->raw;
	enum ft_hook_kind kind = raw ? FT_HOOK_RAW_TP : c->kind;

	if (config->portable && uses_fentry(kind))
		return -ECANCELED;
	if (config->sums && uses_fentry(kind) && only_adds_facts(caps, c->ability))
		return -ENOTSUP;
	if (!btf && runs_programs(kind))
		return -ENODATA;
	if (config->btf_path && needs_kernel_btf(kind))
		return -ENODATA;
	if (kind == FT_HOOK_HASH)
		return ft_caps_uses(caps, FT_ABILITY_STATE, "hash") ? 0 : -ENOENT;
	if (!config->thorough && (c->raw || kind == FT_HOOK_ITER))
		return ft_probe_listed(kind, c->target, btf);
	return ft_probe(kind, c->target, btf);
}

static void try_choice(struct ft_caps *caps, const struct choice *c, int rank,
		       const struct btf *btf, const struct ft_caps_config *config)
{
	struct ft_cap *cap = &caps->v[c->ability];
	int err;

	if (cap->state == FT_CAP_OK)
		return;
	err = try_hook(caps, c, btf, config);
	if (err) {
		caps->no_files = caps->no_files || err == -EMFILE;
		explain(cap, c, err, caps);
		return;
	}
	cap->state = FT_CAP_OK;
	cap->hook = config->btf_path && c->raw ? c->raw : c->hook;
	cap->choice = rank;
}

static bool wants(const struct ft_caps_config *config, enum ft_ability a)
{
	if (a == FT_ABILITY_VMA)
		return config->thorough; /* for itself: the loader goes by FT_ABILITY_GUP */
	return a < FT_ABILITY_FIRST_EXTRA || config->thorough || config->also & 1U << a;
}

void ft_caps_proved(struct ft_caps *caps, enum ft_ability a, const char *hook, int err,
		    const char *cure)
{
	struct ft_cap *cap = &caps->v[a];

	if (!err) {
		cap->choice = cap->state == FT_CAP_OK ? cap->choice : cap->reason[0] ? 1 : 0;
		cap->hook = cap->state == FT_CAP_OK ? cap->hook : hook;
		cap->state = FT_CAP_OK;
		return;
	}
	cap->state = err == -EOPNOTSUPP ? FT_CAP_ABSENT : FT_CAP_REFUSED;
	cap->hook = NULL;
	cap->choice = -1;
	cap->cure = cure;
	snprintf(cap->reason, sizeof(cap->reason), "%s: %s", hook, strerror(-err));
}

static void try_all(struct ft_caps *caps, const struct btf *btf,
		    const struct ft_caps_config *config)
{
	int rank = 0;

	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		rank = i && choices[i].ability == choices[i - 1].ability ? rank + 1 : 0;
		if (!wants(config, choices[i].ability))
			continue;
		try_choice(caps, &choices[i], rank, btf, config);
	}
}

/*
 * Of a kernel without BTF of its own this is left out of its types: helpers that give out pointers
 * with a type do not load there, and programs do without them (compat_has_task_btf()).
 */
static const char no_task_btf[] = "BPF_FUNC_get_current_task_btf";

/* Any type that begins with a word: compat_word(). */
static void find_cast(struct ft_caps *caps, const struct btf *btf)
{
	int func = btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC);
	int type = btf__find_by_name_kind(btf, "rb_node", BTF_KIND_STRUCT);

	if (func > 0 && type > 0) {
		caps->cast = func;
		caps->cast_type = type;
	}
}

void ft_caps_release(struct ft_caps *caps)
{
	btf__free(caps->types);
	caps->types = NULL;
}

int ft_caps_probe(struct ft_caps *caps, const struct ft_caps_config *config)
{
	struct btf *btf;
	int err = 0;

	*caps = (struct ft_caps) {};
	for (int i = 0; i < FT_ABILITY_MAX; i++)
		caps->v[i].choice = -1;
	read_lockdown(caps->lockdown, sizeof(caps->lockdown));
	libbpf_set_print(NULL); /* what fails here is a result, not an error */

	btf = config->btf_path ? btf__parse(config->btf_path, NULL) : btf__load_vmlinux_btf();
	caps->btf = btf;
	caps->no_files = !btf && errno == EMFILE;
	if (btf && !config->btf_path)
		find_cast(caps, btf);
	if (btf)
		caps->types = ft_types_copy(btf, config->btf_path ? no_task_btf : NULL);
	try_all(caps, btf, config);
	btf__free(btf);
	if (caps->no_files)
		err = -EMFILE;
	else if (!caps->btf)
		err = -ENOENT;
	else if (caps->v[FT_ABILITY_RING].state == FT_CAP_REFUSED)
		err = -EPERM;
	return err;
}
