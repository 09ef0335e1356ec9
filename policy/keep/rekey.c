#include "policy/keep/rekey.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/log.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/parent.h"
#include "policy/peers.h"
#include "recorder/evidence/keys.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SOON_US = 200 * 1000,
	AGAIN_US = 5 * 1000 * 1000,
	VAULT_US = 10 * 1000 * 1000,
	SEALED_MAX = 65536,
	BOUND_MAX = 4096,
	WHAT_MAX = 32,
};

struct pol_rekey {
	struct pol_broker *b;
	struct loop_timer timer;
	bool on, again;       /* a round is under way; another is wanted behind it */
	struct pol_call *call; /* who waits for the round */
	uint32_t generation;
	uint64_t resealed, refused;
	char what[WHAT_MAX]; /* the blob at hand, and how far we are */
	int64_t id;
	struct buf sealed, bound;
	char trouble[160];
};

static void round_begin(struct pol_rekey *r);

static void round_due(void *ctx)
{
	struct pol_rekey *r = ctx;

	if (r->on)
		r->again = true;
	else
		round_begin(r);
}

struct pol_rekey *pol_rekey_new(struct pol_broker *b)
{
	struct pol_rekey *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	r->b = b;
	r->timer = (struct loop_timer){ .fire = round_due, .ctx = r };
	buf_init(&r->sealed, SEALED_MAX);
	buf_init(&r->bound, BOUND_MAX);
	return r;
}

struct pol_rekey *pol_rekey_free(struct pol_rekey *r)
{
	if (r) {
		loop_timer_del(&r->timer);
		pol_query_drop(&r->b->sql, r);
		pol_ask_drop(&r->b->asks, r);
		buf_done(&r->sealed);
		buf_done(&r->bound);
		free(r);
	}
	return NULL;
}

void pol_rekey_look(struct pol_rekey *r)
{
	loop_timer_set(r->b->loop, &r->timer, SOON_US);
}

const char *pol_rekey_trouble(const struct pol_rekey *r)
{
	return r->trouble;
}

/* ---- the end of a round ---- */

static void call_answer(struct pol_rekey *r)
{
	struct pol_call *c = r->call;
	struct buf out;
	struct json j;

	r->call = NULL;
	buf_init(&out, 1024);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_num(&j, "generation", r->generation);
	json_num(&j, "resealed", (int64_t)r->resealed);
	json_num(&j, "refused", (int64_t)r->refused);
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

static void round_end(struct pol_rekey *r, int code, const char *say)
{
	r->on = false;
	(void)snprintf(r->trouble, sizeof r->trouble, "%s", code < 0 ? say : "");
	if (code < 0 || r->again)
		loop_timer_set(r->b->loop, &r->timer, code < 0 ? AGAIN_US : 0);
	if (r->call && code < 0) {
		struct pol_call *c = r->call;
		r->call = NULL;
		pol_call_fail(c, code, "the new key is in use; sealing the credentials anew goes on by itself: see doctor");
	} else if (r->call && !r->again) {
		call_answer(r);
	}
	r->again = false;
}

static void round_failed(struct pol_rekey *r, int code, const char *say)
{
	if (strcmp(r->trouble, say) != 0)
		log_ev(LOG_LEVEL_WARN, "rekey.round", LOG_S("detail", say), LOG_N("code", code));
	round_end(r, code, say);
}

/* ---- blob after blob ---- */

static void next(struct pol_rekey *r);

static void noted(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_rekey *r = ctx;

	(void)res;
	if (code < 0)
		round_failed(r, code, err->say[0] ? err->say : "the database does not answer");
	else
		round_end(r, 0, "");
}

static void all_done(struct pol_rekey *r)
{
	char generation[16], resealed[24], refused[24];

	if (r->resealed == 0) {
		round_end(r, 0, "");
		return;
	}
	log_ev(LOG_LEVEL_INFO, "rekey.resealed", LOG_N("generation", r->generation), LOG_N("resealed", r->resealed),
		LOG_N("refused", r->refused));
	(void)snprintf(generation, sizeof generation, "%" PRIu32, r->generation);
	(void)snprintf(resealed, sizeof resealed, "%" PRIu64, r->resealed);
	(void)snprintf(refused, sizeof refused, "%" PRIu64, r->refused);
	pol_query(&r->b->sql,
		POL_SQL("select api.keys_resealed($1::int, $2::bigint, $3::bigint)", generation, resealed, refused), noted, r);
}

static void renewed(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_rekey *r = ctx;

	if (code < 0) {
		round_failed(r, code, err->say[0] ? err->say : "the database does not answer");
		return;
	}
	r->resealed += pg_text(res, 0, 0) && pg_text(res, 0, 0)[0] == 't';
	next(r);
}

static void resealed(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_rekey *r = ctx;
	struct buf was, fresh;
	char id[24];

	if (code < 0) {
		round_failed(r, code, "the vault does not answer");
		return;
	}
	if (reply->sealed.code < 0) { /* changed by somebody, or of a key that is lost: not ours to mend */
		r->refused++;
		log_ev(LOG_LEVEL_WARN, "rekey.refused", LOG_S("what", r->what), LOG_N("id", r->id),
			LOG_N("code", reply->sealed.code));
		next(r);
		return;
	}
	buf_init(&was, 2 * SEALED_MAX + 3);
	buf_init(&fresh, 2 * SEALED_MAX + 3);
	pg_bytea_text(buf_span(&r->sealed), &was);
	pg_bytea_text(reply->sealed.sealed, &fresh);
	(void)snprintf(id, sizeof id, "%" PRId64, r->id);
	pol_query(&r->b->sql,
		POL_SQL("select api.sealed_renew($1, $2::bigint, $3::bytea, $4::bytea)", r->what, id, buf_str(&was),
			buf_str(&fresh)),
		renewed, r);
	buf_done(&was);
	buf_done(&fresh);
}

static void blob_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_rekey *r = ctx;

	if (code < 0) {
		round_failed(r, code, err->say[0] ? err->say : "the database does not answer");
		return;
	}
	if (pg_rows(res) == 0) {
		all_done(r);
		return;
	}
	(void)snprintf(r->what, sizeof r->what, "%s", pg_text(res, 0, 0));
	r->id = pg_int(res, 0, 1);
	buf_clear(&r->sealed);
	buf_clear(&r->bound);
	buf_put_span(&r->bound, pg_span(res, 0, 3));
	if (pg_bytea(pg_span(res, 0, 2), &r->sealed) < 0)
		buf_clear(&r->sealed); /* the vault refuses it */
	/* The same binding: what comes back differs in the key alone. */
	struct wire_rebind m = {
		.sealed = buf_span(&r->sealed), .bound = buf_span(&r->bound), .rebound = buf_span(&r->bound)
	};
	pol_peers_rebind(r->b, &m, &(struct pol_ask){ .within_us = VAULT_US, .done = resealed, .ctx = r });
}

