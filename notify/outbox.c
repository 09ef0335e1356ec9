#include "notify/outbox.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/pg.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "notify/job.h"
#include "notify/pool.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { TICK_US = 1000 * 1000, VAULT_QUEUE = 1 << 20, SEALED_MAX = 8192 };
_Static_assert((int)NOTIFY_POOL <= (int)COUNT_OF(((struct notify_outbox *)0)->jobs), "room for every job");

static const char *const result_names[] = { [NOTIFY_FAILED] = "failed", [NOTIFY_SENT] = "sent", [NOTIFY_DEAD] = "dead" };

static void look(struct notify_outbox *o);

/* ---- reports ---- */

static void forget(struct notify_outbox *o, struct notify_job *j)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->jobs[i] == j) {
			o->jobs[i] = o->jobs[--o->n];
			break;
		}
	notify_job_free(j);
}

struct reported {
	struct notify_outbox *o;
	struct notify_job *j;
};

static void reported(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	scoped(scope_free) struct reported *r = ctx;
	(void)res;
	r->j->reporting = false;
	if (code < 0) {
		if (code != -EPIPE && code != -EAGAIN)
			log_err(LOG_LEVEL_ERROR, "notify.report", err);
		return; /* the tick tries again */
	}
	struct notify_outbox *o = r->o;
	forget(o, r->j);
	look(o);
}

/* It was sent, or could not be. */
static void report(struct notify_outbox *o, struct notify_job *j)
{
	const char *params[] = { notify_job_text(j, NOTIFY_ID), result_names[j->result], j->said };
	if (j->reporting || !pg_is_up(o->pg))
		return;
	struct reported *r = calloc(1, sizeof *r);
	if (!r)
		abort();
	*r = (struct reported){ o, j };
	j->reporting = pg_query(o->pg, "select notify.report($1::bigint, $2, $3)", 3, params, reported, r) == 0;
	if (!j->reporting)
		free(r);
}

static void finished(void *ctx, struct notify_job *j)
{
	struct notify_outbox *o = ctx;
	log_ev(j->result == NOTIFY_SENT ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "notify.message", LOG_S("message", notify_job_text(j, NOTIFY_ID)),
		LOG_S("event", notify_job_text(j, NOTIFY_KIND)), LOG_S("via", notify_job_text(j, NOTIFY_VIA)),
		LOG_S("to", notify_job_text(j, NOTIFY_ADDRESS)), LOG_S("result", result_names[j->result]), LOG_S("said", j->said));
	j->ticket = 0;
	j->secret = secret_free(j->secret);
	if (!j->said[0])
		notify_job_say(j, j->result, span_str("-"));
	report(o, j);
}

/* ---- the vault ---- */

static void give_up(struct notify_outbox *o, struct notify_job *j, const char *say)
{
	notify_job_say(j, NOTIFY_FAILED, span_str(say));
	finished(o, j);
}

static void vault_lost(void *ctx, const struct err *why)
{
	struct notify_outbox *o = ctx;
	(void)why;
	for (size_t i = 0; i < o->n; i++)
		if (o->jobs[i]->ticket)
			give_up(o, o->jobs[i], "the vault does not answer");
}

static void vault_said(void *ctx, struct link_msg *m)
{
	struct notify_outbox *o = ctx;
	struct wire_unsealed a;
	struct err err = { 0 };
	if (m->type != WIRE_T_unsealed || wire_unsealed_get(m->body, &a, &err) < 0) {
		log_ev(LOG_LEVEL_ERROR, "notify.vault_nonsense", LOG_S("type", wire_type_name(m->type)));
		link_close(&o->vault);
		vault_lost(o, NULL);
		return;
	}
	for (size_t i = 0; i < o->n; i++) {
		struct notify_job *j = o->jobs[i];
		if (j->ticket != a.ticket)
			continue;
		j->ticket = 0;
		if (a.code < 0 || secret_of(a.secret, &j->secret, &err) < 0)
			give_up(o, j, "the channel's password or URL cannot be opened: give it again");
		else
			notify_pool_give(o->pool, j);
		return;
	}
}

