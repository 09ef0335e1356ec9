#include "gateway/core/err.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/login/factor.h"
#include "policy/peers.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VAULT_US = 10 * 1000 * 1000, ARGS_MAX = 8192, SEALED_MAX = 512 };

/* factor codes: the vault makes them, the database keeps their hashes, the file gets them. */
struct factor_codes {
	struct secret *codes;
	char *answer;
};

static void factor_codes_free(struct pol_call *c)
{
	struct factor_codes *s = c->state;

	s->codes = secret_free(s->codes);
	free(s->answer);
}

static void written(struct pol_call *c)
{
	const struct factor_codes *s = c->state;

	pol_call_answer(c, span_str(s->answer));
}

static void kept(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct factor_codes *s = c->state;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	s->answer = strdup(pg_rows(res) && pg_text(res, 0, 0) ? pg_text(res, 0, 0) : "null");
	pol_call_pour(c, secret_span(s->codes), "the file could not be written; the codes are lost, ask for new ones", written);
}

static void codes_keep(struct pol_call *c, struct span hashes)
{
	char hex[2 * POL_FACTOR_HASHES + 1];
	struct buf args;
	struct json j;

	buf_init(&args, ARGS_MAX);
	sodium_bin2hex(hex, sizeof hex, hashes.p, hashes.n);
	pol_call_args_open(c, &j, &args);
	json_str(&j, "hashes", span_str(hex));
	json_end(&j);
	pol_call_sql(c, &args, kept);
	buf_done(&args);
}

static void made(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	struct factor_codes *s = c->state;

	if (code < 0) {
		pol_call_fail(c, code, "the vault does not answer; try again");
	} else if (reply->factor_made.code < 0) {
		pol_call_fail_as(c, reply->factor_made.code, reply->factor_made.say);
	} else if (reply->factor_made.hashes.n != POL_FACTOR_HASHES ||
		   secret_of(reply->factor_made.codes, &s->codes, NULL) < 0) {
		pol_call_fail(c, -EPROTO, "the vault's answer makes no sense");
	} else {
		codes_keep(c, reply->factor_made.hashes);
	}
}

static void sealed_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct buf sealed;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	buf_init(&sealed, SEALED_MAX);
	if (pg_rows(res) != 1 || pg_bytea(pg_span(res, 0, 0), &sealed) < 0 || sealed.failed) {
		pol_call_fail(c, -EPROTO, "the stored factor makes no sense; reset it");
	} else {
		struct wire_factor_new m = { .bound = pg_span(res, 0, 1), .sealed = buf_span(&sealed) };
		pol_peers_factor_new(c->b, &m, &(struct pol_ask){ .within_us = VAULT_US, .done = made, .ctx = c });
	}
	buf_done(&sealed);
}

void pol_command_factor_codes(struct pol_call *c)
{
	(void)pol_call_state(c, sizeof(struct factor_codes), factor_codes_free);
	pol_query(&c->b->sql,
		POL_SQL("select sealed, bound from api.factor_sealed($1::jsonb, $2)", c->caller,
			pol_call_arg(c, "name")),
		sealed_came, c);
}
