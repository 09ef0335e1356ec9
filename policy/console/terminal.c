#include "policy/console/terminal.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/console/caller.h"
#include "policy/console/console.h"
#include "policy/dial/inner.h"
#include "policy/parent.h"
#include "policy/worker.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { SPOOL_ROOM = 64 << 10 };

struct pol_terminal {
	struct pol_terminal *next;
	struct pol_console *c;
	struct id id, session; /* session: of the console, that had it last */
	struct loop_io web;    /* our copy of web's end; ready: the term has closed the other one */
	struct loop_timer away; /* set: an earlier yanmen-web had it, and nobody came back yet */
	uint64_t worker;       /* 0: on its way */
	int64_t user_id;
	char user[65], address[64], target[256], account[65];
};

static const struct pol_terminal_say say_ok = { 0, "", "" };
static const struct pol_terminal_say say_gone = { -ENOENT, "this terminal has ended", "该终端已结束" };
static const struct pol_terminal_say say_user_many = { -EAGAIN, "you have too many terminals open: close some",
	"您打开的终端过多，请先关闭一些" };
static const struct pol_terminal_say say_many = { -EAGAIN, "too many terminals are open on this gateway",
	"网关上打开的终端过多" };
static const struct pol_terminal_say say_spool = { -EAGAIN, "Yanmen cannot write its audit just now", "暂时无法写入审计" };
static const struct pol_terminal_say say_internal = { -EIO, "internal error", "网关内部错误" };

static void terminal_free(struct pol_terminal *t)
{
	struct pol_terminal **at = &t->c->terminals;
	int fd = t->web.fd;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	pol_ask_drop(&t->c->b->asks, t); /* a worker that comes now finds that nobody wants it, and ends */
	loop_del(&t->web);
	loop_timer_del(&t->away);
	scope_close(&fd);
	free(t);
}

void pol_terminal_free_all(struct pol_console *c)
{
	while (c->terminals)
		terminal_free(c->terminals);
}

static int audit(const struct pol_terminal *t, const char *kind, struct err *err)
{
	struct pol_fact f;
	char id[ID_TEXT];

	id_text(&t->id, id);
	pol_fact_open(&f);
	pol_fact_text(&f, "user", span_str(t->user));
	pol_fact_text(&f, "address", span_str(t->address));
	pol_fact_text(&f, "target", span_str(t->target));
	pol_fact_text(&f, "account", span_str(t->account));
	pol_fact_text(&f, "terminal", span_str(id));
	id_text(&t->session, id);
	pol_fact_text(&f, "console", span_str(id));
	return pol_facts_put(&t->c->b->facts, kind, &f, err);
}

static void terminal_end(struct pol_terminal *t, const char *say)
{
	if (t->worker)
		pol_worker_control(t->c->b, t->worker, WIRE_END_SESSION, say);
	terminal_free(t);
}

/* ---- a new one ---- */

static void attached(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_terminal *t = ctx;

	if (code < 0) { /* the term sees its stream closed, and tells; nothing is left to be given out again */
		log_ev(LOG_LEVEL_WARN, "terminal.no_worker", LOG_N("code", code));
		terminal_free(t);
		return;
	}
	t->worker = reply->worker->id;
	pol_inner_is(reply->worker, &(struct pol_inner){ .door = WIRE_DOOR_INNER,
					    .target = t->target,
					    .user = t->user,
					    .user_id = t->user_id });
}

/* Nothing is read here: what comes is for yanmen-web. */
static void term_gone(void *ctx, uint32_t events)
{
	if (events & (EPOLLHUP | EPOLLERR))
		terminal_free(ctx);
}

