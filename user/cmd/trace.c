/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/nofile.h"
#include "cmd/output.h"
#include "cmd/privilege.h"
#include "cmd/report.h"
#include "cmd/trace.h"
#include "enrich/statm.h"
#include "enrich/vmstat.h"
#include "view/view.h"

#define DEFAULT_BUFFER (16UL << 20)
#define MIN_BUFFER     (64UL << 10)
#define SUMS_BUFFER    (256UL << 10) /* without events */
#define NAMES_BUFFER   (4UL << 20)   /* … but with names of files: 4 KB each */
#define MAX_BUFFER     (1UL << 30)

#define AT(member) offsetof(struct ft_trace_opts, member)

static const struct ft_opt opts[] = {
	{ "duration", 'd', "SEC", "stop after this time (10, 500ms, 2m)", ft_opt_duration,
	  AT(duration_ns), NULL },
	{ "json", 'j', NULL, "JSON lines instead of text", ft_opt_flag, AT(json), NULL },
	{ "output", 'o', "FILE", "write the data to FILE instead of stdout, which a PROGRAM shares",
	  ft_opt_str, AT(output), NULL },
	{ "timestamp", 'T', NULL, "time of day instead of seconds since the start", ft_opt_flag,
	  AT(wall_clock), NULL },
	{ "buffer", 0, "SIZE", "ring buffer between kernel and tool (default 16M; for names 4M)",
	  ft_opt_size, AT(buffer), NULL },
	{ "btf", 0, "FILE", "the kernel's types, where /sys/kernel/btf/vmlinux is missing",
	  ft_opt_str, AT(btf), NULL },
	{ "hooks", 0, "SET", "auto (default), or portable: without fentry", ft_opt_word, AT(hooks),
	  "auto|portable" },
};

const struct ft_opt_group ft_trace_group = FT_OPT_GROUP("How it is traced and shown", opts);

static int open_output(struct ft_trace *t)
{
	const char *name = t->opts->output;
	int fd = STDOUT_FILENO;

	if (name) {
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		t->out_new = fd >= 0;
		if (fd < 0)
			fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0) {
			ft_err("cannot write %s: %s", name, strerror(errno));
			return FT_EXIT_FAILURE;
		}
	}
	ft_buf_init(&t->out, fd);
	t->out.name = name;
	return 0;
}

/* From here on there is something to write: what the file held before goes only now. */
static int begin_output(struct ft_trace *t)
{
	struct stat st;

	if (!t->opts->output)
		return 0;
	t->out_new = false;
	if (!fstat(t->out.fd, &st) && S_ISREG(st.st_mode) && ftruncate(t->out.fd, 0)) {
		ft_err("cannot write %s: %s", t->opts->output, strerror(errno));
		return FT_EXIT_FAILURE;
	}
	return 0;
}

static size_t default_buffer(const struct ft_knobs *k)
{
	if (k->out & FT_OUT_STREAM)
		return DEFAULT_BUFFER;
	if (k->out & (FT_OUT_STACKS | FT_OUT_THRASH) || k->by & (FT_BY_FILE | FT_BY_MAPPING))
		return NAMES_BUFFER;
	return SUMS_BUFFER;
}

static size_t buffer_size(const struct ft_trace_opts *o, const struct ft_knobs *k)
{
	size_t want = o->buffer ? o->buffer : default_buffer(k), size = MIN_BUFFER;

	while (size < want && size < MAX_BUFFER)
		size *= 2;
	if (o->buffer && size != o->buffer)
		ft_info("--buffer: %zu bytes are used, a power of two from 64K to 1G", size);
	return size;
}

/* It is not the kernel that cannot do it. */
static int no_files(void)
{
	ft_err("too many open files: tracing takes two per CPU and about 100 more; raise the limit "
	       "(ulimit -n, LimitNOFILE=)");
	return FT_EXIT_FAILURE;
}

