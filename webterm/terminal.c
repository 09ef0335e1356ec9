#include "webterm/terminal.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "webterm/answer.h"
#include "webterm/broker.h"
#include "webterm/frame.h"
#include "webterm/ticket.h"
#include "webterm/transfer.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE = 4096 };

struct web_terminals {
	struct web *web;
	struct web_terminal *first;
};

/* ---- its life ---- */

static void terminal_free(struct web_terminals *all, struct web_terminal *t)
{
	struct web_terminal **at = &all->first;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (t->socket) {
		t->socket->ctx = NULL;
		web_socket_close(t->socket, WEB_SOCKET_DONE);
	}
	web_transfer_end_all(t);
	loop_timer_del(&t->away);
	link_close(&t->link);
	buf_done(&t->to_browser);
	buf_done(&t->to_term);
	free(t);
}

static void away(void *ctx)
{
	struct web_terminal *t = ctx;
	web_broker_leave(t->web->broker, &t->id);
	terminal_free(t->web->terminals, t);
}

/* The process is gone: the browser gets what was said last, then the end. */
static void lost(void *ctx, const struct err *why)
{
	(void)why;
	struct web_terminal *t = ctx;
	t->over = true;
	if (!t->socket || t->to_browser.len == 0)
		terminal_free(t->web->terminals, t);
}

static int put_frame(struct web_terminal *t, struct span frame)
{
	scoped(buf_done) struct buf body = { 0 };
	buf_init(&body, WEB_FRAME_MAX + 16);
	wire_term_put(&body, &(struct wire_term){ .frame = frame });
	return link_try(&t->link, WIRE_T_term, buf_span(&body));
}

int web_terminal_send(struct web_terminal *t, struct span frame)
{
	return t->link.waits ? -EAGAIN : put_frame(t, frame);
}

static void room(void *ctx)
{
	struct web_terminal *t = ctx;
	if (t->to_term.len > 0) {
		if (put_frame(t, buf_span(&t->to_term)) == -EAGAIN)
			return;
		buf_clear(&t->to_term);
		if (t->socket)
			web_socket_hold(t->socket, false);
	}
	web_transfer_room(t);
}

/* ---- from the process ---- */

static bool is_transfers(struct span frame, uint32_t *ret_id)
{
	struct rd r = rd_of(frame);
	uint8_t type = rd_u8(&r);
	*ret_id = rd_u32le(&r);
	return (type == WEB_FRAME_FILED || type == WEB_FRAME_CHUNK_OF || type == WEB_FRAME_CREDIT_TAKEN) && !r.bad &&
	       *ret_id >= WEB_FRAME_OWN;
}

static void got(void *ctx, struct link_msg *m)
{
	struct web_terminal *t = ctx;
	struct wire_term term;
	uint32_t id = 0;
	if (m->type != WIRE_T_term || wire_term_get(m->body, &term, NULL) < 0 || term.frame.n > WEB_FRAME_MAX) {
		link_close(&t->link);
		lost(t, NULL);
		return;
	}
	if (is_transfers(term.frame, &id)) {
		web_transfer_got(t, id, term.frame);
	} else if (t->socket && t->socket->opened) {
		buf_put_span(&t->to_browser, term.frame);
		link_pause(&t->link, true);
		web_socket_ready(t->socket);
	}
}

/* ---- the browser ---- */

struct web_terminal *web_terminal_find(struct web_terminals *all, const struct id *id, const struct web_token *session)
{
	for (struct web_terminal *t = all->first; t; t = t->next)
		for (size_t i = 0; id_eq(&t->id, id) && i < WEB_TERMINAL_OWNERS; i++)
			if (web_cookie_is(&t->owners[i], session))
				return t;
	return NULL;
}

static void opened(struct web_socket *s)
{
	struct web_terminal *t = web_terminal_find(s->web->terminals, &s->id, &s->session);
	if (!t || t->over) {
		web_socket_close(s, WEB_SOCKET_DONE);
		return;
	}
	if (t->socket) { /* the tab was opened once more: the newer one has it */
		t->socket->ctx = NULL;
		web_socket_close(t->socket, WEB_SOCKET_TAKEN);
	}
	loop_timer_del(&t->away);
	t->socket = s;
	s->ctx = t;
	buf_clear(&t->to_browser); /* was for another; HELLO brings the whole screen */
	if (t->to_term.len > 0)
		web_socket_hold(s, true);
	link_pause(&t->link, false);
}

