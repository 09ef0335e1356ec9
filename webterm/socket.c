#include "webterm/socket.h"
#include "gateway/core/loop.h"
#include "gateway/core/scope.h"
#include "webterm/answer.h"
#include "webterm/events.h"
#include "webterm/frame.h"
#include "webterm/frames.h"
#include "webterm/read.h"
#include "webterm/terminal.h"
#include "webterm/ticket.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_US = 60 * 1000 * 1000, SOON_US = 100 * 1000 };

struct web_sockets {
	struct web *web;
	struct web_socket *first;
	uint64_t last;
	struct loop_timer check;
	bool soon;
};

/* ---- letting one in ---- */

static const struct {
	enum web_route_name route;
	enum web_purpose purpose;
	const struct web_socket_kind *kind;
} kinds[] = {
	{ WEB_ROUTE_TERMINAL_SOCKET, WEB_PURPOSE_TERMINAL, &web_terminal_socket },
	{ WEB_ROUTE_WATCH, WEB_PURPOSE_WATCH, &web_frames_watch },
	{ WEB_ROUTE_REPLAY, WEB_PURPOSE_REPLAY, &web_frames_replay },
	{ WEB_ROUTE_EVENTS, WEB_PURPOSE_EVENTS, &web_events_socket },
};

static bool speaks(struct lws *wsi, const char *protocol)
{
	char offered[128];
	int n = lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL);
	if (n <= 0)
		return protocol[0] == 0;
	return lws_hdr_copy(wsi, offered, sizeof offered, WSI_TOKEN_PROTOCOL) > 0 && strcmp(offered, protocol) == 0;
}

static enum web_problem judge(struct web_request *r, size_t *ret_kind, struct id *ret_id)
{
	const char *ticket = web_query_value(&r->query, "ticket");
	size_t k = 0;
	while (k < COUNT_OF(kinds) && kinds[k].route != r->route.name)
		k++;
	if (k == COUNT_OF(kinds) || (r->route.part[0][0] && id_parse(span_str(r->route.part[0]), ret_id) < 0))
		return WEB_PROBLEM_NOT_FOUND;
	if (!speaks(r->conn->wsi, kinds[k].kind->protocol))
		return WEB_PROBLEM_MALFORMED;
	if (!ticket || !web_ticket_take(r->web->tickets, span_str(ticket), &r->token, kinds[k].purpose, ret_id))
		return WEB_PROBLEM_TICKET;
	*ret_kind = k;
	return WEB_PROBLEM_NONE;
}

static void make(struct web_conn *c, const struct web_request *r, const struct web_socket_kind *kind, const struct id *id)
{
	struct web_sockets *l = c->web->sockets;
	struct web_socket *s = calloc(1, sizeof *s);
	const char *from = web_query_value(&r->query, "from"), *pace = web_query_value(&r->query, "pace");
	if (!s)
		abort();
	*s = (struct web_socket){ .next = l->first, .web = c->web, .conn = c, .kind = kind, .number = ++l->last, .session = r->token,
		.id = *id, .zh = r->zh };
	(void)snprintf(s->from, sizeof s->from, "%s", from ? from : "");
	(void)snprintf(s->pace, sizeof s->pace, "%s", pace ? pace : "");
	buf_init(&s->in, WEB_FRAME_MAX);
	l->first = s;
	c->socket = s;
	c->known = true;
}

int web_socket_confirm(struct web_conn *c)
{
	struct web_request *r = NULL;
	struct id id = { 0 };
	size_t kind = 0;
	web_request_drop(c);
	enum web_problem p = web_request_read(c, &r);
	if (p == WEB_PROBLEM_NONE)
		p = judge(r, &kind, &id);
	if (p == WEB_PROBLEM_NONE)
		make(c, r, kinds[kind].kind, &id);
	else
		web_answer_refuse(c, r, p);
	(void)web_request_free(r);
	return p == WEB_PROBLEM_NONE ? 0 : -1;
}

/* ---- its life ---- */

int web_socket_open(struct web_conn *c)
{
	if (!c->socket)
		return -1;
	c->socket->opened = true;
	c->socket->kind->open(c->socket);
	return 0;
}

