#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H
#include "gateway/core/loop.h"
#include "webterm/conn.h"
#include "webterm/cookie.h"
#include "webterm/problem.h"
#include "webterm/query.h"
#include "webterm/route.h"
/*
 * request - one request of a browser, from its headers to the last byte of the answer.
 *
 * Order:   headers are judged (path, method, cookie, CSRF, Origin, lengths), the body is taken, then serve.c's handler runs, once.
 *          It answers by answer.h, at once or later; nothing is read from that connection meanwhile.
 * Waiting: whoever asks broker or database gives web_request_wait as its ctx and gets the request back by
 *          web_request_back: NULL when the browser went away meanwhile.
 * Limits:  WEB_HEADERS_MAX, WEB_URL_MAX, WEB_BODY_MAX; WEB_REQUEST_US without progress ends it.
 * Owns:    all that it points to; wiped, since a body may hold a password.
 */
struct web_answer_state {
	bool begun, close, head_only, chunked;
	struct buf head, own;
	struct span rest;  /* of own, or of something that lives as long as we */
	uint64_t left;     /* bytes of the body that Content-Length has promised and `more` still owes */
	/* Bytes of a stream: how many were put, 0 = none now (call web_answer_go_on then), -ENODATA = the end, other negative = broken off. */
	int (*more)(struct web_request *r, uint8_t *room, size_t n);
};
struct web_op;
enum web_coding { WEB_CODING_BR = 1, WEB_CODING_GZIP = 2 }; /* what the browser can unpack: RFC 9110 section 8.4, RFC 7932 */

struct web_request {
	struct web *web;
	struct web_conn *conn;
	struct web_route route;
	struct web_query query;
	unsigned codings; /* enum web_coding */
	bool zh, has_token, has_visit, has_device, bearer /* it says Authorization */, whole /* the body came */;
	struct web_token token, visit, device;
	char range[64], if_range[80]; /* "" = none */
	char agent[201], once[65], origin[300] /* of our page, as this browser calls it */;
	uint64_t length; /* of the body */
	struct buf body;
	struct web_op *op;
	struct loop_timer late;
	struct web_answer_state answer;
	/* a handler's own: */
	int (*feed)(struct web_request *r, struct span bytes); /* of a streamed body; negative = enough */
	void *work;
	void (*work_drop)(struct web_request *r);
};
/* 0, or a problem: the headers at hand as a request. */
enum web_problem web_request_read(struct web_conn *c, struct web_request **ret);
/* libwebsockets' callbacks for HTTP: 0, or -1 = close. */
int web_request_begin(struct web_conn *c);
int web_request_body(struct web_conn *c, struct span bytes);
int web_request_whole(struct web_conn *c);
void web_request_drop(struct web_conn *c);
struct web_request *web_request_free(struct web_request *r);

void *web_request_wait(struct web_request *r);
struct web_request *web_request_back(void *op);
void web_request_within(struct web_request *r, int64_t us); /* from now on */
#endif
