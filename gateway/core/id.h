#ifndef CORE_ID_H
#define CORE_ID_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * id - 16 bytes that name a session and its recording: UUID version 7 (RFC 9562 section 5.7), so that
 * ids sort by time.  Text form: 8-4-4-4-12 lower-case hexadecimal.
 */
enum { ID_TEXT = 37 }; /* with the NUL */
struct id {
	uint8_t b[16];
};
void id_new(struct id *ret);
void id_text(const struct id *id, char ret[static ID_TEXT]);
int id_parse(struct span text, struct id *ret); /* -EPROTO */
bool id_eq(const struct id *a, const struct id *b);
bool id_is_zero(const struct id *a);
#endif
