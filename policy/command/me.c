#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/login/backoff.h"
#include "policy/login/hashing.h"
#include "policy/login/pubkey.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { PASSWORD_MAX = 1024, KEY_MAX = 32 * 1024, ARGS_MAX = 128 * 1024 };

/* ---- me confirm: the password once more, with the back-off of a login ---- */

struct confirm {
	struct secret *password;
	char user[65], hash[136], address[64];
	bool known, admitted;
	struct loop_timer hold;
};

static struct pol_backoff_who who_of(const struct confirm *s)
{
	return (struct pol_backoff_who){ .user = s->user, .address = s->address, .known = s->known };
}

static void confirm_free(struct pol_call *c)
{
	struct confirm *s = c->state;

	loop_timer_del(&s->hold);
	s->password = secret_free(s->password);
	pol_hashing_drop(c->b->hashing, c);
}

static void wrong(struct pol_call *c)
{
	const struct confirm *s = c->state;
	struct pol_fact f;
	struct err err;

	pol_fact_open(&f);
	pol_fact_text(&f, "user", span_str(s->user));
	pol_fact_text(&f, "address", span_str(s->address));
	pol_fact_text(&f, "method", span_str("password"));
	pol_fact_text(&f, "door", span_str("web"));
	pol_fact_text(&f, "actor", span_str("system"));
	pol_fact_text(&f, "why", span_str("wrong"));
	if (pol_facts_put(&c->b->facts, "login.refused", &f, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
	pol_call_fail(c, -EINVAL, "that is not your password");
}

static void compared(void *ctx, int code, const char *hash)
{
	struct pol_call *c = ctx;
	struct confirm *s = c->state;
	struct pol_backoff_who who = who_of(s);

	(void)hash;
	if (code == 0) {
		pol_backoff_right(c->b->backoff, &who, clock_mono_us());
		pol_call_sql(c, NULL, pol_call_sql_answer);
	} else if (code == -EACCES) {
		wrong(c);
	} else {
		pol_backoff_unseen(c->b->backoff, &who, clock_mono_us());
		pol_call_fail(c, code, "the password could not be checked; try again");
	}
}

static void compare(void *ctx)
{
	struct pol_call *c = ctx;
	struct confirm *s = c->state;
	struct pol_hashing_ask ask = { .op = WIRE_PWHASH_VERIFY,
		.hash = s->hash,
		.password = s->password,
		.password_fd = -1,
		.source = s->address,
		.done = compared,
		.ctx = c };

	s->password = NULL;
	int r = pol_hashing_add(c->b->hashing, &ask);
	if (r < 0)
		pol_call_fail(c, r, "too many logins wait just now; try again");
}

static void hash_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct confirm *s = c->state;
	char say[96];

	if (code < 0 || pg_rows(res) != 1 || !pg_text(res, 0, 0) || !pg_text(res, 0, 1)) {
		pol_call_sql_answer(c, code < 0 ? code : -EPROTO, res, err);
		return;
	}
	(void)snprintf(s->user, sizeof s->user, "%s", pg_text(res, 0, 0));
	(void)snprintf(s->hash, sizeof s->hash, "%s", pg_text(res, 0, 1));
	(void)snprintf(s->address, sizeof s->address, "%s", pg_text(res, 0, 3) ? pg_text(res, 0, 3) : "");
	s->known = pg_bool(res, 0, 2);
	struct pol_backoff_who who = who_of(s);
	int64_t wait = pol_backoff_admit(c->b->backoff, &who, clock_mono_us(), c->b->settings.backoff_s);
	if (wait <= POL_BACKOFF_HOLD_US) {
		loop_timer_set(c->b->loop, &s->hold, wait);
		return;
	}
	(void)snprintf(say, sizeof say, "too many wrong passwords; try again in %d s", (int)(wait / 1000000 + 1));
	pol_call_fail(c, -EAGAIN, say);
}

void pol_command_me_confirm(struct pol_call *c)
{
	struct confirm *s = pol_call_state(c, sizeof *s, confirm_free);
	struct err err = { 0 };

	s->hold = (struct loop_timer){ .fire = compare, .ctx = c };
	if (c->fd < 0 || secret_from_memfd(c->fd, PASSWORD_MAX, 1, &s->password, &err) < 0)
		pol_call_fail(c, -EINVAL, "give the password");
	else
		pol_query(&c->b->sql,
			POL_SQL("select name, pwhash, known, $1::jsonb ->> 'address' from api.me_hash($1::jsonb)", c->caller), hash_came, c);
}

/* ---- me password, user password: the rule of the settings, then the hash ---- */

static void new_free(struct pol_call *c)
{
	pol_hashing_drop(c->b->hashing, c);
}

static void hashed(void *ctx, int code, const char *hash)
{
	struct pol_call *c = ctx;
	struct buf args;
	struct json j;

	if (code == -ERANGE) {
		pol_call_fail(c, -EINVAL, "a new password has letters, digits and other characters, and is long enough");
		return;
	}
	if (code < 0) {
		pol_call_fail(c, code == -EINVAL ? code : -EIO,
			code == -EINVAL ? "the password has 8 to 1024 bytes, in one line" : "the password could not be hashed; try again");
		return;
	}
	buf_init(&args, ARGS_MAX);
	pol_call_args_open(c, &j, &args);
	json_str(&j, "pwhash", span_str(hash));
	json_end(&j);
	pol_call_sql(c, &args, pol_call_sql_answer);
	buf_done(&args);
}

static void rule_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	if (code < 0 || pg_rows(res) != 1 || !pg_text(res, 0, 0)) {
		pol_call_sql_answer(c, code < 0 ? code : -EPROTO, res, err);
		return;
	}
	struct pol_hashing_ask ask = {
		.op = WIRE_PWHASH_NEW, .hash = pg_text(res, 0, 0), .password_fd = c->fd, .source = "local", .done = hashed, .ctx = c
	};
	int r = pol_hashing_add(c->b->hashing, &ask);
	if (r < 0)
		pol_call_fail(c, r, "too many logins wait just now; try again");
}

