#include "webterm/problem.h"
#include "gateway/core/json.h"
#include "gateway/core/scope.h"
#include "policy/say/say.h"
#include <errno.h>
#include <string.h>

enum { SAY_MAX = 4096 };

static const struct {
	int status;
	const char *code, *say;
} problems[WEB_PROBLEMS] = {
	[WEB_PROBLEM_NONE] = { 200, "", "" },
	[WEB_PROBLEM_MALFORMED] = { 400, "malformed", "the request is malformed" },
	[WEB_PROBLEM_USAGE] = { 400, "usage", "the request is malformed" },
	[WEB_PROBLEM_SIGNED_OUT] = { 401, "signed_out", "sign in again" },
	[WEB_PROBLEM_DENIED] = { 401, "denied", "the user name, the password or the code is wrong" },
	[WEB_PROBLEM_BEARER] = { 401, "token", "this token is unknown, over, or not good from this address" },
	[WEB_PROBLEM_NOT_ALLOWED] = { 403, "not_allowed", "not allowed" },
	[WEB_PROBLEM_CSRF] = { 403, "csrf", "the request did not come from this page; load it again" },
	[WEB_PROBLEM_ORIGIN] = { 403, "origin", "the request did not come from this page; load it again" },
	[WEB_PROBLEM_TICKET] = { 403, "ticket", "the ticket was used or is too old; try again" },
	[WEB_PROBLEM_NOT_FOUND] = { 404, "not_found", "not found" },
	[WEB_PROBLEM_METHOD] = { 405, "method", "this address knows other methods" },
	[WEB_PROBLEM_LATE] = { 408, "late", "the request took too long" },
	[WEB_PROBLEM_FAILED] = { 409, "failed", "it failed" },
	[WEB_PROBLEM_LENGTH] = { 411, "length", "the request does not say how long it is" },
	[WEB_PROBLEM_TOO_LARGE] = { 413, "too_large", "the request is too large" },
	[WEB_PROBLEM_TOO_LONG] = { 414, "too_long", "the address is too long" },
	[WEB_PROBLEM_RANGE] = { 416, "range", "the file is not so long" },
	[WEB_PROBLEM_REUSED] = { 422, "reused", "this Idempotency-Key came with another request before" },
	[WEB_PROBLEM_UPGRADE] = { 426, "upgrade", "this address speaks WebSocket" },
	[WEB_PROBLEM_BUSY] = { 429, "busy", "too much at once; try again" },
	[WEB_PROBLEM_AWAY] = { 503, "away", "the gateway cannot answer now; try again" },
	[WEB_PROBLEM_NO_ANSWER] = { 504, "no_answer", "the gateway did not answer in time; look whether it was done" },
};

int web_problem_status(enum web_problem p)
{
	return problems[p].status;
}

const char *web_problem_code(enum web_problem p)
{
	return problems[p].code;
}

const char *web_problem_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = { { 200, "OK" }, { 206, "Partial Content" }, { 304, "Not Modified" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" }, { 408, "Request Timeout" }, { 409, "Conflict" },
		{ 411, "Length Required" }, { 413, "Content Too Large" }, { 414, "URI Too Long" }, { 416, "Range Not Satisfiable" }, { 422, "Unprocessable Content" },
		{ 426, "Upgrade Required" }, { 429, "Too Many Requests" }, { 503, "Service Unavailable" }, { 504, "Gateway Timeout" } };
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "?";
}

enum web_problem web_problem_of_exit(int64_t exit)
{
	static const enum web_problem of[] = { WEB_PROBLEM_NONE, WEB_PROBLEM_FAILED, WEB_PROBLEM_USAGE, WEB_PROBLEM_NOT_FOUND,
		WEB_PROBLEM_NOT_ALLOWED, WEB_PROBLEM_SIGNED_OUT };
	return exit >= 0 && exit < (int64_t)COUNT_OF(of) ? of[exit] : WEB_PROBLEM_FAILED;
}

enum web_problem web_problem_of_code(int code)
{
	switch (code) {
	case 0:
		return WEB_PROBLEM_NONE;
	case -EKEYEXPIRED:
		return WEB_PROBLEM_SIGNED_OUT;
	case -EACCES:
	case -EPERM:
		return WEB_PROBLEM_NOT_ALLOWED;
	case -ENOENT:
		return WEB_PROBLEM_NOT_FOUND;
	case -EINVAL:
	case -EPROTO:
		return WEB_PROBLEM_USAGE;
	case -EMSGSIZE:
		return WEB_PROBLEM_TOO_LARGE;
	case -EEXIST:
		return WEB_PROBLEM_FAILED;
	case -EBUSY:
		return WEB_PROBLEM_BUSY;
	case -ETIMEDOUT:
		return WEB_PROBLEM_NO_ANSWER;
	default:
		return WEB_PROBLEM_AWAY;
	}
}

/* "In English. / 中文。": what the broker says at a login is for a client whose language nobody knows. */
static struct span half(struct span s, bool zh)
{
	for (size_t i = 0; i + 3 < s.n; i++)
		if (memcmp(s.p + i, " / ", 3) == 0 && s.p[i + 3] >= 0x80)
			return zh ? span_of(s.p + i + 3, s.n - i - 3) : span_of(s.p, i);
	return s;
}

void web_problem_say(struct buf *out, struct span en, bool zh)
{
	en = half(en, zh);
	if (!zh || !say_zh(en, out))
		buf_put_span(out, en);
}

void web_problem_put(struct buf *out, enum web_problem p, struct span detail, bool zh)
{
	scoped(buf_done) struct buf say = { 0 };
	struct json j;
	buf_init(&say, SAY_MAX);
	web_problem_say(&say, detail.n > 0 ? detail : span_str(problems[p].say), zh);
	json_open(&j, out);
	json_obj(&j, NULL);
	json_str(&j, "type", span_str("about:blank"));
	json_str(&j, "title", span_str(web_problem_reason(problems[p].status)));
	json_num(&j, "status", problems[p].status);
	json_str(&j, "detail", buf_span(&say));
	json_str(&j, "code", span_str(problems[p].code));
	json_end(&j);
}
