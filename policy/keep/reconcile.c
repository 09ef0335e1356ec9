#include "policy/keep/reconcile.h"
#include "gateway/core/charset.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "policy/broker.h"
#include "policy/decide/rule.h"
#include "policy/ends.h"
#include "policy/peers.h"
#include "policy/worker.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_US = 2 * 1000 * 1000, ANSWER_US = 5 * 1000 * 1000 };

struct orphan { /* a session whose worker is not there, or a recording whose end nobody told us */
	struct orphan *next;
	struct pol_reconcile *r;
	struct id id;
	bool online; /* the session's row is to be closed, too */
	struct loop_timer again;
};

struct pol_reconcile {
	struct pol_broker *b;
	struct orphan *first;
	struct loop_timer again, again_recordings;
	bool started;
};

static void orphan_ask(void *ctx);

static void orphan_free(struct orphan *o)
{
	struct orphan **at = &o->r->first;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	loop_timer_del(&o->again);
	pol_ask_drop(&o->r->b->asks, o);
	free(o);
}

static void orphan_answered(void *ctx, int code, const union pol_reply *reply)
{
	struct orphan *o = ctx;

	/* Open: the recorder has not yet seen that the worker is gone. */
	if (code < 0 || reply->recording.state == WIRE_RECORDING_OPEN) {
		loop_timer_set(o->r->b->loop, &o->again, AGAIN_US);
		return;
	}
	if (o->online)
		pol_session_reconcile(&o->r->b->facts, &reply->recording);
	orphan_free(o); /* what the recorder said of the recording is in the audit already (peers.c) */
}

static void orphan_ask(void *ctx)
{
	struct orphan *o = ctx;

	pol_peers_recording(
		o->r->b, &o->id, &(struct pol_ask){ .within_us = ANSWER_US, .done = orphan_answered, .ctx = o });
}

static void orphan_new(struct pol_reconcile *r, const struct id *id, bool online)
{
	for (const struct orphan *o = r->first; o; o = o->next)
		if (id_eq(&o->id, id))
			return;
	struct orphan *o = calloc(1, sizeof *o);

	if (!o)
		abort();
	o->r = r;
	o->id = *id;
	o->online = online;
	o->again = (struct loop_timer){ .fire = orphan_ask, .ctx = o };
	o->next = r->first;
	r->first = o;
	orphan_ask(o);
}

static struct pol_worker *worker_named(struct pol_broker *b, struct span name)
{
	struct pol_worker *w = b->workers;

	while (w && !span_is(name, w->name))
		w = w->next;
	return w;
}

static void row(struct pol_reconcile *r, const struct pg_result *res, int i)
{
	struct pol_session s = { .on = true, .features = decide_rule_features(pg_span(res, i, 3)),
		.user_id = pg_int(res, i, 5), .certificate = pg_int(res, i, 6) };
	struct pol_worker *w = worker_named(r->b, pg_span(res, i, 1));
	int charset = charset_of(pg_span(res, i, 4));

	if (id_parse(pg_span(res, i, 0), &s.id) < 0)
		return;
	s.charset = charset < 0 ? CHARSET_UTF8 : (uint8_t)charset;
	(void)snprintf(s.user, sizeof s.user, "%s", pg_text(res, i, 2) ? pg_text(res, i, 2) : "");
	(void)snprintf(s.reach, sizeof s.reach, "%s", pg_text(res, i, 7) ? pg_text(res, i, 7) : "");
	if (w && w->unresolved)
		pol_worker_resolve(w, &s);
	else if (!w) /* with one it began since */
		orphan_new(r, &s.id, true);
}

static void ask_recordings(void *ctx);

static void recordings(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_reconcile *r = ctx;
	struct id id;

	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "reconcile.again", err);
		loop_timer_set(r->b->loop, &r->again_recordings, AGAIN_US);
		return;
	}
	for (int i = 0; i < pg_rows(res); i++)
		if (id_parse(pg_span(res, i, 0), &id) == 0)
			orphan_new(r, &id, false);
}

static void ask_recordings(void *ctx)
{
	struct pol_reconcile *r = ctx;

	pol_query(&r->b->sql, POL_SQL("select id from api.recordings_open()"), recordings, r);
}

static void online(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_reconcile *r = ctx;

	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "reconcile.again", err);
		loop_timer_set(r->b->loop, &r->again, AGAIN_US);
		return;
	}
	for (int i = 0; i < pg_rows(res); i++)
		row(r, res, i);
	pol_ends_look(r->b);
	pol_rules_look(r->b);
	log_ev(LOG_LEVEL_INFO, "reconciled", LOG_N("online", pg_rows(res)));
	for (struct pol_worker *w = r->b->workers; w; w = w->next)
		pol_worker_resolve(w, NULL); /* served before, no session */
	r->started = true;
	ask_recordings(r);
}

static void ask_online(void *ctx)
{
	struct pol_reconcile *r = ctx;

	pol_query(&r->b->sql, POL_SQL("select id, worker, user_name, features, charset, user_id, certificate, reach from api.sessions_online()"),
		online, r);
}

struct pol_reconcile *pol_reconcile_new(struct pol_broker *b)
{
	struct pol_reconcile *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	r->b = b;
	r->again = (struct loop_timer){ .fire = ask_online, .ctx = r };
	r->again_recordings = (struct loop_timer){ .fire = ask_recordings, .ctx = r };
	return r;
}

struct pol_reconcile *pol_reconcile_free(struct pol_reconcile *r)
{
	if (r) {
		while (r->first)
			orphan_free(r->first);
		loop_timer_del(&r->again);
		loop_timer_del(&r->again_recordings);
		pol_query_drop(&r->b->sql, r);
		free(r);
	}
	return NULL;
}

void pol_reconcile_start(struct pol_reconcile *r)
{
	pol_facts_when_drained(&r->b->facts, ask_online, r);
}

void pol_reconcile_recordings(struct pol_reconcile *r)
{
	if (r->started)
		ask_recordings(r);
}
