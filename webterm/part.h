#ifndef WEB_PART_H
#define WEB_PART_H
#include "gateway/core/buf.h"
#include "webterm/range.h"
#include <stdbool.h>
#include <stdint.h>
struct web_request;
/*
 * part - what the request's Range asks of a file of known size, and the headers that say so.
 *
 * Source:  RFC 9110 section 14.
 * Shape:   headers gets Accept-Ranges, ETag and, of a part, Content-Range; status is 200 or 206.
 * Errors:  false: the request has got its problem (416).
 */
struct web_part {
	const char *etag; /* strong, with its quotes: other bytes, another etag */
	uint64_t size;
	struct web_range range; /* of the answer */
	int status;
};
bool web_part_of(struct web_request *r, struct web_part *p, struct buf *headers);
#endif
