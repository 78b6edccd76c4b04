/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The life of a fault: where it begins (exception tracepoints), where it ends (software perf
 * events, signals), and what happens to one that does neither. Bodies are functions; the programs
 * below only say how they attach.
 */
#include "account.bpf.h"
#include "attempt.bpf.h"
#include "emit.bpf.h"
#include "exit.bpf.h"

const volatile struct ft_knobs ft_knobs = {};

/* Set by user space once all is attached, read by state_base(). */
__u64 ft_attached_ns;

/* Set by user space before it detaches: from then on an end without a beginning is no loss. */
__u32 ft_closing;

#define SIGBUS	  7
#define SIGSEGV	  11
#define SI_KERNEL 0x80

/*
 * fault_finish() as st->finish says, other than at the usual end. A function of its own: its
 * code is there once, and its stack.
 */
static __noinline int finish(void *ctx)
{
	struct ft_state *st = state_get(compat_current(), false);
	const volatile struct ft_finish *f;
	__u32 which;

	if (!st)
		return 0;
	f = &st->finish;
	which = f->which;
	if (which >= FT_WHICH_MAX)
		return 0;
	return fault_finish(ctx, st, compat_task(), &st->opens[which], false, f->latency, f->end,
			    f->fatal);
}

/*
 * How the open fault of the current task ended, of which nothing was seen; `end`, unless the kernel
 * has counted it. Then its software event was not given: bpf_overflow_handler(),
 * kernel/events/core.c, gives none on a CPU where a system call has a map in hand
 * (bpf_disable_instrumentation()), and since kernels are preempted everywhere that can last. A
 * fault of get_user_pages() since then is not taken for it where those are seen.
 */
static __always_inline __u32 unseen_end(struct ft_state *st, __u32 end)
{
	struct task_struct *task = compat_task();
	__u64 maj = BPF_CORE_READ(task, maj_flt), min = BPF_CORE_READ(task, min_flt);

	if (!st->based)
		return end;
	if ((__u32)maj != st->open.maj_flt && maj - st->base_maj > st->seen_maj + st->gup_maj) {
		st->seen_maj++;
		lose(FT_LOSS_NO_END);
		return FT_END_MAJOR;
	}
	if ((__u32)min != st->open.min_flt && min - st->base_min > st->seen_min + st->gup_min) {
		st->seen_min++;
		lose(FT_LOSS_NO_END);
		return FT_END_MINOR;
	}
	return end;
}

/*
 * What the task had under way is over: a fault whose signal was not seen delivered, or one that
 * neither completed nor raised a signal, and will not any more; `end` says why. Never both: the
 * signal ends the fault. In kernel mode no signal is always the fixup, also when the task is being
 * killed. `fatal`, of the signal: FT_KNOWN_FATAL, FT_FATAL.
 */
static __always_inline bool flush_due(struct ft_state *st, __u32 end, __u32 fatal)
{
	struct ft_finish *f = &st->finish;

	if (st->waiting) {
		st->waiting = 0;
		f->which = FT_WHICH_SIGNALLED;
		f->latency = st->sig.latency;
		f->end = st->sig.end;
		f->fatal = fatal;
		return true;
	}
	if (st->is_open) {
		st->is_open = 0;
		f->which = FT_WHICH_OPEN;
		f->latency = FT_UNKNOWN_NS;
		f->end = unseen_end(st, st->open.mode == FT_MODE_KERNEL ? FT_END_FIXUP : end);
		f->fatal = 0;
		return true;
	}
	return false;
}

static __always_inline void flush(void *ctx, struct ft_state *st, __u32 end, __u32 fatal)
{
	if (flush_due(st, end, fatal))
		finish(ctx);
}

static __always_inline void fill_open(struct ft_open *o, struct task_struct *task, __u64 addr,
				      struct pt_regs *regs, __u64 error, __u8 mode)
{
	struct pte_found pte;
	struct mm_struct *mm;
	pgd_t *pgd;