/* Why the main job cannot be done here, and what would help. */
static int check_caps(const struct ft_trace *t, int err)
{
	static const enum ft_ability needed[] = { FT_ABILITY_RING, FT_ABILITY_STATE,
						  FT_ABILITY_ENTRY, FT_ABILITY_END };
	int missing = ft_privilege_check();

	if (missing)
		return missing;
	if (err == -EMFILE || !ft_nofile_enough())
		return no_files();
	if (!strcmp(t->caps.lockdown, "confidentiality")) {
		ft_err("the kernel is locked down (confidentiality): BPF may not read its memory; "
		       "boot "
		       "it with lockdown=integrity");
		return FT_EXIT_KERNEL;
	}
	if (err == -ENOENT && t->opts->btf) {
		return ft_cmd_report_btf(t->opts->btf);
	}
	if (err == -ENOENT) {
		ft_err("this kernel has no BTF in /sys/kernel/btf/vmlinux; name a file that has it "
		       "with --btf FILE (its vmlinux, or what pahole --btf_encode_detached made of "
		       "that), or use a kernel with CONFIG_DEBUG_INFO_BTF");
		return FT_EXIT_KERNEL;
	}
	if (t->caps.paranoid) {
		ft_err("not permitted: with kernel.perf_event_paranoid %d this kernel gives "
		       "software events to CAP_SYS_ADMIN alone; " FT_PARANOID_CURE,
		       ft_caps_paranoid());
		return FT_EXIT_PRIVILEGE;
	}
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		const struct ft_cap *cap = &t->caps.v[needed[i]];

		if (cap->state == FT_CAP_OK)
			continue;
		ft_err("this kernel cannot trace faults: %s: %s; %s", ft_ability_name(needed[i]),
		       cap->reason, cap->cure ? cap->cure : "see 'faulttrace doctor'");
		return t->caps.memlock ? FT_EXIT_PRIVILEGE : FT_EXIT_KERNEL;
	}
	return 0;
}

/* Why the programs were not loaded, and what would help. */
static int cannot_load(int err, uint32_t out)
{
	switch (err) {
	case -EXDEV:
		ft_err(FT_PID_NAMESPACE_WHY "; " FT_PID_NAMESPACE_CURE);
		return FT_EXIT_KERNEL;
	case -EMFILE:
		return no_files();
	case -EDQUOT:
		ft_err("not permitted: memory for the BPF programs; " FT_MEMLOCK_CURE);
		return FT_EXIT_PRIVILEGE;
	case -ENOMEM:
		ft_err("cannot load the BPF programs: no memory for their maps; the limit of the "
		       "cgroup that this runs in counts%s",
		       out & FT_OUT_THRASH ? "; --evictions, --file-pages and --processes make "
					     "them smaller"
					   : "");
		return FT_EXIT_FAILURE;
	default:
		ft_err("cannot load the BPF programs: %s; -vv shows what the kernel said, "
		       "'faulttrace doctor' what is missing",
		       strerror(-err));
		return err == -EPERM ? FT_EXIT_PRIVILEGE : FT_EXIT_KERNEL;
	}
}

static int load(struct ft_trace *t, const struct ft_knobs *knobs, const struct ft_trace_want *want)
{
	struct ft_tracer_config c = {
		.knobs = *knobs,
		.caps = &t->caps,
		.btf_path = t->opts->btf,
		.ring_bytes = buffer_size(t->opts, knobs),
		.max_groups = want->max_groups,
		.max_stacks = want->max_stacks,
		.max_evictions = want->max_evictions,
		.max_processes = want->max_processes,
		.max_pages = want->max_pages,
		.tgids = t->filter->pids.v,
		.n_tgids = t->filter->pids.n,
	};
	int err;

	if (t->child.pid)
		c.knobs.tgid = (__u32)t->child.pid;
	c.knobs.wake_bytes = c.ring_bytes / 4;
	err = ft_tracer_open(&t->tracer, &c);
	if (err)
		return cannot_load(err, knobs->out);
	if (knobs->want_pte && ft_tracer_pte_state(t->tracer))
		ft_warn("page tables cannot be read (%s): most causes stay unknown",
			strerror(-ft_tracer_pte_state(t->tracer)));
	err = ft_ring_create(&t->source, ft_tracer_map_fd(t->tracer, "ft_ring"));
	if (err)
		ft_err("cannot open the ring buffer: %s", strerror(-err));
	return err ? FT_EXIT_FAILURE : 0;
}

