#include "policy/session.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void session_fact(struct pol_fact *f, const struct id *id)
{
	char text[ID_TEXT];

	id_text(id, text);
	pol_fact_open(f);
	pol_fact_text(f, "session", span_str(text));
}

static void put(struct pol_facts *facts, const char *kind, struct pol_fact *f)
{
	struct err err;

	if (pol_facts_put(facts, kind, f, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
}

static const char *outcome_name(uint8_t outcome)
{
	static const char *const names[] = {
		[WIRE_REACHED_OK] = "ok",
		[WIRE_REACHED_HOST_KEY_CHANGED] = "host key changed",
		[WIRE_REACHED_LOGIN_REFUSED] = "login refused",
		[WIRE_REACHED_STALLED] = "stalled",
		[WIRE_REACHED_BROKEN] = "broken",
	};

	return outcome && outcome < COUNT_OF(names) ? names[outcome] : "?";
}

/* As OpenSSH prints it. */
static void fingerprint(struct span blob, char ret[static 64])
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char text[48];

	(void)crypto_hash_sha256(hash, blob.p, blob.n);
	sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	(void)snprintf(ret, 64, "SHA256:%s", text);
}

void pol_session_reached(struct pol_facts *facts, const struct pol_session *s, const struct wire_reached *m)
{
	struct pol_fact f;
	char presented[64];

	session_fact(&f, &s->id);
	pol_fact_text(&f, "outcome", span_str(outcome_name(m->outcome)));
	if (m->detail.n)
		pol_fact_text(&f, "detail", m->detail);
	if (m->presented.n) {
		fingerprint(m->presented, presented);
		pol_fact_text(&f, "presented", span_str(presented));
	}
	put(facts, "session.reached", &f);
}

void pol_session_end(struct pol_facts *facts, struct pol_session *s, const struct pol_session_end *end)
{
	struct pol_fact f;

	if (!s->on)
		return;
	s->on = false;
	session_fact(&f, &s->id);
	pol_fact_text(&f, "state", span_str(end->state));
	pol_fact_text(&f, "reason", end->reason);
	if (end->in_bytes || end->out_bytes) {
		pol_fact_num(&f, "bytes_in", (int64_t)(end->in_bytes & INT64_MAX));
		pol_fact_num(&f, "bytes_out", (int64_t)(end->out_bytes & INT64_MAX));
	}
	put(facts, "session.ended", &f);
}

void pol_session_reconcile(struct pol_facts *facts, const struct wire_recording_answer *m)
{
	struct pol_session s = { .on = true, .id = m->id };
	struct pol_session_end end = { .state = "crashed", .reason = m->reason };

	switch (m->state) {
	case WIRE_RECORDING_CLOSED:
		end.state = "closed";
		break;
	case WIRE_RECORDING_CRASHED:
	case WIRE_RECORDING_FAILED:
		if (!m->reason.n)
			end.reason = span_str("cut short while the broker was away");
		break;
	default:
		end.reason = span_str("no recording of it is known");
	}
	pol_session_end(facts, &s, &end);
}

static const char *recording_state(uint8_t state)
{
	static const char *const names[] = {
		[WIRE_RECORDING_UNKNOWN] = "unknown",
		[WIRE_RECORDING_OPEN] = "open",
		[WIRE_RECORDING_CLOSED] = "closed",
		[WIRE_RECORDING_CRASHED] = "crashed",
		[WIRE_RECORDING_FAILED] = "failed",
	};

	return state && state < COUNT_OF(names) ? names[state] : "unknown";
}

static void hex(struct pol_fact *f, const char *key, const uint8_t *p, size_t n)
{
	char text[2 * 64 + 1];

	sodium_bin2hex(text, sizeof text, p, n);
	pol_fact_text(f, key, span_str(text));
}

void pol_session_recording(struct pol_facts *facts, const struct wire_recording_answer *m)
{
	struct pol_fact f;

	session_fact(&f, &m->id);
	pol_fact_text(&f, "actor", span_str("system"));
	pol_fact_text(&f, "state", span_str(recording_state(m->state)));
	pol_fact_num(&f, "seq", (int64_t)m->seq);
	hex(&f, "head", m->head.b, sizeof m->head.b);
	pol_fact_num(&f, "bytes", (int64_t)m->bytes);
	pol_fact_num(&f, "started_us", m->started_us);
	pol_fact_num(&f, "ended_us", m->ended_us);
	pol_fact_num(&f, "signed_us", m->signed_us);
	if (m->signed_us)
		hex(&f, "signature", m->signature.b, sizeof m->signature.b);
	if (m->reason.n)
		pol_fact_text(&f, "reason", m->reason);
	put(facts, "recording.state", &f);
}

void pol_session_control(struct pol_facts *facts, const struct pol_session *s, const char *op, const char *reason)
{
	struct pol_fact f;

	session_fact(&f, &s->id);
	pol_fact_text(&f, "actor", span_str("system"));
	pol_fact_text(&f, "op", span_str(op));
	pol_fact_text(&f, "reason", span_str(reason));
	put(facts, "session.control", &f);
}