	o->ts = bpf_ktime_get_ns();
	o->addr = addr;
	o->ip = compat_ip(regs);
	o->error = error;
	o->mode = mode;
	o->attempts = 0;
	o->failed = 0;
	compat_read(o->maj_flt, task, maj_flt);
	compat_read(o->min_flt, task, min_flt);
	o->pte_kind = FT_PTE_UNKNOWN;
	o->no_table = 0;
	if (ft_knobs.breakdown || (ft_knobs.out & FT_OUT_THRASH))
		o->reclaim_ns = o->memcg_ns = o->compaction_ns = o->wait_ns = 0;
	if (!ft_knobs.want_pte)
		return;
	compat_read(o->nvcsw, task, nvcsw);
	if (compat_has_task_io())
		compat_read(o->read_bytes, task, ioac.read_bytes);
	hot_read_ptr(true, mm, task, mm);
	if (!mm)
		return;
	hot_read_ptr(true, pgd, mm, pgd);
	pte = pte_of((__u64)pgd, addr);
	o->pte = pte.val;
	o->no_table = pte.ok && !pte.leaf;
	o->pte_kind = pte_classify(pte);
	if (ft_knobs.entry_attempt && pte.ok && (pte.val & PTE_PRESENT))
		o->error |= ERR_PRESENT;
}

/*
 * A new exception in a process that is wanted. Whatever the task had open is over: handling a fault
 * does not touch user memory, but with page faults disabled (in an interrupt, say), and then the
 * handler goes straight to the fixup: faulthandler_disabled(), arch/x86/mm/fault.c. `exception`:
 * not at handle_mm_fault(), which is not called then.
 */
static __always_inline int fault_begin(void *ctx, struct task_struct *task, __u64 addr,
				       struct pt_regs *regs, __u64 error, __u8 mode, bool exception)
{
	const bool kernel = exception && mode == FT_MODE_KERNEL;
	const __u32 filters = ft_knobs.filters;
	struct ft_state *st;
	bool due;

	if (!wanted_thread(task, filters))
		return 0;
	if (mode == FT_MODE_KERNEL && (__s64)addr < 0)
		return 0; /* kernel memory: not a fault of user memory */
	if (!wanted_task(filters)) {
		account_close(task);
		return 0;
	}
	st = state_get(task, true);
	if (!st) {
		lose(FT_LOSS_NO_STATE);
		return 0;
	}
	if (st->walking)
		return 0;
	state_base(st);
	if (kernel && compat_faults_disabled(task)) {
		fill_open(&st->nofault, task, addr, regs, error, mode);
		stack_begin(ctx, st, &st->nofault);
		st->finish = (struct ft_finish) { .which = FT_WHICH_NOFAULT,
						  .latency = FT_UNKNOWN_NS,
						  .end = FT_END_NOFAULT };
		due = true;
	} else {
		due = flush_due(st, FT_END_LOST, 0);
		if (kernel && !due)
			st->finish.which = FT_WHICH_OPEN;
	}
	/* One call, and memory tells which it was: else the verifier goes through it twice. */
	if (due)
		finish(ctx);
	if (kernel && *(volatile __u32 *)&st->finish.which == FT_WHICH_NOFAULT)
		return 0;
	fill_open(&st->open, task, addr, regs, error, mode);
	stack_begin(ctx, st, &st->open);
	st->is_open = 1;
	return 0;
}

/* Arguments are loaded when the fault is wanted: a program of BPF_PROG() loads them first. */
SEC("tp_btf/page_fault_user")
int tp_btf__page_fault_user(__u64 *ctx)
{
	struct task_struct *task = compat_current();

	if (!wanted_process(task))
		return 0;
	return fault_begin(ctx, task, ctx[0], (struct pt_regs *)ctx[1], ctx[2], FT_MODE_USER, true);
}

SEC("tp_btf/page_fault_kernel")
int BPF_PROG(tp_btf__page_fault_kernel, unsigned long addr, struct pt_regs *regs,
	     unsigned long error)
{
	struct task_struct *task = compat_current();

	if (!wanted_process(task))
		return 0;
	return fault_begin(ctx, task, addr, regs, error, FT_MODE_KERNEL, true);
}

/*
 * Attached to both software events. Which of them it was is what the kernel has just counted:
 * mm_account_fault() raises maj_flt or min_flt before it raises the event.
 */
SEC("perf_event")
int perf_event__page_fault(struct bpf_perf_event_data *ctx)
{
	struct task_struct *task = compat_current();
	__u32 end = FT_END_MINOR, maj_flt;
	struct ft_state *st;
	__u64 now, addr;

	if (!wanted_process(task))
		return 0;
	/* Only a task that was wanted at the beginning has a state. */
	st = state_get(task, false);
	if (!st)
		return 0;
	addr = ctx->addr;
	if (!st->based && !account_late(st, addr))
		return 0; /* it began before the start, or is filtered out */
	now = bpf_ktime_get_ns();
	if (!st->is_open || st->open.addr != addr) {
		if (!ft_closing)
			lose(FT_LOSS_NO_ENTRY);
		return 0;
	}
	st->is_open = 0;
	compat_read(maj_flt, task, maj_flt);
	if (maj_flt != st->open.maj_flt) {
		end = FT_END_MAJOR;
		st->seen_maj++;
	} else {
		st->seen_min++;
	}
	return fault_finish(ctx, st, task, &st->open, true, now - st->open.ts, end, 0);
}

