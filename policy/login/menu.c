#include "policy/login/menu.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/rd.h"
#include "policy/broker.h"
#include "policy/worker.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char say_away[] = "Yanmen's database is away. Try again in a minute. / 数据库暂时不可用，请稍后再试。";

enum { ROWS_MAX = 60000, SEARCH_MAX = 128 };

static void menu_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_worker *w = ctx;
	struct wire_targets_answer a = { 0 };
	struct buf rows;

	buf_init(&rows, ROWS_MAX);
	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "menu", err);
		a.say = span_str(say_away);
	}
	for (int i = 0; code == 0 && i < pg_rows(res); i++) {
		size_t before = rows.len;
		a.total = (uint32_t)pg_int(res, i, 0);
		for (int c = 1; c <= 4; c++)
			wr_str32le(&rows, pg_span(res, i, c));
		if (rows.failed) {
			rows.len = before; /* the next page begins with this one */
			break;
		}
		a.count++;
	}
	a.rows = buf_span(&rows);
	w->permit.state = POL_CHOOSE;
	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_targets_answer_queue(w->link.q, &a, -1));
	buf_done(&rows);
}

void pol_menu_ask(struct pol_worker *w, const struct wire_targets *m)
{
	char user[24], offset[16], limit[16], search[SEARCH_MAX + 1];
	size_t n = m->search.n < SEARCH_MAX ? m->search.n : SEARCH_MAX;

	/* A search that is no text for the database finds nothing instead of failing: NUL ends it. */
	(void)snprintf(search, sizeof search, "%.*s", (int)n, n ? (const char *)m->search.p : "");
	(void)snprintf(user, sizeof user, "%" PRId64, w->user_id);
	(void)snprintf(offset, sizeof offset, "%" PRIu32, m->offset & INT32_MAX);
	(void)snprintf(limit, sizeof limit, "%d", POL_MENU_PAGE);
	pol_query(&w->b->sql,
		POL_SQL("select total, target, account, cluster, address from api.menu($1::bigint, $2, $3::int, "
			"$4::int)",
			user, search, offset, limit),
		menu_done, w);
}