static void leave(struct pol_terminal *t)
{
	struct err err;

	if (audit(t, "terminal.left", &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
	terminal_end(t, "The browser went away and did not come back. / 浏览器已离开且未再返回。");
}

static void nobody_came(void *ctx)
{
	leave(ctx);
}

void pol_terminal_web_lost(struct pol_console *c)
{
	for (struct pol_terminal *t = c->terminals; t; t = t->next)
		loop_timer_set(c->b->loop, &t->away, (int64_t)c->b->settings.away_s * 1000000);
}

static struct pol_terminal *terminal_new(struct pol_console *c, const struct pol_terminal_want *want, int web)
{
	struct pol_terminal *t = calloc(1, sizeof *t);

	if (!t)
		abort();
	t->c = c;
	id_new(&t->id);
	t->session = want->who->session;
	t->user_id = want->who->user_id;
	(void)snprintf(t->user, sizeof t->user, "%s", want->who->user);
	(void)snprintf(t->address, sizeof t->address, "%s", want->who->address);
	(void)snprintf(t->target, sizeof t->target, "%s", want->target);
	(void)snprintf(t->account, sizeof t->account, "%s", want->account);
	t->web = (struct loop_io){ .fd = web, .ready = term_gone, .ctx = t };
	t->away = (struct loop_timer){ .fire = nobody_came, .ctx = t };
	t->next = c->terminals;
	c->terminals = t;
	return t;
}

/* Its term and its worker are on their way; both pairs work already. */
static int start(struct pol_terminal *t, const struct pol_terminal_want *want, int term, struct err *err)
{
	struct wire_term_begin begin = { .target = span_str(t->target),
		.account = span_str(t->account),
		.lang = span_str(want->lang),
		.host_key = want->host_key,
		.charset = want->charset,
		.paste = want->paste,
		.paste_max = want->paste_max,
		.no_copy = want->no_copy,
		.layer = want->layer };
	struct wire_want worker = { .job = WIRE_JOB_SESSION,
		.role = WIRE_SSH,
		.door = WIRE_DOOR_INNER,
		.address = span_str(t->address),
		.port = want->port };
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		return fault(err, -errno, "", "socketpair: %m");
	scoped(scope_close) int client = sv[0];
	scoped(scope_close) int server = sv[1];
	int r = wire_term_begin_send(t->web.fd, &begin, client);
	if (r < 0)
		return fault(err, r, "", "term_begin");
	r = loop_add(t->c->b->loop, &t->web, 0, err);
	if (r < 0)
		return r;
	pol_parent_want_term(t->c->b, term);
	pol_parent_want(t->c->b, &worker, server, &(struct pol_ask){ .done = attached, .ctx = t });
	return 0;
}

static const struct pol_terminal_say *limit(const struct pol_console *c, int64_t user_id)
{
	unsigned all = 0, his = 0;

	for (const struct pol_terminal *t = c->terminals; t; t = t->next) {
		all++;
		his += t->user_id == user_id;
	}
	return his >= POL_TERMINALS_USER   ? &say_user_many
	       : all >= POL_TERMINALS_MAX ? &say_many
					   : NULL;
}

struct pol_terminal_say pol_terminal_open(
	struct pol_console *c, const struct pol_terminal_want *want, struct id *ret_id, int *ret_fd)
{
	const struct pol_terminal_say *full = limit(c, want->who->user_id);
	struct err err;
	int sv[2];

	if (full)
		return *full;
	if (!pol_spool_has_room(c->b->spool, SPOOL_ROOM))
		return say_spool;
	if (msg_pair(sv) < 0)
		return say_internal;
	scoped(scope_close) int term = sv[1];
	struct pol_terminal *t = terminal_new(c, want, sv[0]);
	if (audit(t, "terminal.opened", &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "terminal.unwritten", &err);
		terminal_free(t);
		return say_spool;
	}
	if (start(t, want, term, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "terminal.not_started", &err);
		terminal_free(t);
		return say_internal;
	}
	*ret_id = t->id;
	*ret_fd = t->web.fd;
	return say_ok;
}

/* ---- one that is there ---- */

static struct pol_terminal *find(struct pol_console *c, const struct id *id)
{
	struct pol_terminal *t = c->terminals;

	while (t && !id_eq(&t->id, id))
		t = t->next;
	return t;
}

bool pol_terminal_find(struct pol_console *c, const struct pol_caller *who, const struct id *id, char target[static 256],
	char account[static 65])
{
	const struct pol_terminal *t = find(c, id);

	if (!t || t->user_id != who->user_id)
		return false;
	memcpy(target, t->target, sizeof t->target);
	memcpy(account, t->account, sizeof t->account);
	return true;
}

struct pol_terminal_say pol_terminal_again(
	struct pol_console *c, const struct pol_caller *who, const struct id *id, int *ret_fd)
{
	struct pol_terminal *t = find(c, id);
	struct err err;

	if (!t || t->user_id != who->user_id)
		return say_gone;
	t->session = who->session;
	(void)snprintf(t->address, sizeof t->address, "%s", who->address);
	if (audit(t, "terminal.again", &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "terminal.unwritten", &err);
		return say_spool;
	}
	loop_timer_del(&t->away);
	*ret_fd = t->web.fd;
	return say_ok;
}

void pol_terminal_leave(struct pol_console *c, const struct id *id)
{
	struct pol_terminal *t = find(c, id);

	if (t)
		leave(t);
}

void pol_terminal_worker_gone(struct pol_console *c, uint64_t worker)
{
	struct pol_terminal *t = c->terminals;

	while (t && t->worker != worker)
		t = t->next;
	if (t)
		terminal_free(t);
}

void pol_terminal_signed_out(struct pol_console *c, const struct id *session)
{
	for (struct pol_terminal *t = c->terminals, *next; t; t = next) {
		next = t->next;
		if (id_eq(&t->session, session))
			terminal_end(t, "You signed out at the console. / 您已从控制台退出登录。");
	}
}

void pol_terminal_sessions(const struct pol_console *c, struct buf *out)
{
	char id[ID_TEXT];

	buf_put(out, "{", 1);
	for (const struct pol_terminal *t = c->terminals; t; t = t->next) {
		id_text(&t->session, id);
		buf_printf(out, "%s%s", t == c->terminals ? "" : ",", id);
	}
	buf_put(out, "}", 1);
}
