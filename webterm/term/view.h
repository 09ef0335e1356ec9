#ifndef WEBTERM_TERM_VIEW_H
#define WEBTERM_TERM_VIEW_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct term_screen;
struct web_term_desk;
/*
 * view - what the browser sees: a model of the screen, and how much of the output is still on its way to it.
 *
 * Window:  output is taken while less than `limit` bytes are unread.  A browser that is slow gets a smaller limit: what it shows in a
 *          fifth of a second, so that an answer to Ctrl-C is not far behind.
 * Away:    nobody looks (HELLO with 0 columns, or nothing was acknowledged for WEB_FRAME_STALL_MS): output goes into the model.
 * Skip:    behind Ctrl-C, with output that waits: the same, until that output has come to its end, at most SKIP_MAX_US.
 * Owns:    screen.
 */
struct web_term_view {
	struct term_screen *screen;
	bool greeted;            /* a browser was here: the size is known */
	bool away, stalled;      /* stalled: away, but said so by nobody */
	bool skipping, full;     /* full: the limit was met since it was last thought over */
	uint32_t unread, limit;
	uint32_t acked;
	int64_t measured_us, blocked_us; /* blocked: since when; 0 = it is not */
	int64_t interrupted_us;
	int64_t skip_us, heard_us;       /* until when; when output came last */
	uint8_t tail[600];               /* of the output */
	size_t tail_n;
};
int web_term_view_new(struct web_term_view *v, struct err *err);
void web_term_view_done(struct web_term_view *v);
/* Each frame of a browser's.  hello and ack draw the screen where that is due. */
void web_term_view_hello(struct web_term_view *v, struct web_term_desk *d, uint16_t columns, uint16_t rows);
void web_term_view_ack(struct web_term_view *v, struct web_term_desk *d, uint32_t bytes);
void web_term_view_size(struct web_term_view *v, uint16_t columns, uint16_t rows);
void web_term_view_interrupt(struct web_term_view *v); /* Ctrl-C was typed */
/* May more be shown now? */
bool web_term_view_takes(struct web_term_view *v, const struct web_term_desk *d);
/* UTF-8 that the browser's terminal and the model get; fits one frame. */
void web_term_view_show(struct web_term_view *v, struct web_term_desk *d, struct span text);
/* At each turn: `idle` when no output waits.  True when output is taken now that was not before.  due: when to call again. */
bool web_term_view_turn(struct web_term_view *v, struct web_term_desk *d, bool idle);
int64_t web_term_view_due_us(const struct web_term_view *v);
#endif
