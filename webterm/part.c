#include "webterm/part.h"
#include "gateway/core/scope.h"
#include "webterm/answer.h"
#include "webterm/request.h"
#include <inttypes.h>
#include <stdio.h>

enum { PROBLEM_MAX = 4096 };

static void no_such_part(struct web_request *r, uint64_t size)
{
	char all[60];
	scoped(buf_done) struct buf body = { 0 };
	buf_init(&body, PROBLEM_MAX);
	web_problem_put(&body, WEB_PROBLEM_RANGE, (struct span){ 0 }, r->zh);
	(void)snprintf(all, sizeof all, "Content-Range: bytes */%" PRIu64 "\r\n", size);
	web_answer(r, &(struct web_answer){ .status = 416, .type = "application/problem+json", .headers = all, .body = buf_span(&body) });
}

bool web_part_of(struct web_request *r, struct web_part *p, struct buf *headers)
{
	p->range = (struct web_range){ .to = p->size - 1 };
	enum web_range_kind kind = web_range_of(span_str(r->range), span_str(r->if_range), p->etag, p->size, &p->range);
	if (kind == WEB_RANGE_NONE) {
		no_such_part(r, p->size);
		return false;
	}
	buf_printf(headers, "Accept-Ranges: bytes\r\nETag: %s\r\n", p->etag);
	if (kind == WEB_RANGE_PART)
		buf_printf(headers, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n", p->range.from, p->range.to, p->size);
	p->status = kind == WEB_RANGE_PART ? 206 : 200;
	return true;
}
