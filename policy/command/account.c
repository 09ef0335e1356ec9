#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/command/seal.h"
#include "policy/login/hashing.h"
#include "policy/login/pubkey.h"
#include "policy/peers.h"
#include "policy/worker.h"
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { ARGS_MAX = 1 << 20 };

/* ---- user add: the password's hash and the keys' blobs are put beside the arguments ---- */

struct user_add {
	struct buf blobs; /* JSON array of base64 */
	char pwhash[136];
};

static void user_add_free(struct pol_call *c)
{
	struct user_add *s = c->state;

	buf_done(&s->blobs);
}

static int key_put(struct json *j, const char *line, struct err *err)
{
	struct buf blob, text;

	buf_init(&blob, 32 * 1024);
	buf_init(&text, 64 * 1024);
	int r = pol_pubkey_get(span_str(line), &blob, err);
	if (r == 0) {
		size_t size = sodium_base64_encoded_len(blob.len, sodium_base64_VARIANT_ORIGINAL);
		char *p = (char *)buf_room(&text, size);
		sodium_bin2base64(p, size, blob.data, blob.len, sodium_base64_VARIANT_ORIGINAL);
		json_str(j, NULL, span_str(p));
	}
	buf_done(&blob);
	buf_done(&text);
	return r;
}

static int keys_put(const struct pol_call *c, struct buf *out, struct err *err)
{
	struct json j;
	int r = 0;

	json_open(&j, out);
	json_arr(&j, NULL);
	for (size_t i = 0; i < c->n && r == 0; i++)
		if (strcmp(c->values[i].arg->key, "key") == 0)
			r = key_put(&j, c->values[i].text, err);
	json_end(&j);
	return r;
}

static void user_add_row(struct pol_call *c)
{
	struct user_add *s = c->state;
	struct buf args;
	struct json j;

	buf_init(&args, ARGS_MAX);
	pol_call_args_open(c, &j, &args);
	json_raw(&j, "key_blob", buf_span(&s->blobs));
	if (s->pwhash[0])
		json_str(&j, "pwhash", span_str(s->pwhash));
	json_end(&j);
	pol_call_sql(c, &args, pol_call_sql_answer);
	buf_done(&args);
}

static void hashed(void *ctx, int code, const char *hash)
{
	struct pol_call *c = ctx;
	struct user_add *s = c->state;

	if (code == -EINVAL) {
		pol_call_fail(c, code, "the password has 8 to 1024 bytes, in one line");
	} else if (code < 0) {
		pol_call_fail(c, code, "the password could not be hashed; try again");
	} else {
		(void)snprintf(s->pwhash, sizeof s->pwhash, "%s", hash);
		user_add_row(c);
	}
}

void pol_command_user_add(struct pol_call *c)
{
	struct user_add *s = pol_call_state(c, sizeof *s, user_add_free);
	struct err err = { 0 };

	buf_init(&s->blobs, ARGS_MAX);
	int r = keys_put(c, &s->blobs, &err);
	if (r < 0) {
		pol_call_fail(c, r, err.say);
		return;
	}
	if (c->fd < 0) {
		user_add_row(c);
		return;
	}
	struct pol_hashing_ask ask = {
		.op = WIRE_PWHASH_NEW, .hash = "", .password_fd = c->fd, .source = "local", .done = hashed, .ctx = c
	};
	r = pol_hashing_add(c->b->hashing, &ask);
	if (r < 0)
		pol_call_fail(c, r, "too many logins wait just now; try again");
}

/* ---- user disable, user remove: his sessions end ---- */

/* By his id: a session that runs has the name of its time. */
static void end_all(struct pol_call *c, const struct pg_result *res, const char *why, const char *say)
{
	struct span text = pg_span(res, 0, 0);
	json_t *doc = json_loadb((const char *)text.p, text.n, 0, NULL);
	int64_t id = json_integer_value(json_object_get(doc, "id"));

	for (struct pol_worker *w = c->b->workers; id && w; w = w->next)
		if (w->user_id == id || (w->factor.mode != POL_FACTOR_NONE && w->factor.user_id == id))
			pol_ends_now(w, why, say);
	json_decref(doc);
}

static void disabled(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	if (code == 0)
		end_all(c, res, "user disabled", "your account was disabled / 您的账号已被停用");
	pol_call_sql_answer(c, code, res, err);
}

void pol_command_user_disable(struct pol_call *c)
{
	pol_call_sql(c, NULL, disabled);
}

static void removed(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	if (code == 0)
		end_all(c, res, "user removed", "your account was removed / 您的账号已被移除");
	pol_call_sql_answer(c, code, res, err);
}

void pol_command_user_remove(struct pol_call *c)
{
	pol_call_sql(c, NULL, removed);
}

/* ---- account set: the vault seals, bound to what the target is now ---- */

static uint8_t kind_of(const char *text)
{
	return strcmp(text, "password") == 0 ? WIRE_SECRET_PASSWORD
	       : strcmp(text, "key") == 0    ? WIRE_SECRET_KEY
	       : strcmp(text, "ca") == 0     ? WIRE_SECRET_CA
					     : 0;
}

static void binding(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	if (code < 0)
		pol_call_sql_answer(c, code, res, err);
	else if (!pg_rows(res) || !pg_text(res, 0, 0))
		pol_call_fail(c, -ENOENT, "no such target; see: target list");
	else
		pol_seal_run(c, kind_of(pol_call_arg(c, "kind")), pg_text(res, 0, 0), "public_key");
}

static void allowed(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	if (code < 0)
		pol_call_sql_answer(c, code, res, err);
	else
		pol_query(&c->b->sql,
			POL_SQL("select api.binding($1, $2)", pol_call_arg(c, "target"), pol_call_arg(c, "account")), binding,
			c);
}

void pol_command_account_set(struct pol_call *c)
{
	uint8_t kind = kind_of(pol_call_arg(c, "kind"));

	if (!kind || (kind == WIRE_SECRET_CA) != (c->fd < 0)) {
		pol_call_fail(c, -EINVAL, "give a password file, a key file or ca");
		return;
	}
	/* Who has no right to it learns nothing of targets, and has nothing sealed. */
	pol_query(&c->b->sql, POL_SQL("select api.need($1::jsonb, $2)", c->caller, c->command->permission), allowed, c);
}
