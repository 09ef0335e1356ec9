#include "policy/greeting.h"
#include "gateway/core/err.h"
#include "policy/broker.h"
#include "policy/worker.h"

static void welcome(struct pol_worker *w, struct span greeting)
{
	struct wire_welcome m = { .text = span_str(w->b->settings.banner), .greeting = greeting };

	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_welcome_queue(w->link.q, &m, -1));
}

static void came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	(void)err;
	welcome(ctx, code == 0 && pg_rows(res) == 1 ? pg_span(res, 0, 0) : (struct span){ 0 });
}

void pol_greeting_welcome(struct pol_worker *w)
{
	if (pol_worker_is_sql(w) && pg_is_up(w->b->sql.pg))
		pol_query(&w->b->sql, POL_SQL("select api.sql_greeting($1)", w->bound), came, w);
	else
		welcome(w, (struct span){ 0 });
}
