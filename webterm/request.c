#include "webterm/request.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "webterm/answer.h"
#include "webterm/bearer.h"
#include "webterm/origin.h"
#include "webterm/serve.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- waiting for somebody else's answer ---- */

struct web_op {
	struct web_request *r; /* NULL: the browser is gone */
};

void *web_request_wait(struct web_request *r)
{
	struct web_op *op = calloc(1, sizeof *op);
	if (!op)
		abort();
	op->r = r;
	r->op = op;
	return op;
}

struct web_request *web_request_back(void *ctx)
{
	struct web_op *op = ctx;
	struct web_request *r = op->r;
	if (r)
		r->op = NULL;
	free(op);
	return r;
}

void web_request_within(struct web_request *r, int64_t us)
{
	loop_timer_set(r->web->loop, &r->late, us);
}

static void late(void *ctx)
{
	struct web_request *r = ctx;
	if (!r->answer.begun && !r->conn->socket) {
		r->answer.close = true;
		web_answer_problem(r, r->whole ? WEB_PROBLEM_NO_ANSWER : WEB_PROBLEM_LATE, (struct span){ 0 });
		web_request_within(r, WEB_REQUEST_US);
	} else {
		lws_set_timeout(r->conn->wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC);
	}
}

struct web_request *web_request_free(struct web_request *r)
{
	if (!r)
		return NULL;
	if (r->work_drop)
		r->work_drop(r);
	if (r->op)
		r->op->r = NULL;
	loop_timer_del(&r->late);
	web_query_done(&r->query);
	if (r->body.data)
		secret_wipe(r->body.data, r->body.size);
	if (r->answer.own.data)
		secret_wipe(r->answer.own.data, r->answer.own.size);
	buf_done(&r->body);
	buf_done(&r->answer.own);
	buf_done(&r->answer.head);
	secret_wipe(r, sizeof *r);
	free(r);
	return NULL;
}

void web_request_drop(struct web_conn *c)
{
	c->request = web_request_free(c->request);
}

/* ---- its headers ---- */

/* A header's value in `room`; false when it is longer. */
static bool header(struct lws *wsi, enum lws_token_indexes which, char *room, size_t size, struct span *ret)
{
	int n = lws_hdr_total_length(wsi, which);
	*ret = (struct span){ 0 };
	if (n <= 0)
		return true;
	n = lws_hdr_copy(wsi, room, (int)size, which);
	if (n > 0)
		*ret = span_of(room, (size_t)n);
	return n >= 0;
}

/* One that libwebsockets has no number for; name in lower case, with its colon. */
static bool other_header(struct lws *wsi, const char *name, char *room, size_t size, struct span *ret)
{
	int n = lws_hdr_custom_length(wsi, name, (int)strlen(name));
	*ret = (struct span){ 0 };
	if (n <= 0)
		return true;
	n = lws_hdr_custom_copy(wsi, room, (int)size, name, (int)strlen(name));
	if (n > 0)
		*ret = span_of(room, (size_t)n);
	return n >= 0;
}

static enum web_method method_of(int m)
{
	switch (m) {
	case LWSHUMETH_GET:
		return WEB_GET;
	case LWSHUMETH_HEAD:
		return WEB_HEAD;
	case LWSHUMETH_POST:
		return WEB_POST;
	case LWSHUMETH_PUT:
		return WEB_PUT;
	default:
		return WEB_OTHER;
	}
}

static enum web_problem read_query(struct web_request *r, struct lws *wsi, size_t path_n)
{
	char field[WEB_URL_MAX + 1];
	if (path_n + (size_t)lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS) > WEB_URL_MAX)
		return WEB_PROBLEM_TOO_LONG;
	for (int i = 0;; i++) {
		int n = lws_hdr_copy_fragment(wsi, field, sizeof field, WSI_TOKEN_HTTP_URI_ARGS, i);
		if (n < 0)
			return WEB_PROBLEM_NONE;
		if (n > 0 && !web_query_add(&r->query, span_of(field, (size_t)n)))
			return WEB_PROBLEM_MALFORMED;
	}
}

