#include "policy/query.h"
#include "gateway/core/err.h"
#include <errno.h>
#include <stdlib.h>

struct pol_query_waiting {
	struct pol_query_waiting *next, **at;
	pg_done *done; /* NULL: the asker is gone */
	void *ctx;
	int code;
	struct loop_timer timer; /* tells a refusal that came at once */
};

static void query_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_query_waiting *w = ctx;
	pg_done *done = w->done;
	void *asker = w->ctx;

	*w->at = w->next;
	if (w->next)
		w->next->at = w->at;
	free(w);
	if (done)
		done(asker, code, res, err);
}

static void query_refused(void *ctx)
{
	struct pol_query_waiting *w = ctx;
	struct err err;

	(void)fault(&err, w->code, "the database is busy", "the query queue is full");
	query_done(w, w->code, NULL, &err);
}

void pol_query(struct pol_queries *q, const struct pol_sql *sql, pg_done *done, void *ctx)
{
	struct pol_query_waiting *w = calloc(1, sizeof *w);

	if (!w)
		abort();
	w->done = done;
	w->ctx = ctx;
	w->at = &q->first;
	w->next = q->first;
	if (w->next)
		w->next->at = &w->next;
	q->first = w;
	w->code = pg_query(q->pg, sql->text, sql->n, sql->params, query_done, w);
	if (w->code < 0) {
		w->timer.fire = query_refused;
		w->timer.ctx = w;
		loop_timer_set(q->loop, &w->timer, 0);
	}
}

void pol_query_drop(struct pol_queries *q, const void *ctx)
{
	for (struct pol_query_waiting *w = q->first; w; w = w->next)
		if (w->ctx == ctx)
			w->done = NULL;
}
