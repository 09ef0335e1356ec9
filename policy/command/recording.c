#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/keep/reading.h"
#include "policy/peers.h"
#include "recorder/evidence/keys.h"
#include "recorder/evidence/tombstone.h"
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VAULT_US = 5 * 1000 * 1000 };

struct opening {
	json_t *facts; /* the recording's row: what was anchored */
	struct pol_reading reading;
};

static void opening_free(struct pol_call *c)
{
	struct opening *s = c->state;

	pol_reading_drop(&s->reading);
	json_decref(s->facts);
}

static const char *state_name(uint8_t state)
{
	return state == WIRE_RECORDING_CLOSED ? "closed" : state == WIRE_RECORDING_OPEN ? "open" : "crashed";
}

/* What the reader found, compared with what stands in the audit. */
static const char *anchor_differs(const struct opening *s, const struct wire_read_done *m, const char *head)
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
	const struct opening *s = c->state;
	char head[65], id[ID_TEXT];
	struct buf out;
	struct json j;

	id_text(&s->reading.id, id);
	sodium_bin2hex(head, sizeof head, m->head.b, sizeof m->head.b);
	const char *differs = s->reading.format == WIRE_READ_VERIFY ? anchor_differs(s, m, head) : NULL;
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
	if (s->reading.format == WIRE_READ_VERIFY) {
		json_bool(&j, "verified", true);
		json_bool(&j, "anchored",
			m->state != WIRE_RECORDING_OPEN && json_object_get(s->facts, "head") &&
				!json_is_null(json_object_get(s->facts, "head")));
	}
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

/* Its row in the ledger: size and SHA-256 are what the reader compared. */
static void file_answer(struct pol_call *c, const json_t *file)
{
	char *text = json_dumps(file, JSON_COMPACT);

	if (text)
		pol_call_answer(c, span_str(text));
	else
		pol_call_fail(c, -ENOMEM, "no memory");
	free(text);
}

static void done(void *ctx, int code, const char *say, const struct wire_read_done *m)
{
	struct pol_call *c = ctx;
	const json_t *file = json_object_get(((const struct opening *)c->state)->facts, "file");

	if (code < 0)
		pol_call_fail(ctx, code, say);
	else if (file)
		file_answer(ctx, file);
	else
		reading_answer(ctx, m);
}

static void was_removed(struct pol_call *c);

static void row(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct opening *s = c->state;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct span text = pg_span(res, 0, 0);
	s->facts = json_loadb((const char *)text.p, text.n, 0, NULL);
	const char *id = json_string_value(json_object_get(s->facts, "id"));
	s->reading.file = (uint32_t)json_integer_value(json_object_get(json_object_get(s->facts, "file"), "number"));
	if (!id || id_parse(span_str(id), &s->reading.id) < 0)
		pol_call_fail(c, -EPROTO, "the recording's row makes no sense");
	else if (json_string_value(json_object_get(s->facts, "removed")))
		was_removed(c);
	else
		pol_reading_start(&s->reading);
}

/* ---- what was removed by retention: its tombstone is looked at instead ---- */

static void tombstone_answer(struct pol_call *c, const struct evidence_tombstone *t)
{
	const struct opening *s = c->state;
	char head[2 * EVIDENCE_HASH + 1], id[ID_TEXT];
	struct buf out;
	struct json j;

	id_text(&s->reading.id, id);
	sodium_bin2hex(head, sizeof head, t->head, sizeof t->head);
	const char *anchored = json_string_value(json_object_get(s->facts, "head"));
	if (!id_eq(&t->id, &s->reading.id) || (anchored && strcmp(anchored, head) != 0)) {
		pol_call_fail(c, -EIO, "the tombstone is another recording's");
		return;
	}
	buf_init(&out, 8192);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_str(&j, "id", span_str(id));
	json_str(&j, "session", span_str(id));
	json_str(&j, "state", span_str("removed"));
	json_str(&j, "removed", span_str(json_string_value(json_object_get(s->facts, "removed"))));
	json_str(&j, "reason", t->reason);
	json_num(&j, "seq", (int64_t)t->seq);
	json_str(&j, "head", span_str(head));
	json_bool(&j, "verified", true);
	json_bool(&j, "anchored", anchored != NULL);
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

static void tombstone_keys(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	const struct opening *s = c->state;
	const char *hex = json_string_value(json_object_get(s->facts, "tombstone"));
	uint8_t bytes[EVIDENCE_TOMBSTONE_MAX];
	struct evidence_tombstone t;
	struct evidence_keys keys;
	struct err err = { 0 };
	size_t n = 0;

	if (code < 0 || evidence_keys_get(reply->publics.evidence, &keys, &err) < 0)
		pol_call_fail(c, code < 0 ? code : -EIO, "the vault does not answer; try again");
	else if (!hex || sodium_hex2bin(bytes, sizeof bytes, hex, strlen(hex), NULL, &n, NULL) != 0)
		pol_call_fail(c, -EIO, "the tombstone is missing");
	else if (evidence_tombstone_check(span_of(bytes, n), &keys, &t, &err) < 0)
		pol_call_fail(c, -EIO, "the tombstone's signature is wrong");
	else
		tombstone_answer(c, &t);
}

static void was_removed(struct pol_call *c)
{
	const struct opening *s = c->state;
	const char *when = json_string_value(json_object_get(s->facts, "removed"));
	char say[160];

	if (s->reading.format == WIRE_READ_VERIFY) {
		pol_peers_publics(c->b, &(struct pol_ask){ .within_us = VAULT_US, .done = tombstone_keys, .ctx = c });
		return;
	}
	(void)snprintf(say, sizeof say, "this recording was removed by retention on %s", when ? when : "?");
	pol_call_fail(c, -ENOENT, say);
}

static void reading_begin(struct pol_call *c, uint8_t format)
{
	struct opening *s = pol_call_state(c, sizeof *s, opening_free);

	s->reading = (struct pol_reading){ .b = c->b, .format = format, .fd = c->fd, .done = done, .ctx = c };
	pol_call_sql(c, NULL, row);
}

void pol_command_recording_export(struct pol_call *c)
{
	const char *f = pol_call_arg(c, "format");
	uint8_t format = strcmp(f, "asciicast") == 0 ? WIRE_READ_ASCIICAST
			 : strcmp(f, "text") == 0    ? WIRE_READ_TEXT
			 : strcmp(f, "jsonl") == 0   ? WIRE_READ_JSONL
			 : strcmp(f, "csv") == 0     ? WIRE_READ_CSV
			 : strcmp(f, "sealed") == 0  ? WIRE_READ_SEALED
						     : 0;

	const char *from = pol_call_arg(c, "from");
	char *rest = NULL;
	long long bytes = from ? strtoll(from, &rest, 10) : 0;

	if (!format) {
		pol_call_fail(c, -EINVAL, "there are the formats asciicast, text, jsonl, csv, sealed");
		return;
	}
	if (from && (format != WIRE_READ_SEALED || rest == from || *rest || bytes < 0)) {
		pol_call_fail(c, -EINVAL, "from is a number of bytes, of the format sealed");
		return;
	}
	reading_begin(c, format);
	((struct opening *)c->state)->reading.from = bytes;
}

void pol_command_file_export(struct pol_call *c)
{
	reading_begin(c, WIRE_READ_FILE);
}

void pol_command_recording_index(struct pol_call *c)
{
	reading_begin(c, WIRE_READ_INDEX);
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
	((struct opening *)c->state)->reading.from = (int64_t)(seconds * 1e6);
}