/* Who is watched for their end: -p or -t. */
static const struct ft_pidlist *watched(const struct ft_filter_opts *f)
{
	return f->tids.n ? &f->tids : &f->pids;
}

/*
 * Descriptors that become readable when the process ends; -1 on kernels before 5.3, and of a thread
 * that is not its process's first (PIDFD_THREAD came with 6.9).
 */
static void watch_pids(struct ft_trace *t)
{
	const struct ft_pidlist *l = watched(t->filter);

	for (; t->n_pidfds < l->n; t->n_pidfds++)
		t->pidfds[t->n_pidfds] = (int)syscall(SYS_pidfd_open, l->v[t->n_pidfds], 0);
}

static bool has_ended(pid_t id, int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	if (pidfd >= 0)
		return poll(&p, 1, 0) > 0;
	return kill(id, 0) && errno == ESRCH;
}

static void unwatch_last(struct ft_trace *t)
{
	int fd = t->pidfds[--t->n_pidfds];

	if (fd >= 0)
		close(fd);
}

size_t ft_trace_swap_room(size_t min, size_t max)
{
	struct ft_memory m;
	uint64_t pages = 0;

	if (!ft_memory_read("", &m) && m.swap_total != FT_UNKNOWN)
		pages = m.swap_total / (uint64_t)sysconf(_SC_PAGESIZE) * 9 / 8;
	if (pages < min)
		return min;
	return pages < max ? pages : max;
}

int ft_trace_open(struct ft_trace *t, const struct ft_filter_opts *filter,
		  const struct ft_trace_opts *o, char **argv, const struct ft_trace_want *want)
{
	struct ft_knobs knobs = { .out = want->out, .by = want->by };
	struct ft_caps_config cc = { .btf_path = o->btf,
				     .portable = o->hooks == 1,
				     .sums = !(want->out & FT_OUT_STREAM) };
	int err;

	*t = (struct ft_trace) { .filter = filter, .opts = o };
	t->child.go = t->child.failed = -1;
	t->out.fd = -1;
	err = ft_filter_apply(filter, argv, &knobs);
	knobs.want_pte = want->cause || filter->causes || (want->by & FT_BY_CAUSE);
	knobs.want_vma = knobs.want_pte || (want->by & (FT_BY_FILE | FT_BY_MAPPING));
	knobs.breakdown = want->breakdown;
	knobs.evictions = want->evictions;
	if (want->breakdown)
		cc.also = 1U << FT_ABILITY_RECLAIM | 1U << FT_ABILITY_COMPACTION;
	if (want->evictions)
		cc.also |= 1U << FT_ABILITY_SWAP_OUT;
	if (want->out & FT_OUT_THRASH) {
		knobs.want_pte = 1;
		knobs.want_vma = knobs.want_vma ?: FT_VMA_SLOW;
		knobs.far_ns = want->far_ns;
		cc.also |= 1U << FT_ABILITY_SWAP_OUT | 1U << FT_ABILITY_EVICTION |
			   1U << FT_ABILITY_RECLAIM | 1U << FT_ABILITY_KSWAPD |
			   1U << FT_ABILITY_COMPACTION | 1U << FT_ABILITY_OOM;
	}
	if (!err)
		err = check_caps(t, ft_caps_probe(&t->caps, &cc));
	if (!err)
		err = open_output(t);
	if (err)
		return err;
	ft_cmd_catch_stop();
	watch_pids(t);
	if (argv) {
		t->program = argv[0];
		err = ft_child_start(&t->child, argv);
		if (err) {
			ft_err("cannot start %s: %s", argv[0], strerror(-err));
			return FT_EXIT_FAILURE;
		}
	}
	return load(t, &knobs, want);
}

