#include "tests/unit/yanmen/broker.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

const char *bench_program;
enum { WAIT_MS = 10000, ARGV_MAX = 32 };

const char *bench_path(struct bench *b, const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *p = paths[next++ % 4];

	(void)snprintf(p, sizeof paths[0], "%s/%s", b->dir, name);
	return p;
}

void bench_write(const char *path, struct span bytes, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
	close(fd);
}

void bench_open(struct bench *b)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char conf[1024];

	*b = (struct bench){ .client = -1, .fd = -1, .out = -1, .err = -1 };
	(void)snprintf(b->dir, sizeof b->dir, "/tmp/yanmen-cli-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	(void)snprintf(b->conf, sizeof b->conf, "%s/conf", b->dir);
	(void)snprintf(conf, sizeof conf, "[paths]\nrun = %s\nvault_key = %s/vault.key\nsamples = %s/samples\n", b->dir,
		b->dir, b->dir);
	bench_write(b->conf, span_str(conf), 0644);
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s/control.sock", b->dir);
	b->listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(b->listening, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(b->listening, 4), 0);
}

void bench_close(struct bench *b)
{
	const char *const argv[] = { "/bin/rm", "-rf", b->dir, NULL };
	pid_t pid;

	scope_close(&b->listening);
	scope_close(&b->client);
	scope_close(&b->fd);
	assert_int_equal(posix_spawn(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, NULL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int file_for(void)
{
	char path[] = "/tmp/yanmen-cli-out-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	(void)unlink(path);
	return fd;
}

void bench_start(struct bench *b, const char *const *args)
{
	extern char **environ;
	const char *argv[ARGV_MAX] = { bench_program, "--config", b->conf };
	posix_spawn_file_actions_t actions;

	for (int i = 0; args[i]; i++)
		argv[3 + i] = args[i];
	scope_close(&b->client);
	scope_close(&b->fd);
	b->out = file_for();
	b->err = file_for();
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, b->out, 1);
	posix_spawn_file_actions_adddup2(&actions, b->err, 2);
	assert_int_equal(
		posix_spawn(&b->pid, bench_program, &actions, NULL, (char *const *)(uintptr_t)argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
}

static void readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
}

void bench_command(struct bench *b, const char *name)
{
	static uint8_t body[MSG_BODY_MAX];
	struct wire_command m;
	uint16_t type = 0;
	size_t at = 0;

	readable(b->listening);
	b->client = accept4(b->listening, NULL, NULL, SOCK_CLOEXEC);
	assert_true(b->client >= 0);
	readable(b->client);
	int n = msg_recv(b->client, &type, body, sizeof body, &b->fd, NULL);
	assert_true(n >= 0);
	assert_int_equal(type, WIRE_T_command);
	assert_int_equal(wire_command_get(span_of(body, (size_t)n), &m, NULL), 0);
	assert_true(span_is(m.name, name));
	struct rd r = rd_of(m.args);
	b->args[0] = '\0';
	for (uint32_t i = 0; i < m.count; i++) {
		struct span k = rd_str32le(&r), v = rd_str32le(&r);
		at += (size_t)snprintf(b->args + at, sizeof b->args - at, "%s%.*s=%.*s", i ? ";" : "", (int)k.n,
			(const char *)k.p, (int)v.n, (const char *)v.p);
		assert_true(at < sizeof b->args);
	}
	assert_true(rd_done(&r));
}

void bench_answer(struct bench *b, int more, int exit, const char *json, const char *say)
{
	struct wire_result m = { .more = (uint8_t)more, .exit = exit, .json = span_str(json), .say = span_str(say) };

	assert_int_equal(wire_result_send(b->client, &m, -1), 0);
}

static void read_out(int *fd, char *ret, size_t cap)
{
	ssize_t n = pread(*fd, ret, cap - 1, 0);

	ret[n > 0 ? n : 0] = '\0';
	scope_close(fd);
}

int bench_end(struct bench *b)
{
	int status = 0;

	for (int waited = 0; waitpid(b->pid, &status, WNOHANG) == 0; waited += 10) {
		(void)poll(NULL, 0, 10);
		if (waited > WAIT_MS) {
			(void)kill(b->pid, SIGKILL);
			(void)waitpid(b->pid, &status, 0);
			fail_msg("the CLI did not end");
		}
	}
	read_out(&b->out, b->out_text, sizeof b->out_text);
	read_out(&b->err, b->err_text, sizeof b->err_text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
