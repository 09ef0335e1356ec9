#include "policy/command/cli.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { COMMAND_US = 10 * 1000 * 1000, LINGER_US = 60 * 1000 * 1000, QUEUE = 64 << 20 };

struct client {
	struct client *next;
	struct pol_cli *all;
	struct link link;
	uid_t uid;
	struct pol_call *call;
	bool asked;
	struct loop_timer late;
};

struct pol_cli {
	struct pol_broker *b;
	struct loop_io io;
	struct client *first;
	size_t n;
};

static void client_free(struct client *c)
{
	struct client **at = &c->all->first;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->all->n--;
	if (c->call)
		pol_call_cancel(c->call);
	loop_timer_del(&c->late);
	link_close(&c->link);
	free(c);
}

static void client_late(void *ctx)
{
	client_free(ctx);
}

/* The answer, in pieces.  The connection stays until the client closes it, so that nothing is cut off, and not for ever. */
static void client_answer(void *ctx, struct span json, int exit, const char *say)
{
	struct client *c = ctx;

	c->call = NULL;
	loop_timer_set(c->all->b->loop, &c->late, LINGER_US);
	for (;;) {
		size_t n = json.n < POL_CLI_PIECE ? json.n : POL_CLI_PIECE;
		struct wire_result m = {
			.more = n < json.n, .exit = exit, .json = span_of(json.p, n), .say = span_str(say)
		};
		if (!link_is_open(&c->link) || link_sent(&c->link, wire_result_queue(c->link.q, &m, -1)) < 0)
			return;
		if (!m.more)
			return;
		json.p += n;
		json.n -= n;
	}
}

static void client_command(struct client *c, struct link_msg *m)
{
	struct wire_command command;
	char say[160] = "", actor[32];

	c->asked = true;
	loop_timer_del(&c->late);
	if (m->type != WIRE_T_command || wire_command_get(m->body, &command, NULL) < 0) {
		client_answer(c, (struct span){ 0 }, POL_EXIT_USAGE, "malformed command");
		return;
	}
	(void)snprintf(actor, sizeof actor, "local:%u", (unsigned)c->uid);
	struct pol_call_skin skin = {
		.actor = actor, .role = "admin", .address = "local", .answer = client_answer, .ctx = c
	};
	int exit = pol_call_new(&c->call, c->all->b, &command, take_fd(m->fd), &skin, say, sizeof say);
	if (exit)
		client_answer(c, (struct span){ 0 }, exit, say);
	else
		pol_call_run(c->call);
}

static void client_got(void *ctx, struct link_msg *m)
{
	struct client *c = ctx;

	if (c->asked) {
		log_ev(LOG_LEVEL_WARN, "cli.nonsense", LOG_N("uid", c->uid));
		client_free(c);
		return;
	}
	client_command(c, m);
}

static void client_lost(void *ctx, const struct err *why)
{
	(void)why;
	client_free(ctx);
}

static bool is_admin(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

static void client_new(struct pol_cli *cli, int fd, uid_t uid)
{
	struct client *c = calloc(1, sizeof *c);
	struct err err = { 0 };

	if (!c)
		abort();
	c->all = cli;
	c->uid = uid;
	c->link = (struct link){ .got = client_got, .lost = client_lost, .ctx = c };
	c->late = (struct loop_timer){ .fire = client_late, .ctx = c };
	c->next = cli->first;
	cli->first = c;
	cli->n++;
	if (link_open(&c->link, cli->b->loop, fd, QUEUE, &err) < 0) {
		log_err(LOG_LEVEL_WARN, "cli.open", &err);
		client_free(c);
		return;
	}
	loop_timer_set(cli->b->loop, &c->late, COMMAND_US);
	if (!is_admin(uid)) {
		c->asked = true;
		client_answer(c, (struct span){ 0 }, POL_EXIT_NOT_ALLOWED,
			"not allowed: only root and the gateway's own user");
	}
}

static void cli_ready(void *ctx, uint32_t events)
{
	struct pol_cli *cli = ctx;
	struct ucred who;
	socklen_t n = sizeof who;
	scoped(scope_close) int fd = accept4(cli->io.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0 || cli->n >= POL_CLI_CLIENTS || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return;
	client_new(cli, take_fd(fd), who.uid);
}

struct pol_cli *pol_cli_new(struct pol_broker *b)
{
	struct pol_cli *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	c->b = b;
	c->io = (struct loop_io){ .fd = -1, .ready = cli_ready, .ctx = c };
	return c;
}

static void cli_close(struct pol_cli *c)
{
	int fd = c->io.fd;

	loop_del(&c->io);
	scope_close(&fd);
	c->io.fd = -1;
}

struct pol_cli *pol_cli_free(struct pol_cli *c)
{
	if (c) {
		while (c->first)
			client_free(c->first);
		cli_close(c);
		free(c);
	}
	return NULL;
}

int pol_cli_listen(struct pol_cli *c, int fd, struct err *err)
{
	cli_close(c);
	/* A client may be gone between readiness and accept. */
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	c->io.fd = fd;
	int r = loop_add(c->b->loop, &c->io, EPOLLIN, err);
	if (r < 0)
		scope_close(&c->io.fd);
	return r;
}
