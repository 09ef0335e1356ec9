#include "policy/sql/permit.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/pg.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/worker.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

enum { DIGEST = 32, DATABASE_MAX = 256 };
static const char say_away[] = "the database is away; try again in a minute";

/* A question on its way; the worker may be gone when the answer comes. */
struct asked {
	struct pol_broker *b;
	uint64_t worker;
};

static void answer(struct pol_worker *w, const struct wire_permit_answer *a)
{
	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_permit_answer_queue(w->link.q, a, -1));
}

static void answered(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct asked *q = ctx;
	struct pol_worker *w = pol_worker_find(q->b, q->worker);
	struct wire_permit_answer a = { .rows = -1, .why = span_str(say_away) };

	free(q);
	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "sql.permit", err);
		if (err->say[0] && code != -EIO)
			a.why = span_str(err->say);
	} else if (pg_rows(res) == 1) {
		a = (struct wire_permit_answer){ .request = (uint64_t)pg_int(res, 0, 0), .n = (uint32_t)pg_int(res, 0, 1), .count = (uint32_t)pg_int(res, 0, 2),
			.rows = pg_text(res, 0, 3) ? pg_int(res, 0, 3) : -1, .stop = pg_bool(res, 0, 4), .why = pg_span(res, 0, 5) };
	}
	if (w)
		answer(w, &a);
}

void pol_sql_permit_ask(struct pol_worker *w, const struct wire_permit *m)
{
	char id[ID_TEXT], digest[2 * DIGEST + 3], *database = NULL;

	if (m->digest.n != DIGEST || span_dup(m->database, DATABASE_MAX, &database) < 0) {
		pol_worker_break(w, "permit that makes no sense");
		return;
	}
	struct asked *q = calloc(1, sizeof *q);
	if (!q)
		abort();
	*q = (struct asked){ .b = w->b, .worker = w->id };
	id_text(&w->session.id, id);
	digest[0] = '\\';
	digest[1] = 'x';
	sodium_bin2hex(digest + 2, sizeof digest - 2, m->digest.p, m->digest.n);
	pol_query(&w->b->sql, POL_SQL("select request, n, count, rows, stop, why from api.sql_permit($1, $2, $3)", id, digest, database), answered, q);
	free(database);
}

void pol_sql_permit_done(struct pol_worker *w, const struct wire_permit_done *m)
{
	static const char *const states[WIRE_RANS] = {
		[WIRE_RAN_OK] = "OK", [WIRE_RAN_FAILED] = "FAILED", [WIRE_RAN_SKIPPED] = "SKIPPED", [WIRE_RAN_UNKNOWN] = "UNKNOWN",
	};
	char id[ID_TEXT];
	struct pol_fact f;
	struct err err;

	if (m->state >= WIRE_RANS || !states[m->state] || m->request > INT64_MAX || m->us > INT64_MAX) {
		pol_worker_break(w, "permit_done that makes no sense");
		return;
	}
	id_text(&w->session.id, id);
	pol_fact_open(&f);
	pol_fact_text(&f, "session", span_str(id));
	pol_fact_num(&f, "request", (int64_t)m->request);
	pol_fact_num(&f, "n", m->n);
	pol_fact_text(&f, "state", span_str(states[m->state]));
	pol_fact_num(&f, "rows", m->rows);
	pol_fact_num(&f, "us", (int64_t)m->us);
	pol_fact_num(&f, "code", m->code);
	pol_fact_text(&f, "sqlstate", m->sqlstate);
	pol_fact_text(&f, "words", m->words);
	if (pol_facts_put(&w->b->facts, "sql.done", &f, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
}
