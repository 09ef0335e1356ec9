#ifndef WEB_QUERY_H
#define WEB_QUERY_H
#include "gateway/core/buf.h"
#include <stdbool.h>
/*
 * query - the part of an address behind the question mark.
 *
 * Shape:   fields "key=value", decoded already by libwebsockets, one call each; keys of letters, digits, _ and . ; values
 *          UTF-8 without control characters.
 * Limits:  32 fields, keys of 64 bytes, values of 1,024.
 * Errors:  false: a field that is malformed, too long, or there twice; `query` is as it was.
 * Owns:    copies; web_query_done frees.
 * Trust:   input hostile.
 */
enum { WEB_QUERY_FIELDS = 32, WEB_QUERY_KEY = 64, WEB_QUERY_VALUE = 1024 };
struct web_query {
	size_t n;
	struct web_query_field {
		char *key, *value;
	} fields[WEB_QUERY_FIELDS];
};
bool web_query_add(struct web_query *q, struct span field);
void web_query_done(struct web_query *q);
const char *web_query_value(const struct web_query *q, const char *key); /* NULL: not there */
/* All fields as a JSON object of strings: what console.read takes. */
void web_query_json(const struct web_query *q, struct buf *out);
#endif