static void take_password(struct pol_call *c)
{
	if (c->fd < 0)
		pol_call_fail(c, -EINVAL, "the new password is missing");
	else
		pol_query(&c->b->sql, POL_SQL("select api.password_rule()"), rule_came, c);
}

static void allowed(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	if (code < 0)
		pol_call_sql_answer(ctx, code, res, err);
	else
		take_password(ctx);
}

void pol_command_password(struct pol_call *c)
{
	(void)pol_call_state(c, 1, new_free);
	if (c->command->permission) /* before anything is said of what was given */
		pol_query(&c->b->sql, POL_SQL("select api.need($1::jsonb, $2)", c->caller, c->command->permission), allowed, c);
	else
		take_password(c);
}

/* ---- me key-add ---- */

void pol_command_me_key_add(struct pol_call *c)
{
	struct err err = { 0 };
	struct buf blob, text, args;
	struct json j;

	buf_init(&blob, KEY_MAX);
	buf_init(&text, 2 * KEY_MAX);
	buf_init(&args, ARGS_MAX);
	int r = pol_pubkey_get(span_str(pol_call_arg(c, "key")), &blob, &err);
	if (r < 0) {
		pol_call_fail(c, r, err.say);
	} else {
		size_t size = sodium_base64_encoded_len(blob.len, sodium_base64_VARIANT_ORIGINAL);
		char *p = (char *)buf_room(&text, size);
		sodium_bin2base64(p, size, blob.data, blob.len, sodium_base64_VARIANT_ORIGINAL);
		pol_call_args_open(c, &j, &args);
		json_str(&j, "key_blob", span_str(p));
		json_end(&j);
		pol_call_sql(c, &args, pol_call_sql_answer);
	}
	buf_done(&blob);
	buf_done(&text);
	buf_done(&args);
}