/* handle_mm_fault() is called: where there is no exception tracepoint, that is where a fault
 * begins. */
static __always_inline int attempt(void *ctx, struct vm_area_struct *vma, __u64 addr, __u32 flags,
				   struct pt_regs *regs)
{
	struct task_struct *task = compat_current();

	if (!wanted_process(task))
		return 0;
	if (ft_knobs.entry_attempt && regs && attempt_is_first(addr))
		fault_begin(ctx, task, addr, regs, attempt_error(flags),
			    flags & FAULT_FLAG_USER ? FT_MODE_USER : FT_MODE_KERNEL, false);
	return attempt_begin(task, vma, addr, regs);
}

SEC("fentry/handle_mm_fault")
int BPF_PROG(fentry__handle_mm_fault, struct vm_area_struct *vma, unsigned long addr,
	     unsigned int flags, struct pt_regs *regs)
{
	return attempt(ctx, vma, addr, flags, regs);
}

SEC("kprobe/handle_mm_fault")
int BPF_KPROBE(kprobe__handle_mm_fault, struct vm_area_struct *vma, unsigned long addr,
	       unsigned int flags, struct pt_regs *regs)
{
	return attempt(ctx, vma, addr, flags, regs);
}

SEC("fexit/handle_mm_fault")
int BPF_PROG(fexit__handle_mm_fault, struct vm_area_struct *vma, unsigned long addr,
	     unsigned int flags, struct pt_regs *regs, unsigned int ret)
{
	return attempt_end(flags, regs, ret);
}

/* How the fault ended, by the signal it raised; FT_END_MAX when the signal is no fault's. */
static __always_inline __u32 signal_end(int sig, int code)
{
	if (code <= 0)
		return FT_END_MAX;
	if (code == SI_KERNEL)
		return FT_END_SIGNAL; /* force_sig(): emulate_vsyscall(), and general protection */
	if (sig == SIGSEGV) {
		switch (code) {
		case 1:
			return FT_END_MAPERR;
		case 2:
			return FT_END_ACCERR;
		case 4:
			return FT_END_PKUERR;
		default:
			return FT_END_SIGNAL;
		}
	}
	if (code == 2)
		return FT_END_ADRERR;
	return code == 4 || code == 5 ? FT_END_MCEERR : FT_END_SIGNAL;
}

/*
 * Without an exception tracepoint a fault that never came to handle_mm_fault(), for want of a
 * mapping or of the right to it, is met at its signal. When it began is not known.
 */
static __always_inline void signal_begin(struct ft_state *st, struct task_struct *task, __u64 addr)
{
	if ((st->is_open && st->open.addr == addr) || !wanted_task(ft_knobs.filters))
		return;
	state_base(st);
	__builtin_memset(&st->open, 0, sizeof(st->open));
	st->open.addr = addr;
	st->open.ip = compat_user_ip();
	st->open.error = compat_signal_error(task);
	st->open.mode = FT_MODE_USER;
	st->is_open = 1;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(tp_btf__signal_generate, int sig, struct kernel_siginfo *info, struct task_struct *to)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct task_struct *task;
	struct ft_state *st;
	__u64 addr;
	__u32 end;

	if ((sig != SIGSEGV && sig != SIGBUS) || (__u64)info < 4096 || !wanted_pid(pid_tgid))
		return 0;
	task = compat_current();
	if (task != to)
		return 0;
	end = signal_end(sig, BPF_CORE_READ(info, si_code));
	st = state_get(task, ft_knobs.entry_attempt);
	if (end == FT_END_MAX || !st)
		return 0;
	if (ft_knobs.entry_attempt && BPF_CORE_READ(info, si_code) != SI_KERNEL)
		signal_begin(st, task, (__u64)BPF_CORE_READ(info, _sifields._sigfault._addr));
	if (!st->is_open)
		return 0;
	addr = (__u64)BPF_CORE_READ(info, _sifields._sigfault._addr);
	/* SI_KERNEL carries no address; a user-mode fault under way can only be its cause. */
	if (BPF_CORE_READ(info, si_code) == SI_KERNEL ? st->open.mode != FT_MODE_USER
						      : st->open.addr != addr)
		return 0;
	st->is_open = 0;
	st->signalled = st->open;
	st->sig.latency = st->open.ts ? bpf_ktime_get_ns() - st->open.ts : FT_UNKNOWN_NS;
	if (!st->open.ts)
		st->signalled.ts = bpf_ktime_get_ns();
	st->sig.end = end;
	st->waiting = 1;
	return 0;
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(tp_btf__signal_deliver, int sig, struct kernel_siginfo *info, struct k_sigaction *ka)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct ft_state *st;
	__u32 fatal = FT_KNOWN_FATAL;

	if (!wanted_pid(pid_tgid))
		return 0;
	st = state_get(compat_current(), false);
	if (!st || !st->waiting)
		return 0;
	/* SIG_DFL of these signals is death; a fatal signal of another kind overtakes it. */
	if (!BPF_CORE_READ(ka, sa.sa_handler))
		fatal |= FT_FATAL;
	flush(ctx, st, FT_END_LOST, fatal);
	return 0;
}

