#include "policy/login/login.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/secret.h"
#include "policy/broker.h"
#include "policy/decide/name.h"
#include "policy/login/backoff.h"
#include "policy/login/factor.h"
#include "policy/login/hashing.h"
#include "policy/login/usercert.h"
#include "policy/moment.h"
#include "policy/worker.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { BLOB_MAX = 16 * 1024 };

static const char say_denied[] = "Login refused. / 登录被拒绝。";
static const char say_away[] = "Yanmen cannot check logins just now (database away). Try again in a minute. / "
			       "雁门暂时无法验证登录，请稍后再试。";
static const char say_vault[] = "Yanmen cannot check certificates just now (vault away). Try again in a minute. / "
				"雁门暂时无法验证证书，请稍后再试。";
static const char say_busy[] = "Yanmen is busy with other logins. Try again in a minute. / "
			       "雁门登录繁忙，请稍后再试。";
static const char say_full[] = "Yanmen cannot write its audit just now and lets nobody in. Tell the administrator. / "
			       "雁门暂时无法写入审计，拒绝登录，请联系管理员。";

/* A SQL client cannot be asked for a code: what to do instead. */
static const char say_factor[] = "A second factor is needed: sign in at the console first, from this address, or use an access password "
				 "(yanmen access-password add). / 需要二次验证：请先在同一地址登录控制台，或使用访问口令（yanmen access-password add）。";

static void login_answer(void *ctx);
static void login_late(void *ctx);
static void login_held(void *ctx);

void pol_login_init(struct pol_login *l, struct pol_worker *w)
{
	*l = (struct pol_login){ .answer = { .fire = login_answer, .ctx = w },
		.late = { .fire = login_late, .ctx = w },
		.hold = { .fire = login_held, .ctx = w } };
	buf_init(&l->blob, BLOB_MAX);
}

/* Nothing of this question comes back after it. */
static void login_close(struct pol_worker *w)
{
	struct pol_login *l = &w->login;

	loop_timer_del(&l->answer);
	loop_timer_del(&l->late);
	loop_timer_del(&l->hold);
	pol_query_drop(&w->b->sql, l);
	pol_hashing_drop(w->b->hashing, l);
	l->password = secret_free(l->password);
	buf_clear(&l->blob);
	l->on = false;
}

static void login_send(struct pol_worker *w, uint8_t verdict, const char *say)
{
	const struct pol_login *l = &w->login;
	bool ok = verdict == WIRE_LOGIN_OK;
	struct wire_login_answer a = { .verdict = verdict,
		.user = span_str(ok ? l->name : ""),
		.target = span_str(!ok ? "" : w->bound[0] && !l->target[0] ? w->bound : l->target),
		.account = span_str(ok ? l->account : ""),
		.say = span_str(say) };

	w->permit.state = ok ? POL_CHOOSE : verdict == WIRE_LOGIN_FACTOR && !pol_worker_is_sql(w) ? POL_FACTOR : POL_LOGIN;
	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_login_answer_queue(w->link.q, &a, -1));
}

const char *pol_login_method(uint8_t method, bool certified)
{
	return method == WIRE_LOGIN_PASSWORD ? "password" : method == POL_LOGIN_ACCESS ? "access password" : certified ? "certificate" : "key";
}

/* why: it was refused; NULL = it was not. */
static int login_fact(struct pol_worker *w, const char *kind, const char *why, struct err *err)
{
	const struct pol_login *l = &w->login;
	struct pol_fact f;

	pol_fact_open(&f);
	/* A name that no user can have is not filed under a user: it might be a password in the wrong field. */
	if (l->name[0])
		pol_fact_text(&f, "user", span_str(l->name));
	else
		pol_fact_num(&f, "typed_bytes", (int64_t)strlen(l->typed));
	pol_fact_text(&f, "address", span_str(w->address));
	pol_fact_text(&f, "method", span_str(pol_login_method(l->method, l->certified)));
	pol_usercert_fact(&l->certificate, &f);
	if (w->job == WIRE_JOB_VISIT || pol_worker_is_sql(w))
		pol_fact_text(&f, "door", span_str(w->job == WIRE_JOB_VISIT ? "web" : pol_worker_protocol(w)));
	if (l->access)
		pol_fact_num(&f, "access_password", l->access);
	if (why) {
		pol_fact_text(&f, "actor", span_str("system"));
		pol_fact_text(&f, "why", span_str(why));
	}
	return pol_facts_put(&w->b->facts, kind, &f, err);
}

