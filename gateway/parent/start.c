#include "gateway/parent/start.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/proc.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "gateway/parent/parent.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

int gw_start_process(struct gw_parent *p, const struct gw_roles_row *row, const int *fds, size_t n, pid_t *ret_pid,
	int *ret_pidfd, struct err *err)
{
	char dir[256], path[320];
	int r = gw_files_libexec(&p->conf, dir, sizeof dir, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof path, "%s/%s", dir, row->binary);
	const char *const argv[] = { row->binary, NULL };
	struct proc_spec spec = {
		.path = path,
		.argv = argv,
		.user = gw_roles_user(row, &p->conf),
		.fds = fds,
		.n_fds = n,
		.die_with_parent = row->die_with_parent,
		.nofile = row->nofile,
		.memlock_bytes = row->memlock_bytes,
	};
	return proc_start(&spec, ret_pid, ret_pidfd, err);
}

int gw_start_hello(uint8_t role, struct span body, struct err *err)
{
	struct wire_hello m;
	int r = wire_hello_get(body, &m, err);
	if (r < 0)
		return r;
	if (m.role != role)
		return fault(err, -EBADMSG, "", "it says that it is a %s", wire_role_name(m.role));
	if (!span_is(m.build, wire_build))
		return fault(err, -EBADMSG, "", "it is of another build");
	return 0;
}

static void drop(struct loop_io *io)
{
	int fd = io->fd;
	loop_del(io);
	scope_close(&fd);
	io->fd = -1;
}

bool gw_start_reap(struct loop_io *child, struct loop_io *sock, int *ret_status)
{
	siginfo_t info = { 0 };
	if (waitid(P_PIDFD, (id_t)child->fd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return false;
	/* The shape of waitpid(2), for `gone`. */
	*ret_status = info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0) : W_EXITCODE(0, info.si_status);
	drop(child);
	drop(sock);
	return true;
}

void gw_start_abandon(struct loop_io *child, struct loop_io *sock, pid_t *pid)
{
	drop(child);
	drop(sock);
	if (*pid <= 0)
		return;
	(void)kill(*pid, SIGKILL);
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
}

void gw_start_log_end(const char *event, uint8_t role, pid_t pid, int status)
{
	bool calm = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	log_ev(calm ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, event, LOG_S("service", wire_role_name(role)),
		LOG_N("child", pid), LOG_N("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
		LOG_N("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
}
