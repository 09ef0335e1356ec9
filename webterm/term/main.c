#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/msg.h"
#include "gateway/core/sandbox.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "webterm/term/files.h"
#include "webterm/term/term.h"
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

enum { PARENT_FD = 3, MEMORY_MAX = 128 * 1024 * 1024 };

/* One process, one terminal: this is all it has, and exit frees it. */
static struct web_term term;

static int warm(struct err *err)
{
#ifndef YANMEN_SANITIZED
	const struct rlimit limit = { .rlim_cur = MEMORY_MAX, .rlim_max = MEMORY_MAX };
	if (setrlimit(RLIMIT_DATA, &limit) < 0)
		return fault(err, -errno, "internal error", "RLIMIT_DATA: %m");
#endif
	json_object_seed(0); /* from /dev/urandom, while there are files */
	return web_term_client_warm(err);
}

static int say_hello(struct err *err)
{
	int r = wire_hello_send(PARENT_FD, &(struct wire_hello){ .role = WIRE_TERM, .build = span_str(wire_build) }, -1);
	return r < 0 ? fault(err, r, "", "hello") : 0;
}

/* 1: a terminal came; 0: the parent wants us to leave. */
static int wait_client(struct web_term *t, struct err *err)
{
	uint8_t body[4096];
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	struct wire_client m;
	int r = msg_recv(PARENT_FD, &type, body, sizeof body, &fd, err);
	if (r == -EPIPE || (r >= 0 && (type == WIRE_T_stop || type == WIRE_T_control)))
		return 0;
	if (r < 0)
		return r;
	if (type != WIRE_T_client || wire_client_get(span_of(body, (size_t)r), &m, err) < 0 || m.job != WIRE_JOB_TERM || fd < 0)
		return fault(err, -EBADMSG, "", "message %04x instead of a client", type);
	char id[24];
	(void)snprintf(id, sizeof id, "%ju", (uintmax_t)m.worker);
	log_context("worker", id);
	web_term_desk_open(&t->desk, take_fd(fd));
	return 1;
}

static int text(struct span s, char *ret, size_t size)
{
	if (s.n >= size || (s.n > 0 && memchr(s.p, 0, s.n)))
		return -EBADMSG;
	(void)snprintf(ret, size, "%.*s", (int)s.n, s.n > 0 ? (const char *)s.p : "");
	return 0;
}

/* The first message at the desk, from the broker. */
static int begin(struct web_term *t, struct err *err)
{
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	struct wire_term_begin m;
	int r = msg_recv(t->desk.fd, &type, t->desk.in, sizeof t->desk.in, &fd, err);
	if (r < 0)
		return r == -EPIPE ? fault(err, r, "", "nobody began") : r;
	if (type != WIRE_T_term_begin || wire_term_begin_get(span_of(t->desk.in, (size_t)r), &m, err) < 0 || fd < 0 ||
		text(m.target, t->target, sizeof t->target) < 0 || text(m.account, t->account, sizeof t->account) < 0 ||
		m.charset >= CHARSETS || m.paste >= WIRE_PASTES || m.layer >= WIRE_LAYERS)
		return fault(err, -EBADMSG, "", "message %04x instead of term_begin", type);
	t->zh = m.lang.n >= 2 && strncasecmp((const char *)m.lang.p, "zh", 2) == 0;
	t->charset = m.charset;
	t->paste = m.paste;
	t->paste_max = m.paste_max;
	t->no_copy = m.no_copy;
	t->layer = m.layer;
	return web_term_client_open(&t->client, take_fd(fd), t->account, m.host_key, err);
}

static int work(struct web_term *t, struct err *err)
{
	t->parent = PARENT_FD;
	t->desk.fd = t->client.fd = -1;
	web_term_shell_init(&t->shell);
	int r = warm(err);
	if (r == 0)
		r = web_term_view_new(&t->view, err);
	if (r == 0)
		r = sandbox_enter(SANDBOX_TERM, err);
	if (r == 0)
		r = say_hello(err);
	if (r == 0)
		r = wait_client(t, err);
	if (r <= 0)
		return r;
	r = begin(t, err);
	if (r == 0)
		r = web_term_run(t, err);
	t->files = web_term_files_free(t->files, t);
	web_term_shell_done(&t->shell);
	web_term_client_done(&t->client);
	web_term_view_done(&t->view);
	web_term_desk_done(&t->desk);
	return r;
}

int main(void)
{
	struct err err = { 0 };
	log_context("role", "term");
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return EXIT_FAILURE;
	int r = work(&term, &err);
	if (r < 0)
		log_err(r == -EBADMSG ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "term.ended", &err);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
