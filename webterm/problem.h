#ifndef WEB_PROBLEM_H
#define WEB_PROBLEM_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * problem - why a request got nothing: an HTTP status, a word for programs, a line for the person.
 *
 * Source:  RFC 9457.
 * Shape:   {"type": "about:blank", "title", "status", "detail", "code"}; detail in the language asked for (policy/say).
 */
enum web_problem {
	WEB_PROBLEM_NONE,
	WEB_PROBLEM_MALFORMED, WEB_PROBLEM_USAGE, WEB_PROBLEM_SIGNED_OUT, WEB_PROBLEM_DENIED, WEB_PROBLEM_BEARER, WEB_PROBLEM_NOT_ALLOWED,
	WEB_PROBLEM_CSRF, WEB_PROBLEM_ORIGIN, WEB_PROBLEM_TICKET, WEB_PROBLEM_NOT_FOUND, WEB_PROBLEM_METHOD, WEB_PROBLEM_LATE,
	WEB_PROBLEM_FAILED, WEB_PROBLEM_LENGTH, WEB_PROBLEM_TOO_LARGE, WEB_PROBLEM_TOO_LONG, WEB_PROBLEM_RANGE, WEB_PROBLEM_REUSED,
	WEB_PROBLEM_UPGRADE, WEB_PROBLEM_BUSY, WEB_PROBLEM_AWAY, WEB_PROBLEM_NO_ANSWER,
	WEB_PROBLEMS,
};
int web_problem_status(enum web_problem p);
const char *web_problem_code(enum web_problem p);
const char *web_problem_reason(int status); /* "Not Found": also of the good ones */
enum web_problem web_problem_of_exit(int64_t exit); /* of a command: NONE for 0 */
enum web_problem web_problem_of_code(int code);     /* of pg or wire: a negative errno */
/* detail: English (Chinese is looked up), or what the broker says in both languages; empty = the problem's own words. */
void web_problem_put(struct buf *out, enum web_problem p, struct span detail, bool zh);
/* The same text alone: for a WebSocket's last message. */
void web_problem_say(struct buf *out, struct span en, bool zh);
#endif
