#include "export/feed.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/pg.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TICK_US = 1000 * 1000, AWAY_US = 5 * 1000 * 1000, REPORT_US = 10 * 1000 * 1000 };
enum { SEQ, UID, AT, KIND, ACTOR, BODY, HASH, USER, TARGET, ACCOUNT, SESSION, IP, FAILED };
#define ROWS_SQL                                                                                                       \
	"select seq, uid, at, kind, actor, body, hash, user_name, target, account, session, ip, failed "               \
	"from siem.rows($1::bigint, $2::int, $3::int)"

static void complain(const char *event, const struct err *err)
{
	if (err->code != -EPIPE && err->code != -EAGAIN) /* the connection has told that */
		log_err(LOG_LEVEL_ERROR, event, err);
}

/* ---- rows ---- */

static void give(struct export_feed *f, const struct pg_result *res, int i)
{
	struct export_row row = { .seq = pg_int(res, i, SEQ),
		.uid = pg_span(res, i, UID),
		.at = pg_span(res, i, AT),
		.kind = pg_span(res, i, KIND),
		.actor = pg_span(res, i, ACTOR),
		.body = pg_span(res, i, BODY),
		.hash = pg_span(res, i, HASH),
		.user = pg_span(res, i, USER),
		.target = pg_span(res, i, TARGET),
		.account = pg_span(res, i, ACCOUNT),
		.session = pg_span(res, i, SESSION),
		.ip = pg_span(res, i, IP),
		.failed = pg_bool(res, i, FAILED) };
	f->sink->take(f->ctx, &row);
	f->seq = row.seq;
}

static void ask(struct export_feed *f);

static void page_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct export_feed *f = ctx;
	f->asking = false;
	if (f->stale) {
		f->stale = false;
		if (f->wanted)
			ask(f);
		return;
	}
	if (code < 0)
		complain("siem.rows", err);
	if (code < 0 || pg_rows(res) == 0)
		return; /* the tick asks again */
	f->wanted = false;
	for (int i = 0; i < pg_rows(res); i++)
		give(f, res, i);
	f->sink->flush(f->ctx);
}

static void ask(struct export_feed *f)
{
	char after[24], most[24], bytes[24];
	if (!f->started || f->asking || !pg_is_up(f->pg))
		return;
	(void)snprintf(after, sizeof after, "%" PRId64, f->seq);
	(void)snprintf(most, sizeof most, "%d", (int)EXPORT_FEED_ROWS);
	(void)snprintf(bytes, sizeof bytes, "%d", (int)EXPORT_FEED_BYTES);
	const char *params[] = { after, most, bytes };
	f->asking = pg_query(f->pg, ROWS_SQL, 3, params, page_came, f) == 0;
}

void export_feed_want(struct export_feed *f)
{
	f->wanted = true;
	ask(f);
}

void export_feed_again(struct export_feed *f)
{
	f->seq = f->arrived;
	f->wanted = false;
	f->stale = f->asking;
}

void export_feed_arrived(struct export_feed *f, int64_t seq)
{
	if (seq > f->arrived)
		f->arrived = seq;
}

/* ---- how it does ---- */

static void tell(struct export_feed *f, const char *event, enum log_level level)
{
	log_ev(level, event, LOG_S("sink", f->name), LOG_S("to", f->destination), LOG_S("why", f->why),
		LOG_S("detail", f->detail), LOG_N("arrived", f->arrived));
	f->changed = true;
}

void export_feed_trouble(struct export_feed *f, const char *why, const char *detail)
{
	if (!f->trouble_us)
		f->trouble_us = clock_mono_us();
	if (f->away && strcmp(f->why, why) != 0)
		f->changed = true;
	f->why = why;
	(void)snprintf(f->detail, sizeof f->detail, "%s", detail);
}

void export_feed_well(struct export_feed *f)
{
	f->trouble_us = 0;
	f->known = true;
	f->why = "";
	f->detail[0] = 0;
	if (!f->away)
		return;
	f->away = false;
	tell(f, "siem.back", LOG_LEVEL_INFO);
}

static void reported(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct export_feed *f = ctx;
	(void)res;
	f->reporting = false;
	if (code < 0) {
		f->changed = true;
		complain("siem.report", err);
	}
}

static void report(struct export_feed *f)
{
	char seq[24];
	int64_t now = clock_mono_us();
	if (!f->known || f->reporting || !pg_is_up(f->pg) ||
		(!f->changed && f->arrived == f->reported && now - f->reported_us < REPORT_US))
		return;
	(void)snprintf(seq, sizeof seq, "%" PRId64, f->arrived);
	const char *params[] = { f->name, seq, f->away ? "away" : "ok", f->away ? f->why : "",
		f->away ? f->detail : "" };
	f->reporting = pg_query(f->pg, "select siem.report($1, $2::bigint, $3, $4, $5)", 5, params, reported, f) == 0;
	f->changed = !f->reporting;
	f->reported = f->arrived;
	f->reported_us = now;
}

/* ---- its life ---- */

static void start_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct export_feed *f = ctx;
	f->asking = false;
	if (code < 0) {
		complain("siem.start", err);
		return;
	}
	f->started = true;
	f->seq = f->arrived = f->reported = pg_int(res, 0, 0);
	f->changed = true;
	f->stale = false;
	log_ev(LOG_LEVEL_INFO, "siem.start", LOG_S("sink", f->name), LOG_S("to", f->destination),
		LOG_N("arrived", f->arrived));
	if (f->wanted)
		ask(f);
}

static void start(struct export_feed *f)
{
	const char *params[] = { f->name, f->destination };
	if (!f->asking && pg_is_up(f->pg))
		f->asking = pg_query(f->pg, "select siem.start($1, $2)", 2, params, start_came, f) == 0;
}

static void on_tick(void *ctx)
{
	struct export_feed *f = ctx;
	loop_timer_set(f->loop, &f->tick, TICK_US);
	f->sink->tick(f->ctx);
	if (f->trouble_us && !f->away && clock_mono_us() - f->trouble_us >= AWAY_US) {
		f->away = f->known = true;
		tell(f, "siem.away", LOG_LEVEL_WARN);
	}
	if (!f->started) {
		start(f);
		return;
	}
	report(f);
	if (f->wanted)
		ask(f);
}

void export_feed_open(struct export_feed *f, struct loop *loop, struct pg *pg, const char *name,
	const char *destination, const struct export_feed_sink *sink, void *ctx)
{
	*f = (struct export_feed){
		.loop = loop, .pg = pg, .name = name, .destination = destination, .sink = sink, .ctx = ctx, .why = ""
	};
	f->tick = (struct loop_timer){ .fire = on_tick, .ctx = f };
	loop_timer_set(loop, &f->tick, 0);
}

void export_feed_done(struct export_feed *f)
{
	if (f->loop)
		loop_timer_del(&f->tick);
}