/* How long the body is.  Chunks are not taken: no browser sends them, and two ways to say a length are one too many. */
static enum web_problem read_length(struct web_request *r, struct lws *wsi, enum web_method method)
{
	char room[24];
	struct span text;
	bool fits = header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, room, sizeof room, &text);
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
		return WEB_PROBLEM_LENGTH;
	if (!fits || text.n > 15)
		return WEB_PROBLEM_MALFORMED;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return WEB_PROBLEM_MALFORMED;
		r->length = r->length * 10 + (text.p[i] - '0');
	}
	if (text.n == 0 && (method == WEB_POST || method == WEB_PUT))
		return WEB_PROBLEM_LENGTH;
	if (r->length > WEB_BODY_MAX && !(r->route.flags & WEB_ROUTE_STREAM))
		return WEB_PROBLEM_TOO_LARGE;
	return r->length > 0 && !(r->route.flags & (WEB_ROUTE_BODY | WEB_ROUTE_STREAM)) ? WEB_PROBLEM_MALFORMED : WEB_PROBLEM_NONE;
}

static void read_person(struct web_request *r, struct lws *wsi)
{
	char room[WEB_HEADERS_MAX];
	struct span s;
	r->bearer = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_AUTHORIZATION) > 0;
	if (r->bearer) { /* then no cookie counts */
		r->has_token = header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, room, sizeof room, &s) && web_bearer_get(s, &r->token);
	} else if (header(wsi, WSI_TOKEN_HTTP_COOKIE, room, sizeof room, &s)) {
		r->has_token = web_cookie_get(s, WEB_COOKIE_SESSION, &r->token);
		r->has_visit = web_cookie_get(s, WEB_COOKIE_VISIT, &r->visit);
		r->has_device = web_cookie_get(s, WEB_COOKIE_DEVICE, &r->device);
	}
	secret_wipe(room, sizeof room);
	if (r->web->conf.web_origin[0])
		(void)snprintf(r->origin, sizeof r->origin, "%s", r->web->conf.web_origin);
	else if (header(wsi, WSI_TOKEN_HOST, room, sizeof r->origin - sizeof "https://", &s))
		(void)snprintf(r->origin, sizeof r->origin, "https://%.*s", (int)s.n, (const char *)s.p);
	if (header(wsi, WSI_TOKEN_HTTP_ACCEPT_LANGUAGE, room, sizeof room, &s))
		r->zh = s.n >= 2 && (s.p[0] | 0x20) == 'z' && (s.p[1] | 0x20) == 'h';
	if (header(wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, room, sizeof room, &s) && s.n > 0)
		r->codings = (memmem(s.p, s.n, "br", 2) ? WEB_CODING_BR : 0) | (memmem(s.p, s.n, "gzip", 4) ? WEB_CODING_GZIP : 0);
	if (header(wsi, WSI_TOKEN_HTTP_USER_AGENT, room, sizeof room, &s) && s.n > 0)
		memcpy(r->agent, s.p, s.n < sizeof r->agent - 1 ? s.n : sizeof r->agent - 1);
	if (header(wsi, WSI_TOKEN_HTTP_RANGE, r->range, sizeof r->range, &s))
		r->range[s.n] = 0;
	else
		r->range[0] = 0; /* too long for one range: the whole is an answer, too */
	if (header(wsi, WSI_TOKEN_HTTP_IF_RANGE, r->if_range, sizeof r->if_range, &s))
		r->if_range[s.n] = 0;
	else
		(void)snprintf(r->if_range, sizeof r->if_range, "?"); /* nothing that we ever called a file */
	if (other_header(wsi, "idempotency-key:", r->once, sizeof r->once, &s))
		r->once[s.n] = 0;
	else
		r->once[0] = 0;
}

static bool has_csrf(const struct web_request *r, struct lws *wsi)
{
	char room[WEB_TOKEN_TEXT + 1];
	struct span s;
	struct web_token given, wanted;
	web_cookie_csrf(&r->token, &wanted);
	return other_header(wsi, "x-csrf-token:", room, sizeof room, &s) && web_cookie_token(s, &given) &&
	       web_cookie_is(&given, &wanted);
}

/* needed: a WebSocket's must be there; a program without a browser sends none with its POST. */
static bool has_origin(const struct web_request *r, struct lws *wsi, bool needed)
{
	char room[300], host_room[300];
	struct span origin, host;
	if (!header(wsi, WSI_TOKEN_ORIGIN, room, sizeof room, &origin) ||
		!header(wsi, WSI_TOKEN_HOST, host_room, sizeof host_room, &host))
		return false;
	return origin.n == 0 ? !needed : web_origin_is(origin, r->web->conf.web_origin, host);
}

/* With an API token: no page of a browser sends one by itself, so there is no CSRF token; an Origin of somebody else is refused all the same. */
static enum web_problem judge_bearer(struct web_request *r, struct lws *wsi)
{
	if (web_bearer_is_full(r->web->bearers, r->conn->address, loop_now_us(r->web->loop)))
		return WEB_PROBLEM_BUSY;
	if (!has_origin(r, wsi, false))
		return WEB_PROBLEM_ORIGIN;
	if (!r->has_token)
		return WEB_PROBLEM_BEARER;
	return r->route.flags & WEB_ROUTE_API ? WEB_PROBLEM_NONE : WEB_PROBLEM_NOT_ALLOWED;
}

