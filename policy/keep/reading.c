#include "policy/keep/reading.h"
#include "policy/broker.h"
#include "policy/parent.h"
#include "policy/peers.h"
#include "policy/worker.h"
#include <errno.h>
#include <stdio.h>

enum { OPEN_US = 15 * 1000 * 1000, ALLOW_US = 5 * 1000 * 1000 };

static struct pol_worker *reader_of(const struct pol_reading *r)
{
	struct pol_worker *w = r->reader ? pol_worker_find(r->b, r->reader) : NULL;

	return w && link_is_open(&w->link) ? w : NULL;
}

void pol_reading_drop(struct pol_reading *r)
{
	struct pol_worker *w = r->b ? reader_of(r) : NULL;

	if (!r->b)
		return;
	pol_ask_drop(&r->b->asks, r);
	if (w) { /* a reader that loses the broker ends */
		w->reading = NULL;
		link_close(&w->link);
	}
	r->reader = 0;
}

static void reading_end(struct pol_reading *r, int code, const char *say, const struct wire_read_done *m)
{
	pol_reading_drop(r);
	r->done(r->ctx, code, say, m);
}

static void read_done(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_reading *r = ctx;
	char say[200];

	if (code < 0) {
		reading_end(r, code, "the reader ended without an answer", NULL);
	} else if (reply->read_done.code < 0) {
		struct span s = reply->read_done.say;
		(void)snprintf(say, sizeof say, "%.*s", (int)(s.n < 190 ? s.n : 190), (const char *)s.p);
		reading_end(r, reply->read_done.code == -ENOENT ? -ENOENT : -EIO,
			say[0] ? say : "the recording cannot be read", NULL);
	} else {
		reading_end(r, 0, "", &reply->read_done);
	}
}

static void allowed(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_reading *r = ctx;
	struct pol_worker *w = reader_of(r);

	if (!w)
		return; /* its end is told by read_done */
	struct wire_read_allowed m = { .ticket = r->ticket, .code = code };
	if (code == 0) {
		m.code = reply->allow.code;
		m.say = reply->allow.say;
	} else {
		m.say = span_str("the vault does not answer; try again");
	}
	(void)link_sent(&w->link, wire_read_allowed_queue(w->link.q, &m, -1));
}

static void opened(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_reading *r = ctx;

	if (code < 0) {
		reading_end(r, code, "the reader did not open the recording", NULL);
		return;
	}
	struct wire_allow m = { .worker = r->reader,
		.id = r->id,
		.kind = WIRE_SECRET_RECORDING,
		.sealed = reply->read_opened.sealed_key,
		.uses = 1 };
	pol_peers_allow(r->b, &m, &(struct pol_ask){ .within_us = ALLOW_US, .done = allowed, .ctx = r });
}

static void came(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_reading *r = ctx;

	if (code < 0 || !link_is_open(&reply->worker->link)) {
		reading_end(r, code < 0 ? code : -EPIPE, "no reader can be started just now; try again", NULL);
		return;
	}
	struct pol_worker *w = reply->worker;
	struct pol_ask ask = { .role = WIRE_READER,
		.answer = WIRE_T_read_done,
		.within_us = INT64_C(86400) * 1000000,
		.done = read_done,
		.ctx = r };
	r->reader = w->id;
	r->ticket = pol_ask_add(&r->b->asks, &ask);
	w->owes = r->ticket;
	/* A reader that cannot even open it says read_done at once; then this one is dropped with the reading. */
	ask = (struct pol_ask){ .role = WIRE_READER,
		.answer = WIRE_T_read_opened,
		.ticket = r->ticket,
		.within_us = OPEN_US,
		.done = opened,
		.ctx = r };
	(void)pol_ask_add(&r->b->asks, &ask);
	if (r->format == WIRE_READ_LINES) {
		w->reading = r;
		w->permit.state = POL_LINES;
	}
	struct wire_read m = { .ticket = r->ticket, .id = r->id, .format = r->format, .from = r->from,
		.file = r->file };
	(void)link_sent(&w->link, wire_read_queue(w->link.q, &m, r->fd));
}

void pol_reading_start(struct pol_reading *r)
{
	pol_parent_want(
		r->b, &(struct wire_want){ .job = WIRE_JOB_READ, .role = WIRE_READER }, -1, &(struct pol_ask){ .done = came, .ctx = r });
}

void pol_reading_pause(struct pol_reading *r, bool paused)
{
	struct pol_worker *w = reader_of(r);

	if (w)
		link_pause(&w->link, paused);
}

void pol_reading_lines(struct pol_worker *w, struct span frames)
{
	if (w->reading)
		w->reading->lines(w->reading->ctx, frames);
}
