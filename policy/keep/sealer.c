#include "policy/keep/sealer.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/pg.h"
#include "policy/broker.h"
#include "policy/peers.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	EVERY_US = 1000 * 1000,
	SIGN_EVERY_US = 10 * 1000 * 1000,
	SIGN_WITHIN_US = 5 * 1000 * 1000,
	ROWS = 1000,
};
#define SEAL_SQL "select seq, hash, added from audit.seal(1000)"

struct pol_sealer {
	struct pol_broker *b;
	struct pol_queries sql; /* as yanmen_sealer */
	struct loop_timer tick;
	uint64_t seq, signed_seq, signing_seq;
	struct wire_h32 hash, signing_hash;
	int64_t signed_at_us, sealed_at_us, sign_time_us; /* monotonic, monotonic, wall */
	bool signing, failing;
	bool last;		 /* finishing: all that is there is sealed */
	void (*done)(void *ctx); /* finishing */
	void *ctx;
};

static void sealer_failed(struct pol_sealer *s, const char *ev, const struct err *err)
{
	if (!s->failing)
		log_err(LOG_LEVEL_WARN, ev, err);
	s->failing = true;
}

static void sealer_finished(struct pol_sealer *s)
{
	void (*done)(void *) = s->done;

	s->done = NULL;
	if (done)
		done(s->ctx);
}

static void head_sign(struct pol_sealer *s);

static void sealer_unsigned(struct pol_sealer *s, const struct err *err)
{
	s->signing = false;
	sealer_failed(s, "audit.unsigned", err);
	if (s->last)
		sealer_finished(s);
}

/* A head that was under way when the end began is older than the end: another one follows it. */
static void sealer_settle(struct pol_sealer *s)
{
	if (!s->done || !s->last || s->signing)
		return;
	if (s->seq > s->signed_seq)
		head_sign(s);
	else
		sealer_finished(s);
}

static void head_written(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_sealer *s = ctx;

	(void)res;
	if (code < 0) {
		sealer_unsigned(s, err);
		return;
	}
	s->signing = false;
	s->signed_seq = s->signing_seq;
	s->signed_at_us = clock_mono_us();
	s->failing = false;
	sealer_settle(s);
}

static void head_signed(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_sealer *s = ctx;
	char seq[24], time[24];
	struct buf hash, signature;

	if (code < 0) {
		struct err err;
		(void)fault(&err, code, "the vault does not answer", "sign: %d", code);
		sealer_unsigned(s, &err);
		return;
	}
	buf_init(&hash, 128);
	buf_init(&signature, 256);
	pg_bytea_text(span_of(s->signing_hash.b, sizeof s->signing_hash.b), &hash);
	pg_bytea_text(span_of(reply->sign.signature.b, sizeof reply->sign.signature.b), &signature);
	(void)snprintf(seq, sizeof seq, "%" PRIu64, s->signing_seq);
	(void)snprintf(time, sizeof time, "%" PRId64, s->sign_time_us);
	pol_query(&s->sql,
		POL_SQL("select audit.head_sign($1::bigint, $2::bytea, $3::bigint, $4::bytea)", seq, buf_str(&hash),
			time, buf_str(&signature)),
		head_written, s);
	buf_done(&hash);
	buf_done(&signature);
}

static void head_sign(struct pol_sealer *s)
{
	struct wire_sign m = { .what = WIRE_SIGN_AUDIT, .seq = s->seq, .hash = s->hash, .time_us = clock_wall_us() };

	s->signing = true;
	s->signing_seq = s->seq;
	s->signing_hash = s->hash;
	s->sign_time_us = m.time_us;
	pol_peers_sign(s->b, &m, &(struct pol_ask){ .within_us = SIGN_WITHIN_US, .done = head_signed, .ctx = s });
}

static bool sign_is_due(const struct pol_sealer *s)
{
	return s->seq > s->signed_seq && !s->signing && clock_mono_us() - s->signed_at_us >= SIGN_EVERY_US;
}

/* Returns how many rows that sealing added, or a negative errno. */
static int64_t sealed_note(struct pol_sealer *s, int code, const struct pg_result *res, const struct err *err)
{
	struct buf hash;

	if (code < 0 || pg_rows(res) != 1) {
		if (code < 0)
			sealer_failed(s, "audit.unsealed", err);
		return code < 0 ? code : -EPROTO;
	}
	s->sealed_at_us = clock_mono_us();
	buf_init(&hash, sizeof s->hash.b);
	if (pg_bytea(pg_span(res, 0, 1), &hash) == 0 && hash.len == sizeof s->hash.b) {
		s->seq = (uint64_t)pg_int(res, 0, 0);
		memcpy(s->hash.b, hash.data, sizeof s->hash.b);
	}
	buf_done(&hash);
	return pg_int(res, 0, 2);
}

static void sealed(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_sealer *s = ctx;
	int64_t added = sealed_note(s, code, res, err);

	loop_timer_set(s->b->loop, &s->tick, added >= ROWS ? 0 : EVERY_US);
	if (added >= 0 && added < ROWS && sign_is_due(s))
		head_sign(s);
}

/* Of a query that began after the end did: what is there by then is in it. */
static void sealed_last(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_sealer *s = ctx;
	int64_t added = sealed_note(s, code, res, err);

	if (added < 0) {
		sealer_finished(s);
	} else if (added >= ROWS) {
		pol_query(&s->sql, POL_SQL(SEAL_SQL), sealed_last, s);
	} else {
		s->last = true;
		sealer_settle(s);
	}
}

static void sealer_tick(void *ctx)
{
	struct pol_sealer *s = ctx;

	if (!pg_is_up(s->sql.pg)) {
		loop_timer_set(s->b->loop, &s->tick, EVERY_US);
		return;
	}
	pol_query(&s->sql, POL_SQL(SEAL_SQL), sealed, s);
}

static void sealer_up(void *ctx, bool up)
{
	struct pol_sealer *s = ctx;

	if (up)
		s->failing = false;
}

int pol_sealer_new(struct pol_sealer **ret, struct pol_broker *b, const char *conninfo, struct err *err)
{
	struct pol_sealer *s = calloc(1, sizeof *s);

	if (!s)
		return fault(err, -ENOMEM, "internal error", "no memory for the sealer");
	s->b = b;
	s->sql.loop = b->loop;
	s->tick = (struct loop_timer){ .fire = sealer_tick, .ctx = s };
	s->sealed_at_us = clock_mono_us();
	int r = pg_new(&s->sql.pg, b->loop, conninfo, sealer_up, s, err);
	if (r < 0) {
		free(s);
		return r;
	}
	loop_timer_set(b->loop, &s->tick, EVERY_US);
	*ret = s;
	return 0;
}

struct pol_sealer *pol_sealer_free(struct pol_sealer *s)
{
	if (s) {
		loop_timer_del(&s->tick);
		pol_ask_drop(&s->b->asks, s);
		pol_query_drop(&s->sql, s);
		s->sql.pg = pg_free(s->sql.pg);
		free(s);
	}
	return NULL;
}

void pol_sealer_finish(struct pol_sealer *s, void (*done)(void *ctx), void *ctx)
{
	s->done = done;
	s->ctx = ctx;
	if (!pg_is_up(s->sql.pg))
		sealer_finished(s);
	else
		pol_query(&s->sql, POL_SQL(SEAL_SQL), sealed_last, s);
}

int64_t pol_sealer_age_s(const struct pol_sealer *s)
{
	return (clock_mono_us() - s->sealed_at_us) / 1000000;
}
