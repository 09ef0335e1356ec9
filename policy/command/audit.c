#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/peers.h"
#include "recorder/evidence/audit.h"
#include "recorder/evidence/keys.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 1000, VERIFY_PAGE = 10000, VAULT_US = 5 * 1000 * 1000 };

static bool bytes_get(const struct pg_result *res, int row, int col, uint8_t *ret, size_t n)
{
	struct buf b;

	buf_init(&b, n);
	bool whole = pg_bytea(pg_span(res, row, col), &b) == 0 && b.len == n;
	if (whole)
		memcpy(ret, b.data, n);
	buf_done(&b);
	return whole;
}

static uint64_t last_seq(const struct pg_result *res)
{
	struct span text = pg_span(res, 0, 0);
	json_t *j = json_loadb((const char *)text.p, text.n, 0, NULL);
	json_int_t seq = json_integer_value(json_object_get(j, "last_seq"));

	json_decref(j);
	return seq > 0 ? (uint64_t)seq : 0;
}

/* ---- export: docs/RECORDING.md, "Audit export" ---- */

struct audit_export {
	uint64_t last, seq, events; /* seq: of the last event written */
	uint8_t hash[EVIDENCE_HASH];
	int64_t time_us;
	struct buf page; /* on its way to the file */
};
static const char say_unwritten[] = "the output file cannot be written";

static void export_free(struct pol_call *c)
{
	struct audit_export *s = c->state;

	buf_done(&s->page);
}

/* The page, empty, of at most so many bytes. */
static struct buf *page_new(struct pol_call *c, size_t cap)
{
	struct audit_export *s = c->state;

	buf_done(&s->page);
	buf_init(&s->page, cap);
	return &s->page;
}

static void export_say(struct pol_call *c)
{
	const struct audit_export *s = c->state;
	struct buf out;
	struct json j;

	buf_init(&out, 1024);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_num(&j, "events", (int64_t)s->events);
	json_num(&j, "last_seq", (int64_t)s->seq);
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

static void export_signed(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	const struct audit_export *s = c->state;
	struct evidence_audit_head head = { .seq = s->seq, .time_us = s->time_us };

	if (code < 0) {
		pol_call_fail(c, code, "the vault does not answer; try again");
		return;
	}
	memcpy(head.hash, s->hash, sizeof head.hash);
	memcpy(head.signature, reply->sign.signature.b, sizeof head.signature);
	struct buf *line = page_new(c, 4096);
	evidence_audit_put_head(line, "end", &head);
	pol_call_pour(c, buf_span(line), say_unwritten, export_say);
}

static void export_sign(struct pol_call *c)
{
	struct audit_export *s = c->state;
	struct wire_sign m = { .what = WIRE_SIGN_AUDIT, .seq = s->seq, .time_us = clock_wall_us() };

	s->time_us = m.time_us;
	memcpy(m.hash.b, s->hash, sizeof m.hash.b);
	pol_peers_sign(c->b, &m, &(struct pol_ask){ .within_us = VAULT_US, .done = export_signed, .ctx = c });
}

/* One line of the page: an event, or (uid null) a signed head over the event before it. */
static bool export_row(struct audit_export *s, const struct pg_result *res, int i, struct buf *out)
{
	uint64_t seq = (uint64_t)pg_int(res, i, 0);

	if (!pg_text(res, i, 1)) {
		struct evidence_audit_head h = { .seq = seq, .time_us = pg_int(res, i, 7) };
		if (!bytes_get(res, i, 6, h.hash, sizeof h.hash) ||
			!bytes_get(res, i, 8, h.signature, sizeof h.signature))
			return false;
		evidence_audit_put_head(out, "head", &h);
		return true;
	}
	struct evidence_audit_event e = { .seq = seq,
		.uid = pg_span(res, i, 1),
		.at_us = pg_int(res, i, 2),
		.kind = pg_span(res, i, 3),
		.actor = pg_span(res, i, 4),
		.body = pg_span(res, i, 5) };
	if (!bytes_get(res, i, 6, s->hash, sizeof s->hash))
		return false;
	evidence_audit_put_event(out, &e, s->hash);
	s->seq = seq;
	s->events++;
	return true;
}

static void export_page(struct pol_call *c);

static void export_go_on(struct pol_call *c)
{
	const struct audit_export *s = c->state;

	if (s->seq >= s->last)
		export_sign(c);
	else
		export_page(c);
}

static void export_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct audit_export *s = c->state;
	uint64_t before = s->seq;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct buf *out = page_new(c, (size_t)512 << 20);
	bool whole = true;
	for (int i = 0; i < pg_rows(res) && whole; i++)
		whole = export_row(s, res, i, out);
	if (!whole || out->failed)
		pol_call_fail(c, -EIO, say_unwritten);
	else if (s->seq == before)
		pol_call_fail(c, -EIO, "an event is missing in the audit log; see: audit verify");
	else
		pol_call_pour(c, buf_span(out), say_unwritten, export_go_on);
}