/* What a browser may say, in the shape that it has (webterm/frame.h); ids of files from WEB_FRAME_OWN on are ours. */
static bool is_askable(struct span frame)
{
	static const struct {
		uint8_t type, least;
		bool more;
	} said[] = {
		{ WEB_FRAME_HELLO, 5, false }, { WEB_FRAME_INPUT, 1, true }, { WEB_FRAME_SIZE, 5, false }, { WEB_FRAME_ACK, 5, false },
		{ WEB_FRAME_PASTE, 5, false }, { WEB_FRAME_FILE, 5, true }, { WEB_FRAME_CHUNK, 5, true },
		{ WEB_FRAME_CREDIT_GIVEN, 9, false }, { WEB_FRAME_END, 1, false },
	};
	struct rd r = rd_of(frame);
	uint8_t type = rd_u8(&r);
	for (size_t i = 0; i < COUNT_OF(said); i++) {
		if (said[i].type != type)
			continue;
		bool of_file = type == WEB_FRAME_FILE || type == WEB_FRAME_CHUNK || type == WEB_FRAME_CREDIT_GIVEN;
		return (said[i].more ? frame.n >= said[i].least : frame.n == said[i].least) && (!of_file || rd_u32le(&r) < WEB_FRAME_OWN);
	}
	return false;
}

static bool hear(struct web_socket *s, struct span message)
{
	struct web_terminal *t = s->ctx;
	if (!t)
		return true; /* it is being closed */
	if (!is_askable(message))
		return false;
	if (web_terminal_send(t, message) == -EAGAIN) {
		buf_put_span(&t->to_term, message);
		web_socket_hold(s, true);
	}
	return true;
}

static bool give(struct web_socket *s, struct web_message *ret)
{
	struct web_terminal *t = s->ctx;
	if (!t)
		return false;
	if (t->to_browser.len == 0) {
		if (t->over)
			terminal_free(s->web->terminals, t);
		return false;
	}
	*ret = (struct web_message){ .bytes = buf_span(&t->to_browser) }; /* stays until the next one is put there */
	t->to_browser.len = 0;
	link_pause(&t->link, false);
	return true;
}

static void closed(struct web_socket *s)
{
	static const uint8_t hello[] = { WEB_FRAME_HELLO, 0, 0, 0, 0 };
	struct web_terminal *t = s->ctx;
	if (!t)
		return;
	t->socket = NULL;
	buf_clear(&t->to_browser);
	if (t->over) {
		terminal_free(s->web->terminals, t);
		return;
	}
	if (t->to_term.len == 0 && web_terminal_send(t, span_of(hello, sizeof hello)) == -EAGAIN)
		buf_put(&t->to_term, hello, sizeof hello);
	link_pause(&t->link, false);
	loop_timer_set(s->web->loop, &t->away, WEB_TERMINAL_AWAY_US);
}

const struct web_socket_kind web_terminal_socket = {
	.protocol = "yanmen.term.1", .open = opened, .hear = hear, .give = give, .close = closed
};

/* ---- opening one, and having it again ---- */

static struct web_terminal *find_any(struct web_terminals *all, const struct id *id)
{
	struct web_terminal *t = all->first;
	while (t && !id_eq(&t->id, id))
		t = t->next;
	return t;
}

static struct web_terminal *terminal_new(struct web *web, const struct id *id)
{
	struct web_terminal *t = calloc(1, sizeof *t);
	if (!t)
		abort();
	t->web = web;
	t->id = *id;
	t->away = (struct loop_timer){ .fire = away, .ctx = t };
	t->link = (struct link){ .got = got, .lost = lost, .room = room, .ctx = t };
	buf_init(&t->to_browser, WEB_FRAME_MAX);
	buf_init(&t->to_term, WEB_FRAME_MAX);
	t->next = web->terminals->first;
	web->terminals->first = t;
	loop_timer_set(web->loop, &t->away, WEB_TERMINAL_AWAY_US);
	return t;
}

