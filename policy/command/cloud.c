#include "gateway/core/err.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/command/seal.h"
#include "policy/peers.h"
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Secrets of cloud accounts: in by the vault's seal, a password out by the vault's hand to yanmen-web.  The broker sees neither. */
#define PASSWORD "password"
enum { VAULT_US = 10 * 1000 * 1000, ARGS_MAX = 1 << 20, SEALED_MAX = 4096 };

struct opening {
	json_t *facts; /* of what is opened */
	struct id id;
};

static void opening_free(struct pol_call *c)
{
	struct opening *s = c->state;

	json_decref(s->facts);
}

/* ---- cloud secret ---- */

static void binding(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	bool shown = strcmp(pol_call_arg(c, "kind"), PASSWORD) == 0;

	if (code < 0)
		pol_call_sql_answer(c, code, res, err);
	else if (!pg_rows(res) || !pg_text(res, 0, 0))
		pol_call_fail(c, -ENOENT, "no such cloud account; see: cloud list");
	else
		pol_seal_run(c, shown ? WIRE_SECRET_SHOWN : WIRE_SECRET_API, pg_text(res, 0, 0), NULL);
}

static void allowed(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	const char *kind = pol_call_arg(c, "kind");

	if (code < 0)
		pol_call_sql_answer(c, code, res, err);
	else if (strcmp(kind, PASSWORD) != 0 && strcmp(kind, "key") != 0)
		pol_call_fail(c, -EINVAL, "the kind is password or key");
	else if (c->fd < 0)
		pol_call_fail(c, -EINVAL, "give the secret, in a file");
	else
		pol_query(&c->b->sql,
			POL_SQL("select api.cloud_binding($1, $2)", pol_call_arg(c, "name"), kind), binding, c);
}

void pol_command_cloud_secret(struct pol_call *c)
{
	pol_query(&c->b->sql, POL_SQL("select api.need($1::jsonb, $2)", c->caller, c->command->permission), allowed, c);
}

/* ---- cloud open ---- */

static void ready(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	const struct opening *s = c->state;
	char id[ID_TEXT];

	if (code < 0) {
		pol_call_fail(c, code, "the vault does not answer; try again");
		return;
	}
	if (reply->allow.code < 0) {
		pol_call_fail_as(c, reply->allow.code, reply->allow.say);
		return;
	}
	struct buf out;
	struct json j;
	static const char *const told[] = { "name", "login", "url" };
	buf_init(&out, ARGS_MAX);
	json_open(&j, &out);
	json_obj(&j, NULL);
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		json_str(&j, told[i], span_str(json_string_value(json_object_get(s->facts, told[i]))));
	id_text(&s->id, id);
	json_str(&j, "use", span_str(id)); /* what yanmen-web asks the vault for, in place of which it puts the secret */
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

static void opened(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct opening *s = c->state;
	uint8_t bytes[SEALED_MAX];
	size_t n = 0;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct span text = pg_span(res, 0, 0);
	s->facts = json_loadb((const char *)text.p, text.n, 0, NULL);
	const char *hex = json_string_value(json_object_get(s->facts, "sealed"));
	const char *bound = json_string_value(json_object_get(s->facts, "bound"));
	if (!hex || !bound || sodium_hex2bin(bytes, sizeof bytes, hex, strlen(hex), NULL, &n, NULL) != 0) {
		pol_call_fail(c, -EBADMSG, "internal error");
		return;
	}
	id_new(&s->id);
	struct wire_allow m = { .worker = WIRE_WORKER_WEB,
		.id = s->id,
		.kind = WIRE_SECRET_SHOWN,
		.sealed = span_of(bytes, n),
		.bound = span_str(bound) };
	pol_peers_allow(c->b, &m, &(struct pol_ask){ .within_us = VAULT_US, .done = ready, .ctx = c });
}

void pol_command_cloud_open(struct pol_call *c)
{
	(void)pol_call_state(c, sizeof(struct opening), opening_free);
	pol_call_sql(c, NULL, opened);
}
