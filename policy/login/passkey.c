#include "policy/login/passkey.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/rd.h"
#include "policy/broker.h"
#include "policy/login/backoff.h"
#include "policy/login/factor.h"
#include "policy/login/hashing.h"
#include "policy/moment.h"
#include "policy/worker.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { CREDENTIAL_MAX = 1023, PART_MAX = 4096, HANDLE_MAX = 64 };

static const char say_away[] = "Yanmen cannot check passkeys just now. Try again in a minute. / 雁门暂时无法验证通行密钥，请稍后再试。";
static const char say_full[] = "Yanmen cannot write its audit just now and lets nobody in. Tell the administrator. / "
			       "雁门暂时无法写入审计，拒绝登录，请联系管理员。";

static void passkey_held(void *ctx);
static void passkey_refused(void *ctx);

void pol_passkey_init(struct pol_passkey *p, struct pol_worker *w)
{
	*p = (struct pol_passkey){ .w = w, .hold = { .fire = passkey_held, .ctx = p }, .answer = { .fire = passkey_refused, .ctx = p } };
	buf_init(&p->credential, CREDENTIAL_MAX);
	buf_init(&p->client, PART_MAX);
	buf_init(&p->auth, PART_MAX);
	buf_init(&p->signature, PART_MAX);
	buf_init(&p->handle, HANDLE_MAX);
	buf_init(&p->kept, PART_MAX);
}

void pol_passkey_done(struct pol_worker *w)
{
	struct pol_passkey *p = &w->passkey;

	pol_query_drop(&w->b->sql, p);
	pol_hashing_drop(w->b->hashing, p);
	loop_timer_del(&p->hold);
	loop_timer_del(&p->answer);
	buf_done(&p->credential);
	buf_done(&p->client);
	buf_done(&p->auth);
	buf_done(&p->signature);
	buf_done(&p->handle);
	buf_done(&p->kept);
}

/* ---- the challenge ---- */

/* Rows of one id each, base64url: as the browser is told. */
static uint32_t ids_put(const struct pg_result *res, int row, struct buf *out)
{
	struct span rest = pg_span(res, row, 2);
	uint32_t n = 0;

	while (rest.n > 0) {
		const uint8_t *end = memchr(rest.p, ' ', rest.n);
		size_t len = end ? (size_t)(end - rest.p) : rest.n;
		wr_str32le(out, span_of(rest.p, len));
		n++;
		len += end != NULL;
		rest = span_of(rest.p + len, rest.n - len);
	}
	return n;
}

static void asked(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_passkey *p = ctx;
	struct pol_worker *w = p->w;
	struct wire_passkey_asked m = { .code = code == 0 && pg_rows(res) != 1 ? -EPROTO : code, .say = span_str(say_away) };
	struct buf ids;

	buf_init(&ids, MSG_BODY_MAX / 2);
	if (m.code < 0 && err)
		log_err(LOG_LEVEL_WARN, "passkey.asked", err);
	if (m.code == 0) {
		randombytes_buf(p->challenge, sizeof p->challenge);
		p->second = w->factor.mode != POL_FACTOR_NONE;
		(void)snprintf(p->rp, sizeof p->rp, "%s", pg_text(res, 0, 0) ? pg_text(res, 0, 0) : "");
		m.say = pg_span(res, 0, 1);
		m.count = ids_put(res, 0, &ids);
		m.ids = buf_span(&ids);
		m.totp = pg_bool(res, 0, 3);
		m.days = (uint32_t)pg_int(res, 0, 4);
		m.rp = span_str(p->rp);
		m.challenge = span_of(p->challenge, sizeof p->challenge);
		p->open = p->rp[0] && (!p->second || m.count > 0);
	}
	w->permit.state = w->factor.mode != POL_FACTOR_NONE ? POL_FACTOR : p->open ? POL_PASSKEY : POL_LOGIN;
	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_passkey_asked_queue(w->link.q, &m, -1));
	buf_done(&ids);
}