static void open_secret(struct notify_outbox *o, struct notify_job *j)
{
	scoped(buf_done) struct buf sealed = { 0 };
	buf_init(&sealed, SEALED_MAX);
	struct wire_unseal m = { .ticket = ++o->ticket, .bound = span_str(notify_job_text(j, NOTIFY_BOUND)) };
	int r = pg_bytea(span_str(notify_job_text(j, NOTIFY_SEALED)), &sealed);
	m.sealed = buf_span(&sealed);
	if (r == 0)
		r = link_is_open(&o->vault) ? wire_unseal_queue(o->vault.q, &m, -1) : -EPIPE;
	if (r < 0)
		give_up(o, j, "the vault does not answer");
	else
		j->ticket = m.ticket;
}

int notify_outbox_vault(struct notify_outbox *o, int fd, struct err *err)
{
	if (link_is_open(&o->vault)) {
		link_close(&o->vault);
		vault_lost(o, NULL);
	}
	return link_open(&o->vault, o->loop, fd, VAULT_QUEUE, err);
}

/* ---- what is due ---- */

static void taken(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct notify_outbox *o = ctx;
	o->asking = false;
	if (code < 0) {
		o->started = false; /* rows may be ours without our knowing */
		if (code != -EPIPE && code != -EAGAIN)
			log_err(LOG_LEVEL_ERROR, "notify.take", err);
		return;
	}
	for (int i = 0; i < pg_rows(res); i++) {
		struct notify_job *j = notify_job_new(res, i);
		o->jobs[o->n++] = j;
		if (notify_job_text(j, NOTIFY_SEALED)[0])
			open_secret(o, j);
		else
			notify_pool_give(o->pool, j);
	}
	if (o->again)
		look(o);
}

static void started(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct notify_outbox *o = ctx;
	o->asking = false;
	o->started = code == 0;
	if (code == 0 && pg_int(res, 0, 0) > 0)
		log_ev(LOG_LEVEL_WARN, "notify.again", LOG_N("messages", pg_int(res, 0, 0)));
	if (code < 0 && code != -EPIPE && code != -EAGAIN)
		log_err(LOG_LEVEL_ERROR, "notify.start", err);
	if (code == 0)
		look(o);
}

static void start(struct notify_outbox *o)
{
	scoped(buf_done) struct buf mine = { 0 };
	buf_init(&mine, 1024);
	buf_printf(&mine, "{");
	for (size_t i = 0; i < o->n; i++)
		buf_printf(&mine, "%s%s", i ? "," : "", notify_job_text(o->jobs[i], NOTIFY_ID));
	buf_printf(&mine, "}");
	const char *params[] = { buf_str(&mine) };
	o->asking = pg_query(o->pg, "select notify.start($1::bigint[])", 1, params, started, o) == 0;
}

static void look(struct notify_outbox *o)
{
	char most[24];
	o->again = o->asking;
	if (o->asking || !pg_is_up(o->pg))
		return;
	if (!o->started) {
		start(o);
		return;
	}
	if (o->n >= NOTIFY_POOL)
		return;
	(void)snprintf(most, sizeof most, "%zu", NOTIFY_POOL - o->n);
	const char *params[] = { most };
	o->asking = pg_query(o->pg, "select " NOTIFY_COLUMN_NAMES " from notify.take($1::int)", 1, params, taken, o) == 0;
}

static void heard(void *ctx, const char *payload)
{
	(void)payload;
	look(ctx);
}

static void on_tick(void *ctx)
{
	struct notify_outbox *o = ctx;
	loop_timer_set(o->loop, &o->tick, TICK_US);
	for (size_t i = o->n; i-- > 0;)
		if (o->jobs[i]->said[0])
			report(o, o->jobs[i]);
	look(o);
}

void notify_outbox_up(struct notify_outbox *o, bool up)
{
	o->started = o->started && up;
}

int notify_outbox_open(struct notify_outbox *o, struct span ca, struct err *err)
{
	o->vault = (struct link){ .got = vault_said, .lost = vault_lost, .ctx = o };
	o->tick = (struct loop_timer){ .fire = on_tick, .ctx = o };
	int r = notify_pool_new(&o->pool, o->loop, ca, finished, o, err);
	if (r == 0 && pg_listen(o->pg, "yanmen_notify", heard, o) < 0)
		r = fault(err, -EIO, "internal error", "no LISTEN");
	return r;
}

int notify_outbox_start(struct notify_outbox *o, struct err *err)
{
	int r = notify_pool_start(o->pool, err);
	if (r == 0)
		loop_timer_set(o->loop, &o->tick, 0);
	return r;
}

void notify_outbox_done(struct notify_outbox *o)
{
	loop_timer_del(&o->tick);
	link_close(&o->vault);
}
