#include "webterm/broker.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "gateway/core/link.h"
#include "webterm/web.h"
#include <errno.h>
#include <stdlib.h>

enum { ANSWER_MAX = 16 << 20, QUEUE = 4 << 20 };

struct question {
	struct question *next;
	uint64_t ticket;
	web_broker_done *done;
	void *ctx;
	struct buf json;
};

struct web_broker {
	struct web *web;
	struct link link;
	uint64_t tickets;
	struct question *first;
};

/* ---- questions ---- */

static uint64_t question(struct web_broker *b, web_broker_done *done, void *ctx)
{
	struct question *q = calloc(1, sizeof *q);
	if (!q)
		abort();
	*q = (struct question){ .next = b->first, .ticket = ++b->tickets, .done = done, .ctx = ctx };
	buf_init(&q->json, ANSWER_MAX);
	b->first = q;
	return q->ticket;
}

static struct question **find(struct web_broker *b, uint64_t ticket)
{
	struct question **at = &b->first;
	while (*at && (*at)->ticket != ticket)
		at = &(*at)->next;
	return at;
}

static void drop(struct question **at)
{
	struct question *q = *at;
	*at = q->next;
	buf_done(&q->json);
	free(q);
}

/* reply NULL: nobody is told. */
static void finish(struct question **at, struct web_reply *reply)
{
	struct question *q = *at;
	*at = q->next;
	if (!q->json.failed)
		reply->json = buf_span(&q->json);
	q->done(q->ctx, reply);
	scope_close(&reply->fd);
	if (q->json.data)
		secret_wipe(q->json.data, q->json.size); /* one may hold a new token */
	buf_done(&q->json);
	free(q);
}

static int asked(struct web_broker *b, uint64_t ticket, int code)
{
	struct question **at = find(b, ticket);
	if (code < 0 && *at)
		drop(at);
	return code < 0 ? -EPIPE : 0;
}

bool web_broker_is_there(const struct web_broker *b)
{
	return link_is_open(&b->link);
}

int web_broker_ask(struct web_broker *b, const struct web_broker_ask *a, int fd, web_broker_done *done, void *ctx)
{
	if (!web_broker_is_there(b))
		return -EPIPE;
	char room[WEB_TOKEN_SAID];
	struct wire_ask m = { .ticket = question(b, done, ctx), .token = web_cookie_said(a->token, room),
		.address = span_str(a->address), .name = span_str(a->name), .count = a->count, .args = a->args,
		.lang = span_str(a->zh ? "zh" : "en") };
	int r = wire_ask_queue(b->link.q, &m, fd);
	secret_wipe(room, sizeof room);
	return asked(b, m.ticket, r);
}

int web_broker_terminal(struct web_broker *b, const struct web_broker_terminal *t, web_broker_done *done, void *ctx)
{
	if (!web_broker_is_there(b))
		return -EPIPE;
	struct wire_terminal m = { .ticket = question(b, done, ctx), .token = span_of(t->token->b, sizeof t->token->b),
		.address = span_str(t->address), .port = t->port, .id = t->id, .target = span_str(t->target),
		.account = span_str(t->account), .lang = span_str(t->zh ? "zh" : "en") };
	return asked(b, m.ticket, wire_terminal_queue(b->link.q, &m, -1));
}

int web_broker_visit(struct web_broker *b, const struct wire_visit *m, int fd)
{
	return web_broker_is_there(b) && wire_visit_queue(b->link.q, m, fd) == 0 ? 0 : -EPIPE;
}

void web_broker_leave(struct web_broker *b, const struct id *id)
{
	if (web_broker_is_there(b))
		(void)wire_leave_queue(b->link.q, &(struct wire_leave){ .id = *id }, -1);
}

/* ---- answers ---- */

static int ask_answered(struct web_broker *b, const struct link_msg *m)
{
	struct wire_ask_answer a;
	if (wire_ask_answer_get(m->body, &a, NULL) < 0)
		return -EBADMSG;
	struct question **at = find(b, a.ticket);
	if (!*at)
		return 0;
	buf_put_span(&(*at)->json, a.json);
	if (a.more)
		return 0;
	struct web_reply reply = { .code = a.exit, .say = a.say, .fd = -1 };
	if ((*at)->json.failed)
		reply = (struct web_reply){ .code = 1, .say = span_str("the answer is too long"), .fd = -1 };
	finish(at, &reply);
	return 0;
}

static int terminal_answered(struct web_broker *b, struct link_msg *m)
{
	struct wire_terminal_answer a;
	if (wire_terminal_answer_get(m->body, &a, NULL) < 0 || (a.code == 0 && m->fd < 0))
		return -EBADMSG;
	struct question **at = find(b, a.ticket);
	struct web_reply reply = { .code = a.code, .say = a.say, .id = a.id, .fd = take_fd(m->fd) };
	if (*at)
		finish(at, &reply);
	scope_close(&reply.fd);
	return 0;
}

static void lost(void *ctx, const struct err *why)
{
	(void)why;
	struct web_broker *b = ctx;
	log_ev(LOG_LEVEL_WARN, "web.broker_lost");
	while (b->first) {
		struct web_reply reply = { .code = WEB_BROKER_LOST, .fd = -1 };
		finish(&b->first, &reply);
	}
}

static void got(void *ctx, struct link_msg *m)
{
	struct web_broker *b = ctx;
	int r = m->type == WIRE_T_ask_answer        ? ask_answered(b, m)
		: m->type == WIRE_T_terminal_answer ? terminal_answered(b, m)
						    : -EBADMSG;
	if (r == 0)
		return;
	log_ev(LOG_LEVEL_ERROR, "web.broker_nonsense", LOG_S("type", wire_type_name(m->type)));
	link_close(&b->link);
	lost(b, NULL);
}

/* ---- its life ---- */

struct web_broker *web_broker_new(struct web *web)
{
	struct web_broker *b = calloc(1, sizeof *b);
	if (!b)
		abort();
	b->web = web;
	b->link = (struct link){ .got = got, .lost = lost, .ctx = b };
	return b;
}

struct web_broker *web_broker_free(struct web_broker *b)
{
	if (b) {
		link_close(&b->link);
		while (b->first)
			drop(&b->first);
		free(b);
	}
	return NULL;
}

int web_broker_open(struct web_broker *b, int sock, struct err *err)
{
	if (web_broker_is_there(b)) {
		link_close(&b->link);
		lost(b, NULL);
	}
	return link_open(&b->link, b->web->loop, sock, QUEUE, err);
}
