#include "policy/rules.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/rd.h"
#include "policy/broker.h"
#include "policy/decide/sql.h"
#include "policy/worker.h"
#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 48 * 1024, ROW_MAX = 12 * 1024, SESSIONS_MAX = 512 * 1024 };

static const char say_unreadable[] = "The gateway cannot read its rules. / 网关无法读取规则。";

enum column {
	R_ID,
	R_ACTION,
	R_USER,
	R_ROLE,
	R_DIALECT,
	R_DATABASE,
	R_TABLES,
	R_PROGRAM,
	R_FROM,
	R_HOURS,
	R_CLASSES,
	R_FLAGS,
	R_WITHOUT,
	R_STATEMENTS,
	R_ROWS,
	R_REASON_EN,
	R_REASON_ZH,
};
static const char rules_sql[] =
	"select id, action, \"user\", role, dialect, database, tables, program, from_nets, hours, classes, flags, without, statements, rows, "
	"reason_en, reason_zh from api.sql_rules($1::uuid)";

/* "A B C" to bits; a word that is none makes the whole row unreadable. */
static bool bits_of(struct span words, uint64_t (*bit)(struct span), uint64_t *ret)
{
	*ret = 0;
	while (words.n > 0) {
		const uint8_t *blank = memchr(words.p, ' ', words.n);
		size_t n = blank ? (size_t)(blank - words.p) : words.n;
		uint64_t one = bit(span_of(words.p, n));
		if (!one)
			return false;
		*ret |= one;
		n += blank != NULL;
		words = span_of(words.p + n, words.n - n);
	}
	return true;
}

static void put_say(const struct pg_result *res, int i, struct buf *row)
{
	struct buf say;

	buf_init(&say, ROW_MAX);
	buf_put_span(&say, pg_span(res, i, R_REASON_EN));
	if (say.len > 0 && pg_span(res, i, R_REASON_ZH).n > 0)
		buf_put(&say, " / ", 3);
	buf_put_span(&say, pg_span(res, i, R_REASON_ZH));
	wr_str32le(row, buf_span(&say));
	row->failed = row->failed || say.failed;
	buf_done(&say);
}

/* One rule in the shape of wire.h; false: the database said what is no rule. */
static bool row_put(const struct pg_result *res, int i, struct buf *row)
{
	enum decide_sql_action action;
	uint64_t classes, flags, without;

	if (!decide_sql_action(pg_span(res, i, R_ACTION), &action) || !bits_of(pg_span(res, i, R_CLASSES), decide_sql_class, &classes) ||
		!bits_of(pg_span(res, i, R_FLAGS), decide_sql_flag, &flags) || !bits_of(pg_span(res, i, R_WITHOUT), decide_sql_flag, &without))
		return false;
	wr_le(row, (uint64_t)pg_int(res, i, R_ID), 8);
	wr_le(row, action, 1);
	for (int col = R_USER; col <= R_HOURS; col++)
		wr_str32le(row, pg_span(res, i, col));
	wr_le(row, classes, 8);
	wr_le(row, flags, 8);
	wr_le(row, without, 8);
	wr_le(row, (uint64_t)pg_int(res, i, R_STATEMENTS), 8);
	wr_le(row, (uint64_t)pg_int(res, i, R_ROWS), 8);
	put_say(res, i, row);
	return !row->failed;
}

static void send_part(struct pol_worker *w, struct buf *rows, uint32_t *count, bool more)
{
	const struct pol_rules_session *s = &w->rules;
	struct wire_rules m = { .version = w->b->rules.version,
		.more = more,
		.user = span_str(w->user),
		.role = span_str(s->role),
		.otherwise = s->otherwise,
		.approval = s->approval,
		.count = *count,
		.rows = buf_span(rows) };

	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_rules_queue(w->link.q, &m, -1));
	buf_clear(rows);
	*count = 0;
}

static bool send_all(struct pol_worker *w, const struct pg_result *res)
{
	struct buf rows, row;
	uint32_t count = 0;
	bool good = pg_rows(res) <= POL_RULES_MAX;

	buf_init(&rows, ROWS_MAX);
	buf_init(&row, ROW_MAX);
	w->b->rules.version++;
	for (int i = 0; good && i < pg_rows(res); i++) {
		buf_clear(&row);
		good = row_put(res, i, &row);
		if (rows.len + row.len > ROWS_MAX)
			send_part(w, &rows, &count, true);
		buf_put_span(&rows, buf_span(&row));
		count++;
	}
	if (good)
		send_part(w, &rows, &count, false);
	buf_done(&rows);
	buf_done(&row);
	return good;
}

