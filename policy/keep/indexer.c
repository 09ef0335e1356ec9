#include "policy/keep/indexer.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/json.h"
#include "gateway/core/log.h"
#include "policy/broker.h"
#include "policy/keep/reading.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINES_JSON_MAX = 1 << 20 };

struct pol_indexer {
	struct pol_broker *b;
	struct pol_queries *sql;
	bool busy, reads;      /* something is on its way; a reader is at work */
	struct pol_reading reading;
	char session[ID_TEXT];
	int64_t seen, taken, most; /* lines from the reader, in the table, allowed */
	int64_t awaited;           /* taken, once the last put is done */
};

static void stop(struct pol_indexer *x)
{
	pol_reading_drop(&x->reading);
	x->busy = x->reads = false;
}

static void finished(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_indexer *x = ctx;

	(void)res;
	if (code < 0)
		log_err(LOG_LEVEL_WARN, "search.unread", err);
	else
		log_ev(LOG_LEVEL_INFO, "search.read", LOG_S("sid", x->session), LOG_N("lines", x->taken));
	stop(x);
	if (code == 0)
		pol_indexer_poke(x);
}

static void finish(struct pol_indexer *x)
{
	pol_reading_drop(&x->reading);
	x->reads = false;
	pol_query(x->sql, POL_SQL("select api.search_done($1::uuid)", x->session), finished, x);
}

static void put_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_indexer *x = ctx;

	if (code < 0 || pg_int(res, 0, 0) != x->awaited) {
		if (code < 0)
			log_err(LOG_LEVEL_WARN, "search.unread", err);
		stop(x); /* from the beginning, when it is its turn again */
		return;
	}
	x->taken = x->awaited;
	if (!x->reads)
		stop(x); /* the reader died meanwhile */
	else if (x->taken >= x->most)
		finish(x);
	else
		pol_reading_pause(&x->reading, false);
}

/* The lines of a message that are not in the table yet, as JSON; how many. */
static int64_t lines_put(struct pol_indexer *x, struct span in, struct json *j)
{
	struct frame f;
	int64_t n = 0;

	for (int used; (used = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + used, in.n - (size_t)used)) {
		if (x->seen++ < x->taken || x->taken + n >= x->most)
			continue;
		json_arr(j, NULL);
		json_num(j, NULL, (int64_t)(f.time_us & INT64_MAX));
		json_num(j, NULL, f.channel);
		json_str(j, NULL, f.body);
		if (f.type == FRAME_STATEMENT)
			json_str(j, NULL, span_str("s"));
		json_end(j);
		n++;
	}
	return n;
}

static void lines(void *ctx, struct span frames)
{
	struct pol_indexer *x = ctx;
	struct buf b;
	struct json j;
	char first[24];

	if (x->awaited != x->taken)
		return; /* told although it was to wait: it is dead, and what it still said comes again */
	buf_init(&b, LINES_JSON_MAX);
	json_open(&j, &b);
	json_arr(&j, NULL);
	int64_t n = lines_put(x, frames, &j);
	json_end(&j);
	if (n > 0 && !b.failed) {
		(void)snprintf(first, sizeof first, "%" PRId64, x->taken);
		x->awaited = x->taken + n;
		pol_reading_pause(&x->reading, true);
		pol_query(x->sql,
			POL_SQL("select api.search_put($1::uuid, $2::bigint, $3::jsonb)", x->session, first, buf_str(&b)),
			put_done, x);
	} else if (b.failed) {
		stop(x);
	}
	buf_done(&b);
}

static void reading_done(void *ctx, int code, const char *say, const struct wire_read_done *m)
{
	struct pol_indexer *x = ctx;

	(void)m;
	x->reads = false;
	if (code < 0)
		log_ev(LOG_LEVEL_WARN, "search.unread", LOG_S("sid", x->session), LOG_S("why", say));
	if (x->awaited != x->taken)
		return; /* put_done goes on */
	if (code < 0)
		stop(x);
	else
		finish(x);
}

static void next_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_indexer *x = ctx;
	struct id id;

	x->busy = false;
	if (code < 0)
		log_err(LOG_LEVEL_WARN, "search.unread", err);
	if (code < 0 || pg_rows(res) == 0 || id_parse(pg_span(res, 0, 0), &id) < 0)
		return;
	id_text(&id, x->session);
	x->seen = 0;
	x->taken = x->awaited = pg_int(res, 0, 1);
	x->most = pg_int(res, 0, 2);
	x->busy = x->reads = true;
	x->reading = (struct pol_reading){ .b = x->b,
		.id = id,
		.format = WIRE_READ_LINES,
		.fd = -1,
		.done = reading_done,
		.lines = lines,
		.ctx = x };
	pol_reading_start(&x->reading);
}

void pol_indexer_poke(struct pol_indexer *x)
{
	if (x->busy || !pg_is_up(x->sql->pg) || !link_is_open(&x->b->vault))
		return;
	x->busy = true;
	pol_query(x->sql, POL_SQL("select session, taken, most from api.search_next()"), next_came, x);
}

struct pol_indexer *pol_indexer_new(struct pol_broker *b, struct pol_queries *sql)
{
	struct pol_indexer *x = calloc(1, sizeof *x);

	if (!x)
		abort();
	x->b = b;
	x->sql = sql;
	return x;
}

struct pol_indexer *pol_indexer_free(struct pol_indexer *x)
{
	if (x) {
		pol_reading_drop(&x->reading);
		pol_query_drop(x->sql, x);
		free(x);
	}
	return NULL;
}
