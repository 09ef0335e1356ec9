#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/rd.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/login/pubkey.h"
#include "policy/peers.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VAULT_US = 10 * 1000 * 1000, TEXT_MAX = 32 * 1024, ARGS_MAX = 128 * 1024 };

/* ---- certificate issue: the vault signs, the database writes it down, then the file gets it ---- */

struct issue {
	struct buf key;                         /* the public key blob */
	char serial[24], after[24], before[24]; /* as the database said */
	char key_id[128];
	struct buf line; /* what the file gets */
	char *answer;
};

static void issue_free(struct pol_call *c)
{
	struct issue *s = c->state;

	buf_done(&s->key);
	buf_done(&s->line);
	free(s->answer);
}

static void written(struct pol_call *c)
{
	const struct issue *s = c->state;

	pol_call_answer(c, span_str(s->answer));
}

static void base64_put(struct span bytes, struct buf *out)
{
	size_t size = sodium_base64_encoded_len(bytes.n, sodium_base64_VARIANT_ORIGINAL);
	char *p = (char *)buf_room(out, size);

	if (!p)
		return;
	sodium_bin2base64(p, size, bytes.p, bytes.n, sodium_base64_VARIANT_ORIGINAL);
	buf_grew(out, size - 1);
}

static void written_down(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct issue *s = c->state;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	s->answer = strdup(pg_rows(res) && pg_text(res, 0, 0) ? pg_text(res, 0, 0) : "null");
	pol_call_pour(c, buf_span(&s->line), "the file could not be written; revoke this certificate, see: certificate list",
		written);
}

static void write_down(struct pol_call *c)
{
	const struct issue *s = c->state;
	struct buf args, key;
	struct json j;

	buf_init(&args, ARGS_MAX);
	buf_init(&key, TEXT_MAX);
	base64_put(buf_span(&s->key), &key);
	pol_call_args_open(c, &j, &args);
	json_str(&j, "serial", span_str(s->serial));
	json_str(&j, "key_id", span_str(s->key_id));
	json_str(&j, "key_blob", buf_span(&key));
	json_str(&j, "after_s", span_str(s->after));
	json_str(&j, "before_s", span_str(s->before));
	json_end(&j);
	pol_call_sql(c, &args, written_down);
	buf_done(&args);
	buf_done(&key);
}

/* "ssh-ed25519-cert-v01@openssh.com AAAA... alice 17": its type stands in front of the blob, too. */
static bool line_put(struct issue *s, struct span certificate)
{
	struct rd r = rd_of(certificate);
	struct span type = rd_str32be(&r);

	buf_put_span(&s->line, type);
	buf_put(&s->line, " ", 1);
	base64_put(certificate, &s->line);
	buf_printf(&s->line, " %s\n", s->key_id);
	return !r.bad && !s->line.failed;
}

static void certified(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	struct issue *s = c->state;

	if (code < 0) {
		pol_call_fail(c, code, "the vault does not answer; try again");
	} else if (reply->certified.code < 0) {
		pol_call_fail_as(c, reply->certified.code, reply->certified.say);
	} else if (!line_put(s, reply->certified.certificate)) {
		pol_call_fail(c, -EPROTO, "the vault's answer makes no sense");
	} else {
		write_down(c);
	}
}

static void copy(const struct pg_result *res, int column, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%s", pg_text(res, 0, column) ? pg_text(res, 0, column) : "");
}

static void wanted(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct issue *s = c->state;

	if (code < 0 || pg_rows(res) != 1) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	copy(res, 0, s->serial, sizeof s->serial);
	copy(res, 1, s->key_id, sizeof s->key_id);
	copy(res, 4, s->after, sizeof s->after);
	copy(res, 5, s->before, sizeof s->before);
	struct wire_certify m = { .serial = (uint64_t)pg_int(res, 0, 0),
		.key = buf_span(&s->key),
		.key_id = span_str(s->key_id),
		.principal = pg_span(res, 0, 2),
		.sources = pg_span(res, 0, 3),
		.after_s = (uint64_t)pg_int(res, 0, 4),
		.before_s = (uint64_t)pg_int(res, 0, 5) };
	pol_peers_certify(c->b, &m, &(struct pol_ask){ .within_us = VAULT_US, .done = certified, .ctx = c });
}

void pol_command_certificate_issue(struct pol_call *c)
{
	struct issue *s = pol_call_state(c, sizeof *s, issue_free);
	struct err err = { 0 };
	struct buf args;
	struct json j;

	buf_init(&s->key, TEXT_MAX);
	buf_init(&s->line, TEXT_MAX);
	int r = pol_pubkey_get(span_str(pol_call_arg(c, "key")), &s->key, &err);
	if (r < 0) {
		pol_call_fail(c, r, err.say);
		return;
	}
	buf_init(&args, ARGS_MAX);
	pol_call_args_open(c, &j, &args);
	json_end(&j);
	pol_query(&c->b->sql,
		POL_SQL("select serial, key_id, principal, sources, after_s, before_s from "
			"api.certificate_wanted($1::jsonb, $2::jsonb)",
			c->caller, buf_str(&args)),
		wanted, c);
	buf_done(&args);
}

/* ---- certificate ca: what `ssh-keygen -L` and others compare with ---- */

static void publics_came(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	struct buf out;
	struct json j;

	if (code < 0) {
		pol_call_fail(c, code, "the vault does not answer; try again");
		return;
	}
	buf_init(&out, 4096);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_str(&j, "users", reply->publics.users);
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

void pol_command_certificate_ca(struct pol_call *c)
{
	pol_peers_publics(c->b, &(struct pol_ask){ .within_us = VAULT_US, .done = publics_came, .ctx = c });
}
