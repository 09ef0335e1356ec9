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

/* What each has at its start, after its socket to the parent: a name below the scratch folder, one that ends with / for
 * a new folder each time, or "" for a socket. */
static const struct role_kind {
	const char *name;
	enum sandbox_role sandbox;
	unsigned ahead;
	const char *gifts[ROLE_FDS - 1];
} kinds[] = {
	{ "ssh", SANDBOX_SSH, 2, { "", "", "" } },
	{ "mysql", SANDBOX_MYSQL, 2, { "", "", "", "null", "null" } }, /* without a certificate */
	{ "pwhash", SANDBOX_PWHASH, 2, { NULL } },
	{ "vault", SANDBOX_VAULT, 2, { "master", NULL } },
	{ "recorder", SANDBOX_RECORDER, 2, { "conf", "recordings/", NULL } },
	{ "term", SANDBOX_TERM, 2, { NULL } },
	{ "notify", SANDBOX_NOTIFY, ROLE_AHEAD_MAX, { "conf", NULL } },
	{ "export", SANDBOX_EXPORT, ROLE_AHEAD_MAX, { "siem", "log/", "null", "null", "null" } }, /* as the broker */
	{ "broker", SANDBOX_BROKER, ROLE_AHEAD_MAX, { "conf", "spool/", NULL } }, /* waits for its database, 3 s in vain */
};

static void make_file(const struct role_house *h, const char *name, const char *text)
{
	char at[160];
	snprintf(at, sizeof at, "%s/%s", h->dir, name);
	int fd = open(at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

void role_open(struct role_house *h, const char *name, const char *binary)
{
	*h = (struct role_house){ .name = name, .binary = binary, .dir = "/tmp/yanmen-inject-XXXXXX" };
	assert_non_null(mkdtemp(h->dir));
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			h->kind = &kinds[i];
	assert_non_null(h->kind);
	h->sandbox = h->kind->sandbox;
	make_file(h, "master", "0123456789abcdef0123456789abcdef");
	/* Nobody answers there: the broker comes up without its database. */
	make_file(h, "conf",
		"[database]\nconnect = host=/nonexistent dbname=none\n[limits]\nspace_floor = 0\n[log]\nlevel = 3\n");
	make_file(h, "siem",
		"[database]\nconnect = host=/nonexistent dbname=none\n[log]\nlevel = 3\n[siem]\nfile = /log/audit.jsonl\n");
	make_file(h, "null", "");
}

void role_close(struct role_house *h)
{
	char command[160];
	for (unsigned i = 0; i < ROLE_AHEAD_MAX; i++)
		role_end(&h->ahead[i]);
	snprintf(command, sizeof command, "rm -rf %s", h->dir);
	assert_int_equal(system(command), 0);
}

/* Plays the parent, and for a worker also the vault, until hello. */
static void wait_hello(const struct role_house *h, struct role *r)
{
	uint8_t body[1024];
	for (;;) {
		struct pollfd p[ROLE_FDS];
		for (int i = 0; i < ROLE_FDS; i++)
			p[i] = (struct pollfd){ .fd = r->peer[i], .events = POLLIN };
		int n = poll(p, ROLE_FDS, HELLO_MS);
		if (n <= 0)
			fail_msg("%s says no hello", h->name);
		for (int i = 0; i < ROLE_FDS; i++) {
			uint16_t type = 0;
			int fd = -1;
			if (!(p[i].revents & (POLLIN | POLLHUP)))
				continue;
			n = msg_recv_now(r->peer[i], &type, body, sizeof body, &fd, NULL);
			if (n < 0)
				fail_msg("%s ended before its hello", h->name);
			if (type == WIRE_T_hello)
				return;
			if (type == WIRE_T_host_key) {
				struct wire_host_key_answer m = { .key.b = "any 32 bytes are a public half" };
				assert_int_equal(wire_host_key_answer_send(r->peer[i], &m, -1), 0);
			}
		}
	}
}

static int gift(const struct role_house *h, const char *name, int *ret_peer)
{
	char at[160];
	int sv[2];
	*ret_peer = -1;
	if (!name[0]) {
		assert_int_equal(msg_pair(sv), 0);
		*ret_peer = sv[0];
		return sv[1];
	}
	snprintf(at, sizeof at, "%s/%s", h->dir, name);
	if (strchr(name, '/')) {
		snprintf(at, sizeof at, "%s/%u", h->dir, h->made);
		assert_int_equal(mkdir(at, 0700), 0);
	}
	int fd = open(at, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void spawn(struct role_house *h, struct role *r)
{
	int fds[ROLE_FDS], pidfd = -1;
	size_t n = 1;
	struct err err = { 0 };
	for (int i = 0; i < ROLE_FDS; i++)
		r->peer[i] = -1;
	h->made++;
	fds[0] = gift(h, "", &r->peer[0]);
	for (; n < ROLE_FDS && h->kind->gifts[n - 1]; n++)
		fds[n] = gift(h, h->kind->gifts[n - 1], &r->peer[n]);
	const char *const argv[] = { h->name, NULL };
	struct proc_spec spec = { .path = h->binary, .argv = argv, .fds = fds, .n_fds = n, .die_with_parent = true };
	if (proc_start(&spec, &r->pid, &pidfd, &err) < 0)
		fail_msg("%s: %s", h->binary, err.detail);
	close(pidfd);
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

void role_start(struct role_house *h, struct role *ret)
{
	for (unsigned i = 0; i < h->kind->ahead; i++)
		if (h->ahead[i].pid == 0)
			spawn(h, &h->ahead[i]);
	struct role *r = &h->ahead[h->next];
	h->next = (h->next + 1) % h->kind->ahead;
	wait_hello(h, r);
	int seized = inject_seize(r->pid, true);
	if (seized < 0)
		fail_msg("ptrace: %s", strerror(-seized));
	*ret = *r;
	*r = (struct role){ 0 };
}

void role_end(struct role *r)
{
	if (r->pid == 0)
		return;
	(void)kill(r->pid, SIGKILL);
	(void)waitpid(r->pid, NULL, __WALL);
	r->pid = 0;
	for (int i = 0; i < ROLE_FDS; i++)
		scope_close(&r->peer[i]);
}
