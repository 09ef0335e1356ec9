/*
 * test_role NAME BINARY - every system call that a role has no right to, tried inside its real program after its hello.
 * A call that kills needs a new process each time, so this is a test of its own for each role.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "gateway/core/clock.h"
#include "gateway/core/scope.h"
#include "tests/integration/inject/inject.h"
#include "tests/integration/inject/role.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAST_CALL = 462, DEADLINE_S = 110 };
#define X32 0x40000000L /* the other call numbers of an x86-64 kernel */
static struct role_house house;
static struct role role; /* the one that lives */

/* It has ended and was waited for. */
static void forget(void)
{
	for (int i = 0; i < ROLE_FDS; i++)
		scope_close(&role.peer[i]);
	role.pid = 0;
}

static void try(long number, const long args[6], struct inject_result *ret)
{
	if (role.pid == 0)
		role_start(&house, &role);
	int r = inject_call(role.pid, number, args, ret);
	if (r < 0)
		fail_msg("call %ld in %s: %s", number, house.name, strerror(-r));
	if (ret->signal)
		forget();
}

/* uretprobe and uprobe: newer kernels let them pass every filter, for they only work from the kernel's own trampoline;
 * from anywhere else they fail, or kill by SIGILL. */
static bool is_beyond_filters(int number, const struct inject_result *r)
{
	return (number == 335 || number == 336) && (r->signal || r->value < 0);
}

static void every_call_outside_its_list_kills(void **state)
{
	(void)state;
	static const long args[6] = { 0 };
	int tried = 0;
	for (int number = 0; number <= LAST_CALL; number++) {
		struct inject_result r;
		if (sandbox_verdict(house.sandbox, number) != SANDBOX_KILL)
			continue;
		try(number, args, &r);
		if (r.signal != SIGSYS && !is_beyond_filters(number, &r))
			fail_msg("call %d in %s: signal %d, returned %ld", number, house.name, r.signal, r.value);
		tried++;
	}
	printf("%s: %d calls kill\n", house.name, tried);
	assert_true(tried > 250); /* most of what a kernel offers */
}

static void every_call_that_libraries_probe_is_refused(void **state)
{
	(void)state;
	static const long args[6] = { 0 };
	int tried = 0;
	for (int number = 0; number <= LAST_CALL; number++) {
		struct inject_result r;
		if (sandbox_verdict(house.sandbox, number) != SANDBOX_REFUSE)
			continue;
		try(number, args, &r);
		if (r.signal || (r.value != -EACCES && r.value != -ENOSYS))
			fail_msg("call %d in %s: signal %d, returned %ld", number, house.name, r.signal, r.value);
		tried++;
	}
	assert_true(tried > 0);
}

#define R(role) (1u << (role))
#define ALL_ROLES (~0u)
/* Calls that are judged by an argument, with one that must not pass; 0: killed, else the errno. */
static const struct {
	unsigned roles;
	long number, args[6];
	int code;
} judged[] = {
	{ ALL_ROLES & ~R(SANDBOX_BROKER) & ~R(SANDBOX_EXPORT) & ~R(SANDBOX_NOTIFY), SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 }, 0 },
	{ R(SANDBOX_BROKER) | R(SANDBOX_EXPORT) | R(SANDBOX_NOTIFY), SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 }, EACCES },
	{ ALL_ROLES, SYS_mmap, { 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC | 0x100, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 }, -1 },
	{ ALL_ROLES, SYS_mprotect, { 0, 4096, PROT_EXEC }, 0 },
	{ ALL_ROLES, SYS_fcntl, { 3, F_SETOWN, 1 }, 0 },
	{ ALL_ROLES, SYS_fcntl, { 3, F_SETSIG, SIGUSR1 }, 0 },
	{ R(SANDBOX_SSH) | R(SANDBOX_MYSQL), SYS_fcntl, { 3, F_DUPFD_CLOEXEC, 3 }, 0 },
	{ R(SANDBOX_SSH) | R(SANDBOX_VAULT) | R(SANDBOX_BROKER) | R(SANDBOX_RECORDER) | R(SANDBOX_NOTIFY), SYS_socketpair,
	  { AF_INET, SOCK_STREAM, 0, 0 }, 0 },
	{ R(SANDBOX_BROKER) | R(SANDBOX_EXPORT) | R(SANDBOX_NOTIFY), SYS_socket, { AF_PACKET, SOCK_RAW, 0 }, 0 },
	{ R(SANDBOX_BROKER) | R(SANDBOX_EXPORT) | R(SANDBOX_NOTIFY), SYS_socket, { AF_VSOCK, SOCK_STREAM, 0 }, 0 },
	{ R(SANDBOX_SSH) | R(SANDBOX_MYSQL), SYS_setsockopt, { 3, SOL_SOCKET, SO_SNDBUF, 0, 0 }, 0 },
	{ R(SANDBOX_BROKER) | R(SANDBOX_RECORDER) | R(SANDBOX_NOTIFY), SYS_clone, { SIGCHLD, 0, 0, 0, 0 }, 0 },
	{ ALL_ROLES, SYS_tgkill, { 1, 1, SIGKILL }, 0 },
};

static void a_judged_call_does_not_pass_with_another_argument(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(judged); i++) {
		struct inject_result r;
		if (!(judged[i].roles & R(house.sandbox)))
			continue;
		try(judged[i].number, judged[i].args, &r);
		bool good = judged[i].code == 0 ? r.signal == SIGSYS
			    : judged[i].code < 0 ? r.signal == SIGSYS || r.value < 0
						 : r.signal == 0 && r.value == -judged[i].code;
		if (!good)
			fail_msg("row %zu, call %ld in %s: signal %d, returned %ld", i, judged[i].number, house.name, r.signal,
				r.value);
	}
}

static void the_calls_of_another_abi_kill(void **state)
{
	(void)state;
	static const long numbers[] = { SYS_read, SYS_getpid, 520 /* execve of x32 */, SYS_socket };
	static const long args[6] = { 0 };
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		struct inject_result r;
		try(X32 | numbers[i], args, &r);
		assert_int_equal(r.signal, SIGSYS);
	}
}

/* The instrument itself: an allowed call works through it, and the process goes on afterwards and ends by itself. */
static void what_is_allowed_works_and_the_process_goes_on(void **state)
{
	(void)state;
	static const long args[6] = { 0 };
	struct inject_result r;
	for (int i = 0; i < 3; i++) {
		try(SYS_getpid, args, &r);
		assert_int_equal(r.signal, 0);
		assert_int_equal(r.value, role.pid);
	}
	int status = 0;
	int64_t due = clock_mono_us() + 10 * 1000 * 1000;
	scope_close(&role.peer[0]); /* it has lost its parent */
	pid_t pid;
	while ((pid = waitpid(role.pid, &status, __WALL | WNOHANG)) == 0 && clock_mono_us() < due)
		(void)usleep(1000);
	assert_int_equal(pid, role.pid);
	assert_true(WIFEXITED(status));
	forget();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_allowed_works_and_the_process_goes_on),
		cmocka_unit_test(every_call_outside_its_list_kills),
		cmocka_unit_test(every_call_that_libraries_probe_is_refused),
		cmocka_unit_test(a_judged_call_does_not_pass_with_another_argument),
		cmocka_unit_test(the_calls_of_another_abi_kill),
	};
	if (argc != 3)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)alarm(DEADLINE_S);
	role_open(&house, argv[1], argv[2]);
	int failed = cmocka_run_group_tests_name(house.name, tests, NULL, NULL);
	role_end(&role);
	role_close(&house);
	return failed;
}