int web_socket_received(struct web_conn *c, struct span bytes)
{
	struct web_socket *s = c->socket;
	if (!s || s->closing)
		return 0;
	buf_put_span(&s->in, bytes);
	bool whole = lws_is_final_fragment(c->wsi) && lws_remaining_packet_payload(c->wsi) == 0;
	bool good = !s->in.failed && (!whole || s->kind->hear(s, buf_span(&s->in)));
	if (!good) {
		lws_close_reason(c->wsi, (enum lws_close_status)WEB_SOCKET_NONSENSE, NULL, 0);
		return -1;
	}
	if (whole)
		buf_clear(&s->in);
	return 0;
}

int web_socket_write(struct web_conn *c)
{
	struct web_socket *s = c->socket;
	struct web_message m = { 0 };
	if (!s)
		return -1;
	if (s->kind->give(s, &m)) {
		uint8_t *room = c->web->room + LWS_PRE;
		size_t n = m.bytes.n < MSG_BODY_MAX ? m.bytes.n : MSG_BODY_MAX;
		memcpy(room, m.bytes.p, n);
		if (lws_write(c->wsi, room, n, m.text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY) < (int)n)
			return -1;
		(void)lws_callback_on_writable(c->wsi);
		return 0;
	}
	if (!s->closing)
		return 0;
	lws_close_reason(c->wsi, (enum lws_close_status)s->closing, NULL, 0);
	return -1;
}

void web_socket_gone(struct web_conn *c)
{
	struct web_socket *s = c->socket;
	if (!s)
		return;
	struct web_socket **at = &c->web->sockets->first;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	c->socket = NULL;
	if (s->opened)
		s->kind->close(s);
	buf_done(&s->in);
	free(s);
}

void web_socket_ready(struct web_socket *s)
{
	if (s->opened)
		(void)lws_callback_on_writable(s->conn->wsi);
}

void web_socket_hold(struct web_socket *s, bool hold)
{
	(void)lws_rx_flow_control(s->conn->wsi, !hold);
}

void web_socket_close(struct web_socket *s, uint16_t code)
{
	if (!s->closing)
		s->closing = code;
	web_socket_ready(s);
}

struct web_socket *web_socket_first(struct web_sockets *l)
{
	return l->first;
}

/* ---- still signed in? ---- */

struct check {
	struct web_sockets *all;
	uint64_t number; /* of a socket that may be gone by then */
};

static void checked(void *ctx, int code, struct span json, const struct err *err)
{
	scoped(scope_free) struct check *k = ctx;
	(void)json;
	(void)err;
	if (code != -EKEYEXPIRED && code != -EACCES && code != -ENOENT)
		return; /* a database that is away says nothing about anybody */
	for (struct web_socket *s = k->all->first; s; s = s->next)
		if (s->number == k->number)
			web_socket_close(s, WEB_SOCKET_SIGNED_OUT);
}

static void check_all(void *ctx)
{
	struct web_sockets *l = ctx;
	l->soon = false;
	loop_timer_set(l->web->loop, &l->check, CHECK_US);
	for (const struct web_socket *s = l->first; s; s = s->next) {
		struct check *k = calloc(1, sizeof *k);
		if (!k)
			abort();
		*k = (struct check){ .all = l, .number = s->number };
		if (web_read_who(l->web, &s->session, checked, k) < 0)
			free(k);
	}
}

void web_socket_recheck(struct web_sockets *l)
{
	if (!l->soon)
		loop_timer_set(l->web->loop, &l->check, SOON_US);
	l->soon = true;
}

struct web_sockets *web_socket_new(struct web *web)
{
	struct web_sockets *l = calloc(1, sizeof *l);
	if (!l)
		abort();
	l->web = web;
	l->check = (struct loop_timer){ .fire = check_all, .ctx = l };
	loop_timer_set(web->loop, &l->check, CHECK_US);
	return l;
}

struct web_sockets *web_socket_free(struct web_sockets *l)
{
	if (l)
		loop_timer_del(&l->check);
	free(l);
	return NULL;
}
