#ifndef WEBTERM_TERM_DESK_H
#define WEBTERM_TERM_DESK_H
#include "gateway/core/buf.h"
#include "webterm/term/frame.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * desk - the socket at which the browser sits: frames in `term` messages.
 *
 * Order:   frames leave in the order of the calls.  What the socket does not take waits in `queue`.
 * Limits:  whoever has bulk to say (OUTPUT, CHUNK_OF) says it while web_term_desk_is_free; answers may be queued up to DESK_QUEUE_MAX,
 *          and nothing is read from a browser that does not read them (web_term_desk_listens).  Above that it is `gone`.
 * Owns:    fd.
 */
struct web_term_desk {
	int fd;
	struct buf queue; /* u32le length, then the message's body */
	struct buf out;   /* the one that is being made */
	bool gone;        /* everyone at the other end has closed it */
	uint8_t in[WEB_FRAME_MAX + 64];
};
void web_term_desk_open(struct web_term_desk *d, int fd);
void web_term_desk_done(struct web_term_desk *d);
void web_term_desk_send(struct web_term_desk *d, const struct web_term_frame *f);
bool web_term_desk_is_free(const struct web_term_desk *d);
bool web_term_desk_listens(const struct web_term_desk *d);
void web_term_desk_flush(struct web_term_desk *d);
/* -EAGAIN, -EPIPE, -EBADMSG, -EPROTO (a frame that is none), or 0.  ret->body dies with the next call. */
int web_term_desk_receive(struct web_term_desk *d, struct web_term_frame *ret, struct err *err);
#endif
