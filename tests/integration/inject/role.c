#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/integration/inject/role.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/proc.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "tests/integration/inject/inject.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { HELLO_MS = 20000 };

/* What each has at its start, after its socket to the parent: names below the scratch folder, or "" for a socket. */
static const struct {
	const char *name;
	enum sandbox_role sandbox;
	const char *gifts[ROLE_FDS - 1];
} roles[] = {
	{ "ssh", SANDBOX_SSH, { "", "", "" } },
	{ "pwhash", SANDBOX_PWHASH, { NULL } },
	{ "vault", SANDBOX_VAULT, { "master", NULL } },
	{ "recorder", SANDBOX_RECORDER, { "conf", "recordings", NULL } },
	{ "broker", SANDBOX_BROKER, { "conf", "spool", NULL } },
};

static void path(const struct role *r, const char *name, char ret[static 160])
{
	snprintf(ret, 160, "%s/%s", r->dir, name);
}

static void make_file(const struct role *r, const char *name, const char *text)
{
	char at[160];
	path(r, name, at);
	int fd = open(at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

void role_prepare(struct role *r, const char *name, const char *binary)
{
	static char dir[] = "/tmp/yanmen-inject-XXXXXX";
	char at[160], command[512];
	*r = (struct role){ .name = name, .binary = binary, .dir = mkdtemp(dir), .sandbox = SANDBOX_ROLES };
	assert_non_null(r->dir);
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (strcmp(roles[i].name, name) == 0)
			r->sandbox = roles[i].sandbox;
	assert_true(r->sandbox != SANDBOX_ROLES);
	make_file(r, "master", "0123456789abcdef0123456789abcdef");
	/* Nobody answers there: the broker comes up without its database. */
	make_file(r, "conf", "[database]\nconnect = host=/nonexistent dbname=none\n[limits]\nspace_floor = 0\n");
	path(r, "recordings", at);
	assert_int_equal(mkdir(at, 0700), 0);
	path(r, "spool", at);
	assert_int_equal(mkdir(at, 0700), 0);
	snprintf(command, sizeof command, "ssh-keygen -q -t ed25519 -N '' -C '' -f %s/host", dir);
	assert_int_equal(system(command), 0);
}

void role_remove(struct role *r)
{
	char command[160];
	role_end(r);
	snprintf(command, sizeof command, "rm -rf %s", r->dir);
	assert_int_equal(system(command), 0);
}

static void send_host_keys(const struct role *r, int sock)
{
	char at[160], pem[4096];
	path(r, "host", at);
	int fd = open(at, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, pem, sizeof pem);
	assert_true(n > 0);
	close(fd);
	struct wire_host_keys_answer m = { .text = span_of(pem, (size_t)n) };
	assert_int_equal(wire_host_keys_answer_send(sock, &m, -1), 0);
}

/* Plays the parent, and for a worker also the vault, until hello. */
static void wait_hello(struct role *r)
{
	uint8_t body[1024];
	for (;;) {
		struct pollfd p[ROLE_FDS];
		for (int i = 0; i < ROLE_FDS; i++)
			p[i] = (struct pollfd){ .fd = r->peer[i], .events = POLLIN };
		int n = poll(p, ROLE_FDS, HELLO_MS);
		if (n <= 0)
			fail_msg("%s says no hello", r->name);
		for (int i = 0; i < ROLE_FDS; i++) {
			uint16_t type = 0;
			int fd = -1;
			if (!(p[i].revents & (POLLIN | POLLHUP)))
				continue;
			n = msg_recv_now(r->peer[i], &type, body, sizeof body, &fd, NULL);
			if (n < 0)
				fail_msg("%s ended before its hello", r->name);
			if (type == WIRE_T_hello)
				return;
			if (type == WIRE_T_host_keys)
				send_host_keys(r, r->peer[i]);
		}
	}
}

static int gift(struct role *r, const char *name, int *ret_peer)
{
	char at[160];
	int sv[2];
	*ret_peer = -1;
	if (!name[0]) {
		assert_int_equal(msg_pair(sv), 0);
		*ret_peer = sv[0];
		return sv[1];
	}
	path(r, name, at);
	int fd = open(at, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

void role_start(struct role *r)
{
	int fds[ROLE_FDS], pidfd = -1;
	size_t n = 1;
	struct err err = { 0 };
	for (int i = 0; i < ROLE_FDS; i++)
		r->peer[i] = -1;
	fds[0] = gift(r, "", &r->peer[0]);
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		for (size_t k = 0; roles[i].sandbox == r->sandbox && k < ROLE_FDS - 1 && roles[i].gifts[k]; k++, n++)
			fds[n] = gift(r, roles[i].gifts[k], &r->peer[n]);
	const char *const argv[] = { r->name, NULL };
	struct proc_spec spec = { .path = r->binary, .argv = argv, .fds = fds, .n_fds = n, .die_with_parent = true };
	if (proc_start(&spec, &r->pid, &pidfd, &err) < 0)
		fail_msg("%s: %s", r->binary, err.detail);
	close(pidfd);
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	wait_hello(r);
	int seized = inject_seize(r->pid);
	if (seized < 0)
		fail_msg("ptrace: %s", strerror(-seized));
}

void role_end(struct role *r)
{
	for (int i = 0; i < ROLE_FDS; i++)
		scope_close(&r->peer[i]);
	if (r->pid > 0) {
		(void)kill(r->pid, SIGKILL);
		(void)waitpid(r->pid, NULL, __WALL);
	}
	r->pid = 0;
}