/*
 * A new task, in the context of the one that made it. Not sched_process_fork: compat.bpf.h,
 * "programs that are skipped".
 */
SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(tp_btf__sched_wakeup_new, struct task_struct *child)
{
	__u32 one = 1, from = bpf_get_current_pid_tgid() >> 32, to = BPF_CORE_READ(child, tgid);

	if (!ft_knobs.follow || from == to || !bpf_map_lookup_elem(&ft_targets, &from))
		return 0;
	if (bpf_map_update_elem(&ft_targets, &to, &one, BPF_ANY))
		lose(FT_LOSS_NO_STATE);
	return 0;
}

/*
 * The program that we start is traced from its execution on, as perf's enable_on_exec does it: what
 * our own copy of ourselves faults before is none of its faults. begin_new_exec(), fs/exec.c, names
 * the task when its old memory is gone and before it touches the new one; at sched_process_exec the
 * faults of exec itself are over.
 */
SEC("tp_btf/task_rename")
int BPF_PROG(tp_btf__task_rename)
{
	__u32 one = 1, tgid = bpf_get_current_pid_tgid() >> 32;

	if (!ft_attached_ns || !ft_knobs.follow || tgid != ft_knobs.tgid)
		return 0;
	if (bpf_map_update_elem(&ft_targets, &tgid, &one, BPF_ANY))
		lose(FT_LOSS_NO_STATE);
	return 0;
}

/* How a fault ends that its task did not survive. */
static __always_inline __u32 death_end(struct task_struct *task)
{
	return BPF_CORE_READ(task, signal, oom_mm) ? FT_END_OOM : FT_END_KILLED;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(tp_btf__sched_process_exit, struct task_struct *dying)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct task_struct *task;
	struct ft_state *st;

	if (ft_knobs.out & FT_OUT_THRASH)
		thrash_exit();
	if (!wanted_pid(pid_tgid))
		return 0;
	task = compat_current();
	if (!wanted_task(ft_knobs.filters)) {
		account_close(task);
		return 0;
	}
	st = state_get(task, true);
	if (st) {
		state_base(st);
		flush(ctx, st, death_end(task), FT_KNOWN_FATAL | FT_FATAL);
	}
	return exit_account(BPF_CORE_READ(task, signal, live.counter) == 0);
}

/*
 * The process is gone, with all its threads. Not at the exit of its last one: threads that end at
 * once may come to sched_process_exit in another order than they are counted down.
 */
SEC("tp_btf/sched_process_free")
int BPF_PROG(tp_btf__sched_process_free, struct task_struct *task)
{
	__u32 tgid = BPF_CORE_READ(task, tgid), pid = BPF_CORE_READ(task, pid);

	late_exit(task, (__u64)tgid << 32 | pid, pid == tgid);
	if ((ft_knobs.filters & FT_FILTER_TGIDS) && pid == tgid)
		bpf_map_delete_elem(&ft_targets, &tgid);
	return 0;
}

/*
 * Finds a mapping of the task that runs this, as a fault would: user space knows its bounds. Run by
 * `faulttrace doctor` with BPF_PROG_RUN.
 */
__u64 ft_see_addr, ft_see_start, ft_see_end;

SEC("raw_tp/ft_see_mapping")
int ft_see_mapping(void *ctx)
{
	struct ft_vma_found *found;

	if (!vma_lookup(ft_see_addr))
		return 0;
	found = vma_found();
	if (!found)
		return 0;
	ft_see_start = found->slot.start;
	ft_see_end = found->slot.end;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
