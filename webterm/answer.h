#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H
#include "webterm/request.h"
/*
 * answer - what goes back to the browser: all headers are ours.
 *
 * Source:  headers of every answer: Content-Security-Policy, Strict-Transport-Security, X-Content-Type-Options,
 *          Referrer-Policy, Cross-Origin-Opener-Policy and -Resource-Policy, Permissions-Policy; Cache-Control: no-store but
 *          for files with a hash in their name.
 * Order:   one call a request; then bytes go out as the browser takes them.
 */
struct web_answer {
	int status;       /* 0 = 200 */
	const char *type; /* of the content */
	const char *headers; /* more lines, each with its CRLF; NULL = none */
	const char *nonce;   /* of the page's styles; NULL = none */
	const char *policy;  /* the Content-Security-Policy; NULL = a page's of ours */
	bool forever;        /* may be kept: its name changes with its content */
	bool download;       /* a file to be saved: it may do nothing where it is shown after all */
	struct span body;
	bool lives;          /* body outlives the request and is not copied */
};
void web_answer(struct web_request *r, const struct web_answer *a);
void web_answer_json(struct web_request *r, struct span json);
void web_answer_problem(struct web_request *r, enum web_problem p, struct span detail);
/* A stream of `length` bytes, as r->answer.more gives them; WEB_ANSWER_OPEN = as many as there are, in chunks (RFC 9112 section 7.1). */
#define WEB_ANSWER_OPEN UINT64_MAX
/* Content-Disposition: attachment; the last part of `path` (RFC 6266, RFC 8187). */
void web_answer_put_name(struct buf *headers, const char *path);
void web_answer_stream(struct web_request *r, const struct web_answer *a, uint64_t length);
void web_answer_go_on(struct web_request *r);
int web_answer_write(struct web_conn *c); /* libwebsockets' callback: 0, or -1 = close */
/* For a WebSocket that is refused: the whole answer at once. */
void web_answer_refuse(struct web_conn *c, struct web_request *r, enum web_problem p);
#endif
