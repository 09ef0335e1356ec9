#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/sandbox.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Nothing of this may be possible for anybody. */
static const int never[] = {
	SYS_execve, SYS_execveat, SYS_fork, SYS_vfork, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount,
	SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_kill, SYS_tkill, SYS_setuid, SYS_setresuid,
	SYS_setgid, SYS_setgroups, SYS_capset, SYS_bpf, SYS_perf_event_open, SYS_io_uring_setup, SYS_init_module,
	SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_keyctl, SYS_add_key, SYS_userfaultfd, SYS_personality,
	SYS_chmod, SYS_fchmodat, SYS_chown, SYS_symlink, SYS_symlinkat, SYS_mknod, SYS_mknodat, SYS_listen, SYS_pidfd_getfd,
	SYS_pidfd_open, SYS_seccomp, SYS_open_by_handle_at, SYS_shmget, SYS_msgget, SYS_quotactl, SYS_settimeofday,
};

static void no_role_may_do_what_nobody_needs(void **state)
{
	(void)state;
	for (int role = 0; role < SANDBOX_ROLES; role++)
		for (size_t i = 0; i < COUNT_OF(never); i++)
			assert_int_equal(sandbox_verdict((enum sandbox_role)role, never[i]), SANDBOX_KILL);
}

static void only_some_roles_reach_files_and_the_network(void **state)
{
	(void)state;
	for (int role = 0; role < SANDBOX_ROLES; role++) {
		bool files = role == SANDBOX_BROKER || role == SANDBOX_EXPORT || role == SANDBOX_RECORDER || role == SANDBOX_NOTIFY;
		bool dials = role == SANDBOX_BROKER || role == SANDBOX_EXPORT || role == SANDBOX_WEB || role == SANDBOX_NOTIFY;
		assert_int_equal(sandbox_verdict((enum sandbox_role)role, SYS_openat), files ? SANDBOX_ALLOW : SANDBOX_REFUSE);
		assert_int_equal(sandbox_verdict((enum sandbox_role)role, SYS_connect),
			dials ? SANDBOX_ALLOW : SANDBOX_KILL);
		assert_int_equal(sandbox_verdict((enum sandbox_role)role, SYS_memfd_create),
			role == SANDBOX_WEB ? SANDBOX_ALLOW : SANDBOX_KILL);
		assert_int_equal(sandbox_verdict((enum sandbox_role)role, SYS_socket),
			dials ? SANDBOX_ARGS : SANDBOX_KILL);
		assert_int_equal(sandbox_verdict((enum sandbox_role)role, SYS_mmap), SANDBOX_ARGS);
		assert_int_equal(sandbox_verdict((enum sandbox_role)role, SYS_read), SANDBOX_ALLOW);
	}
}

/* Everything below needs a real filter. */
#ifdef YANMEN_SANITIZED
int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(no_role_may_do_what_nobody_needs), CASE(only_some_roles_reach_files_and_the_network),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
#else

static const char *const names[SANDBOX_ROLES] = { "ssh", "pwhash", "vault", "broker", "recorder", "reader", "export", "term", "web", "notify" };

/* What became of a child that entered the role and then did it: exit code 0..255, or 1000 + signal. */
static int child(enum sandbox_role role, int (*act)(void))
{
	int status = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)ualarm(300 * 1000, 0); /* a call that waits was allowed */
		if (sandbox_enter(role, NULL) < 0)
			_exit(200);
		_exit(act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The lists are what the kernel does: each listed call of each role, and some others, is tried with empty arguments. */
static int tried;

static int try_it(void)
{
	errno = 0;
	long r = syscall(tried, -1L, 0L, 0L, 0L, 0L, 0L);
	return r < 0 ? errno : 0;
}

/* These wait, end the process or return somewhere else when called with nothing. */
static bool is_untryable(int call)
{
	return call == SYS_exit || call == SYS_exit_group || call == SYS_rt_sigreturn || call == SYS_restart_syscall ||
	       call == SYS_rseq || (call > 334 && call < 424 /* no calls; the kernel keeps two for itself */);
}

static void the_kernel_keeps_every_row(void **state)
{
	(void)state;
	for (int role = 0; role < SANDBOX_ROLES; role++)
		for (int call = 0; call < 452; call++) {
			enum sandbox_verdict verdict = sandbox_verdict((enum sandbox_role)role, call);
			if (verdict == SANDBOX_ARGS || is_untryable(call))
				continue;
			tried = call;
			int got = child((enum sandbox_role)role, try_it);
			bool good = verdict == SANDBOX_KILL ? got == 1000 + SIGSYS :
				    verdict == SANDBOX_ALLOW ? got < 200 || got == 1000 + SIGALRM :
				    got == (call == SYS_clone3 ? ENOSYS : EACCES);
			if (!good)
				fail_msg("%s: call %d, verdict %d, outcome %d", names[role], call, (int)verdict, got);
		}
}

static int map_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 7 : 0;
}

static int make_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? 8 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static void no_role_gets_executable_memory(void **state)
{
	(void)state;
	for (int role = 0; role < SANDBOX_ROLES; role++) {
		assert_int_equal(child((enum sandbox_role)role, map_executable),
			role == SANDBOX_BROKER || role == SANDBOX_EXPORT || role == SANDBOX_WEB || role == SANDBOX_NOTIFY ? 7 : 1000 + SIGSYS);
		assert_int_equal(child((enum sandbox_role)role, make_executable), 1000 + SIGSYS);
	}
}

static int raw_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) >= 0;
}

