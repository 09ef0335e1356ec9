#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/peers.h"
#include "policy/rotate/job.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { VAULT_US = 10 * 1000 * 1000 };

/* ---- words ---- */

static const char *const hows[WIRE_ROTATE_HOWS] = {
	[WIRE_ROTATE_NO_LOGIN] = "the target refused the login",
	[WIRE_ROTATE_HOST_KEY] = "the target shows another key than the pinned one: target test, of a database target set --tls-key",
	[WIRE_ROTATE_NO_WAY] = "the account may not change that password there: it needs root, sudo with chpasswd, or passwd of its own",
	[WIRE_ROTATE_UNKNOWN] = "the server, or its way to log in, is not known here",
	[WIRE_ROTATE_REFUSED] = "the target did not take the new password",
	[WIRE_ROTATE_BROKEN] = "the target cannot be reached, or ended the connection",
	[WIRE_ROTATE_LATE] = "the target did not answer in time",
	[WIRE_ROTATE_NO_SECRET] = "the vault gave no secret",
};

static const char *say_of(uint8_t how)
{
	return hows[how] ? hows[how] : "";
}

/* ---- the end ---- */

static void ended(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_rotate_job *j = ctx;

	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "rotate.end", err);
		pol_rotate_job_end(j, NULL, code, "the database is away: the rotation is settled when it is back");
		return;
	}
	struct span text = pg_span(res, 0, 0);
	json_t *result = json_loadb((const char *)text.p, text.n, 0, NULL);
	log_ev(LOG_LEVEL_INFO, "rotate.ended", LOG_S("rotation", j->id_text), LOG_S("state", pol_rotate_word(result, "state")));
	pol_rotate_job_end(j, result, 0, "");
	json_decref(result);
}

static void end_as(struct pol_rotate_job *j, const char *state, const char *say)
{
	pol_query(&j->b->sql, POL_SQL("select api.rotation_end($1, $2, $3)", j->id_text, state, say), ended, j);
}

/* What the database takes for a bytea. */
static void bytea(struct buf *out, struct span s)
{
	buf_init(out, 2 * s.n + 3);
	buf_put(out, "\\x", 2);
	char *p = (char *)buf_room(out, 2 * s.n + 1);
	sodium_bin2hex(p, 2 * s.n + 1, s.p, s.n);
}

static void resealed(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_rotate_job *j = ctx;
	struct buf hex;

	if (code < 0 || reply->sealed.code < 0) {
		end_as(j, "unsure", say_of(WIRE_ROTATE_NO_SECRET));
		return;
	}
	bytea(&hex, reply->sealed.sealed);
	pol_query(&j->b->sql, POL_SQL("select api.rotation_end($1, 'current', '', $2, $3)", j->id_text, (const char *)hex.data, pol_rotate_word(j->facts, "bound_now")),
		ended, j);
	buf_done(&hex);
}

/* The new one works.  A target that was pinned anew meanwhile has another binding. */
static void end_current(struct pol_rotate_job *j)
{
	const char *bound = pol_rotate_word(j->facts, "bound"), *now = pol_rotate_word(j->facts, "bound_now");

	if (strcmp(bound, now) == 0) {
		end_as(j, "current", "");
		return;
	}
	struct wire_rebind m = { .sealed = buf_span(&j->fresh), .bound = span_str(bound), .rebound = span_str(now) };
	pol_peers_rebind(j->b, &m, &(struct pol_ask){ .within_us = VAULT_US, .done = resealed, .ctx = j });
}

/* ---- which one is it? ---- */

static void login_as_account(struct pol_rotate_job *j, struct span sealed)
{
	struct pol_rotate_login *l = &j->login;

	(void)snprintf(l->account, sizeof l->account, "%s", pol_rotate_word(j->facts, "account"));
	l->auth = WIRE_AUTH_PASSWORD;
	buf_clear(&l->sealed);
	buf_clear(&l->bound);
	buf_put_span(&l->sealed, sealed);
	buf_put_span(&l->bound, span_str(pol_rotate_word(j->facts, "bound")));
	j->op = WIRE_ROTATE_TRY;
}