static void banner(const struct ft_trace *t)
{
	struct ft_buf b;

	if (t->opts->quiet)
		return;
	ft_buf_init(&b, STDERR_FILENO);
	ft_buf_str(&b, "Tracing page faults of ");
	if (t->child.pid)
		ft_buf_fmt(&b, "PID %d and its children", t->child.pid);
	else
		ft_filter_describe(t->filter, &b);
	ft_buf_str(&b, "... Hit Ctrl-C to end.\n");
	ft_buf_flush(&b);
	ft_buf_deinit(&b);
}

int ft_trace_start(struct ft_trace *t)
{
	int err = ft_tracer_attach(t->tracer);

	if (err == -EMFILE)
		return no_files();
	if (err) {
		ft_err("cannot attach: %s; 'faulttrace doctor' shows which hooks this kernel has",
		       strerror(-err));
		return FT_EXIT_KERNEL;
	}
	t->start_ns = ft_cmd_now_ns();
	if (t->attached)
		t->attached(t->ctx);
	ft_privilege_drop();
	if (t->opts->duration_ns)
		ft_cmd_ends_at(t->start_ns + t->opts->duration_ns);
	if (!t->child.pid) {
		err = begin_output(t);
		if (!err)
			banner(t);
		return err;
	}
	err = ft_child_go(&t->child);
	if (err) {
		ft_err("cannot execute '%s': %s; name a program that may be run, with its path "
		       "unless it is in PATH",
		       t->program, strerror(-err));
		return FT_EXIT_USAGE;
	}
	return begin_output(t);
}

static bool all_ended(struct ft_trace *t)
{
	const struct ft_pidlist *l = watched(t->filter);

	if (t->child.pid)
		return ft_child_ended(&t->child);
	while (t->n_pidfds && has_ended(l->v[t->n_pidfds - 1], t->pidfds[t->n_pidfds - 1]))
		unwatch_last(t);
	return l->n && !t->n_pidfds;
}

bool ft_trace_over(struct ft_trace *t)
{
	if (ft_cmd_stopped() || t->out.err)
		return true;
	if (t->opts->duration_ns && ft_cmd_now_ns() - t->start_ns >= t->opts->duration_ns)
		return true;
	return all_ended(t);
}

int ft_trace_stop(struct ft_trace *t, struct ft_snapshot *s)
{
	int err = ft_tracer_snapshot(t->tracer, s);

	ft_tracer_detach(t->tracer);
	if (!err)
		err = ft_tracer_final(t->tracer, s);
	if (err)
		ft_err("cannot read the counters: %s", strerror(-err));
	return err ? FT_EXIT_FAILURE : 0;
}

void ft_trace_show_summary(struct ft_trace *t, const struct ft_summary *sum)
{
	const struct ft_view_config config = { .out = &t->out };
	struct ft_buf b;

	if (t->opts->json)
		ft_view_jsonl.close(&config, sum);
	if (t->opts->quiet)
		return;
	ft_buf_init(&b, STDERR_FILENO);
	ft_view_summary(&b, sum, ft_log_level() >= FT_LOG_INFO);
	ft_buf_flush(&b);
	ft_buf_deinit(&b);
}

void ft_trace_close(struct ft_trace *t)
{
	ft_child_stop(&t->child, ft_cmd_hurries);
	ft_source_close(t->source);
	ft_tracer_close(t->tracer);
	ft_caps_release(&t->caps);
	while (t->n_pidfds)
		unwatch_last(t);
	if (t->out.fd > STDOUT_FILENO)
		close(t->out.fd);
	if (t->out_new)
		unlink(t->opts->output);
	ft_buf_deinit(&t->out);
}

int ft_trace_exit_code(struct ft_trace *t)
{
	ft_child_stop(&t->child, ft_cmd_hurries);
	return t->child.pid && t->child.done ? ft_child_exit_code(&t->child) : FT_EXIT_OK;
}
