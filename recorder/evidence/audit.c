#include "recorder/evidence/audit.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/wire.h"
#include "recorder/evidence/keys.h"
#include "recorder/evidence/lax.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void hash_field(crypto_hash_sha256_state *st, struct span s)
{
	uint8_t n[4] = { (uint8_t)(s.n >> 24), (uint8_t)(s.n >> 16), (uint8_t)(s.n >> 8), (uint8_t)s.n };
	crypto_hash_sha256_update(st, n, sizeof n);
	crypto_hash_sha256_update(st, s.p, s.n);
}

void evidence_audit_hash(const uint8_t before[static EVIDENCE_HASH], const struct evidence_audit_event *e,
	uint8_t ret[static EVIDENCE_HASH])
{
	crypto_hash_sha256_state st;
	uint8_t seq[8];
	char at[24];
	for (size_t i = 0; i < sizeof seq; i++)
		seq[i] = (uint8_t)(e->seq >> 8 * (7 - i));
	(void)snprintf(at, sizeof at, "%" PRId64, e->at_us);
	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, before, EVIDENCE_HASH);
	crypto_hash_sha256_update(&st, seq, sizeof seq);
	hash_field(&st, e->uid);
	hash_field(&st, span_str(at));
	hash_field(&st, e->kind);
	hash_field(&st, e->actor);
	hash_field(&st, e->body);
	crypto_hash_sha256_final(&st, ret);
}

/* ---- writing ---- */
static void put_hex(struct json *j, const char *key, const uint8_t *p, size_t n)
{
	char text[2 * EVIDENCE_SIGNATURE + 1];
	sodium_bin2hex(text, sizeof text, p, n);
	json_str(j, key, span_str(text));
}

void evidence_audit_put_first(struct buf *b, uint64_t from, const uint8_t before[static EVIDENCE_HASH])
{
	struct json j;
	json_open(&j, b);
	json_obj(&j, NULL);
	json_str(&j, "format", span_str("yanmen-audit-1"));
	json_num(&j, "from", (int64_t)from);
	put_hex(&j, "before", before, EVIDENCE_HASH);
	json_end(&j);
	buf_put(b, "\n", 1);
}

void evidence_audit_put_event(struct buf *b, const struct evidence_audit_event *e, const uint8_t hash[static EVIDENCE_HASH])
{
	struct json j;
	json_open(&j, b);
	json_obj(&j, NULL);
	json_num(&j, "seq", (int64_t)e->seq);
	json_str(&j, "uid", e->uid);
	json_num(&j, "at_us", e->at_us);
	json_str(&j, "kind", e->kind);
	json_str(&j, "actor", e->actor);
	json_str(&j, "body", e->body);
	put_hex(&j, "hash", hash, EVIDENCE_HASH);
	json_end(&j);
	buf_put(b, "\n", 1);
}

void evidence_audit_put_head(struct buf *b, const char *word, const struct evidence_audit_head *h)
{
	struct json j;
	json_open(&j, b);
	json_obj(&j, NULL);
	json_num(&j, word, (int64_t)h->seq);
	put_hex(&j, "hash", h->hash, sizeof h->hash);
	json_num(&j, "time_us", h->time_us);
	put_hex(&j, "signature", h->signature, sizeof h->signature);
	json_end(&j);
	buf_put(b, "\n", 1);
}

/* ---- reading ---- */
void evidence_audit_init(struct evidence_audit *a, const struct evidence_keys *keys)
{
	*a = (struct evidence_audit){ .keys = keys, .state = EVIDENCE_AUDIT_START };
	buf_init(&a->again, EVIDENCE_AUDIT_LINE_MAX);
	buf_init(&a->text, EVIDENCE_AUDIT_LINE_MAX);
}

void evidence_audit_done(struct evidence_audit *a)
{
	buf_done(&a->again);
	buf_done(&a->text);
}

static int malformed(const struct evidence_audit *a, const char *why, struct err *err)
{
	return fault(err, -EPROTO, "the audit log is damaged or was altered", "line %" PRIu64 ": %s", a->lines, why);
}

/* Reading is lax; writing it again and comparing is what makes it exact. */
static int same(struct evidence_audit *a, struct span line, struct err *err)
{
	return span_eq(buf_span(&a->again), line) ? 0 : malformed(a, "not written canonically", err);
}

static int first_line(struct evidence_audit *a, struct span line, struct err *err)
{
	struct evidence_lax x = evidence_lax_of(line, &a->text);
	uint8_t before[EVIDENCE_HASH];
	evidence_lax_skip(&x, "{\"format\":\"yanmen-audit-1\",\"from\":");
	int64_t from = evidence_lax_number(&x);
	evidence_lax_skip(&x, ",\"before\":");
	evidence_lax_hex(&x, before, sizeof before);
	if (x.bad || from < 1)
		return malformed(a, "not the first line of an audit log", err);
	evidence_audit_put_first(&a->again, (uint64_t)from, before);
	int rc = same(a, line, err);
	if (rc < 0)
		return rc;
	a->from = (uint64_t)from;
	a->seq = a->from - 1;
	memcpy(a->hash, before, sizeof before);
	a->state = EVIDENCE_AUDIT_EVENTS;
	if (a->from == 1 && !sodium_is_zero(before, sizeof before))
		return malformed(a, "something stands before the first event", err);
	return 0;
}