static void rules_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_worker *w = ctx;
	struct pol_rules_session *s = &w->rules;

	s->asking = false;
	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "rules.unread", err);
		return; /* the next look asks again */
	}
	if (send_all(w, res)) {
		memcpy(s->sent, s->asked, sizeof s->sent);
		log_ev(LOG_LEVEL_INFO, "rules.sent", LOG_S("worker", w->name), LOG_N("rules", pg_rows(res)),
			LOG_N("version", w->b->rules.version));
	} else {
		log_ev(LOG_LEVEL_ERROR, "rules.unreadable", LOG_S("worker", w->name), LOG_N("rules", pg_rows(res)));
		pol_worker_control(w->b, w->id, WIRE_END_SESSION, say_unreadable);
	}
	if (s->again)
		pol_rules_look(w->b);
}

static struct pol_worker *worker_of(struct pol_broker *b, struct span id)
{
	struct id want;

	if (id_parse(id, &want) < 0)
		return NULL;
	for (struct pol_worker *w = b->workers; w; w = w->next)
		if (pol_worker_is_sql(w) && w->session.on && id_eq(&w->session.id, &want))
			return w;
	return NULL;
}

/* What the rules of one session are known by; asks for them when they are others than it has. */
static void row(struct pol_broker *b, const struct pg_result *res, int i)
{
	struct pol_worker *w = worker_of(b, pg_span(res, i, 0));
	struct pol_rules_session *s = w ? &w->rules : NULL;
	enum decide_sql_action otherwise;
	char known[sizeof s->sent], id[ID_TEXT];
	const char *role = pg_text(res, i, 1), *digest = pg_text(res, i, 4);

	if (!w || !role || !digest || !decide_sql_action(pg_span(res, i, 2), &otherwise))
		return;
	(void)snprintf(known, sizeof known, "%s %s %u %u", digest, role, otherwise, pg_bool(res, i, 3));
	if (strcmp(known, s->sent) == 0)
		return;
	s->again = s->asking;
	if (s->asking)
		return;
	(void)snprintf(s->role, sizeof s->role, "%s", role);
	memcpy(s->asked, known, sizeof s->asked);
	s->otherwise = (uint8_t)otherwise;
	s->approval = pg_bool(res, i, 3);
	s->asking = true;
	id_text(&w->session.id, id);
	pol_query(&b->sql, POL_SQL(rules_sql, id), rules_came, w);
}

static void sessions_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_broker *b = ctx;
	struct pol_rules *r = &b->rules;

	r->asking = false;
	if (code < 0)
		log_err(LOG_LEVEL_WARN, "rules.unread", err);
	for (int i = 0; code == 0 && i < pg_rows(res); i++)
		row(b, res, i);
	if (r->again)
		pol_rules_look(b);
}

static void look(void *ctx)
{
	struct pol_broker *b = ctx;
	struct pol_rules *r = &b->rules;
	struct buf sessions;
	size_t n = 0;
	char id[ID_TEXT];

	loop_timer_set(b->loop, &r->look, POL_RULES_LOOK_US);
	r->again = r->asking;
	if (r->asking || !pg_is_up(b->sql.pg))
		return;
	buf_init(&sessions, SESSIONS_MAX);
	for (const struct pol_worker *w = b->workers; w; w = w->next) {
		if (!pol_worker_is_sql(w) || !w->session.on)
			continue;
		id_text(&w->session.id, id);
		buf_printf(&sessions, "%c%s", n++ ? ',' : '{', id);
	}
	buf_put(&sessions, "}", 1);
	if (n > 0 && !sessions.failed) {
		r->asking = true;
		pol_query(&b->sql,
			POL_SQL("select id, role, otherwise, approval, digest from api.sql_sessions($1::uuid[])", buf_str(&sessions)),
			sessions_came, b);
	}
	buf_done(&sessions);
}

void pol_rules_look(struct pol_broker *b)
{
	loop_timer_del(&b->rules.look);
	loop_timer_set(b->loop, &b->rules.look, 0);
}

static void heard(void *ctx, const char *payload)
{
	(void)payload;
	pol_rules_look(ctx);
}

void pol_rules_listen(struct pol_broker *b)
{
	if (pg_listen(b->sql.pg, "yanmen_rules", heard, b) < 0)
		log_ev(LOG_LEVEL_WARN, "rules.unheard");
}

void pol_rules_init(struct pol_broker *b)
{
	/* A worker that outlives a broker hears greater numbers from the next. */
	b->rules = (struct pol_rules){ .look = { .fire = look, .ctx = b }, .version = (uint64_t)clock_wall_us() };
}

void pol_rules_done(struct pol_broker *b)
{
	loop_timer_del(&b->rules.look);
}