/* ---- guessing gets slower ---- */

static struct pol_backoff_who who_of(const struct pol_worker *w)
{
	const struct pol_login *l = &w->login;

	return (struct pol_backoff_who){
		.user = l->name[0] ? l->name : l->typed, .address = w->address, .known = l->known
	};
}

static void facts_ask(struct pol_worker *w);

static void login_held(void *ctx)
{
	struct pol_worker *w = ctx;

	w->login.asked_us = clock_mono_us(); /* the moment of its answer counts from now */
	facts_ask(w);
}

static void login_too_often(struct pol_worker *w, int64_t wait_us)
{
	char say[200];
	struct err err;
	int s = (int)(wait_us / 1000000 + 1);

	if (login_fact(w, "login.refused", "too often", &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
	(void)snprintf(
		say, sizeof say, "Too many wrong logins. Try again in %d s. / 错误登录过多，请 %d 秒后再试。", s, s);
	login_close(w);
	login_send(w, WIRE_LOGIN_UNAVAILABLE, say);
}

/* True: it may be looked at now. */
static bool login_admit(struct pol_worker *w)
{
	struct pol_login *l = &w->login;
	struct pol_backoff_who who = who_of(w);

	/* Nobody guesses a key, or the 192 bits of an access password; and programs open many connections at once. */
	if (l->admitted || l->method != WIRE_LOGIN_PASSWORD)
		return true;
	l->admitted = true;
	int64_t wait = pol_backoff_admit(w->b->backoff, &who, clock_mono_us(), w->b->settings.backoff_s);
	if (wait > POL_BACKOFF_HOLD_US)
		login_too_often(w, wait);
	else if (wait > 0)
		loop_timer_set(w->b->loop, &l->hold, wait);
	return wait == 0;
}

static void login_unavailable(struct pol_worker *w, const char *say)
{
	struct pol_backoff_who who = who_of(w);

	if (w->login.admitted)
		pol_backoff_unseen(w->b->backoff, &who, clock_mono_us());
	login_close(w);
	login_send(w, WIRE_LOGIN_UNAVAILABLE, say);
}

/* Everything was right, and who it is has another factor that was not given lately. */
static void login_factor(struct pol_worker *w)
{
	struct err err;

	if (!pol_worker_is_sql(w)) {
		pol_factor_open(w);
		login_close(w);
		login_send(w, WIRE_LOGIN_FACTOR, "");
		return;
	}
	if (login_fact(w, "login.refused", "no second factor", &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
	login_close(w);
	login_send(w, WIRE_LOGIN_FACTOR, say_factor);
}

static void login_accept(struct pol_worker *w)
{
	struct pol_login *l = &w->login;
	struct err err;

	if (l->generation != w->b->ends.generation) { /* he may have been disabled meanwhile */
		l->proven = !l->certified; /* it may have been revoked as well: all of it is looked at again */
		facts_ask(w);
		return;
	}
	if (l->method == WIRE_LOGIN_KEY_OFFERED) {
		login_close(w);
		login_send(w, WIRE_LOGIN_KEY_WELCOME, "");
		return;
	}
	if (l->admitted) {
		struct pol_backoff_who who = who_of(w);
		pol_backoff_right(w->b->backoff, &who, clock_mono_us());
	}
	if (l->factor != POL_FACTOR_NONE && !l->factored) {
		login_factor(w);
		return;
	}
	if (login_fact(w, "login.ok", NULL, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "login.unwritten", &err);
		login_unavailable(w, say_full);
		return;
	}
	w->user_id = l->user_id;
	w->certificate = l->certificate.serial;
	(void)snprintf(w->user, sizeof w->user, "%s", l->name);
	login_close(w);
	log_ev(LOG_LEVEL_INFO, "login.ok", LOG_S("user", w->user), LOG_S("from", w->address), LOG_S("worker", w->name),
		LOG_S("method", pol_login_method(l->method, l->certified)));
	login_send(w, WIRE_LOGIN_OK, "");
}

static void login_refuse(struct pol_worker *w)
{
	struct pol_login *l = &w->login;
	const struct pol_moment *m = l->method == WIRE_LOGIN_KEY_OFFERED ? &pol_moment_offered : &pol_moment_login;
	int64_t now = clock_mono_us();

	loop_timer_set(w->b->loop, &l->answer, pol_moment_due(m, l->asked_us, now) - now);
}

/* The moment of a refusal has come. */
static void login_answer(void *ctx)
{
	struct pol_worker *w = ctx;
	struct pol_login *l = &w->login;
	struct err err;

	if (l->method == WIRE_LOGIN_KEY_OFFERED && l->certificate.serial == 0) {
		l->refused.n++;
		l->refused.certified = l->certified;
		l->refused.why = l->why;
	} else if (login_fact(w, "login.refused", l->why, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
	}
	login_close(w);
	login_send(w, WIRE_LOGIN_DENIED, say_denied);
}

static void login_late(void *ctx)
{
	struct pol_worker *w = ctx;

	log_ev(LOG_LEVEL_WARN, "login.late", LOG_S("worker", w->name));
	login_unavailable(w, say_busy);
}

static void hash_done(void *ctx, int code, const char *hash)
{
	struct pol_login *l = ctx;
	struct pol_worker *w = l->answer.ctx;

	(void)hash;
	if (code == 0 && l->user_id)
		login_accept(w);
	else if (code == 0 || code == -EACCES)
		login_refuse(w);
	else
		login_unavailable(w, say_busy);
}

static void check_password(struct pol_worker *w, const char *hash)
{
	struct pol_login *l = &w->login;
	struct pol_hashing_ask ask = { .op = WIRE_PWHASH_VERIFY,
		.hash = hash,
		.password = l->password,
		.password_fd = -1,
		.source = w->address,
		.done = hash_done,
		.ctx = l };

	l->password = NULL; /* the queue's now */
	if (pol_hashing_add(w->b->hashing, &ask) < 0)
		login_unavailable(w, say_busy);
}

static bool bytes_get(struct span text, uint8_t *ret, size_t n)
{
	struct buf bytes;

	buf_init(&bytes, 64);
	bool good = pg_bytea(text, &bytes) == 0 && bytes.len == n;
	if (good)
		memcpy(ret, bytes.data, n);
	buf_done(&bytes);
	return good;
}

static void keys_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_login *l = ctx;
	struct pol_worker *w = l->answer.ctx;
	struct buf blob;
	bool found = false;

	(void)err;
	if (code < 0) {
		login_unavailable(w, say_away);
		return;
	}
	buf_init(&blob, BLOB_MAX);
	for (int i = 0; i < pg_rows(res); i++) {
		buf_clear(&blob);
		if (pg_bytea(pg_span(res, i, 0), &blob) == 0 && blob.len &&
			span_eq(buf_span(&blob), buf_span(&l->blob)))
			found = true;
	}
	buf_done(&blob);
	if (found && l->user_id)
		login_accept(w);
	else
		login_refuse(w);
}

/* Which of his access passwords was it?  All are compared, whatever comes out. */
static void access_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_login *l = ctx;
	struct pol_worker *w = l->answer.ctx;

	(void)err;
	if (code < 0) {
		login_unavailable(w, say_away);
		return;
	}
	l->access = 0;
	for (int i = 0; i < pg_rows(res); i++) {
		struct pol_scramble_kept kept = { 0 };
		if (!bytes_get(pg_span(res, i, 2), kept.sha1, sizeof kept.sha1) || !bytes_get(pg_span(res, i, 3), kept.sha2, sizeof kept.sha2))
			continue;
		bool right = l->password ? pol_scramble_is_clear(&kept, secret_span(l->password))
					 : pol_scramble_is(&kept, l->plugin, span_of(l->challenge, sizeof l->challenge), buf_span(&l->blob));
		if (right) {
			l->access = pg_int(res, i, 0);
			l->factored = pg_bool(res, i, 1);
		}
	}
	if (l->access && l->user_id)
		login_accept(w);
	else
		login_refuse(w);
}

/* Everything else of it was looked at; this is asked in any case, as all questions are. */
static void certificate_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_login *l = ctx;
	struct pol_worker *w = l->answer.ctx;

	(void)err;
	if (code < 0) {
		login_unavailable(w, say_away);
		return;
	}
	if (l->why[0] == '\0')
		l->why = pg_rows(res) != 1    ? "certificate was not issued to this user"
			 : pg_bool(res, 0, 0) ? "certificate was revoked"
			 : !l->user_id	      ? "user is disabled"
					      : "";
	if (l->why[0])
		login_refuse(w);
	else
		login_accept(w);
}

static void check_certificate(struct pol_worker *w)
{
	struct pol_login *l = &w->login;
	struct pol_usercert c;
	char serial[24];

	if (!w->b->users_ca.known) {
		login_unavailable(w, say_vault);
		return;
	}
	l->certificate.serial = 0;
	l->why = "certificate is malformed";
	if (pol_usercert_get(buf_span(&l->blob), &c) == 0) {
		enum pol_usercert_verdict v = pol_usercert_judge(&c, &(struct pol_usercert_ask){ .ca = w->b->users_ca.key,
									     .user = l->name,
									     .address = w->address,
									     .now_s = clock_wall_us() / 1000000 });
		l->why = pol_usercert_why(v);
		if (pol_usercert_is_ours(v))
			pol_usercert_mark(&c, &l->certificate);
	}
	(void)snprintf(serial, sizeof serial, "%" PRId64, l->certificate.serial);
	pol_query(&w->b->sql, POL_SQL("select revoked from api.login_certificate($1, $2::bigint)", l->name, serial),
		certificate_done, l);
}

static void facts_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_login *l = ctx;
	struct pol_worker *w = l->answer.ctx;
	const char *hash = "";

	(void)err;
	if (code < 0) {
		login_unavailable(w, say_away);
		return;
	}
	l->user_id = 0;
	l->known = pg_rows(res) == 1 && pg_bool(res, 0, 6);
	if (pg_rows(res) == 1 && pg_text(res, 0, 2) && strcmp(pg_text(res, 0, 2), "active") == 0) {
		l->user_id = pg_int(res, 0, 0);
		hash = pg_text(res, 0, 4) ? pg_text(res, 0, 4) : "";
		l->factor = pol_factor_mode(pg_span(res, 0, 5));
	}
	if (!login_admit(w))
		return;
	if (l->proven && l->user_id)
		login_accept(w);
	else if (l->proven)
		login_refuse(w);
	else if (l->method == WIRE_LOGIN_PASSWORD)
		check_password(w, hash);
	else if (l->method == POL_LOGIN_ACCESS)
		pol_query(&w->b->sql,
			POL_SQL("select id, factored, sha1, sha2 from api.login_access($1, $2, $3)", l->name, pol_worker_protocol(w), w->address),
			access_done, l);
	else if (l->certified)
		check_certificate(w);
	else
		pol_query(&w->b->sql, POL_SQL("select blob from api.login_keys($1)", l->name), keys_done, l);
}

static void facts_ask(struct pol_worker *w)
{
	struct pol_login *l = &w->login;

	l->generation = w->b->ends.generation;
	pol_query(&w->b->sql,
		POL_SQL("select user_id, name, state, role, pwhash, factor, known from api.login_facts($1, $2, $3, $4::bytea)",
			l->name, w->address, pol_worker_door(w), w->device),
		facts_done, l);
}

static void login_begin(struct pol_login *l, uint8_t method, struct span typed)
{
	struct decide_name name;

	l->method = method;
	l->user_id = l->access = 0;
	l->factored = false;
	l->factor = POL_FACTOR_NONE;
	l->proven = l->admitted = l->known = l->certified = false;
	l->certificate.serial = 0;
	l->why = "wrong";
	l->name[0] = l->target[0] = l->account[0] = '\0';
	(void)snprintf(
		l->typed, sizeof l->typed, "%.*s", (int)(typed.n < 4096 ? typed.n : 4096), typed.n ? (const char *)typed.p : "");
	if (decide_name_parse(typed, &name, NULL) == 0) {
		memcpy(l->name, name.user, sizeof l->name);
		memcpy(l->target, name.target, sizeof l->target);
		memcpy(l->account, name.account, sizeof l->account);
	}
	buf_clear(&l->blob);
}

static bool has_form_of_access(struct span password)
{
	size_t n = strlen(POL_LOGIN_ACCESS_FORM);

	return password.n > n && memcmp(password.p, POL_LOGIN_ACCESS_FORM, n) == 0;
}

/* False: nonsense that no honest worker sends. */
static bool login_take(struct pol_worker *w, const struct wire_login *m)
{
	struct pol_login *l = &w->login;

	if (m->method < WIRE_LOGIN_PASSWORD || m->method > WIRE_LOGIN_KEY || (pol_worker_is_sql(w) && m->method != WIRE_LOGIN_PASSWORD))
		return false;
	login_begin(l, pol_worker_is_sql(w) && has_form_of_access(m->proof) ? POL_LOGIN_ACCESS : m->method, m->user);
	if (m->method == WIRE_LOGIN_PASSWORD)
		return secret_of(m->proof, &l->password, NULL) == 0;
	buf_put_span(&l->blob, m->proof);
	l->certified = pol_usercert_is(m->proof);
	if (!l->blob.failed)
		return true;
	buf_done(&l->blob);
	buf_init(&l->blob, BLOB_MAX);
	return false;
}

/* The outer login has spoken: who it is and which target stands in `through`.  Only the account is said here, and judged with
 * the target; a name that no account has becomes none, which is refused there. */
static void login_inner(struct pol_worker *w, const struct wire_login *m)
{
	struct pol_login *l = &w->login;
	bool named = decide_name_is_account(m->user);

	(void)snprintf(l->name, sizeof l->name, "%s", w->user);
	memcpy(l->target, w->through.target, sizeof l->target);
	(void)snprintf(l->account, sizeof l->account, "%.*s", named ? (int)m->user.n : 0, (const char *)m->user.p);
	login_send(w, WIRE_LOGIN_OK, "");
}

static void login_start(struct pol_worker *w)
{
	struct pol_login *l = &w->login;

	l->on = true;
	if (!pg_is_up(w->b->sql.pg)) {
		login_unavailable(w, say_away);
		return;
	}
	loop_timer_set(w->b->loop, &l->late, POL_LOGIN_WITHIN_US);
	facts_ask(w);
}

void pol_login_ask(struct pol_worker *w, const struct wire_login *m)
{
	struct pol_login *l = &w->login;

	l->asked_us = clock_mono_us();
	if (m->method == WIRE_LOGIN_INNER && w->door == WIRE_DOOR_INNER) {
		login_inner(w, m);
		return;
	}
	bool odd = w->job == WIRE_JOB_VISIT && m->method != WIRE_LOGIN_PASSWORD; /* nobody has verified a key of a browser */
	if (++w->logins > POL_WORKER_LOGINS_MAX || w->door != WIRE_DOOR_CLIENT || odd || !login_take(w, m)) {
		pol_worker_break(w, "too many logins, or no login");
		return;
	}
	login_start(w);
}

void pol_login_scramble(struct pol_worker *w, const struct wire_login_scramble *m)
{
	struct pol_login *l = &w->login;

	l->asked_us = clock_mono_us();
	if (++w->logins > POL_WORKER_LOGINS_MAX || w->door != WIRE_DOOR_CLIENT || m->challenge.n != sizeof l->challenge ||
		m->answer.n > POL_SCRAMBLE_SHA2) {
		pol_worker_break(w, "too many logins, or no login");
		return;
	}
	login_begin(l, POL_LOGIN_ACCESS, m->user);
	l->plugin = m->plugin;
	memcpy(l->challenge, m->challenge.p, sizeof l->challenge);
	buf_put_span(&l->blob, m->answer);
	login_start(w);
}

void pol_login_done(struct pol_worker *w)
{
	struct pol_login *l = &w->login;
	struct err err;

	if (l->refused.n && !w->user_id) {
		l->method = WIRE_LOGIN_KEY_OFFERED;
		l->certified = l->refused.certified;
		l->certificate.serial = 0;
		if (login_fact(w, "login.refused", l->refused.why, &err) < 0)
			log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
	}
	login_close(w);
	buf_done(&l->blob);
}
