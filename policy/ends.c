#include "policy/ends.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "policy/broker.h"
#include "policy/worker.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { USERS_MAX = 64 * 1024 };

static void ring(void *ctx);

static int64_t next_us(const struct pol_worker *w, int64_t notice_us)
{
	const struct pol_ends_session *e = &w->ends;

	if (!w->session.on || e->ending || e->end.at_us == INT64_MAX)
		return INT64_MAX;
	return e->noticed || notice_us == 0 ? e->end.at_us : e->end.at_us - notice_us;
}

static void arm(struct pol_broker *b)
{
	int64_t now = clock_wall_us(), first = INT64_MAX, notice_us = (int64_t)b->settings.notice_s * 1000000;

	for (const struct pol_worker *w = b->workers; w; w = w->next) {
		int64_t at = next_us(w, notice_us);
		first = at < first ? at : first;
	}
	loop_timer_del(&b->ends.ring);
	/* The look comes sooner than a far end, and a wall clock that was set would be noticed then. */
	if (first != INT64_MAX && first - now < 2 * (int64_t)POL_ENDS_LOOK_US)
		loop_timer_set(b->loop, &b->ends.ring, first > now ? first - now : 0);
}

void pol_ends_now(struct pol_worker *w, const char *why, const char *say)
{
	if (w->ends.ending)
		return;
	w->ends.ending = true;
	log_ev(LOG_LEVEL_INFO, "access.ended", LOG_S("worker", w->name), LOG_S("user", w->user), LOG_S("reason", why));
	if (w->session.on)
		pol_session_control(&w->b->facts, &w->session, "end", why);
	pol_worker_control(w->b, w->id, WIRE_END_SESSION, say);
}

static void end_for(struct pol_worker *w, enum decide_end_reason reason)
{
	char say[256];

	(void)snprintf(say, sizeof say, "%s / %s", decide_end_say(reason, false), decide_end_say(reason, true));
	pol_ends_now(w, decide_end_say(reason, false), say);
}

static void notice(struct pol_worker *w, int64_t left_us)
{
	const char *en = decide_end_say(w->ends.end.reason, false), *zh = decide_end_say(w->ends.end.reason, true);
	char say[256];

	w->ends.noticed = true;
	(void)snprintf(say, sizeof say, "this session ends in %" PRId64 " s: %s / 会话将在 %" PRId64 " 秒后结束：%s",
		(left_us + 999999) / 1000000, en, (left_us + 999999) / 1000000, zh);
	pol_worker_control(w->b, w->id, WIRE_NOTICE, say);
}

static void ring(void *ctx)
{
	struct pol_broker *b = ctx;
	int64_t now = clock_wall_us(), notice_us = (int64_t)b->settings.notice_s * 1000000;

	for (struct pol_worker *w = b->workers; w; w = w->next) {
		if (next_us(w, notice_us) > now)
			continue;
		if (w->ends.end.at_us <= now)
			end_for(w, w->ends.end.reason);
		else
			notice(w, w->ends.end.at_us - now);
	}
	arm(b);
}

void pol_ends_begin(struct pol_worker *w, const struct decide_end_fact *f, uint64_t generation)
{
	w->ends = (struct pol_ends_session){ 0 };
	decide_end_judge(f, clock_wall_us(), &w->ends.end);
	arm(w->b);
	if (generation != w->b->ends.generation)
		pol_ends_look(w->b);
}

/* ---- what the database says ---- */

static struct pol_worker *worker_of(struct pol_broker *b, struct span id)
{
	struct id want;

	if (id_parse(id, &want) < 0)
		return NULL;
	for (struct pol_worker *w = b->workers; w; w = w->next)
		if (w->session.on && id_eq(&w->session.id, &want))
			return w;
	return NULL;
}

static void row(struct pol_broker *b, const struct pg_result *res, int i)
{
	struct pol_worker *w = worker_of(b, pg_span(res, i, 0));
	struct decide_end_fact f = { .withdrawn = pg_span(res, i, 1),
		.until_s = pg_int(res, i, 2),
		.hours = pg_span(res, i, 3),
		.nets = pg_span(res, i, 4) };

	if (!w)
		return;
	(void)decide_net_parse(span_str(w->address), &f.source);
	decide_end_judge(&f, clock_wall_us(), &w->ends.end);
}

