#include "gateway/core/err.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/login/hashing.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

enum { ID_MAX = 1023, DATA_MAX = 4096, RP_MAX = 253, ARGS_MAX = 64 * 1024, CHALLENGE = 32 };

/* passkey add: the challenge is used up, a helper judges what the browser said, the database keeps it. */
struct passkey_add {
	struct buf credential, client, auth;
	char rp[RP_MAX + 1];
};

static void passkey_add_free(struct pol_call *c)
{
	struct passkey_add *s = c->state;

	buf_done(&s->credential);
	buf_done(&s->client);
	buf_done(&s->auth);
	pol_hashing_drop(c->b->hashing, c);
}

static void hex_put(struct json *j, const char *key, const struct buf *bytes)
{
	struct buf hex;

	buf_init(&hex, 2 * DATA_MAX + 1);
	char *p = (char *)buf_room(&hex, 2 * bytes->len + 1);
	sodium_bin2hex(p, 2 * bytes->len + 1, bytes->data, bytes->len);
	json_str(j, key, span_str(p));
	buf_done(&hex);
}

static void passkey_row(struct pol_call *c, const struct wire_passkey_answer *a)
{
	const struct passkey_add *s = c->state;
	char counter[16];
	struct buf args;
	struct json j;

	buf_init(&args, ARGS_MAX);
	(void)snprintf(counter, sizeof counter, "%" PRIu32, a->counter);
	json_open(&j, &args);
	json_obj(&j, NULL);
	json_str(&j, "name", span_str(pol_call_arg(c, "name")));
	json_str(&j, "rp", span_str(s->rp));
	json_str(&j, "counter", span_str(counter));
	hex_put(&j, "credential_hex", &s->credential);
	hex_put(&j, "authdata_hex", &s->auth);
	json_end(&j);
	pol_call_sql(c, &args, pol_call_sql_answer);
	buf_done(&args);
}

static void judged(void *ctx, int code, const struct wire_passkey_answer *a)
{
	struct pol_call *c = ctx;
	char say[160];

	if (code < 0) {
		pol_call_fail(c, code, "passkeys cannot be checked just now; try again");
	} else if (a->code < 0) {
		(void)snprintf(say, sizeof say, "the passkey was not taken: %.*s", (int)(a->why.n < 60 ? a->why.n : 60), (const char *)a->why.p);
		pol_call_fail(c, -EINVAL, say);
	} else {
		passkey_row(c, a);
	}
}

static void pending(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct passkey_add *s = c->state;
	struct buf challenge;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	buf_init(&challenge, CHALLENGE);
	if (pg_rows(res) != 1 || pg_bytea(pg_span(res, 0, 0), &challenge) < 0 || !pg_text(res, 0, 1)) {
		buf_done(&challenge);
		pol_call_fail(c, -EPROTO, "the challenge makes no sense");
		return;
	}
	(void)snprintf(s->rp, sizeof s->rp, "%s", pg_text(res, 0, 1));
	struct wire_passkey m = { .op = WIRE_PASSKEY_NEW,
		.rp = span_str(s->rp),
		.origin = pg_span(res, 0, 2),
		.challenge = buf_span(&challenge),
		.client = buf_span(&s->client),
		.auth = buf_span(&s->auth),
		.credential = buf_span(&s->credential) };
	struct pol_hashing_ask ask = { .hash = "", .password_fd = -1, .source = "local", .passkey = &m, .told = judged, .ctx = c };
	int r = pol_hashing_add(c->b->hashing, &ask);
	buf_done(&challenge);
	if (r < 0)
		pol_call_fail(c, r, "too many logins wait just now; try again");
}

static bool take_bytes(const struct pol_call *c, const char *key, struct buf *out, size_t max)
{
	struct span text = span_str(pol_call_arg(c, key));
	size_t n = 0;

	buf_init(out, max);
	if (text.n / 4 * 3 > max)
		return false;
	uint8_t *p = buf_room(out, max);
	if (sodium_base642bin(p, max, (const char *)text.p, text.n, NULL, &n, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return false;
	buf_grew(out, n);
	return true;
}

void pol_command_passkey_add(struct pol_call *c)
{
	struct passkey_add *s = pol_call_state(c, sizeof *s, passkey_add_free);
	bool whole = take_bytes(c, "credential", &s->credential, ID_MAX);

	whole &= take_bytes(c, "client_data", &s->client, DATA_MAX);
	whole &= take_bytes(c, "authenticator_data", &s->auth, DATA_MAX);
	if (!whole)
		pol_call_fail(c, -EINVAL, "the passkey's data are no base64url, or too long");
	else
		pol_query(&c->b->sql, POL_SQL("select challenge, rp, origin from api.passkey_pending($1::jsonb)", c->caller), pending, c);
}
