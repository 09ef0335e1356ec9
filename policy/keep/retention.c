#include "policy/keep/retention.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/log.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/peers.h"
#include "recorder/evidence/tombstone.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_MAX = EVIDENCE_TOMBSTONE_REASON + 1 };
#define SOON_US (INT64_C(60) * 1000 * 1000)
#define HOUR_US (INT64_C(3600) * 1000 * 1000)
#define REMOVE_US (INT64_C(30) * 1000 * 1000)

struct pol_retention {
	struct pol_broker *b;
	struct loop_timer timer;
	bool on;
	struct pol_call *call; /* who waits for the run */
	uint64_t removed;
	struct wire_remove one;
	char id[ID_TEXT], reason[REASON_MAX];
	char trouble[160];
};

static void next(struct pol_retention *r);

static void due(void *ctx)
{
	struct pol_retention *r = ctx;

	loop_timer_set(r->b->loop, &r->timer, HOUR_US);
	if (r->on)
		return;
	r->on = true;
	r->removed = 0;
	next(r);
}

struct pol_retention *pol_retention_new(struct pol_broker *b)
{
	struct pol_retention *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	r->b = b;
	r->timer = (struct loop_timer){ .fire = due, .ctx = r };
	loop_timer_set(b->loop, &r->timer, SOON_US);
	return r;
}

struct pol_retention *pol_retention_free(struct pol_retention *r)
{
	if (r) {
		loop_timer_del(&r->timer);
		pol_query_drop(&r->b->sql, r);
		pol_ask_drop(&r->b->asks, r);
		free(r);
	}
	return NULL;
}

const char *pol_retention_trouble(const struct pol_retention *r)
{
	return r->trouble;
}

static void end(struct pol_retention *r, int code, const char *say)
{
	struct pol_call *c = r->call;
	char json[64];

	r->on = false;
	r->call = NULL;
	(void)snprintf(r->trouble, sizeof r->trouble, "%s", code < 0 ? say : "");
	if (code < 0)
		log_ev(LOG_LEVEL_WARN, "retention.broken", LOG_S("detail", say), LOG_N("code", code));
	else if (r->removed > 0)
		log_ev(LOG_LEVEL_INFO, "retention.done", LOG_N("removed", r->removed));
	if (!c)
		return;
	(void)snprintf(json, sizeof json, "{\"removed\":%" PRIu64 "}", r->removed);
	if (code < 0)
		pol_call_fail(c, -EIO, r->trouble);
	else
		pol_call_answer(c, span_str(json));
}

static int tell(struct pol_retention *r, struct span tombstone, struct err *err)
{
	struct evidence_tombstone t;
	char hex[2 * EVIDENCE_TOMBSTONE_MAX + 1], head[2 * EVIDENCE_HASH + 1];
	struct pol_fact f;

	int code = tombstone.n > EVIDENCE_TOMBSTONE_MAX ? -EPROTO : evidence_tombstone_get(tombstone, &t, err);
	if (code < 0 || !id_eq(&t.id, &r->one.id))
		return fault(err, -EPROTO, "the recorder answered no tombstone", "%zu bytes", tombstone.n);
	sodium_bin2hex(hex, sizeof hex, tombstone.p, tombstone.n);
	sodium_bin2hex(head, sizeof head, t.head, sizeof t.head);
	pol_fact_open(&f);
	pol_fact_text(&f, "session", span_str(r->id));
	pol_fact_text(&f, "actor", span_str("system"));
	pol_fact_text(&f, "reason", t.reason);
	pol_fact_num(&f, "seq", (int64_t)(t.seq & INT64_MAX));
	pol_fact_text(&f, "head", span_str(head));
	pol_fact_num(&f, "removed_us", t.removed_us);
	pol_fact_text(&f, "tombstone", span_str(hex));
	return pol_facts_put(&r->b->facts, "recording.removed", &f, err);
}

static void kept(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_retention *r = ctx;

	(void)code, (void)res, (void)err;
	end(r, -EIO, "a recording could not be removed; see the recorder's log");
}

static void removed(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_retention *r = ctx;
	struct err err = { 0 };

	if (code == 0 && reply->removed.code == -EBUSY) { /* being sealed, or read back: in an hour */
		next(r);
		return;
	}
	if (code == 0 && reply->removed.code == 0)
		code = tell(r, reply->removed.tombstone, &err);
	else if (code == 0)
		code = (int)reply->removed.code;
	if (code < 0) {
		log_ev(LOG_LEVEL_WARN, "retention.kept", LOG_S("sid", r->id), LOG_N("code", code), LOG_S("detail", err.detail));
		pol_query(&r->b->sql, POL_SQL("select api.retention_kept($1::uuid)", r->id), kept, r);
		return;
	}
	r->removed++;
	next(r);
}

static bool head_of(const struct pg_result *res, struct wire_h32 *ret)
{
	struct buf b;

	*ret = (struct wire_h32){ 0 };
	if (!pg_text(res, 0, 2))
		return true; /* nothing of it was ever anchored */
	buf_init(&b, sizeof ret->b);
	bool good = pg_bytea(pg_span(res, 0, 2), &b) == 0 && b.len == sizeof ret->b;
	if (good)
		memcpy(ret->b, b.data, sizeof ret->b);
	buf_done(&b);
	return good;
}

static void came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_retention *r = ctx;

	if (code < 0) {
		end(r, code, err->say[0] ? err->say : "the database does not answer");
		return;
	}
	if (pg_rows(res) == 0) {
		end(r, 0, "");
		return;
	}
	(void)snprintf(r->id, sizeof r->id, "%s", pg_text(res, 0, 0) ? pg_text(res, 0, 0) : "");
	(void)snprintf(r->reason, sizeof r->reason, "%s", pg_text(res, 0, 4) ? pg_text(res, 0, 4) : "");
	r->one = (struct wire_remove){
		.started_us = pg_int(res, 0, 3), .seq = (uint64_t)pg_int(res, 0, 1), .reason = span_str(r->reason)
	};
	if (id_parse(span_str(r->id), &r->one.id) < 0 || !head_of(res, &r->one.head)) {
		end(r, -EPROTO, "a recording's row makes no sense");
		return;
	}
	pol_peers_remove(r->b, &r->one, &(struct pol_ask){ .within_us = REMOVE_US, .done = removed, .ctx = r });
}

static void next(struct pol_retention *r)
{
	pol_query(&r->b->sql, POL_SQL("select id, seq, head, started_us, reason from api.retention_take()"), came, r);
}

/* ---- retention run ---- */

static void run_free(struct pol_call *c)
{
	if (c->b->retention->call == c)
		c->b->retention->call = NULL;
}

static void permitted(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	if (c->b->retention->on) {
		pol_call_fail(c, -EBUSY, "it is at work already");
		return;
	}
	c->b->retention->call = c;
	due(c->b->retention);
}

void pol_command_retention_run(struct pol_call *c)
{
	(void)pol_call_state(c, 1, run_free);
	pol_call_sql(c, NULL, permitted);
}
