#include "webterm/answer.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "webterm/bearer.h"
#include "webterm/route.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HEAD_MAX = 4096, BODY_MAX = 64 << 20, TOLD_US = 10 * 1000 * 1000, CHUNK_HEAD = 6 /* four digits, CRLF */, CHUNK_MAX = 0xffff };

/* What a page of ours may do.  Workers have the policy of their own file. */
static void put_policy(struct buf *out, const char *nonce, bool download)
{
	if (download) {
		buf_printf(out, "Content-Security-Policy: default-src 'none'; sandbox\r\n");
		return;
	}
	buf_printf(out, "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src-elem 'self'");
	if (nonce)
		buf_printf(out, " 'nonce-%s'", nonce);
	buf_printf(out, "; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob:; "
			"connect-src 'self'; frame-src 'self'; worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
			"form-action 'self'\r\n");
}

static void put_head(struct web_request *r, const struct web_answer *a, uint64_t length)
{
	struct buf *out = &r->answer.head;
	int status = a->status ? a->status : 200;
	buf_init(out, HEAD_MAX);
	buf_printf(out, "HTTP/1.1 %d %s\r\n", status, web_problem_reason(status));
	if (a->type)
		buf_printf(out, "Content-Type: %s\r\n", a->type);
	if (length == WEB_ANSWER_OPEN)
		buf_printf(out, "Transfer-Encoding: chunked\r\n");
	else
		buf_printf(out, "Content-Length: %" PRIu64 "\r\n", length);
	buf_printf(out, "Connection: %s\r\nCache-Control: %s\r\n", r->answer.close ? "close" : "keep-alive",
		a->forever ? "public, max-age=31536000, immutable" : "no-store");
	if (a->policy)
		buf_printf(out, "Content-Security-Policy: %s\r\n", a->policy);
	else
		put_policy(out, a->nonce, a->download);
	buf_printf(out, "Strict-Transport-Security: max-age=31536000\r\nX-Content-Type-Options: nosniff\r\n"
			"Referrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n"
			"Cross-Origin-Resource-Policy: same-origin\r\nPermissions-Policy: clipboard-read=(self), publickey-credentials-create=(self), publickey-credentials-get=(self), "
			"clipboard-write=(self), fullscreen=(self), camera=(), microphone=(), geolocation=(), usb=(), "
			"serial=(), payment=(), display-capture=()\r\n");
	if (a->headers)
		buf_printf(out, "%s", a->headers);
	buf_put(out, "\r\n", 2);
}

static void begin(struct web_request *r, const struct web_answer *a, uint64_t length)
{
	if (r->answer.begun)
		return;
	r->answer.begun = true;
	r->answer.close |= !r->whole && r->length > WEB_DRAIN_MAX;
	put_head(r, a, length);
	web_request_within(r, WEB_REQUEST_US);
	web_conn_want(r->conn);
}

void web_answer(struct web_request *r, const struct web_answer *a)
{
	if (r->answer.begun)
		return;
	if (a->lives) {
		r->answer.rest = a->body;
	} else {
		buf_init(&r->answer.own, BODY_MAX);
		buf_put_span(&r->answer.own, a->body);
		r->answer.rest = buf_span(&r->answer.own);
	}
	if (r->answer.head_only)
		r->answer.rest.n = 0;
	begin(r, a, a->body.n);
}

void web_answer_put_name(struct buf *headers, const char *path)
{
	const char *slash = strrchr(path, '/');
	buf_printf(headers, "Content-Disposition: attachment; filename*=UTF-8''");
	for (const char *c = slash ? slash + 1 : path; *c; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("._-", *c);
		if (plain)
			buf_put(headers, c, 1);
		else
			buf_printf(headers, "%%%02X", (unsigned)(uint8_t)*c);
	}
	buf_printf(headers, "\r\n");
}

void web_answer_stream(struct web_request *r, const struct web_answer *a, uint64_t length)
{
	r->answer.chunked = length == WEB_ANSWER_OPEN;
	r->answer.left = r->answer.head_only ? 0 : length;
	begin(r, a, length);
}

void web_answer_go_on(struct web_request *r)
{
	if (r->answer.begun)
		web_conn_want(r->conn);
}

void web_answer_json(struct web_request *r, struct span json)
{
	web_answer(r, &(struct web_answer){ .type = "application/json", .body = json });
}

/* What a page of another site may have tried.  Anybody can: one line each ten seconds, with how many there were. */
static void log_refusal(struct web_request *r, enum web_problem p)
{
	struct web *web = r->web;
	if (p != WEB_PROBLEM_CSRF && p != WEB_PROBLEM_ORIGIN && p != WEB_PROBLEM_TICKET)
		return;
	web->refused++;
	if (web->refused_us != 0 && loop_now_us(web->loop) - web->refused_us < TOLD_US)
		return;
	web->refused_us = loop_now_us(web->loop);
	log_ev(LOG_LEVEL_WARN, "web.refused", LOG_S("code", web_problem_code(p)), LOG_S("from", r->conn->address),
		LOG_N("count", web->refused));
	web->refused = 0;
}