static void looked(struct pol_broker *b)
{
	b->ends.asking = false;
	if (b->ends.again)
		pol_ends_look(b);
}

static bool is_waiting(const struct pol_worker *w)
{
	return !w->session.on && (w->user_id || w->factor.mode != POL_FACTOR_NONE);
}

static int64_t user_of(const struct pol_worker *w)
{
	return w->user_id ? w->user_id : w->factor.user_id;
}

static int64_t certificate_of(const struct pol_worker *w)
{
	return w->user_id ? w->certificate : w->factor.certificate.serial;
}

/* One row is a user or a certificate, the other of the two is 0. */
static void leave(struct pol_broker *b, int64_t user, int64_t certificate)
{
	for (struct pol_worker *w = b->workers; w; w = w->next) {
		if (!is_waiting(w))
			continue;
		if (user && user_of(w) == user)
			end_for(w, DECIDE_END_USER);
		else if (certificate && certificate_of(w) == certificate)
			end_for(w, DECIDE_END_CERTIFICATE);
	}
}

static void leavers_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_broker *b = ctx;

	if (code < 0)
		log_err(LOG_LEVEL_WARN, "ends.unread", err);
	for (int i = 0; code == 0 && i < pg_rows(res); i++)
		leave(b, pg_int(res, i, 0), pg_int(res, i, 1));
	looked(b);
}

/* Who is logged in, or nearly, and has no session: is he still one of us? */
static void ask_leavers(struct pol_broker *b)
{
	struct buf users, certificates;
	size_t n = 0;

	buf_init(&users, USERS_MAX);
	buf_init(&certificates, USERS_MAX);
	for (const struct pol_worker *w = b->workers; w; w = w->next) {
		if (!is_waiting(w))
			continue;
		buf_printf(&users, "%s%" PRId64, n ? "," : "{", user_of(w));
		buf_printf(&certificates, "%s%" PRId64, n++ ? "," : "{", certificate_of(w));
	}
	buf_put(&users, "}", 1);
	buf_put(&certificates, "}", 1);
	if (n == 0 || users.failed || certificates.failed)
		looked(b);
	else
		pol_query(&b->sql,
			POL_SQL("select user_id, certificate from api.logins_gone($1::bigint[], $2::bigint[])", buf_str(&users),
				buf_str(&certificates)),
			leavers_came, b);
	buf_done(&users);
	buf_done(&certificates);
}

static void ends_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_broker *b = ctx;

	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "ends.unread", err);
		looked(b);
		return;
	}
	for (int i = 0; i < pg_rows(res); i++)
		row(b, res, i);
	ring(b);
	ask_leavers(b);
}

static void look(void *ctx)
{
	struct pol_broker *b = ctx;

	loop_timer_set(b->loop, &b->ends.look, POL_ENDS_LOOK_US);
	if (b->ends.asking) {
		b->ends.again = true;
		return;
	}
	b->ends.again = false;
	if (!pg_is_up(b->sql.pg)) {
		arm(b);
		return;
	}
	b->ends.asking = true;
	pol_query(&b->sql, POL_SQL("select id, withdrawn, until_epoch, hours, from_nets from api.sessions_ends()"),
		ends_came, b);
}

void pol_ends_look(struct pol_broker *b)
{
	loop_timer_del(&b->ends.look);
	loop_timer_set(b->loop, &b->ends.look, 0);
}

static void heard(void *ctx, const char *payload)
{
	struct pol_broker *b = ctx;

	(void)payload;
	b->ends.generation++;
	pol_ends_look(b);
}

void pol_ends_listen(struct pol_broker *b)
{
	if (pg_listen(b->sql.pg, "yanmen_access", heard, b) < 0)
		log_ev(LOG_LEVEL_WARN, "ends.unheard");
}

void pol_ends_init(struct pol_broker *b)
{
	b->ends = (struct pol_ends){ .look = { .fire = look, .ctx = b }, .ring = { .fire = ring, .ctx = b } };
}

void pol_ends_done(struct pol_broker *b)
{
	loop_timer_del(&b->ends.look);
	loop_timer_del(&b->ends.ring);
}