static void tried_old(struct pol_rotate_job *j, uint8_t how, bool sent)
{
	(void)sent;
	if (how == WIRE_ROTATE_DONE && !j->certain) /* its program may still be at work there */
		end_as(j, "unsure", "the old password holds so far: looked at again in a minute");
	else if (how == WIRE_ROTATE_DONE)
		end_as(j, "failed", "the old password still holds: the target did not take the new one");
	else if (how == WIRE_ROTATE_NO_LOGIN)
		end_as(j, "unsure", "the target refuses both the old and the new password");
	else
		end_as(j, "unsure", say_of(how));
}

static void tried_new(struct pol_rotate_job *j, uint8_t how, bool sent)
{
	(void)sent;
	if (how == WIRE_ROTATE_DONE) {
		end_current(j);
	} else if (how == WIRE_ROTATE_NO_LOGIN) {
		login_as_account(j, buf_span(&j->old));
		j->came_back = tried_old;
		pol_rotate_errand(j);
	} else {
		end_as(j, "unsure", say_of(how));
	}
}

static void settle(struct pol_rotate_job *j)
{
	login_as_account(j, buf_span(&j->fresh));
	j->came_back = tried_new;
	pol_rotate_errand(j);
}

/* ---- the change ---- */

static void changed(struct pol_rotate_job *j, uint8_t how, bool sent)
{
	j->certain = how == WIRE_ROTATE_DONE || how == WIRE_ROTATE_REFUSED;
	if (sent)
		settle(j);
	else
		end_as(j, "failed", say_of(how));
}

static void sent_row(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_rotate_job *j = ctx;

	if (code < 0 || !pg_text(res, 0, 0) || strcmp(pg_text(res, 0, 0), "t") != 0) {
		log_ev(LOG_LEVEL_WARN, "rotate.sent", LOG_S("rotation", j->id_text), LOG_S("detail", code < 0 ? err->detail : "state"));
		pol_rotate_errand_drop(j);
		end_as(j, "failed", "the database is away: nothing was sent");
	} else {
		pol_rotate_errand_send(j);
	}
}

static void write_sent(struct pol_rotate_job *j)
{
	pol_query(&j->b->sql, POL_SQL("select api.rotation_sent($1)", j->id_text), sent_row, j);
}

static void login_as_facts(struct pol_rotate_job *j)
{
	const json_t *from = json_object_get(j->facts, "login");
	const char *auth = pol_rotate_word(from, "auth"), *hex = pol_rotate_word(from, "sealed");
	struct pol_rotate_login *l = &j->login;
	size_t n = 0;

	(void)snprintf(l->account, sizeof l->account, "%s", pol_rotate_word(from, "account"));
	l->auth = strcmp(auth, "password") == 0 ? WIRE_AUTH_PASSWORD : strcmp(auth, "key") == 0 ? WIRE_AUTH_KEY : WIRE_AUTH_CA;
	uint8_t *p = buf_room(&l->sealed, strlen(hex) / 2 + 1);
	if (!p || sodium_hex2bin(p, strlen(hex) / 2 + 1, hex, strlen(hex), NULL, &n, NULL) != 0)
		n = 0;
	l->sealed.len = n;
	buf_put_span(&l->bound, span_str(pol_rotate_word(from, "bound")));
}

static void sealed_row(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_rotate_job *j = ctx;

	(void)res;
	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "rotate.sealed", err);
		end_as(j, "failed", "the database is away: nothing was sent");
		return;
	}
	login_as_facts(j);
	j->op = WIRE_ROTATE_CHANGE;
	j->before_sending = write_sent;
	j->came_back = changed;
	pol_rotate_errand(j);
}

static void made(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_rotate_job *j = ctx;
	struct buf hex;

	if (code < 0 || reply->sealed.code < 0) {
		end_as(j, "failed", say_of(WIRE_ROTATE_NO_SECRET));
		return;
	}
	buf_put_span(&j->fresh, reply->sealed.sealed);
	bytea(&hex, buf_span(&j->fresh));
	pol_query(&j->b->sql, POL_SQL("select api.rotation_sealed($1, $2)", j->id_text, (const char *)hex.data), sealed_row, j);
	buf_done(&hex);
}

void pol_rotate_run(struct pol_rotate_job *j)
{
	if (json_is_true(json_object_get(j->facts, "settle"))) {
		j->certain = true;
		settle(j);
		return;
	}
	struct wire_make m = { .bound = span_str(pol_rotate_word(j->facts, "bound")),
		.length = (uint8_t)json_integer_value(json_object_get(j->facts, "length")) };
	pol_peers_make(j->b, &m, &(struct pol_ask){ .within_us = VAULT_US, .done = made, .ctx = j });
}
