#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/proc.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Runs `script` in a shell whose descriptor 3 is a pipe to us; returns what it wrote there. */
static const char *run(struct proc_spec spec, const char *script)
{
	static char out[8192];
	const char *argv[] = { "sh", "-c", script, NULL };
	int ends[2], pidfd = -1;
	pid_t pid = -1;
	struct err err = { 0 };
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	spec.path = spec.path ? spec.path : "/bin/sh";
	spec.argv = argv;
	spec.fds = &ends[1];
	spec.n_fds = 1;
	int r = proc_start(&spec, &pid, &pidfd, &err);
	if (r < 0)
		fail_msg("%s", err.detail);
	scope_close(&ends[1]);
	size_t n = 0;
	ssize_t got;
	while ((got = read(ends[0], out + n, sizeof out - 1 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	scope_close(&ends[0]);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	assert_int_equal(poll(&p, 1, 10000), 1); /* the pidfd tells the end */
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	scope_close(&pidfd);
	return out;
}

static void the_child_holds_what_it_was_given_and_nothing_else(void **state)
{
	(void)state;
	int leak = open("/dev/zero", O_RDONLY); /* not CLOEXEC, on purpose */
	assert_true(leak > 2);
	const char *out = run((struct proc_spec){ 0 },
		"test /proc/$$/fd/1 -ef /dev/null && echo null >&3; exec ls -l /proc/self/fd >&3");
	(void)close(leak);
	assert_non_null(strstr(out, "null\n"));
	assert_non_null(strstr(out, " 0 -> /dev/null\n"));
	assert_non_null(strstr(out, " 3 -> pipe:"));
	assert_non_null(strstr(out, " 4 -> /proc/")); /* the folder that ls reads: 4 was free */
	assert_null(strstr(out, " 5 -> "));
	assert_null(strstr(out, "/dev/zero"));
}

static void descriptors_keep_their_order_wherever_they_lay(void **state)
{
	(void)state;
	int pipes[3][2], fds[3], pidfd = -1;
	pid_t pid;
	const char *argv[] = { "sh", "-c", "echo three >&3; echo four >&4; echo five >&5", NULL };
	for (int i = 0; i < 3; i++)
		assert_int_equal(pipe2(pipes[i], O_CLOEXEC), 0);
	for (int i = 0; i < 3; i++)
		fds[i] = pipes[2 - i][1]; /* descending: a plain dup2 loop would cover one */
	struct proc_spec spec = { .path = "/bin/sh", .argv = argv, .fds = fds, .n_fds = 3 };
	assert_int_equal(proc_start(&spec, &pid, &pidfd, NULL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	static const char *const want[] = { "five\n", "four\n", "three\n" };
	for (int i = 0; i < 3; i++) {
		char got[16] = { 0 };
		assert_int_equal(read(pipes[i][0], got, sizeof got - 1), strlen(want[i]));
		assert_string_equal(got, want[i]);
		scope_close(&pipes[i][0]);
		scope_close(&pipes[i][1]);
	}
	scope_close(&pidfd);
}

static void environment_session_and_limits_are_set(void **state)
{
	(void)state;
	assert_int_equal(setenv("SECRET_OF_OURS", "x", 1), 0);
	const char *out = run((struct proc_spec){ .nofile = 77 },
		"{ tr '\\0' '\\n' </proc/$$/environ; echo core=$(ulimit -c) files=$(ulimit -n); pwd;"
		"cut -d' ' -f1,6 /proc/$$/stat; } >&3");
	assert_null(strstr(out, "SECRET_OF_OURS"));
	assert_non_null(strstr(out, "PATH="));
	assert_non_null(strstr(out, "LANG="));
	assert_non_null(strstr(out, "core=0 files=77\n/\n"));
	int pid = 0, sid = 0;
	const char *line = strstr(out, "\n/\n");
	assert_int_equal(sscanf(line, "\n/\n%d %d", &pid, &sid), 2);
	assert_int_equal(pid, sid);
}

static void becomes_the_user_and_runs_below_a_closed_folder(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: becoming another user takes root\n");
		skip();
	}
	char folder[] = "/tmp/core-proc-XXXXXX", path[32], copy[160];
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/sh", folder);
	(void)snprintf(copy, sizeof copy, "cat /bin/sh > %s; chmod 755 %s; chmod 700 %s; echo done >&3", path, path, folder);
	assert_string_equal(run((struct proc_spec){ 0 }, copy), "done\n");
	const char *out = run((struct proc_spec){ .path = path, .user = "nobody", .group = "daemon" },
		"{ grep -E '^(Uid|Gid|Groups|CapEff|CapPrm):' /proc/$$/status; } >&3");
	(void)unlink(path);
	(void)rmdir(folder);
	assert_non_null(strstr(out, "Uid:\t65534\t65534\t65534\t65534\n"));
	assert_non_null(strstr(out, "Gid:\t65534\t65534\t65534\t65534\n"));
	assert_non_null(strstr(out, "Groups:\t1 \n"));
	assert_non_null(strstr(out, "CapPrm:\t0000000000000000\n"));
	assert_non_null(strstr(out, "CapEff:\t0000000000000000\n"));
}

static void what_cannot_start_says_why(void **state)
{
	(void)state;
	const char *argv[] = { "x", NULL };
	struct proc_spec spec = { .path = "/nonexistent/x", .argv = argv };
	struct err err = { 0 };
	pid_t pid = -1;
	int pidfd = -1;
	assert_int_equal(proc_start(&spec, &pid, &pidfd, &err), -ENOENT);
	spec.path = "/etc/passwd"; /* there, but no program */
	assert_int_equal(proc_start(&spec, &pid, &pidfd, &err), -EACCES);
	assert_non_null(strstr(err.detail, "/etc/passwd: Permission denied"));
	if (geteuid() == 0) {
		spec.user = "no-such-user";
		assert_int_equal(proc_start(&spec, &pid, &pidfd, &err), -ENOENT);
	}
	assert_int_equal(pid, -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left behind */
}

static void dies_with_its_parent(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t parent = fork();
	assert_true(parent >= 0);
	if (parent == 0) {
		const char *argv[] = { "sh", "-c", "echo ready >&3; exec sleep 60", NULL };
		struct proc_spec spec = { .path = "/bin/sh", .argv = argv, .fds = &ends[1], .n_fds = 1, .die_with_parent = true,
			.user = "nobody" };
		pid_t pid;
		int pidfd;
		int r = proc_start(&spec, &pid, &pidfd, NULL);
		(void)close(ends[1]);
		char text[6];
		ssize_t n = r < 0 ? 0 : read(ends[0], text, sizeof text);
		_exit(n > 0 ? 0 : 1);
	}
	int status = -1;
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_int_equal(status, 0);
	scope_close(&ends[1]);
	struct pollfd p = { .fd = ends[0], .events = POLLIN };
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(p.revents & POLLHUP, POLLHUP); /* the sleeper was the last writer */
	scope_close(&ends[0]);
}

static void descriptor_limit_is_told(void **state)
{
	(void)state;
	struct rlimit now;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	long n = proc_nofile_raise(1 << 10);
	assert_true(n >= 1 << 10 || n == (long)now.rlim_max);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(the_child_holds_what_it_was_given_and_nothing_else), CASE(descriptors_keep_their_order_wherever_they_lay),
		CASE(environment_session_and_limits_are_set), CASE(becomes_the_user_and_runs_below_a_closed_folder),
		CASE(what_cannot_start_says_why), CASE(dies_with_its_parent), CASE(descriptor_limit_is_told),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
