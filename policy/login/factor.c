#include "policy/login/factor.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "policy/broker.h"
#include "policy/login/backoff.h"
#include "policy/peers.h"
#include "policy/worker.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { VAULT_US = 5 * 1000 * 1000, SEALED_MAX = 512, TYPED_MAX = 256, HEX_MAX = 2 * SEALED_MAX + 8 };

static const char say_away[] = "Yanmen cannot check codes just now. Try again in a minute. / "
			       "雁门暂时无法验证，请稍后再试。";
static const char say_full[] = "Yanmen cannot write its audit just now and lets nobody in. Tell the administrator. / "
			       "雁门暂时无法写入审计，拒绝登录，请联系管理员。";
static const char say_changed[] = "Your second factor was changed meanwhile. Please log in again. / "
				  "第二因子已变更，请重新登录。";

uint8_t pol_factor_mode(struct span text)
{
	return span_is(text, "ask") ? POL_FACTOR_ASK : span_is(text, "enrol") ? POL_FACTOR_ENROL : POL_FACTOR_NONE;
}

static void typed_wipe(struct pol_factor *f)
{
	secret_wipe(f->typed.data, f->typed.size);
	buf_clear(&f->typed);
}

static void factor_held(void *ctx);

void pol_factor_init(struct pol_factor *f, struct pol_worker *w)
{
	*f = (struct pol_factor){ .w = w, .hold = { .fire = factor_held, .ctx = f } };
	buf_init(&f->typed, TYPED_MAX);
	buf_init(&f->sealed, SEALED_MAX);
	buf_init(&f->hashes, POL_FACTOR_HASHES);
}

void pol_factor_done(struct pol_worker *w)
{
	struct pol_factor *f = &w->factor;

	pol_query_drop(&w->b->sql, f);
	pol_ask_drop(&w->b->asks, f);
	loop_timer_del(&f->hold);
	typed_wipe(f);
	buf_done(&f->typed);
	buf_done(&f->sealed);
	buf_done(&f->hashes);
	f->mode = POL_FACTOR_NONE;
}

void pol_factor_open(struct pol_worker *w)
{
	struct pol_factor *f = &w->factor;
	const struct pol_login *l = &w->login;

	f->mode = l->factor;
	f->step = 0;
	f->known = l->known;
	(void)snprintf(f->method, sizeof f->method, "%s+code", pol_login_method(l->method, l->certified));
	f->user_id = l->user_id;
	f->certificate = l->certificate;
	(void)snprintf(f->name, sizeof f->name, "%s", l->name);
	(void)snprintf(f->target, sizeof f->target, "%s", l->target);
	(void)snprintf(f->account, sizeof f->account, "%s", l->account);
	(void)snprintf(f->bound, sizeof f->bound, "factor\nuser=%" PRId64, f->user_id);
}

static void answer(struct pol_worker *w, const struct wire_factor_answer *m)
{
	w->permit.state = m->step == WIRE_FACTOR_OK ? POL_CHOOSE : w->permit.state == POL_LOST ? POL_LOST : POL_FACTOR;
	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_factor_answer_queue(w->link.q, m, -1));
}

void pol_factor_answer(struct pol_worker *w, uint8_t step, const char *say)
{
	w->factor.step = step;
	answer(w, &(struct wire_factor_answer){ .step = step, .say = span_str(say) });
}

/* why: it was refused; NULL = it was not. */
static int factor_fact(const struct pol_factor *f, const char *kind, const char *why, struct err *err)
{
	struct pol_fact fact;

	pol_fact_open(&fact);
	pol_fact_text(&fact, "user", span_str(f->name));
	pol_fact_text(&fact, "address", span_str(f->w->address));
	pol_fact_text(&fact, "method", span_str(f->method));
	pol_usercert_fact(&f->certificate, &fact);
	if (f->w->job == WIRE_JOB_VISIT)
		pol_fact_text(&fact, "door", span_str("web"));
	if (why) {
		pol_fact_text(&fact, "actor", span_str("system"));
		pol_fact_text(&fact, "why", span_str(why));
	}
	return pol_facts_put(&f->w->b->facts, kind, &fact, err);
}

static struct pol_backoff_who who_of(const struct pol_factor *f)
{
	return (struct pol_backoff_who){ .user = f->name, .address = f->w->address, .known = f->known, .code = true };
}

static int factor_pass_on(struct pol_factor *f)
{
	struct pol_worker *w = f->w;
	struct err err;

	int r = factor_fact(f, "login.ok", NULL, &err);
	if (r < 0) {
		log_err(LOG_LEVEL_ERROR, "login.unwritten", &err);
		return r;
	}
	w->user_id = f->user_id;
	w->certificate = f->certificate.serial;
	w->factored = true;
	(void)snprintf(w->user, sizeof w->user, "%s", f->name);
	f->mode = POL_FACTOR_NONE;
	log_ev(LOG_LEVEL_INFO, "login.ok", LOG_S("user", w->user), LOG_S("from", w->address), LOG_S("worker", w->name),
		LOG_S("method", f->method));
	answer(w, &(struct wire_factor_answer){ .step = WIRE_FACTOR_OK,
			  .user = span_str(f->name),
			  .target = span_str(f->target),
			  .account = span_str(f->account) });
	return 0;
}

