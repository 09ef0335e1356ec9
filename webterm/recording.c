#include "webterm/recording.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "webterm/answer.h"
#include "webterm/args.h"
#include "webterm/part.h"
#include "webterm/read.h"
#include "webterm/result.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { QUERY_MAX = 128, ARGS_MAX = 160 };

/* What the answer's head says; false: it is answered. */
static bool head_of(struct web_request *r, const json_t *row, struct web_result_head *ret, uint64_t *from)
{
	const json_t *size = json_object_get(row, "size");
	const char *state = json_string_value(json_object_get(row, "recording"));
	scoped(buf_done) struct buf headers = { 0 };
	char etag[96];
	*ret = (struct web_result_head){ .status = 200, .length = WEB_ANSWER_OPEN };
	*from = 0;
	if (!json_is_integer(size) || json_integer_value(size) <= 0 || !state || strcmp(state, "open") == 0 ||
		json_is_string(json_object_get(row, "removed")))
		return true;
	/* What is closed is never written again. */
	(void)snprintf(etag, sizeof etag, "\"%.64s-%" PRId64 "\"", r->route.part[0], (int64_t)json_integer_value(size));
	struct web_part part = { .etag = etag, .size = (uint64_t)json_integer_value(size) };
	buf_init(&headers, sizeof ret->headers);
	if (!web_part_of(r, &part, &headers))
		return false;
	(void)snprintf(ret->headers, sizeof ret->headers, "%s", buf_str(&headers));
	ret->status = part.status;
	ret->length = part.range.to - part.range.from + 1;
	*from = part.range.from;
	return true;
}

static void send_it(struct web_request *r, const json_t *row)
{
	scoped(web_args_done) struct web_args args = { 0 };
	struct web_result_head head;
	struct err err = { 0 };
	char text[ARGS_MAX];
	uint64_t from;
	if (!head_of(r, row, &head, &from))
		return;
	(void)snprintf(text, sizeof text, "{\"id\":\"%s\",\"format\":\"sealed\"", r->route.part[0]);
	size_t n = strlen(text);
	(void)snprintf(text + n, sizeof text - n, from > 0 ? ",\"from\":%" PRIu64 "}" : "}", from);
	if (web_args_get(span_str(text), &args, &err) < 0)
		web_answer_problem(r, WEB_PROBLEM_USAGE, span_str(err.say));
	else
		web_result_ask_part(r, "recording export", &args, &head);
}

static void found(void *ctx, int code, struct span json, const struct err *err)
{
	struct web_request *r = web_request_back(ctx);
	if (!r)
		return;
	if (code < 0) {
		web_answer_problem(r, web_problem_of_code(code), code == -EACCES && err ? span_str(err->say) : (struct span){ 0 });
		return;
	}
	r->conn->known = true;
	json_t *doc = json_loadb((const char *)json.p, json.n, 0, NULL);
	const json_t *row = json_array_get(json_object_get(doc, "rows"), 0);
	if (row)
		send_it(r, row);
	else
		web_answer_problem(r, WEB_PROBLEM_NOT_FOUND, (struct span){ 0 });
	json_decref(doc);
}

void web_recording_get(struct web_request *r)
{
	char query[QUERY_MAX];
	(void)snprintf(query, sizeof query, "{\"id\":\"%s\"}", r->route.part[0]);
	void *op = web_request_wait(r);
	int code = web_read(r->web, &r->token, r->conn->address, "recordings", span_str(query), found, op);
	if (code < 0)
		found(op, code, (struct span){ 0 }, NULL);
}