static int inet_pair(void)
{
	int sv[2];
	return socketpair(AF_INET, SOCK_STREAM, 0, sv);
}

static int unix_pair(void)
{
	int sv[2];
	return socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
}

static int plain_fork(void)
{
	return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static int signal_other(void)
{
	return (int)syscall(SYS_tgkill, getppid(), getppid(), SIGABRT);
}

static int set_traced(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int call_abort(void)
{
	abort();
}

static int new_secret(void)
{
	struct secret *s = NULL;
	int r = secret_new(100, &s, NULL);
	s = secret_free(s);
	return -r;
}

static void *nothing(void *ctx)
{
	return ctx;
}

static int start_thread(void)
{
	pthread_t t;
	return pthread_create(&t, NULL, nothing, NULL) || pthread_join(t, NULL);
}

static void arguments_are_judged(void **state)
{
	(void)state;
	static const struct {
		enum sandbox_role role;
		int (*act)(void);
		int outcome;
	} table[] = {
		{ SANDBOX_EXPORT, raw_socket, 1000 + SIGSYS }, { SANDBOX_EXPORT, unix_pair, 1000 + SIGSYS },
		{ SANDBOX_EXPORT, plain_fork, 1000 + SIGSYS }, { SANDBOX_EXPORT, start_thread, 1000 + SIGSYS },
		{ SANDBOX_NOTIFY, raw_socket, 1000 + SIGSYS }, { SANDBOX_NOTIFY, inet_pair, 1000 + SIGSYS },
		{ SANDBOX_NOTIFY, plain_fork, 1000 + SIGSYS }, { SANDBOX_NOTIFY, start_thread, 0 },
		{ SANDBOX_WEB, raw_socket, 1000 + SIGSYS }, { SANDBOX_WEB, inet_pair, 1000 + SIGSYS },
		{ SANDBOX_WEB, plain_fork, 1000 + SIGSYS }, { SANDBOX_WEB, start_thread, 1000 + SIGSYS },
		{ SANDBOX_WEB, new_secret, 0 },
		{ SANDBOX_BROKER, raw_socket, 1000 + SIGSYS }, { SANDBOX_VAULT, unix_pair, 0 },
		{ SANDBOX_VAULT, inet_pair, 1000 + SIGSYS },   { SANDBOX_SSH, unix_pair, 0 },
		{ SANDBOX_RECORDER, plain_fork, 1000 + SIGSYS }, { SANDBOX_BROKER, plain_fork, 1000 + SIGSYS },
		{ SANDBOX_SSH, plain_fork, 1000 + SIGSYS },    { SANDBOX_SSH, signal_other, 1000 + SIGSYS },
		{ SANDBOX_RECORDER, set_traced, 1000 + SIGSYS }, { SANDBOX_SSH, call_abort, 1000 + SIGABRT },
		{ SANDBOX_SSH, new_secret, 0 },                { SANDBOX_READER, new_secret, 0 },
	};
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		int got = child(table[i].role, table[i].act);
		if (got != table[i].outcome)
			fail_msg("row %zu: outcome %d, want %d", i, got, table[i].outcome);
	}
}

static int started[2], ready[2];

static void *wait_then_open(void *ctx)
{
	char c;
	(void)ctx;
	(void)!write(started[1], "", 1);
	(void)!read(ready[0], &c, 1);
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? NULL : &ready;
}

/* A thread that lived before the filter must not be a way around it. */
static void threads_are_bound_too(void **state)
{
	(void)state;
	int status;
	assert_int_equal(child(SANDBOX_RECORDER, start_thread), 0);
	assert_int_equal(pipe(started), 0);
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		pthread_t t;
		void *opened = NULL;
		char c;
		if (pthread_create(&t, NULL, wait_then_open, NULL) != 0 || read(started[0], &c, 1) != 1 ||
			sandbox_enter(SANDBOX_VAULT, NULL) < 0)
			_exit(200);
		(void)!write(ready[1], "", 1);
		(void)pthread_join(t, &opened);
		_exit(opened ? 0 : 1); /* refused, not killed: a vault's openat is EACCES */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < 2; i++) {
		(void)close(started[i]);
		(void)close(ready[i]);
	}
}

/* read blocks inside the filter, so the child can be looked at. */
static void nothing_can_be_gained_or_looked_into(void **state)
{
	(void)state;
	int told[2], hold[2], status;
	char path[64], text[4096], c;
	assert_int_equal(pipe(told), 0);
	assert_int_equal(pipe(hold), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (sandbox_enter(SANDBOX_SSH, NULL) < 0)
			_exit(200);
		(void)!write(told[1], "", 1);
		(void)!read(hold[0], &c, 1);
		_exit(0);
	}
	assert_int_equal(read(told[0], &c, 1), 1);
	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	scoped(scope_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof text - 1);
	text[n > 0 ? n : 0] = '\0';
	(void)!write(hold[1], "", 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_non_null(strstr(text, "NoNewPrivs:\t1"));
	assert_non_null(strstr(text, "Seccomp:\t2"));
	for (int i = 0; i < 2; i++) {
		(void)close(told[i]);
		(void)close(hold[i]);
	}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(no_role_may_do_what_nobody_needs), CASE(only_some_roles_reach_files_and_the_network),
		CASE(the_kernel_keeps_every_row), CASE(no_role_gets_executable_memory), CASE(arguments_are_judged),
		CASE(threads_are_bound_too), CASE(nothing_can_be_gained_or_looked_into),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
#endif
