#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/parent.h"
#include "policy/peers.h"
#include "policy/worker.h"
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN_US = 15 * 1000 * 1000, ALLOW_US = 5 * 1000 * 1000 };

/* One authorised, audited reading: a reader of its own opens one recording, once. */
struct reading {
	uint8_t format;
	int64_t from_us;
	struct id id;
	json_t *facts;   /* the recording's row: what was anchored */
	uint64_t reader; /* worker number, 0 = none yet */
	uint64_t ticket;
};

static void reading_free(struct pol_call *c)
{
	struct reading *s = c->state;
	struct pol_worker *w = s->reader ? pol_worker_find(c->b, s->reader) : NULL;

	/* A reader that loses the broker ends. */
	if (w)
		pol_link_close(&w->link);
	json_decref(s->facts);
}

static struct pol_worker *reader_of(struct pol_call *c)
{
	const struct reading *s = c->state;
	struct pol_worker *w = pol_worker_find(c->b, s->reader);

	return w && pol_link_is_open(&w->link) ? w : NULL;
}

static const char *state_name(uint8_t state)
{
	return state == WIRE_RECORDING_CLOSED ? "closed" : state == WIRE_RECORDING_OPEN ? "open" : "crashed";
}

/* What the reader found, compared with what stands in the audit. */
static const char *anchor_differs(const struct reading *s, const struct wire_read_done *m, const char *head)
{
	const char *anchored = json_string_value(json_object_get(s->facts, "head"));
	json_int_t seq = json_integer_value(json_object_get(s->facts, "seq"));

	const char *state = json_string_value(json_object_get(s->facts, "recording"));

	if (m->state == WIRE_RECORDING_OPEN && (!state || strcmp(state, "open") == 0))
		return (uint64_t)seq > m->seq ? "the file is shorter than the audit log says" : NULL;
	if (m->state == WIRE_RECORDING_OPEN)
		return "the end of the file is missing";
	if (!anchored)
		return NULL;
	if ((uint64_t)seq != m->seq)
		return "the file ends at another block than the audit log says";
	return strcmp(anchored, head) == 0 ? NULL : "the file's last hash differs from the audit log";
}