static void export_page(struct pol_call *c)
{
	const struct audit_export *s = c->state;
	uint64_t rows = s->last - s->seq < PAGE ? s->last - s->seq : PAGE; /* not beyond what was there at the start */
	char from[24], max[24];

	(void)snprintf(from, sizeof from, "%" PRIu64, s->seq + 1);
	(void)snprintf(max, sizeof max, "%" PRIu64, rows);
	pol_query(&c->b->sql,
		POL_SQL("select seq, uid, at_us, kind, actor, body, hash, time_us, signature "
			"from audit.export($1::bigint, $2::int)",
			from, max),
		export_came, c);
}

static void export_begin(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct audit_export *s = c->state;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	s->last = last_seq(res);
	struct buf *first = page_new(c, 4096);
	evidence_audit_put_first(first, 1, s->hash); /* zeros */
	pol_call_pour(c, buf_span(first), say_unwritten, export_go_on);
}

void pol_command_audit_export(struct pol_call *c)
{
	(void)pol_call_state(c, sizeof(struct audit_export), export_free);
	pol_call_sql(c, NULL, export_begin);
}

/* ---- verify: the chain again in the database, the signatures of its heads here ---- */

/* In pieces, for whoever wants to see how far it is: `after` and `limit`; a piece ends with the page that reaches its limit. */
struct audit_verify {
	uint64_t last, seq, checked, heads, after, limit /* 0 = all */;
	bool more;
	char head[2 * EVIDENCE_HASH + 1]; /* of the event `seq` */
	struct evidence_keys keys;
};

static void verify_say(struct pol_call *c)
{
	const struct audit_verify *s = c->state;
	char key[sodium_base64_ENCODED_LEN(EVIDENCE_KEY, sodium_base64_VARIANT_ORIGINAL)];
	struct buf out;
	struct json j;

	buf_init(&out, 1024);
	json_open(&j, &out);
	json_obj(&j, NULL);
	sodium_bin2base64(key, sizeof key, s->keys.k[s->keys.n - 1].key, EVIDENCE_KEY, sodium_base64_VARIANT_ORIGINAL);
	json_bool(&j, "verified", true);
	json_num(&j, "events", (int64_t)s->checked);
	json_num(&j, "heads", (int64_t)s->heads);
	json_num(&j, "seq", (int64_t)s->seq);
	json_num(&j, "last", (int64_t)s->last);
	json_bool(&j, "more", s->more);
	json_str(&j, "head", span_str(s->head));
	json_str(&j, "key", span_str(key));
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

static void heads_page(struct pol_call *c, uint64_t from);

static bool head_holds(const struct audit_verify *s, const struct pg_result *res, int i)
{
	struct evidence_sign_claim claim = {
		.what = WIRE_SIGN_AUDIT, .seq = (uint64_t)pg_int(res, i, 0), .time_us = pg_int(res, i, 2)
	};
	uint8_t signature[EVIDENCE_SIGNATURE];

	return bytes_get(res, i, 1, claim.hash, sizeof claim.hash) &&
	       bytes_get(res, i, 3, signature, sizeof signature) &&
	       evidence_keys_check(&s->keys, &claim, signature, NULL) == 0;
}

static void heads_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct audit_verify *s = c->state;
	char say[96];

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	int n = pg_rows(res);
	while (n > 0 && (uint64_t)pg_int(res, n - 1, 0) > s->seq)
		n--; /* of the next piece, or signed meanwhile */
	for (int i = 0; i < n; i++, s->heads++)
		if (!head_holds(s, res, i)) {
			(void)snprintf(say, sizeof say, "the signature of the head at event %" PRId64 " is wrong",
				pg_int(res, i, 0));
			pol_call_fail(c, -EIO, say);
			return;
		}
	if (n < PAGE)
		verify_say(c);
	else
		heads_page(c, (uint64_t)pg_int(res, n - 1, 0) + 1);
}