static enum web_problem judge(struct web_request *r, struct lws *wsi, enum web_method method)
{
	bool socket = r->route.flags & WEB_ROUTE_SOCKET;
	if (r->route.name == WEB_ROUTE_NONE)
		return WEB_PROBLEM_NOT_FOUND;
	if (r->route.name == WEB_ROUTE_METHOD)
		return WEB_PROBLEM_METHOD;
	if ((r->route.flags & WEB_ROUTE_SIGNED) && r->bearer)
		return judge_bearer(r, wsi);
	if ((r->route.flags & WEB_ROUTE_SIGNED) && !r->has_token)
		return WEB_PROBLEM_SIGNED_OUT;
	bool writes = method != WEB_GET && method != WEB_HEAD;
	if ((writes || socket) && !has_origin(r, wsi, socket))
		return WEB_PROBLEM_ORIGIN;
	if (writes && (r->route.flags & WEB_ROUTE_SIGNED) && !has_csrf(r, wsi))
		return WEB_PROBLEM_CSRF;
	return WEB_PROBLEM_NONE;
}

enum web_problem web_request_read(struct web_conn *c, struct web_request **ret)
{
	struct web_request *r = calloc(1, sizeof *r);
	char *path = NULL;
	int n = 0;
	if (!r)
		abort();
	r->web = c->web;
	r->conn = c;
	r->late = (struct loop_timer){ .fire = late, .ctx = r };
	*ret = r;
	enum web_method method = method_of(lws_http_get_uri_and_method(c->wsi, &path, &n));
	r->answer.head_only = method == WEB_HEAD;
	read_person(r, c->wsi);
	enum web_problem p = read_query(r, c->wsi, (size_t)n);
	if (p == WEB_PROBLEM_NONE)
		web_route_find(method, span_of(path, (size_t)n), &r->route);
	enum web_problem length = read_length(r, c->wsi, method);
	r->answer.close = length == WEB_PROBLEM_LENGTH || length == WEB_PROBLEM_MALFORMED;
	if (p == WEB_PROBLEM_NONE)
		p = judge(r, c->wsi, method);
	p = p == WEB_PROBLEM_NONE ? length : p;
	r->answer.close |= p == WEB_PROBLEM_MALFORMED || p == WEB_PROBLEM_TOO_LONG;
	return p;
}

/* ---- its life ---- */

static void serve(struct web_request *r)
{
	r->whole = !(r->route.flags & WEB_ROUTE_STREAM) || r->length == 0;
	if (r->whole)
		web_conn_shut(r->conn);
	web_request_within(r, WEB_REQUEST_US);
	web_serve(r);
}

int web_request_begin(struct web_conn *c)
{
	web_request_drop(c);
	enum web_problem p = web_request_read(c, &c->request);
	struct web_request *r = c->request;
	lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
	web_request_within(r, WEB_REQUEST_US);
	buf_init(&r->body, WEB_BODY_MAX);
	if (p == WEB_PROBLEM_NONE && (r->route.flags & WEB_ROUTE_SOCKET))
		p = WEB_PROBLEM_UPGRADE;
	if (p != WEB_PROBLEM_NONE)
		web_answer_problem(r, p, (struct span){ 0 });
	else if (r->length == 0 || (r->route.flags & WEB_ROUTE_STREAM))
		serve(r);
	return 0;
}

int web_request_body(struct web_conn *c, struct span bytes)
{
	struct web_request *r = c->request;
	if (!r)
		return -1;
	if (r->answer.begun || bytes.n == 0)
		return 0; /* it was refused: the rest is thrown away */
	if (r->feed)
		return r->feed(r, bytes) < 0 ? -1 : 0;
	buf_put_span(&r->body, bytes);
	return r->body.failed ? -1 : 0;
}

int web_request_whole(struct web_conn *c)
{
	struct web_request *r = c->request;
	if (!r)
		return -1;
	if (r->whole)
		return 0;
	if (r->answer.begun) { /* it was refused, and is being told so */
		r->whole = true;
		web_conn_shut(c);
		web_conn_want(c);
		return 0;
	}
	if (r->route.flags & WEB_ROUTE_STREAM) {
		r->whole = true;
		web_conn_shut(c);
		return r->feed && r->feed(r, (struct span){ 0 }) < 0 ? -1 : 0;
	}
	serve(r);
	return 0;
}