static void next(struct pol_rekey *r)
{
	char generation[16], id[24];

	(void)snprintf(generation, sizeof generation, "%" PRIu32, r->generation);
	(void)snprintf(id, sizeof id, "%" PRId64, r->id);
	pol_query(&r->b->sql,
		POL_SQL("select what, id, sealed, bound from api.sealed_old($1::bigint, $2, $3::bigint, 1)", generation, r->what,
			id),
		blob_came, r);
}

/* ---- the beginning of a round ---- */

static void synced(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_rekey *r = ctx;

	(void)res;
	if (code < 0)
		round_failed(r, code, err->say[0] ? err->say : "the database does not answer");
	else
		next(r);
}

static void base64_put(struct json *j, const char *key, const uint8_t *p, size_t n)
{
	char text[sodium_base64_ENCODED_LEN(EVIDENCE_SIGNATURE, sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(text, sizeof text, p, n, sodium_base64_VARIANT_ORIGINAL);
	json_str(j, key, span_str(text));
}

static void keys_put(struct json *j, const struct evidence_keys *keys)
{
	json_arr(j, NULL);
	for (size_t i = 0; i < keys->n; i++) {
		json_obj(j, NULL);
		json_num(j, "generation", (int64_t)i + 1);
		base64_put(j, "public_key", keys->k[i].key, EVIDENCE_KEY);
		json_num(j, "since_us", keys->k[i].since_us);
		if (i > 0)
			base64_put(j, "signature", keys->k[i].signature, EVIDENCE_SIGNATURE);
		else
			json_str(j, "signature", span_str(""));
		json_end(j);
	}
	json_end(j);
}

static void keys_came(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_rekey *r = ctx;
	struct evidence_keys keys;
	struct buf args;
	struct json j;

	if (code < 0 || evidence_keys_get(reply->publics.evidence, &keys, NULL) < 0) {
		round_failed(r, code < 0 ? code : -EIO, "the vault does not answer");
		return;
	}
	r->generation = reply->publics.generation;
	buf_init(&args, 65536);
	json_open(&j, &args);
	keys_put(&j, &keys);
	pol_query(&r->b->sql, POL_SQL("select api.keys_sync($1::jsonb)", buf_str(&args)), synced, r);
	buf_done(&args);
}

static void round_begin(struct pol_rekey *r)
{
	r->on = true;
	r->resealed = r->refused = 0;
	r->what[0] = '\0';
	r->id = 0;
	pol_peers_publics(r->b, &(struct pol_ask){ .within_us = VAULT_US, .done = keys_came, .ctx = r });
}

/* ---- key rotate ---- */

static void rotate_free(struct pol_call *c)
{
	if (c->b->rekey->call == c)
		c->b->rekey->call = NULL;
}

static void rotated(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	char say[160];

	if (code < 0) {
		pol_call_fail(c, code, "the vault did not come back in time; see doctor");
	} else if (reply->rekey.code < 0) {
		struct span s = reply->rekey.say;
		(void)snprintf(say, sizeof say, "%.*s", (int)(s.n < 150 ? s.n : 150), (const char *)s.p);
		pol_call_fail(c, (int)reply->rekey.code == -ENOENT ? -EIO : (int)reply->rekey.code, say);
	} else {
		c->b->rekey->call = c;
		round_due(c->b->rekey);
	}
}

static bool is_asked(const struct pol_call *c, const char *key)
{
	const char *value = pol_call_arg(c, key);

	return value && strcmp(value, "1") == 0;
}

static void permitted(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct wire_rekey m = { .ca = is_asked(c, "ca"), .host = is_asked(c, "host"), .users = is_asked(c, "users") };

	if (code < 0)
		pol_call_sql_answer(c, code, res, err);
	else
		pol_parent_rekey(c->b, &m, &(struct pol_ask){ .done = rotated, .ctx = c });
}

void pol_command_key_rotate(struct pol_call *c)
{
	if (c->b->rekey->call) {
		pol_call_fail(c, -EBUSY, "the key is being rotated already");
		return;
	}
	(void)pol_call_state(c, 1, rotate_free);
	pol_call_sql(c, NULL, permitted);
}
