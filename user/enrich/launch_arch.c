/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __aarch64__
#include <asm/ptrace.h>
#endif

#include "enrich/launch_arch.h"

#if defined(__x86_64__)

#define BREAK_MASK 0xffUL /* int3, one byte; the processor stands after it */
#define BREAK_CODE 0xccUL
#define BREAK_SIZE 1

static int get_pc(pid_t pid, uint64_t *pc)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		return -errno;
	*pc = regs.rip;
	return 0;
}

static int set_pc(pid_t pid, uint64_t pc)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		return -errno;
	regs.rip = pc;
	return ptrace(PTRACE_SETREGS, pid, NULL, &regs) ? -errno : 0;
}

static int poke_debug(pid_t pid, int reg, uint64_t v)
{
	size_t at = offsetof(struct user, u_debugreg) + reg * sizeof(long);

	return ptrace(PTRACE_POKEUSER, pid, at, v) ? -errno : 0;
}

/* DR7 bit 0: DR0 on, for this task; type and length 0: execution. Intel SDM vol. 3, 18.2.4. */
static int set_debug_register(pid_t pid, uint64_t addr)
{
	int err = poke_debug(pid, 0, addr);

	return err ? err : poke_debug(pid, 7, 1);
}

static int clear_debug_register(pid_t pid)
{
	return poke_debug(pid, 7, 0);
}

#elif defined(__aarch64__)

#define BREAK_MASK 0xffffffffUL /* brk #0; the processor stands on it */
#define BREAK_CODE 0xd4200000UL
#define BREAK_SIZE 0

static int get_pc(pid_t pid, uint64_t *pc)
{
	struct user_pt_regs regs;
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov))
		return -errno;
	*pc = regs.pc;
	return 0;
}

static int set_pc(pid_t pid, uint64_t pc)
{
	struct user_pt_regs regs;
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov))
		return -errno;
	regs.pc = pc;
	return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov) ? -errno : 0;
}

static int write_debug_register(pid_t pid, uint64_t addr, uint32_t ctrl)
{
	struct user_hwdebug_state s = { .dbg_regs = { { .addr = addr, .ctrl = ctrl } } };
	struct iovec iov = { &s, offsetof(struct user_hwdebug_state, dbg_regs[1]) };

	return ptrace(PTRACE_SETREGSET, pid, NT_ARM_HW_BREAK, &iov) ? -errno : 0;
}

/* DBGBCR: enabled, EL0, all four bytes. Arm ARM D17.3.2. */
static int set_debug_register(pid_t pid, uint64_t addr)
{
	return write_debug_register(pid, addr, 1 | 2 << 1 | 0xf << 5);
}

static int clear_debug_register(pid_t pid)
{
	return write_debug_register(pid, 0, 0);
}

#else
#error "launch_arch.c: this architecture has no breakpoint yet"
#endif

/* An aligned word: an instruction in the last bytes of a page must not reach into the next. */
static uint64_t word_of(uint64_t addr)
{
	return addr & -sizeof(long);
}

static int set_in_code(struct ft_breakpoint *b)
{
	int shift = 8 * (b->addr - word_of(b->addr));
	unsigned long v;

	errno = 0;
	b->saved = ptrace(PTRACE_PEEKTEXT, b->pid, word_of(b->addr), NULL);
	if (errno)
		return -errno;
	v = ((unsigned long)b->saved & ~(BREAK_MASK << shift)) | BREAK_CODE << shift;
	if (ptrace(PTRACE_POKETEXT, b->pid, word_of(b->addr), v))
		return -errno;
	b->in_code = true;
	return 0;
}

static __attribute__((noinline)) void passed_by_child(void)
{
	__asm__ volatile("");
}

static bool stopped_by(pid_t pid, int sig)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFSTOPPED(status) && WSTOPSIG(status) == sig;
}

/*
 * Whether a debug register stops a task: some virtual machines take what is written to it, and
 * never stop. Tried on a child of ours.
 */
static bool debug_register_works(void)
{
	bool works;
	pid_t pid = fork();

	if (pid < 0)
		return false;
	if (!pid) {
		if (!ptrace(PTRACE_TRACEME, 0, NULL, NULL) && !raise(SIGSTOP))
			passed_by_child();
		_exit(0);
	}
	works = stopped_by(pid, SIGSTOP) && !set_debug_register(pid, (uintptr_t)passed_by_child) &&
		!ptrace(PTRACE_CONT, pid, NULL, NULL) && stopped_by(pid, SIGTRAP);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return works;
}

int ft_breakpoint_set(struct ft_breakpoint *b, pid_t pid, uint64_t addr)
{
	*b = (struct ft_breakpoint) { .pid = pid, .addr = addr };
	if (debug_register_works() && !set_debug_register(pid, addr))
		return 0;
	return set_in_code(b);
}

bool ft_breakpoint_hit(const struct ft_breakpoint *b)
{
	uint64_t pc = 0;

	return !get_pc(b->pid, &pc) && pc == b->addr + (b->in_code ? BREAK_SIZE : 0);
}

int ft_breakpoint_clear(struct ft_breakpoint *b)
{
	if (!b->in_code)
		return clear_debug_register(b->pid);
	if (ptrace(PTRACE_POKETEXT, b->pid, word_of(b->addr), b->saved))
		return -errno;
	return set_pc(b->pid, b->addr);
}
