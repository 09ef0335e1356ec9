#include "policy/statement.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "policy/broker.h"
#include "policy/decide/sql.h"
#include "policy/worker.h"
#include <errno.h>
#include <string.h>

static const char say_unwritten[] = "The gateway cannot write its audit. / 网关暂时无法写入审计。";

static void fact_open(const struct pol_worker *w, struct pol_fact *f)
{
	char id[ID_TEXT];

	id_text(&w->session.id, id);
	pol_fact_open(f);
	pol_fact_text(f, "session", span_str(id));
	if (w->statements.more)
		pol_fact_num(f, "more", w->statements.more);
}

static void put(struct pol_worker *w, const char *kind, struct pol_fact *f)
{
	struct err err;

	if (pol_facts_put(&w->b->facts, kind, f, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
		pol_worker_control(w->b, w->id, WIRE_END_SESSION, say_unwritten);
	}
	w->statements.more = 0;
}

/* Is it one more than what is written down in a minute? */
static bool is_too_many(struct pol_statements *s)
{
	int64_t now = clock_mono_us();

	if (now - s->since_us >= POL_STATEMENTS_US) {
		s->since_us = now;
		s->told = 0;
	}
	return ++s->told > POL_STATEMENTS_TOLD;
}

void pol_statement_told(struct pol_worker *w, const struct wire_statement *m)
{
	struct pol_fact f;

	if (m->verdict == DECIDE_SQL_ALLOW || m->verdict >= DECIDE_SQL_ACTIONS || m->rule < 0 || m->number > INT64_MAX) {
		pol_worker_break(w, "statement that makes no sense");
		return;
	}
	if (is_too_many(&w->statements)) {
		w->statements.more++;
		return;
	}
	fact_open(w, &f);
	pol_fact_text(&f, "verdict", span_str(decide_sql_action_name(m->verdict)));
	if (m->rule)
		pol_fact_num(&f, "rule", m->rule);
	pol_fact_num(&f, "number", (int64_t)m->number);
	pol_fact_text(&f, "statement", m->text);
	pol_fact_text(&f, "fingerprint", m->fingerprint);
	put(w, m->verdict == DECIDE_SQL_ALERT ? "sql.alert" : "sql.denied", &f);
}

void pol_statement_done(struct pol_worker *w)
{
	struct pol_fact f;

	if (!w->statements.more)
		return;
	fact_open(w, &f);
	put(w, "sql.denied", &f);
}

void pol_statement_thread(struct pol_worker *w, uint64_t ours)
{
	struct wire_thread_answer a = { .code = -ENOENT };

	for (const struct pol_worker *x = w->b->workers; x; x = x->next)
		if (pol_worker_is_sql(x) && (uint32_t)x->id == ours && x->session.on && x->thread && x->user_id == w->user_id &&
			w->session.reach[0] && strcmp(x->session.reach, w->session.reach) == 0)
			a = (struct wire_thread_answer){ .thread = x->thread };
	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_thread_answer_queue(w->link.q, &a, -1));
}
