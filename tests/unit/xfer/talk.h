#ifndef TEST_XFER_TALK_H
#define TEST_XFER_TALK_H
#include "gateway/core/rd.h"
#include "gateway/xfer/command.h"
#include <stdio.h>
#include <string.h>
/*
 * talk - a channel for the tests: bytes go in on either side, what passed and what was told come out as text.
 */
struct talk {
	struct xfer *x;
	struct xfer_command command;
	uint32_t number;
	char told[64 * 1024]; /* a line an event: "1 upload begun /x"; a piece of contents: "1: abc at 0" */
	size_t piece;    /* contents are kept in pieces of at most that; 0 = any */
	struct buf waits[2], passed[2];
	size_t recorded, dropped;
	const char *lost;
};

static void talk_event(void *ctx, const struct xfer_event *e)
{
	struct talk *t = ctx;
	size_t n = strlen(t->told);
	n += (size_t)snprintf(t->told + n, sizeof t->told - n, "%u %s %s %.*s", e->number, wire_file_op_name((uint8_t)e->op),
		wire_file_state_name((uint8_t)e->state), (int)e->path.n, (const char *)e->path.p);
	if (e->to.n)
		n += (size_t)snprintf(t->told + n, sizeof t->told - n, " -> %.*s", (int)e->to.n, (const char *)e->to.p);
	if (e->size || e->from)
		n += (size_t)snprintf(t->told + n, sizeof t->told - n, " %ju@%ju", (uintmax_t)e->size, (uintmax_t)e->from);
	if (e->kept)
		n += (size_t)snprintf(t->told + n, sizeof t->told - n, " kept");
	if (e->hashed)
		n += (size_t)snprintf(t->told + n, sizeof t->told - n, " #%02x%02x", e->sha256[0], e->sha256[1]);
	(void)snprintf(t->told + n, sizeof t->told - n, "\n");
}

static void talk_begin(struct talk *t, struct xfer_config config, const char *command)
{
	*t = (struct talk){ 0 };
	for (int i = 0; i < 2; i++) {
		buf_init(&t->waits[i], 1 << 20);
		buf_init(&t->passed[i], 1 << 20);
	}
	xfer_command_parse(span_str(command), &t->command);
	config.command = &t->command;
	config.number = &t->number;
	config.event = talk_event;
	config.ctx = t;
	t->x = xfer_new(&config);
}

static void talk_end(struct talk *t)
{
	t->x = xfer_free(t->x);
	xfer_command_done(&t->command);
	for (int i = 0; i < 2; i++) {
		buf_done(&t->waits[i]);
		buf_done(&t->passed[i]);
	}
}

/* Keeps what is to be kept of what waits; returns how many bytes may be fed. */
static size_t talk_keep(struct talk *t, enum xfer_side side)
{
	struct buf *w = &t->waits[side];
	struct xfer_piece p;
	if (!xfer_keeps(t->x, side, t->piece && t->piece < w->len ? t->piece : w->len, &p))
		return w->len;
	size_t n = strlen(t->told);
	(void)snprintf(t->told + n, sizeof t->told - n, "%u: %.*s at %ju\n", p.number, (int)p.n, (const char *)w->data,
		(uintmax_t)p.at);
	return p.n;
}

/* Feeds what waits, as far as it goes. */
static void talk_go(struct talk *t, enum xfer_side side)
{
	struct buf *w = &t->waits[side];
	struct xfer_cut cut = { .fate = XFER_PASS };
	while (w->len > 0 && !t->lost) {
		size_t n = talk_keep(t, side);
		xfer_feed(t->x, side, w->data, n, &cut);
		if (cut.fate == XFER_HOLD)
			return;
		if (cut.fate == XFER_LOST) {
			t->lost = cut.why;
			return;
		}
		if (cut.fate == XFER_PASS)
			buf_put(&t->passed[side], w->data, cut.n);
		t->recorded += cut.fate == XFER_PASS && !cut.bulk ? cut.n : 0;
		t->dropped += cut.fate == XFER_DROP ? cut.n : 0;
		buf_drop(w, cut.n);
	}
}

static void talk_say(struct talk *t, enum xfer_side side, const void *p, size_t n)
{
	buf_put(&t->waits[side], p, n);
	talk_go(t, side);
	talk_go(t, side == XFER_UP ? XFER_DOWN : XFER_UP);
}
#endif
