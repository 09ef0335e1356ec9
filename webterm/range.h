#ifndef WEB_RANGE_H
#define WEB_RANGE_H
#include "gateway/core/buf.h"
#include <stdint.h>
/*
 * range - the part of a file that is asked for.
 *
 * Source:  RFC 9110 sections 13.1.5 (If-Range) and 14.1 to 14.4; one range, of bytes.
 * Shape:   bytes=0-99, bytes=100-, bytes=-500.  Several ranges, other units and what is no range at all: the whole.
 * Units:   bytes; `to` is the last one.
 * Trust:   both headers are hostile.
 */
enum web_range_kind {
	WEB_RANGE_WHOLE,
	WEB_RANGE_PART,
	WEB_RANGE_NONE, /* 416: it begins behind the end */
};
struct web_range {
	uint64_t from, to;
};
/* etag: the strong one of what there is now, with its quotes. */
enum web_range_kind web_range_of(
	struct span range, struct span if_range, const char *etag, uint64_t size, struct web_range *ret);
#endif
