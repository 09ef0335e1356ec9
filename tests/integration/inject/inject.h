#ifndef TESTS_INJECT_H
#define TESTS_INJECT_H
#include <stdbool.h>
#include <sys/types.h>
/*
 * inject - makes another process execute one system call of our choice, where it stands: what its filter does with the
 * call is seen in the real program, not in a copy of its list.
 *
 * How:     ptrace(2).  The process is interrupted in the system call that it waits in, and the `syscall` instruction
 *          there is executed once with other registers.  Afterwards it goes on as before, if it lives.
 * Returns: 0 or a negative errno (-ESRCH: it had ended before; -ETIMEDOUT: it never waited in a system call).
 * Units:   x86-64 call numbers.
 */
struct inject_result {
	int signal; /* that killed it, or 0 */
	long value; /* what the call returned */
};
int inject_seize(pid_t pid, bool for_life); /* for_life: it is killed when we end; else it goes on */
int inject_call(pid_t pid, long number, const long args[6], struct inject_result *ret);
#endif