void pol_passkey_begin(struct pol_worker *w)
{
	struct pol_passkey *p = &w->passkey;
	char user[24];

	p->open = false;
	(void)snprintf(user, sizeof user, "%" PRId64, w->factor.mode != POL_FACTOR_NONE ? w->factor.user_id : 0);
	if (++w->logins > POL_WORKER_LOGINS_MAX)
		pol_worker_break(w, "too many challenges");
	else
		pol_query(&w->b->sql, POL_SQL("select rp, elsewhere, ids, totp, days from api.passkey_ways($1::bigint, $2)", user, w->origin),
			asked, p);
}

/* ---- the answer ---- */

static struct pol_backoff_who who_of(const struct pol_passkey *p)
{
	return (struct pol_backoff_who){ .user = p->name, .address = p->w->address, .known = p->known, .code = true };
}

static const char *method(const struct pol_passkey *p)
{
	return p->second ? "password+passkey" : "passkey";
}

static void refused_fact(const struct pol_passkey *p, const char *why)
{
	struct pol_fact f;
	struct err err;

	pol_fact_open(&f);
	if (p->name[0])
		pol_fact_text(&f, "user", span_str(p->name));
	pol_fact_text(&f, "address", span_str(p->w->address));
	pol_fact_text(&f, "method", span_str(method(p)));
	pol_fact_text(&f, "door", span_str("web"));
	pol_fact_text(&f, "actor", span_str("system"));
	pol_fact_text(&f, "why", span_str(why));
	if (pol_facts_put(&p->w->b->facts, "login.refused", &f, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
}

static void away(struct pol_passkey *p, const struct err *err)
{
	struct pol_backoff_who who = who_of(p);

	if (p->admitted)
		pol_backoff_unseen(p->w->b->backoff, &who, clock_mono_us());
	if (err)
		log_err(LOG_LEVEL_WARN, "passkey.away", err);
	pol_factor_answer(p->w, WIRE_FACTOR_UNAVAILABLE, say_away);
}

static void refuse(struct pol_passkey *p, const char *why)
{
	int64_t now = clock_mono_us();

	p->why = why;
	loop_timer_set(p->w->b->loop, &p->answer, pol_moment_due(&pol_moment_login, p->asked_us, now) - now);
}

/* The moment of a refusal has come. */
static void passkey_refused(void *ctx)
{
	struct pol_passkey *p = ctx;

	refused_fact(p, p->why);
	pol_factor_answer(p->w, WIRE_FACTOR_DENIED, "");
}

static void passed(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_passkey *p = ctx;
	struct pol_backoff_who who = who_of(p);

	if (code < 0 || pg_rows(res) != 1 || !pg_text(res, 0, 0)) {
		away(p, err);
		return;
	}
	if (pg_text(res, 0, 0)[0]) {
		(void)snprintf(p->helper_why, sizeof p->helper_why, "%s", pg_text(res, 0, 0));
		refuse(p, p->helper_why);
		return;
	}
	pol_backoff_right(p->w->b->backoff, &who, clock_mono_us());
	if (pol_factor_passkey(p->w, p->user_id, p->name, method(p)) < 0)
		pol_factor_answer(p->w, WIRE_FACTOR_UNAVAILABLE, say_full);
}

static void told(void *ctx, int code, const struct wire_passkey_answer *a)
{
	struct pol_passkey *p = ctx;
	char counter[16];

	if (code < 0) {
		away(p, NULL);
		return;
	}
	if (a->code < 0) {
		(void)snprintf(p->helper_why, sizeof p->helper_why, "%.*s", (int)(a->why.n < 60 ? a->why.n : 60), (const char *)a->why.p);
		refuse(p, p->helper_why);
		return;
	}
	(void)snprintf(counter, sizeof counter, "%" PRIu32, a->counter);
	pol_query(&p->w->b->sql,
		POL_SQL("select api.passkey_pass($1::uuid, $2::bigint, $3, $4::bool)", p->id, counter, p->w->address, p->second ? "t" : "f"),
		passed, p);
}

static void passkey_held(void *ctx)
{
	struct pol_passkey *p = ctx;
	struct wire_passkey m = { .op = WIRE_PASSKEY_USE,
		.rp = span_str(p->rp),
		.origin = span_str(p->w->origin),
		.challenge = span_of(p->challenge, sizeof p->challenge),
		.client = buf_span(&p->client),
		.auth = buf_span(&p->auth),
		.signature = buf_span(&p->signature),
		.credential = buf_span(&p->credential),
		.kept = buf_span(&p->kept) };
	struct pol_hashing_ask ask = { .hash = "", .password_fd = -1, .source = p->w->address, .passkey = &m, .told = told, .ctx = p };

	if (pol_hashing_add(p->w->b->hashing, &ask) < 0)
		away(p, NULL);
}

static void admit(struct pol_passkey *p)
{
	struct pol_backoff_who who = who_of(p);
	int64_t wait = pol_backoff_admit(p->w->b->backoff, &who, clock_mono_us(), p->w->b->settings.backoff_s);
	int s = (int)(wait / 1000000 + 1);
	char say[200];

	p->admitted = true;
	if (wait <= POL_BACKOFF_HOLD_US) {
		loop_timer_set(p->w->b->loop, &p->hold, wait);
		return;
	}
	refused_fact(p, "too often");
	(void)snprintf(say, sizeof say, "Too many wrong logins. Try again in %d s. / 错误登录过多，请 %d 秒后再试。", s, s);
	pol_factor_answer(p->w, WIRE_FACTOR_UNAVAILABLE, say);
}

static bool take_row(struct pol_passkey *p, const struct pg_result *res)
{
	buf_clear(&p->kept);
	if (pg_rows(res) != 1 || !pg_text(res, 0, 0) || !pg_text(res, 0, 2) || pg_bytea(pg_span(res, 0, 3), &p->kept) < 0 || p->kept.failed)
		return false;
	(void)snprintf(p->id, sizeof p->id, "%s", pg_text(res, 0, 0));
	p->user_id = pg_int(res, 0, 1);
	(void)snprintf(p->name, sizeof p->name, "%s", pg_text(res, 0, 2));
	p->known = pg_bool(res, 0, 5);
	return true;
}

/* An authenticator need not say it where it was told which credentials will do. */
static bool is_handle(const struct pol_passkey *p, const char *wanted)
{
	return (p->second && p->handle.len == 0) || (wanted && span_is(buf_span(&p->handle), wanted));
}

static void found(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_passkey *p = ctx;

	if (code < 0) {
		away(p, err);
		return;
	}
	if (!take_row(p, res))
		refuse(p, "passkey is unknown");
	else if (!is_handle(p, pg_text(res, 0, 4)))
		refuse(p, "passkey is another user's");
	else if (p->second && p->user_id != p->w->factor.user_id)
		refuse(p, "passkey is another user's");
	else
		admit(p);
}

static void keep(struct buf *to, struct span from)
{
	buf_clear(to);
	buf_put_span(to, from);
}

void pol_passkey_use(struct pol_worker *w, const struct wire_passkey_use *m)
{
	struct pol_passkey *p = &w->passkey;
	struct buf hex;

	if (++w->logins > POL_WORKER_LOGINS_MAX || !p->open || m->credential.n > CREDENTIAL_MAX || m->client.n > PART_MAX ||
		m->auth.n > PART_MAX || m->signature.n > PART_MAX || m->handle.n > HANDLE_MAX) {
		pol_worker_break(w, "a passkey without a challenge");
		return;
	}
	p->open = false; /* for this one answer */
	p->asked_us = clock_mono_us();
	p->admitted = p->known = false;
	(void)snprintf(p->name, sizeof p->name, "%s", p->second ? w->factor.name : "");
	keep(&p->credential, m->credential);
	keep(&p->client, m->client);
	keep(&p->auth, m->auth);
	keep(&p->signature, m->signature);
	keep(&p->handle, m->handle);
	buf_init(&hex, 2 * CREDENTIAL_MAX + 8);
	pg_bytea_text(m->credential, &hex);
	pol_query(&w->b->sql,
		POL_SQL("select id, user_id, name, authdata, handle, known from api.passkey_facts($1::bytea, $2, $3)", buf_str(&hex), p->rp,
			w->address),
		found, p);
	buf_done(&hex);
}