static void reading_answer(struct pol_call *c, const struct wire_read_done *m)
{
	const struct reading *s = c->state;
	char head[65], id[ID_TEXT];
	struct buf out;
	struct json j;

	id_text(&s->id, id);
	sodium_bin2hex(head, sizeof head, m->head.b, sizeof m->head.b);
	const char *differs = s->format == WIRE_READ_VERIFY ? anchor_differs(s, m, head) : NULL;
	if (differs) {
		pol_call_fail(c, -EIO, differs);
		return;
	}
	buf_init(&out, 4096);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_str(&j, "id", span_str(id));
	json_str(&j, "session", span_str(id));
	json_str(&j, "state", span_str(state_name(m->state)));
	json_num(&j, "seq", (int64_t)m->seq);
	json_str(&j, "head", span_str(head));
	if (s->format == WIRE_READ_VERIFY) {
		json_bool(&j, "verified", true);
		json_bool(&j, "anchored",
			m->state != WIRE_RECORDING_OPEN && json_object_get(s->facts, "head") &&
				!json_is_null(json_object_get(s->facts, "head")));
	}
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

static void done(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	char say[200];

	if (code < 0) {
		pol_call_fail(c, code, "the reader ended without an answer");
	} else if (reply->read_done.code < 0) {
		struct span s = reply->read_done.say;
		(void)snprintf(say, sizeof say, "%.*s", (int)(s.n < 190 ? s.n : 190), (const char *)s.p);
		pol_call_fail(c, reply->read_done.code == -ENOENT ? -ENOENT : -EIO,
			say[0] ? say : "the recording cannot be read");
	} else {
		reading_answer(c, &reply->read_done);
	}
}

static void allowed(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	const struct reading *s = c->state;
	struct pol_worker *w = reader_of(c);

	if (!w)
		return; /* its end is told by `done` */
	struct wire_read_allowed m = { .ticket = s->ticket, .code = code };
	if (code == 0) {
		m.code = reply->allow.code;
		m.say = reply->allow.say;
	} else {
		m.say = span_str("the vault does not answer; try again");
	}
	(void)pol_link_sent(&w->link, wire_read_allowed_queue(w->link.q, &m, -1));
}

static void opened(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	const struct reading *s = c->state;

	if (code < 0) {
		pol_call_fail(c, code, "the reader did not open the recording");
		return;
	}
	struct wire_allow m = { .worker = s->reader,
		.id = s->id,
		.kind = WIRE_SECRET_RECORDING,
		.sealed = reply->read_opened.sealed_key,
		.uses = 1 };
	pol_peers_allow(c->b, &m, &(struct pol_ask){ .within_us = ALLOW_US, .done = allowed, .ctx = c });
}

static void came(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	struct reading *s = c->state;

	if (code < 0 || !pol_link_is_open(&reply->worker->link)) {
		pol_call_fail(c, code, "no reader can be started just now; try again");
		return;
	}
	struct pol_worker *w = reply->worker;
	struct pol_ask ask = { .role = WIRE_READER,
		.answer = WIRE_T_read_done,
		.within_us = INT64_C(86400) * 1000000,
		.done = done,
		.ctx = c };
	s->reader = w->id;
	s->ticket = pol_ask_add(&c->b->asks, &ask);
	w->owes = s->ticket;
	/* A reader that cannot even open it says read_done at once; then this one is dropped with the call. */
	ask = (struct pol_ask){ .role = WIRE_READER,
		.answer = WIRE_T_read_opened,
		.ticket = s->ticket,
		.within_us = OPEN_US,
		.done = opened,
		.ctx = c };
	(void)pol_ask_add(&c->b->asks, &ask);
	struct wire_read m = { .ticket = s->ticket, .id = s->id, .format = s->format, .from_us = s->from_us };
	(void)pol_link_sent(&w->link, wire_read_queue(w->link.q, &m, c->fd));
}

static void row(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct reading *s = c->state;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct span text = pg_span(res, 0, 0);
	s->facts = json_loadb((const char *)text.p, text.n, 0, NULL);
	const char *id = json_string_value(json_object_get(s->facts, "id"));
	if (!id || id_parse(span_str(id), &s->id) < 0)
		pol_call_fail(c, -EPROTO, "the recording's row makes no sense");
	else
		pol_parent_want(c->b, WIRE_JOB_READ, &(struct pol_ask){ .done = came, .ctx = c });
}

static void reading_begin(struct pol_call *c, uint8_t format)
{
	struct reading *s = pol_call_state(c, sizeof *s, reading_free);

	s->format = format;
	pol_call_sql(c, NULL, row);
}

void pol_command_recording_export(struct pol_call *c)
{
	const char *f = pol_call_arg(c, "format");
	uint8_t format = strcmp(f, "asciicast") == 0 ? WIRE_READ_ASCIICAST
			 : strcmp(f, "text") == 0    ? WIRE_READ_TEXT
			 : strcmp(f, "jsonl") == 0   ? WIRE_READ_JSONL
			 : strcmp(f, "sealed") == 0  ? WIRE_READ_SEALED
						     : 0;

	if (format)
		reading_begin(c, format);
	else
		pol_call_fail(c, -EINVAL, "there are the formats asciicast, text, jsonl, sealed");
}

void pol_command_recording_verify(struct pol_call *c)
{
	reading_begin(c, WIRE_READ_VERIFY);
}

void pol_command_replay(struct pol_call *c)
{
	const char *from = pol_call_arg(c, "from");
	char *rest = NULL;
	double seconds = from ? strtod(from, &rest) : 0;

	if (from && (rest == from || *rest || !(seconds >= 0 && seconds < 1e9))) {
		pol_call_fail(c, -EINVAL, "--from is a number of seconds");
		return;
	}
	reading_begin(c, WIRE_READ_FRAMES);
	((struct reading *)c->state)->from_us = (int64_t)(seconds * 1e6);
}