static void heads_page(struct pol_call *c, uint64_t from)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRIu64, from);
	pol_query(&c->b->sql, POL_SQL("select seq, hash, time_us, signature from audit.heads($1::bigint, 1000)", text),
		heads_came, c);
}

static void verify_page(struct pol_call *c);

static void verify_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct audit_verify *s = c->state;
	char say[160];

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	uint64_t checked = (uint64_t)pg_int(res, 0, 0);
	if (pg_text(res, 0, 2)) {
		(void)snprintf(say, sizeof say, "event %s of the audit log: %.100s", pg_text(res, 0, 2),
			pg_text(res, 0, 3) ? pg_text(res, 0, 3) : "altered");
		pol_call_fail(c, -EIO, say);
		return;
	}
	s->seq = (uint64_t)pg_int(res, 0, 1);
	s->checked += checked;
	(void)snprintf(s->head, sizeof s->head, "%s", pg_text(res, 0, 4) ? pg_text(res, 0, 4) : "");
	s->more = checked == VERIFY_PAGE && s->limit > 0 && s->checked >= s->limit;
	if (checked == VERIFY_PAGE && !s->more)
		verify_page(c);
	else if (!s->more && s->seq < s->last)
		pol_call_fail(c, -EIO, "the end of the audit log is missing");
	else
		heads_page(c, s->after > 0 ? s->after + 1 : 0);
}

static void verify_page(struct pol_call *c)
{
	const struct audit_verify *s = c->state;
	char after[24];

	(void)snprintf(after, sizeof after, "%" PRIu64, s->seq);
	pol_query(&c->b->sql, POL_SQL("select checked, seq, bad_seq, why, encode(hash, 'hex') from audit.verify($1::bigint, 10000)", after),
		verify_came, c);
}

static void verify_key(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	struct audit_verify *s = c->state;

	if (code < 0) {
		pol_call_fail(c, code, "the vault does not answer; try again");
		return;
	}
	if (evidence_keys_get(reply->publics.evidence, &s->keys, NULL) < 0)
		pol_call_fail(c, -EIO, "the vault's evidence keys make no sense");
	else
		verify_page(c);
}

static uint64_t number_of(const char *text)
{
	return text ? strtoull(text, NULL, 10) : 0; /* digits: the database has looked */
}

static void verify_begin(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct audit_verify *s = c->state;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	s->last = last_seq(res);
	s->seq = s->after = number_of(pol_call_arg(c, "after"));
	s->limit = number_of(pol_call_arg(c, "limit"));
	pol_peers_publics(c->b, &(struct pol_ask){ .within_us = VAULT_US, .done = verify_key, .ctx = c });
}

void pol_command_audit_verify(struct pol_call *c)
{
	(void)pol_call_state(c, sizeof(struct audit_verify), NULL);
	pol_call_sql(c, NULL, verify_begin);
}