void web_answer_problem(struct web_request *r, enum web_problem p, struct span detail)
{
	char allow[80] = "";
	scoped(buf_done) struct buf body = { 0 }, methods = { 0 };
	if (r->bearer && (p == WEB_PROBLEM_SIGNED_OUT || p == WEB_PROBLEM_BEARER)) {
		web_bearer_bad(r->web->bearers, r->conn->address, loop_now_us(r->web->loop));
		p = WEB_PROBLEM_BEARER;
		detail = (struct span){ 0 };
	}
	log_refusal(r, p);
	buf_init(&body, 8192);
	web_problem_put(&body, p, detail, r->zh);
	if (p == WEB_PROBLEM_METHOD) {
		buf_init(&methods, 64);
		web_route_allow(r->route.allow, &methods);
		(void)snprintf(allow, sizeof allow, "Allow: %s\r\n", buf_str(&methods));
	} else if (p == WEB_PROBLEM_BEARER) {
		(void)snprintf(allow, sizeof allow, "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n");
	} else if (p == WEB_PROBLEM_UPGRADE) {
		(void)snprintf(allow, sizeof allow, "Upgrade: websocket\r\n");
	}
	web_answer(r, &(struct web_answer){ .status = web_problem_status(p), .type = "application/problem+json",
		.headers = allow, .body = buf_span(&body) });
}

/* ---- going out ---- */

/* One chunk of an open stream, or its end: without that, whoever reads knows that something is missing. */
static int chunk(struct web_request *r, uint8_t *room, size_t size)
{
	static const char end[] = "0\r\n\r\n";
	char head[16];
	size_t most = size - CHUNK_HEAD - 2 < CHUNK_MAX ? size - CHUNK_HEAD - 2 : CHUNK_MAX;
	int got = r->answer.more(r, room + CHUNK_HEAD, most);
	if (got == -ENODATA) {
		r->answer.left = 0;
		memcpy(room, end, sizeof end - 1);
		return sizeof end - 1;
	}
	if (got <= 0)
		return got;
	(void)snprintf(head, sizeof head, "%04x\r\n", (unsigned)got);
	memcpy(room, head, CHUNK_HEAD);
	memcpy(room + CHUNK_HEAD + got, "\r\n", 2);
	return CHUNK_HEAD + got + 2;
}

/* Fills the room behind libwebsockets' own with head and body; negative: the stream broke. */
static int fill(struct web_request *r, uint8_t *room, size_t size)
{
	struct web_answer_state *a = &r->answer;
	size_t n = a->head.len;
	if (n > 0) {
		memcpy(room, a->head.data, n);
		buf_clear(&a->head);
	}
	size_t more = a->rest.n < size - n ? a->rest.n : size - n;
	if (more > 0) {
		memcpy(room + n, a->rest.p, more);
		a->rest = span_of(a->rest.p + more, a->rest.n - more);
		return (int)(n + more);
	}
	if (a->left == 0 || !a->more)
		return (int)n;
	int got = a->chunked ? chunk(r, room + n, size - n) : a->more(r, room + n, a->left < size - n ? (size_t)a->left : size - n);
	if (got < 0)
		return got;
	a->left -= a->chunked ? 0 : (uint64_t)got;
	return (int)n + got;
}

static int finish(struct web_conn *c)
{
	bool close = c->request->answer.close, whole = c->request->whole;
	web_request_drop(c);
	if (close)
		return -1;
	web_conn_open(c);
	if (!whole)
		lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, WEB_REQUEST_US / 1000000);
	return lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

int web_answer_write(struct web_conn *c)
{
	struct web_request *r = c->request;
	if (!r || !r->answer.begun)
		return 0;
	uint8_t *room = c->web->room + LWS_PRE;
	int n = fill(r, room, WEB_ROOM);
	if (n < 0)
		return -1;
	if (n > 0) {
		if (lws_write(c->wsi, room, (size_t)n, LWS_WRITE_HTTP) < n)
			return -1;
		web_request_within(r, WEB_REQUEST_US);
	}
	if (r->answer.rest.n == 0 && r->answer.left == 0 && !lws_partial_buffered(c->wsi))
		return finish(c);
	if (n > 0 || lws_partial_buffered(c->wsi))
		web_conn_want(c);
	else
		web_conn_rest(c);
	return 0;
}

void web_answer_refuse(struct web_conn *c, struct web_request *r, enum web_problem p)
{
	uint8_t *room = c->web->room + LWS_PRE;
	r->answer.close = true;
	r->answer.begun = false;
	web_answer_problem(r, p, (struct span){ 0 });
	int n = fill(r, room, WEB_ROOM);
	if (n > 0)
		(void)lws_write(c->wsi, room, (size_t)n, LWS_WRITE_HTTP);
}
