#ifndef CORE_JSON_H
#define CORE_JSON_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * json - a writer (RFC 8259).  Reading is libjansson's, and only where no hostile byte arrives in C.
 *
 * Strings: bytes outside UTF-8 become U+FFFD, control characters \u00NN.  Commas are placed by the writer.
 * Use:     json_open(&j, &b); json_obj(&j, NULL); json_str(&j, "user", s); json_end(&j);  depth <= 16.
 */
struct json {
	struct buf *out;
	uint32_t more; /* bit n: a value stands at depth n */
	unsigned depth;
	uint32_t arrays;
};
void json_open(struct json *j, struct buf *out);
void json_obj(struct json *j, const char *key); /* key NULL inside an array or at the top */
void json_arr(struct json *j, const char *key);
void json_end(struct json *j);
void json_str(struct json *j, const char *key, struct span s);
void json_num(struct json *j, const char *key, int64_t v);
void json_bool(struct json *j, const char *key, bool v);
void json_none(struct json *j, const char *key); /* null; jansson owns the name json_null */
void json_raw(struct json *j, const char *key, struct span json); /* already JSON */
#endif
