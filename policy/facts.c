#include "policy/facts.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/id.h"
#include "gateway/core/log.h"
#include "policy/keep/durable.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RETRY_US = 1000 * 1000, REFUSALS_MAX = 10 };

void pol_fact_open(struct pol_fact *f)
{
	buf_init(&f->body, 120 << 10);
	json_open(&f->json, &f->body);
	json_obj(&f->json, NULL);
}

void pol_fact_text(struct pol_fact *f, const char *key, struct span text)
{
	struct buf clean;
	size_t n = text.n < POL_FACT_TEXT_MAX ? text.n : POL_FACT_TEXT_MAX;

	while (n < text.n && n > 0 && (text.p[n] & 0xc0) == 0x80)
		n--;
	buf_init(&clean, 3 * POL_FACT_TEXT_MAX);
	for (size_t i = 0; i < n; i++)
		if (text.p[i])
			buf_put(&clean, text.p + i, 1);
		else
			buf_put(&clean, "\xef\xbf\xbd", 3);
	json_str(&f->json, key, buf_span(&clean));
	if (n < text.n) {
		char cut[64];
		(void)snprintf(cut, sizeof cut, "%s_bytes", key);
		json_num(&f->json, cut, (int64_t)text.n);
	}
	buf_done(&clean);
}

void pol_fact_num(struct pol_fact *f, const char *key, int64_t v)
{
	json_num(&f->json, key, v);
}

static void facts_next(struct pol_facts *f);

static void facts_retry(void *ctx)
{
	facts_next(ctx);
}

void pol_facts_init(struct pol_facts *f, struct loop *loop, struct pol_queries *sql, struct pol_spool *spool)
{
	*f = (struct pol_facts){ .loop = loop, .sql = sql, .spool = spool, .retry = { .fire = facts_retry, .ctx = f } };
}

/* The class of an error that is not one of our own raises (gateway/core/pg.h: its SQLSTATE stands first in detail). */
static bool is_class(const struct err *err, const char *classes)
{
	for (; *classes; classes += 2)
		if (strncmp(err->detail, classes, 2) == 0)
			return true;
	return false;
}

/* Our own raises, and content that no later try can store: 22 data exception, 23 integrity constraint. */
static bool is_for_ever(int code, const struct err *err)
{
	return code == -EINVAL || code == -ENOENT || code == -EACCES || code == -EEXIST || code == -EPROTO ||
	       (code == -EIO && is_class(err, "2223"));
}

/* A server in trouble, not a record: connection, transaction, resources, operator, system. */
static bool is_trouble(const struct err *err)
{
	return is_class(err, "084053555758");
}

static void facts_reject(struct pol_facts *f, const struct err *why)
{
	struct err err;

	log_err(LOG_LEVEL_ERROR, "spool.rejected", why);
	if (pol_spool_reject(f->spool, why->detail[0] ? why->detail : why->say, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "spool.broken", &err);
		pol_spool_applied(f->spool);
	}
}

static void facts_applied(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_facts *f = ctx;

	(void)res;
	f->in_flight = false;
	if (code == 0) {
		pol_spool_applied(f->spool);
		f->refusals = 0;
	} else if (code == -EPIPE || code == -EAGAIN) {
		loop_timer_set(f->loop, &f->retry, RETRY_US);
		return;
	} else if (is_for_ever(code, err) || (!is_trouble(err) && f->refusals >= REFUSALS_MAX)) {
		facts_reject(f, err);
		f->refusals = 0;
	} else {
		if (f->refusals++ == 0)
			log_err(LOG_LEVEL_WARN, "spool.refused", err);
		loop_timer_set(f->loop, &f->retry, RETRY_US);
		return;
	}
	facts_next(f);
}

static void facts_send(struct pol_facts *f, const struct pol_spool_entry *e)
{
	char uid[ID_TEXT], at[24];

	id_text(&e->uid, uid);
	(void)snprintf(at, sizeof at, "%" PRId64, e->at_us);
	f->in_flight = true;
	pol_query(f->sql,
		POL_SQL("select api.spool_apply($1::uuid, $2::bigint, $3, $4::jsonb)", uid, at, e->kind, e->body),
		facts_applied, f);
}

static void facts_next(struct pol_facts *f)
{
	struct pol_spool_entry e;
	struct err err;

	if (f->in_flight || !f->up)
		return;
	int r = pol_spool_next(f->spool, &e, &err);
	if (r == 0) {
		loop_timer_del(&f->retry);
		facts_send(f, &e);
	} else if (r == -ENOENT && f->drained) {
		void (*drained)(void *) = f->drained;
		f->drained = NULL;
		drained(f->ctx);
	} else if (r != -ENOENT) {
		log_err(LOG_LEVEL_ERROR, "spool.broken", &err);
		loop_timer_set(f->loop, &f->retry, RETRY_US);
	}
}

int pol_facts_put(struct pol_facts *f, const char *kind, struct pol_fact *fact, struct err *err)
{
	int r;

	json_end(&fact->json);
	if (fact->body.failed)
		r = fault(err, -EMSGSIZE, "too long for the audit", "%s", kind);
	else
		r = pol_spool_add(f->spool, kind, buf_span(&fact->body), err);
	buf_done(&fact->body);
	if (r == 0 && f->durable)
		pol_durable_wrote(f->durable);
	if (r == 0)
		facts_next(f);
	return r;
}

static void tell_away(struct pol_facts *f)
{
	struct pol_fact fact;
	struct err err;

	pol_fact_open(&fact);
	pol_fact_num(&fact, "since_us", f->away_since_us);
	pol_fact_num(&fact, "seconds", (clock_wall_us() - f->away_since_us) / 1000000);
	f->away_since_us = 0;
	if (pol_facts_put(f, "database.away", &fact, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
}

void pol_facts_up(struct pol_facts *f, bool up)
{
	if (f->up == up)
		return;
	f->up = up;
	if (!up) {
		f->away_since_us = clock_wall_us();
		return;
	}
	if (f->away_since_us)
		tell_away(f);
	facts_next(f);
}

void pol_facts_when_drained(struct pol_facts *f, void (*drained)(void *ctx), void *ctx)
{
	f->drained = drained;
	f->ctx = ctx;
	facts_next(f);
}