static void factor_accept(struct pol_factor *f)
{
	struct pol_backoff_who who = who_of(f);

	if (f->admitted)
		pol_backoff_right(f->w->b->backoff, &who, clock_mono_us());
	if (factor_pass_on(f) < 0)
		pol_factor_answer(f->w, WIRE_FACTOR_UNAVAILABLE, say_full);
}

int pol_factor_passkey(struct pol_worker *w, int64_t user_id, const char *name, const char *method)
{
	struct pol_factor *f = &w->factor;

	f->user_id = user_id;
	(void)snprintf(f->name, sizeof f->name, "%s", name);
	(void)snprintf(f->method, sizeof f->method, "%s", method);
	return factor_pass_on(f);
}

static void factor_refuse(struct pol_factor *f)
{
	struct err err;

	typed_wipe(f);
	if (factor_fact(f, "login.refused", "wrong", &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
	pol_factor_answer(f->w, WIRE_FACTOR_DENIED, "");
}

static void factor_away(struct pol_factor *f, const char *ev, const struct err *err)
{
	struct pol_backoff_who who = who_of(f);

	typed_wipe(f);
	if (f->admitted)
		pol_backoff_unseen(f->w->b->backoff, &who, clock_mono_us());
	if (err)
		log_err(LOG_LEVEL_WARN, ev, err);
	else
		log_ev(LOG_LEVEL_WARN, ev, LOG_S("user", f->name));
	pol_factor_answer(f->w, WIRE_FACTOR_UNAVAILABLE, say_away);
}

/* ---- enrolment ---- */

static void made(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_factor *f = ctx;

	buf_clear(&f->sealed);
	buf_clear(&f->hashes);
	if (code == 0 && reply->factor_made.code == 0) {
		buf_put_span(&f->sealed, reply->factor_made.sealed);
		buf_put_span(&f->hashes, reply->factor_made.hashes);
	}
	if (!f->sealed.len || f->sealed.failed || f->hashes.failed) {
		factor_away(f, "factor.unmade", NULL);
		return;
	}
	f->step = WIRE_FACTOR_ENROL;
	answer(f->w,
		&(struct wire_factor_answer){ .step = WIRE_FACTOR_ENROL, .id = f->show, .user = span_str(f->name) });
}

static void enrol_begin(struct pol_factor *f)
{
	struct pol_worker *w = f->w;
	bool web = w->job == WIRE_JOB_VISIT;
	struct wire_factor_new m = { .worker = web ? WIRE_WORKER_WEB : w->id, .bound = span_str(f->bound) };

	id_new(&f->show);
	m.id = f->show;
	f->proven = false;
	pol_peers_factor_new(w->b, &m, &(struct pol_ask){ .within_us = VAULT_US, .done = made, .ctx = f });
}

static void enrolled(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_factor *f = ctx;

	(void)res;
	if (code == 0)
		factor_accept(f);
	else if (code == -EEXIST || code == -EACCES)
		pol_factor_answer(f->w, WIRE_FACTOR_UNAVAILABLE, say_changed);
	else
		factor_away(f, "factor.unwritten", err);
}

static void enrol_write(struct pol_factor *f)
{
	struct buf sealed, hashes;
	char user[24], step[24];

	buf_init(&sealed, HEX_MAX);
	buf_init(&hashes, 2 * POL_FACTOR_HASHES + 8);
	pg_bytea_text(buf_span(&f->sealed), &sealed);
	pg_bytea_text(buf_span(&f->hashes), &hashes);
	(void)snprintf(user, sizeof user, "%" PRId64, f->user_id);
	(void)snprintf(step, sizeof step, "%" PRIu64, f->last_step);
	pol_query(&f->w->b->sql,
		POL_SQL("select api.factor_enrol($1::bigint, $2, $3::bytea, $4, $5::bytea, $6::bigint, $7)", user,
			f->w->address, buf_str(&sealed), f->bound, buf_str(&hashes), step, pol_worker_door(f->w)),
		enrolled, f);
	buf_done(&sealed);
	buf_done(&hashes);
}

/* ---- a code ---- */

static void passed(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_factor *f = ctx;

	if (code < 0)
		factor_away(f, "factor.unpassed", err);
	else if (pg_rows(res) == 1 && pg_bool(res, 0, 0))
		factor_accept(f);
	else
		factor_refuse(f);
}

static void factor_pass(struct pol_factor *f, const struct wire_factor_checked *m)
{
	struct buf hash;
	char user[24], step[24];

	buf_init(&hash, 128);
	pg_bytea_text(span_of(m->recovery.b, sizeof m->recovery.b), &hash);
	(void)snprintf(user, sizeof user, "%" PRId64, f->user_id);
	(void)snprintf(step, sizeof step, "%" PRIu64, m->step);
	pol_query(&f->w->b->sql,
		POL_SQL("select api.factor_pass($1::bigint, $2, $3::bigint, $4::bytea, $5)", user, f->w->address, step,
			buf_str(&hash), pol_worker_door(f->w)),
		passed, f);
	buf_done(&hash);
}

static void checked(void *ctx, int code, const union pol_reply *reply)
{
	static const struct wire_h32 none;
	struct pol_factor *f = ctx;

	typed_wipe(f);
	if (code < 0 || reply->factor_checked.code < 0) {
		factor_away(f, "factor.unchecked", NULL);
		return;
	}
	const struct wire_factor_checked *m = &reply->factor_checked;
	if (f->step == WIRE_FACTOR_CODE && (m->step || memcmp(&m->recovery, &none, sizeof none) != 0)) {
		factor_pass(f, m);
	} else if (f->step == WIRE_FACTOR_ENROL && m->step) {
		f->proven = true;
		f->last_step = m->step;
		pol_factor_answer(f->w, WIRE_FACTOR_CODES, "");
	} else if (f->step == WIRE_FACTOR_ENROL) { /* the app may have it already: not a new secret for a slip */
		pol_factor_answer(f->w, WIRE_FACTOR_ENROL, "");
	} else {
		factor_refuse(f);
	}
}

static void check(struct pol_factor *f, struct span sealed, uint64_t last_step)
{
	struct wire_factor_check m = {
		.sealed = sealed, .bound = span_str(f->bound), .typed = buf_span(&f->typed), .last_step = last_step
	};

	pol_peers_factor_check(f->w->b, &m, &(struct pol_ask){ .within_us = VAULT_US, .done = checked, .ctx = f });
}

static void facts_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_factor *f = ctx;

	if (code < 0) {
		factor_away(f, "factor.facts", err);
		return;
	}
	buf_clear(&f->sealed);
	if (pg_rows(res) != 1 || pg_bytea(pg_span(res, 0, 0), &f->sealed) < 0 || f->sealed.failed) {
		pol_factor_answer(f->w, WIRE_FACTOR_UNAVAILABLE, say_changed);
		return;
	}
	check(f, buf_span(&f->sealed), (uint64_t)pg_int(res, 0, 1));
}

static void factor_held(void *ctx)
{
	struct pol_factor *f = ctx;
	char user[24];

	(void)snprintf(user, sizeof user, "%" PRId64, f->user_id);
	pol_query(&f->w->b->sql, POL_SQL("select sealed, last_step from api.factor_facts($1::bigint)", user),
		facts_done, f);
}

/* Held as long as the back-off says. */
static void take_code(struct pol_factor *f)
{
	struct pol_backoff_who who = who_of(f);
	struct err err;
	char say[200];

	f->admitted = true;
	int64_t wait = pol_backoff_admit(f->w->b->backoff, &who, clock_mono_us(), f->w->b->settings.backoff_s);
	int s = (int)(wait / 1000000 + 1);
	if (wait <= POL_BACKOFF_HOLD_US) {
		loop_timer_set(f->w->b->loop, &f->hold, wait);
		return;
	}
	typed_wipe(f);
	if (factor_fact(f, "login.refused", "too often", &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
	(void)snprintf(
		say, sizeof say, "Too many wrong codes. Try again in %d s. / 错误验证码过多，请 %d 秒后再试。", s, s);
	pol_factor_answer(f->w, WIRE_FACTOR_UNAVAILABLE, say);
}

static bool is_yes(struct span s)
{
	return s.n == 3 && strncasecmp((const char *)s.p, "yes", 3) == 0;
}

static void take_answer(struct pol_factor *f, struct span typed)
{
	bool kept = f->step == WIRE_FACTOR_CODES && is_yes(typed);

	typed_wipe(f);
	if (typed.n <= TYPED_MAX)
		buf_put_span(&f->typed, typed);
	if (f->step == WIRE_FACTOR_CODE)
		take_code(f);
	else if (f->step == WIRE_FACTOR_ENROL)
		check(f, buf_span(&f->sealed), 0);
	else if (kept && f->proven)
		enrol_write(f);
	else
		pol_factor_answer(f->w, WIRE_FACTOR_CODES, "");
}

void pol_factor_ask(struct pol_worker *w, const struct wire_factor *m)
{
	struct pol_factor *f = &w->factor;
	bool known = f->step == WIRE_FACTOR_CODE || f->step == WIRE_FACTOR_ENROL || f->step == WIRE_FACTOR_CODES;

	if (++w->logins > POL_WORKER_LOGINS_MAX || f->mode == POL_FACTOR_NONE || (m->begin ? m->answer.n > 0 : !known)) {
		pol_worker_break(w, "an answer without a question");
		return;
	}
	if (!m->begin)
		take_answer(f, m->answer);
	else if (f->mode == POL_FACTOR_ENROL)
		enrol_begin(f);
	else
		pol_factor_answer(w, WIRE_FACTOR_CODE, "");
}
