#include "tests/integration/inject/inject.h"
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEAD = 2, SYSCALL_STOP = SIGTRAP | 0x80, TRIES = 2000, PAUSE_US = 1000 };

static int trace(long request, pid_t pid, void *data)
{
	return ptrace((enum __ptrace_request)request, pid, NULL, data) < 0 ? -errno : 0;
}

int inject_seize(pid_t pid, bool for_life)
{
	return trace(PTRACE_SEIZE, pid,
		(void *)(uintptr_t)(PTRACE_O_TRACESYSGOOD | (for_life ? PTRACE_O_EXITKILL : 0)));
}

/* 1: stopped, for `stop` or, where that is 0, for anything; 0: dead, see ret. */
static int wait_stop(pid_t pid, int stop, struct inject_result *ret)
{
	for (;;) {
		int status;
		if (waitpid(pid, &status, __WALL) < 0)
			return -errno;
		if (WIFSIGNALED(status) || WIFEXITED(status)) {
			ret->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
			return WIFSIGNALED(status) ? 0 : -ESRCH;
		}
		if (stop == 0 || WSTOPSIG(status) == stop)
			return 1;
		/* Another stop in between: a signal is delivered, so that it may kill. */
		int sig = status >> 16 == 0 && WSTOPSIG(status) != SIGTRAP ? WSTOPSIG(status) : 0;
		int r = trace(PTRACE_SYSCALL, pid, (void *)(intptr_t)sig);
		if (r < 0)
			return r;
	}
}

static bool is_at_syscall(pid_t pid, const struct user_regs_struct *regs)
{
	errno = 0;
	long word = ptrace(PTRACE_PEEKTEXT, pid, (void *)(uintptr_t)(regs->rip - 2), NULL);
	return errno == 0 && (word & 0xffff) == 0x050f; /* 0f 05: syscall */
}

/* Stops it where it waits for something. */
static int stop_in_call(pid_t pid, struct user_regs_struct *regs, struct inject_result *ret)
{
	for (int i = 0; i < TRIES; i++) {
		int r = trace(PTRACE_INTERRUPT, pid, NULL);
		if (r == 0)
			r = wait_stop(pid, 0, ret);
		if (r <= 0)
			return r < 0 ? r : -ESRCH;
		r = trace(PTRACE_GETREGS, pid, regs);
		if (r < 0 || is_at_syscall(pid, regs))
			return r;
		if ((r = trace(PTRACE_CONT, pid, NULL)) < 0)
			return r;
		(void)usleep(PAUSE_US);
	}
	return -ETIMEDOUT;
}

/* To the next edge of a system call. */
static int go_on(pid_t pid, struct inject_result *ret)
{
	int r = trace(PTRACE_SYSCALL, pid, NULL);
	if (r == 0)
		r = wait_stop(pid, SYSCALL_STOP, ret);
	return r == 1 ? 0 : r == 0 ? DEAD : r;
}

int inject_call(pid_t pid, long number, const long args[6], struct inject_result *ret)
{
	struct user_regs_struct was, regs;
	*ret = (struct inject_result){ 0 };
	int r = stop_in_call(pid, &was, ret);
	if (r < 0)
		return r;
	regs = was;
	regs.rip -= 2;
	regs.rax = (unsigned long long)number;
	regs.orig_rax = (unsigned long long)-1; /* the interrupted call is not restarted behind our back */
	regs.rdi = (unsigned long long)args[0];
	regs.rsi = (unsigned long long)args[1];
	regs.rdx = (unsigned long long)args[2];
	regs.r10 = (unsigned long long)args[3];
	regs.r8 = (unsigned long long)args[4];
	regs.r9 = (unsigned long long)args[5];
	r = trace(PTRACE_SETREGS, pid, &regs);
	for (int edge = 0; r == 0 && edge < 2; edge++) /* into the call, and out of it */
		r = go_on(pid, ret);
	if (r == 0)
		r = trace(PTRACE_GETREGS, pid, &regs);
	ret->value = (long)regs.rax;
	/* Back to the call that it waited in.  A process that the filter kills dies only now, on its way out. */
	regs = was;
	regs.rip -= 2;
	regs.rax = was.orig_rax;
	regs.orig_rax = (unsigned long long)-1;
	if (r == 0)
		r = trace(PTRACE_SETREGS, pid, &regs);
	if (r == 0)
		r = go_on(pid, ret);
	if (r == DEAD)
		return 0;
	return r < 0 ? r : trace(PTRACE_CONT, pid, NULL);
}
