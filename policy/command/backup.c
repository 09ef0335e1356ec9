#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/peers.h"
#include "recorder/evidence/sign.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VAULT_US = 10 * 1000 * 1000 };

/* The CLI has made a backup: the vault signs its manifest, then it stands in the audit. */
struct backup {
	struct wire_sign sign;
	struct wire_sig signature;
};

static void noted(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	const struct backup *s = c->state;
	char hex[2 * EVIDENCE_SIGNATURE + 1];
	struct buf out;
	struct json j;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	sodium_bin2hex(hex, sizeof hex, s->signature.b, sizeof s->signature.b);
	buf_init(&out, 1024);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_num(&j, "time_us", s->sign.time_us);
	json_str(&j, "signature", span_str(hex));
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

static void signed_it(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	struct backup *s = c->state;

	if (code < 0) {
		pol_call_fail(c, code, "the vault does not answer; try again");
		return;
	}
	s->signature = reply->sign.signature;
	pol_call_sql(c, NULL, noted);
}

static void keys_came(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	struct backup *s = c->state;

	if (code < 0)
		pol_call_fail(c, code, "the vault does not answer; try again");
	else if (strtoul(pol_call_arg(c, "generation"), NULL, 10) != reply->publics.generation)
		pol_call_fail(c, -EAGAIN, "the key was rotated meanwhile: make the backup again");
	else
		pol_peers_sign(c->b, &s->sign, &(struct pol_ask){ .within_us = VAULT_US, .done = signed_it, .ctx = c });
}

static void permitted(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	if (code < 0)
		pol_call_sql_answer(c, code, res, err);
	else
		pol_peers_publics(c->b, &(struct pol_ask){ .within_us = VAULT_US, .done = keys_came, .ctx = c });
}

void pol_command_backup_sign(struct pol_call *c)
{
	struct backup *s = pol_call_state(c, sizeof *s, NULL);
	const char *hash = pol_call_arg(c, "hash"), *files = pol_call_arg(c, "files");
	size_t n = 0;

	s->sign = (struct wire_sign){ .what = WIRE_SIGN_BACKUP, .seq = strtoull(files, NULL, 10), .time_us = clock_wall_us() };
	if (sodium_hex2bin(s->sign.hash.b, sizeof s->sign.hash.b, hash, strlen(hash), NULL, &n, NULL) != 0 ||
		n != sizeof s->sign.hash.b) {
		pol_call_fail(c, -EINVAL, "hash is 64 hexadecimal digits");
		return;
	}
	pol_query(&c->b->sql, POL_SQL("select api.need($1::jsonb, 'backup.run')", c->caller), permitted, c);
}
