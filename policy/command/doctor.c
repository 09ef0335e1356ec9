#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/keep/rekey.h"
#include "policy/keep/retention.h"
#include "policy/keep/sealer.h"
#include "policy/keep/spool.h"
#include "policy/login/hashing.h"
#include "policy/peers.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { VAULT_US = 5 * 1000 * 1000, SEAL_LATE_S = 30, SPOOL_LATE_BYTES = 1 << 20, HELPERS = 2 };

/* ---- public keys ---- */

static void keys_came(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	struct buf out;
	struct json j;

	if (code < 0) {
		pol_call_fail(c, code, "the vault does not answer; try again");
		return;
	}
	buf_init(&out, 65536);
	json_open(&j, &out);
	json_obj(&j, NULL);
	struct span sign = reply->publics.evidence; /* a file's text, without its last line feed */
	json_str(&j, "sign", span_of(sign.p, sign.n > 0 ? sign.n - 1 : 0));
	json_num(&j, "generation", reply->publics.generation);
	json_str(&j, "ca", reply->publics.ca);
	json_str(&j, "host", reply->publics.host);
	json_str(&j, "users", reply->publics.users);
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

void pol_command_public_keys(struct pol_call *c)
{
	pol_peers_publics(c->b, &(struct pol_ask){ .within_us = VAULT_US, .done = keys_came, .ctx = c });
}

/* ---- doctor: what the broker sees, then what the database knows ---- */

__attribute__((format(printf, 4, 5))) static void check(
	struct json *j, const char *name, const char *state, const char *fmt, ...)
{
	char say[200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(say, sizeof say, fmt, ap);
	va_end(ap);
	json_obj(j, NULL);
	json_str(j, "name", span_str(name));
	json_str(j, "state", span_str(state));
	json_str(j, "say", span_str(say));
	json_end(j);
}

static void check_peer(struct json *j, const char *name, const struct link *l)
{
	bool up = link_is_open(l);

	check(j, name, up ? "ok" : "fail", up ? "running" : "away; the parent restarts it");
}

static void check_space(const struct pol_broker *b, struct json *j)
{
	bool bad = b->space_state == WIRE_SPACE_LOW || b->space_state == WIRE_SPACE_OVER;
	bool warn = b->space_state == WIRE_SPACE_WARN;

	if (b->space_total == 0 && !bad) { /* we, or the recorder, have just started */
		check(j, "space for recordings", "ok", "the recorder has not told yet");
		return;
	}
	check(j, "space for recordings", bad ? "fail" : warn ? "warn" : "ok",
		"%" PRIu64 " MiB free of %" PRIu64 ", floor %" PRIu64 "%s", b->space_free >> 20, b->space_total >> 20,
		b->space_floor >> 20,
		bad	? "; nothing new is recorded, so nobody gets in: retention run, or a larger disk"
		: warn ? "; make room soon: retention, or a larger disk"
		       : "");
}

static void check_all(struct pol_broker *b, struct json *j)
{
	size_t helpers = pol_hashing_helpers(b->hashing), waiting = pol_spool_bytes(b->spool);
	int64_t age = pol_sealer_age_s(b->sealer);

	check_peer(j, "vault", &b->vault);
	check_peer(j, "recorder", &b->recorder);
	check(j, "password helpers", helpers >= HELPERS ? "ok" : helpers ? "warn" : "fail", "%zu running", helpers);
	check_space(b, j);
	if (pol_spool_rejected_bytes(b->spool))
		check(j, "audit spool", "warn",
			"the database refused some records: see the file `rejected` in the spool");
	else
		check(j, "audit spool", waiting > SPOOL_LATE_BYTES ? "warn" : "ok", "%zu bytes wait for the database",
			waiting);
	if (pol_rekey_trouble(b->rekey)[0])
		check(j, "vault keys", "fail", "%s", pol_rekey_trouble(b->rekey));
	if (pol_retention_trouble(b->retention)[0])
		check(j, "retention", "fail", "%s", pol_retention_trouble(b->retention));
	if (age > SEAL_LATE_S)
		check(j, "audit sealer", "fail", "the audit log was not sealed for a while; see the broker's log");
	else
		check(j, "audit sealer", "ok", "sealed %" PRId64 " s ago", age);
}

static void doctor_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct buf out;
	struct json j;

	if (code == -EACCES || code == -EIO) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	buf_init(&out, 1 << 20);
	json_open(&j, &out);
	json_arr(&j, NULL);
	check(&j, "database", code == 0 ? "ok" : "fail", code == 0 ? "answers" : "away: nobody can log in");
	check_all(c->b, &j);
	if (code == 0) { /* an array: its rows go into ours */
		struct span rows = pg_span(res, 0, 0);
		if (rows.n > 2 && rows.p[0] == '[') {
			buf_put(&out, ",", 1);
			buf_put(&out, rows.p + 1, rows.n - 2);
		}
	}
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

/* The database tells how the SIEM stream does: the sinks of the configuration. */
void pol_command_doctor(struct pol_call *c)
{
	const struct conf *conf = &c->b->conf;
	struct buf args;
	struct json j;

	buf_init(&args, 256);
	pol_call_args_open(c, &j, &args);
	json_arr(&j, "siem");
	if (conf->siem_syslog[0])
		json_str(&j, NULL, span_str("syslog"));
	if (conf->siem_file[0])
		json_str(&j, NULL, span_str("file"));
	json_end(&j);
	json_end(&j);
	pol_call_sql(c, &args, doctor_came);
	buf_done(&args);
}
