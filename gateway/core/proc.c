#include "gateway/core/proc.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { FDS_MAX = 32, ARGV_MAX = 64 };

/* Everything that needs memory or a name service is looked up before the fork. */
struct plan {
	const struct proc_spec *spec;
	int binary, null, report; /* report: the child writes its errno there, exec closes it */
	bool change_user;
	uid_t uid;
	gid_t gid, extra;
	bool has_extra;
	pid_t parent;
};

static int find_user(struct plan *plan, struct err *err)
{
	const struct proc_spec *s = plan->spec;
	if (!s->user || !s->user[0] || geteuid() != 0)
		return 0;
	const struct passwd *user = getpwnam(s->user);
	if (!user)
		return fault(err, -ENOENT, "an OS user is missing", "user %s of %s", s->user, s->path);
	plan->change_user = true;
	plan->uid = user->pw_uid;
	plan->gid = user->pw_gid;
	if (!s->group)
		return 0;
	const struct group *group = getgrnam(s->group);
	if (!group)
		return fault(err, -ENOENT, "an OS group is missing", "group %s of %s", s->group, s->path);
	plan->extra = group->gr_gid;
	plan->has_extra = true;
	return 0;
}

static int drop_user(const struct plan *p)
{
	if (!p->change_user)
		return 0;
	if (setgroups(p->has_extra ? 1 : 0, &p->extra) < 0 || setresgid(p->gid, p->gid, p->gid) < 0 ||
		setresuid(p->uid, p->uid, p->uid) < 0)
		return -errno;
	/* Belt and braces: a way back would be a broken kernel or a wrong user table. */
	return p->uid != 0 && setuid(0) == 0 ? -EPERM : 0;
}

static int limit(int which, rlim_t n)
{
	struct rlimit now;
	if (getrlimit((__rlimit_resource_t)which, &now) < 0)
		return -errno;
	/* Raising the hard limit needs a privilege; without it take what there is. */
	struct rlimit want = { .rlim_cur = n, .rlim_max = n };
	if (setrlimit((__rlimit_resource_t)which, &want) < 0) {
		want.rlim_cur = want.rlim_max = n < now.rlim_max ? n : now.rlim_max;
		if (setrlimit((__rlimit_resource_t)which, &want) < 0)
			return -errno;
	}
	return 0;
}

static int limits(const struct proc_spec *s)
{
	int r = limit(RLIMIT_CORE, 0);
	if (r == 0 && s->nofile > 0)
		r = limit(RLIMIT_NOFILE, (rlim_t)s->nofile);
	if (r == 0 && s->memlock_bytes > 0)
		r = limit(RLIMIT_MEMLOCK, (rlim_t)s->memlock_bytes);
	return r;
}

/*
 * 0 and 1 are /dev/null, 3.. are the given ones, then binary and report, then nothing.  All are first moved above the
 * final range, so that no dup2 covers one that is still needed.
 */
static int place_fds(struct plan *p)
{
	int n = (int)p->spec->n_fds, high[FDS_MAX], floor = 3 + n + 2;
	for (int i = 0; i < n; i++)
		if ((high[i] = fcntl(p->spec->fds[i], F_DUPFD_CLOEXEC, floor)) < 0)
			return -errno;
	int null = fcntl(p->null, F_DUPFD_CLOEXEC, floor), binary = fcntl(p->binary, F_DUPFD_CLOEXEC, floor);
	int report = fcntl(p->report, F_DUPFD_CLOEXEC, floor);
	if (null < 0 || binary < 0 || report < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return -errno;
	for (int i = 0; i < n; i++)
		if (dup2(high[i], 3 + i) < 0)
			return -errno;
	p->binary = dup3(binary, 3 + n, O_CLOEXEC);
	if (p->binary < 0)
		return -errno;
	int kept = dup3(report, 3 + n + 1, O_CLOEXEC);
	if (kept < 0)
		return -errno;
	p->report = kept;
	return close_range((unsigned)(3 + n + 2), ~0U, 0) < 0 ? -errno : 0;
}

static void default_signals(void)
{
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < 32; sig++)
		(void)signal(sig, SIG_DFL);
}

static int become(struct plan *p)
{
	int r = place_fds(p);
	if (r < 0)
		return r;
	default_signals();
	if (setsid() < 0)
		return -errno;
	if ((r = limits(p->spec)) < 0 || (r = drop_user(p)) < 0)
		return r;
	/* Changing the user clears the death signal, so it comes after; the parent may have died just before it. */
	if (p->spec->die_with_parent && (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != p->parent))
		return -ESRCH;
	if (chdir("/") < 0)
		return -errno;
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8";
	char *const env[] = { path, lang, NULL };
	char *argv[ARGV_MAX];
	size_t n = 0;
	for (; n < ARGV_MAX - 1 && p->spec->argv[n]; n++)
		argv[n] = (char *)(uintptr_t)p->spec->argv[n];
	argv[n] = NULL;
	/* By descriptor: the path may lie below a folder that the new user cannot pass. */
	(void)execveat(p->binary, "", argv, env, AT_EMPTY_PATH);
	return -errno;
}

static int wait_exec(pid_t pid, int report, struct err *err, const char *path)
{
	int code = 0;
	ssize_t n;
	do
		n = read(report, &code, sizeof code);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0; /* exec closed it */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	errno = -code;
	return fault(err, n == sizeof code && code < 0 ? code : -EIO, "a process could not be started", "%s: %m", path);
}

static int fork_plan(struct plan *plan, int report_read, pid_t *ret_pid, int *ret_pidfd, struct err *err)
{
	pid_t pid = fork();
	if (pid < 0)
		return fault(err, -errno, "a process could not be started", "fork: %m");
	if (pid == 0) {
		int code = become(plan);
		ssize_t told = write(plan->report, &code, sizeof code);
		_exit(told == sizeof code ? 127 : 126);
	}
	scope_close(&plan->report);
	int r = wait_exec(pid, report_read, err, plan->spec->path);
	if (r < 0)
		return r;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		r = fault(err, -errno, "a process could not be started", "pidfd_open: %m");
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	return 0;
}

int proc_start(const struct proc_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct err *err)
{
	struct plan plan = { .spec = spec, .parent = getpid() };
	if (spec->n_fds > FDS_MAX)
		return fault(err, -EMSGSIZE, "internal error", "%zu descriptors for %s", spec->n_fds, spec->path);
	int r = find_user(&plan, err);
	if (r < 0)
		return r;
	scoped(scope_close) int binary = open(spec->path, O_PATH | O_CLOEXEC);
	scoped(scope_close) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (binary < 0 || null < 0)
		return fault(err, -errno, "a process could not be started", "%s: %m", spec->path);
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fault(err, -errno, "a process could not be started", "pipe2: %m");
	scoped(scope_close) int report_read = ends[0];
	plan.binary = binary;
	plan.null = null;
	plan.report = ends[1];
	r = fork_plan(&plan, report_read, ret_pid, ret_pidfd, err);
	scope_close(&plan.report);
	return r;
}

int proc_nofile_raise(long want)
{
	struct rlimit now;
	if (getrlimit(RLIMIT_NOFILE, &now) < 0)
		return -errno;
	if (now.rlim_cur >= (rlim_t)want)
		return (int)now.rlim_cur;
	struct rlimit more = { .rlim_cur = (rlim_t)want, .rlim_max = now.rlim_max };
	if (more.rlim_max < more.rlim_cur)
		more.rlim_max = more.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		return (int)want;
	now.rlim_cur = now.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &now) == 0 ? (int)now.rlim_cur : -errno;
}