/* Another descriptor of the same socket: the one that we have will do, but after a restart of the broker it is new. */
static struct web_terminal *have(struct web *web, const struct id *id, int fd)
{
	struct web_terminal *t = find_any(web->terminals, id);
	if (t && !t->over && link_is_open(&t->link)) {
		(void)close(fd);
		return t;
	}
	if (t)
		terminal_free(web->terminals, t);
	t = terminal_new(web, id);
	if (link_open(&t->link, web->loop, fd, QUEUE, NULL) == 0)
		return t;
	terminal_free(web->terminals, t);
	return NULL;
}

struct opening {
	struct web *web;
	void *op;
	bool fresh;
};

static void came(void *ctx, struct web_reply *reply)
{
	scoped(scope_free) struct opening *o = ctx;
	struct web_request *r = web_request_back(o->op);
	char id[ID_TEXT], ticket[WEB_TOKEN_TEXT], body[160];
	if (!r) { /* the browser went before it knew of its terminal */
		if (o->fresh && reply->code == 0)
			web_broker_leave(o->web->broker, &reply->id);
		return;
	}
	if (reply->code < 0) {
		enum web_problem p = reply->code == WEB_BROKER_LOST ? WEB_PROBLEM_AWAY : web_problem_of_code((int)reply->code);
		web_answer_problem(r, p, reply->say);
		return;
	}
	struct web_terminal *t = have(r->web, &reply->id, take_fd(reply->fd));
	if (!t || web_ticket_make(r->web->tickets, &r->token, WEB_PURPOSE_TERMINAL, &reply->id, ticket) < 0) {
		web_answer_problem(r, WEB_PROBLEM_BUSY, (struct span){ 0 });
		return;
	}
	if (!web_terminal_find(r->web->terminals, &t->id, &r->token))
		t->owners[t->owner++ % WEB_TERMINAL_OWNERS] = r->token;
	r->conn->known = true;
	id_text(&t->id, id);
	(void)snprintf(body, sizeof body, "{\"id\":\"%s\",\"ticket\":\"%s\"}", id, ticket);
	web_answer_json(r, span_str(body));
}

static void ask(struct web_request *r, const struct id *id, const char *target, const char *account)
{
	struct web_broker_terminal m = { .token = &r->token, .address = r->conn->address, .port = r->conn->port, .zh = r->zh,
		.id = *id, .target = target, .account = account };
	struct opening *o = calloc(1, sizeof *o);
	if (!o)
		abort();
	*o = (struct opening){ .web = r->web, .op = web_request_wait(r), .fresh = id_is_zero(id) };
	web_request_within(r, WEB_COMMAND_US);
	if (web_broker_terminal(r->web->broker, &m, came, o) < 0) {
		(void)web_request_back(o->op);
		free(o);
		web_answer_problem(r, WEB_PROBLEM_AWAY, (struct span){ 0 });
	}
}

void web_terminal_new(struct web_request *r)
{
	json_t *object = json_loadb((const char *)r->body.data, r->body.len, JSON_REJECT_DUPLICATES, NULL);
	const char *target = json_string_value(json_object_get(object, "target"));
	const char *account = json_string_value(json_object_get(object, "account"));
	if (target && strlen(target) < 256 && (!account || strlen(account) < 256))
		ask(r, &(struct id){ 0 }, target, account ? account : "");
	else
		web_answer_problem(r, WEB_PROBLEM_MALFORMED, (struct span){ 0 });
	json_decref(object);
}

void web_terminal_ticket(struct web_request *r)
{
	struct id id;
	if (id_parse(span_str(r->route.part[0]), &id) == 0)
		ask(r, &id, "", "");
	else
		web_answer_problem(r, WEB_PROBLEM_NOT_FOUND, (struct span){ 0 });
}

struct web_terminals *web_terminal_table(struct web *web)
{
	struct web_terminals *t = calloc(1, sizeof *t);
	if (!t)
		abort();
	t->web = web;
	return t;
}

struct web_terminals *web_terminal_free(struct web_terminals *all)
{
	while (all && all->first)
		terminal_free(all, all->first);
	free(all);
	return NULL;
}
