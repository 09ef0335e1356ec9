#ifndef WEBTERM_TERM_FRAME_H
#define WEBTERM_TERM_FRAME_H
#include "gateway/core/buf.h"
#include "webterm/frame.h"
#include <stdint.h>
/*
 * frame - the bytes of webterm/frame.h: what a browser asks is read, what a terminal tells is written.
 *
 * Errors:  get: -EPROTO for a type that is none, a body too short or too long; -EMSGSIZE above WEB_FRAME_MAX.
 * Trust:   input hostile.  Owns: nothing; `body` points into the input.
 */
struct web_term_frame {
	uint8_t type;
	uint16_t columns, rows;
	uint32_t id, bytes;
	struct span body; /* bytes or JSON */
};
int web_term_frame_get(struct span in, struct web_term_frame *ret);
/* Appends the frame.  Only the fields of its type are written. */
void web_term_frame_put(struct buf *b, const struct web_term_frame *f);
#endif