static int event_line(struct evidence_audit *a, struct span line, struct err *err)
{
	struct evidence_lax x = evidence_lax_of(line, &a->text);
	struct evidence_audit_event e = { 0 };
	uint8_t told[EVIDENCE_HASH], hash[EVIDENCE_HASH];
	evidence_lax_skip(&x, "{\"seq\":");
	e.seq = (uint64_t)evidence_lax_number(&x);
	evidence_lax_skip(&x, ",\"uid\":");
	e.uid = evidence_lax_string(&x);
	evidence_lax_skip(&x, ",\"at_us\":");
	e.at_us = evidence_lax_number(&x);
	evidence_lax_skip(&x, ",\"kind\":");
	e.kind = evidence_lax_string(&x);
	evidence_lax_skip(&x, ",\"actor\":");
	e.actor = evidence_lax_string(&x);
	evidence_lax_skip(&x, ",\"body\":");
	e.body = evidence_lax_string(&x);
	evidence_lax_skip(&x, ",\"hash\":");
	evidence_lax_hex(&x, told, sizeof told);
	if (x.bad)
		return malformed(a, "neither an event nor a head", err);
	evidence_audit_put_event(&a->again, &e, told);
	int rc = same(a, line, err);
	if (rc < 0)
		return rc;
	if (e.seq != a->seq + 1)
		return fault(err, -EBADMSG, "the audit log has a gap or was altered", "event %" PRIu64 " after %" PRIu64, e.seq,
			a->seq);
	evidence_audit_hash(a->hash, &e, hash);
	if (memcmp(hash, told, sizeof hash) != 0)
		return fault(err, -EBADMSG, "the audit log was altered", "the chain breaks at event %" PRIu64, e.seq);
	a->seq = e.seq;
	memcpy(a->hash, hash, sizeof hash);
	return 0;
}

static int head_line(struct evidence_audit *a, struct span line, const char *word, struct err *err)
{
	struct evidence_lax x = evidence_lax_of(line, &a->text);
	struct evidence_audit_head h = { 0 };
	evidence_lax_skip(&x, "{\"");
	evidence_lax_skip(&x, word);
	evidence_lax_skip(&x, "\":");
	h.seq = (uint64_t)evidence_lax_number(&x);
	evidence_lax_skip(&x, ",\"hash\":");
	evidence_lax_hex(&x, h.hash, sizeof h.hash);
	evidence_lax_skip(&x, ",\"time_us\":");
	h.time_us = evidence_lax_number(&x);
	evidence_lax_skip(&x, ",\"signature\":");
	evidence_lax_hex(&x, h.signature, sizeof h.signature);
	if (x.bad)
		return malformed(a, "malformed head", err);
	evidence_audit_put_head(&a->again, word, &h);
	int rc = same(a, line, err);
	if (rc < 0)
		return rc;
	if (h.seq != a->seq || memcmp(h.hash, a->hash, sizeof h.hash) != 0)
		return fault(err, -EBADMSG, "the audit log was altered", "head of event %" PRIu64 " behind %" PRIu64, h.seq,
			a->seq);
	struct evidence_sign_claim claim = { .what = WIRE_SIGN_AUDIT, .seq = h.seq, .time_us = h.time_us };
	memcpy(claim.hash, h.hash, sizeof claim.hash);
	rc = evidence_keys_check(a->keys, &claim, h.signature, err);
	if (rc < 0)
		return rc;
	a->heads++;
	a->signed_us = h.time_us;
	return 0;
}

static bool starts(struct span line, const char *word)
{
	size_t n = strlen(word);
	return line.n >= n && memcmp(line.p, word, n) == 0;
}

int evidence_audit_line(struct evidence_audit *a, struct span line, struct err *err)
{
	a->lines++;
	buf_clear(&a->again);
	buf_clear(&a->text);
	if (a->state == EVIDENCE_AUDIT_ENDED)
		return malformed(a, "behind the last line", err);
	if (a->state == EVIDENCE_AUDIT_START)
		return first_line(a, line, err);
	if (starts(line, "{\"head\":"))
		return head_line(a, line, "head", err);
	if (!starts(line, "{\"end\":"))
		return event_line(a, line, err);
	int rc = head_line(a, line, "end", err);
	if (rc == 0)
		a->state = EVIDENCE_AUDIT_ENDED;
	return rc;
}

int evidence_audit_end(const struct evidence_audit *a, struct err *err)
{
	if (a->state != EVIDENCE_AUDIT_ENDED)
		return fault(err, -EAGAIN, "the audit log's end is missing: it was cut off", "after line %" PRIu64, a->lines);
	return 0;
}
