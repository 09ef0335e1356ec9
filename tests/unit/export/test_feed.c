/* The feed over a database that is played here: it answers when the test says so. */
#include "tests/unit/core/unit.h"
#include "export/feed.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/pg.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000 * 1000, ASKED_MAX = 16 };

/* ---- the database ---- */
static struct {
	bool up;
	struct {
		char sql[256], params[5][64];
		pg_done *done;
		void *ctx;
	} asked[ASKED_MAX];
	int n;
	int64_t first, rows; /* of the page that is the answer */
} db;

struct pg_result;
bool pg_is_up(const struct pg *pg)
{
	(void)pg;
	return db.up;
}
int pg_query(struct pg *pg, const char *sql, int n, const char *const *params, pg_done *done, void *ctx)
{
	(void)pg;
	assert_true(db.up && db.n < ASKED_MAX);
	(void)snprintf(db.asked[db.n].sql, sizeof db.asked[db.n].sql, "%s", sql);
	for (int i = 0; i < n; i++)
		(void)snprintf(db.asked[db.n].params[i], sizeof db.asked[db.n].params[i], "%s", params[i]);
	db.asked[db.n].done = done;
	db.asked[db.n++].ctx = ctx;
	return 0;
}
int pg_rows(const struct pg_result *r)
{
	(void)r;
	return (int)db.rows;
}
int64_t pg_int(const struct pg_result *r, int row, int col)
{
	(void)r, (void)col;
	return db.first + row;
}
bool pg_bool(const struct pg_result *r, int row, int col)
{
	(void)r, (void)row, (void)col;
	return false;
}
struct span pg_span(const struct pg_result *r, int row, int col)
{
	(void)r, (void)row, (void)col;
	return span_str("x");
}

/* Answers the oldest question, which is this one. */
static void answer(const char *what, const char *param, int64_t first, int64_t rows, int code)
{
	assert_true(db.n > 0);
	assert_non_null(strstr(db.asked[0].sql, what));
	assert_string_equal(db.asked[0].params[param[0] == '@' ? 1 : 0], param + (param[0] == '@'));
	pg_done *done = db.asked[0].done;
	void *ctx = db.asked[0].ctx;
	memmove(db.asked, db.asked + 1, (size_t)--db.n * sizeof db.asked[0]);
	db.first = first;
	db.rows = rows;
	struct err err = { .code = code };
	done(ctx, code, code < 0 ? NULL : (const struct pg_result *)&db, &err);
}

/* ---- the sink ---- */
static struct loop *loop;
static struct export_feed feed;
static char got[128];
static int flushed;

static void sink_take(void *ctx, const struct export_row *row)
{
	(void)ctx;
	size_t n = strlen(got);
	(void)snprintf(got + n, sizeof got - n, "%d ", (int)row->seq);
}
static void sink_flush(void *ctx)
{
	(void)ctx;
	flushed++;
}
static void sink_tick(void *ctx)
{
	(void)ctx;
}

static void seconds(int n)
{
	for (int i = 0; i < n; i++) {
		clock_advance(SECOND);
		loop_turn(loop, 0);
	}
}

static int set_up(void **state)
{
	static const struct export_feed_sink sink = { .take = sink_take, .flush = sink_flush, .tick = sink_tick };
	(void)state;
	clock_fake(100 * SECOND);
	memset(&db, 0, sizeof db);
	db.up = true;
	got[0] = 0;
	flushed = 0;
	assert_int_equal(loop_new(&loop, NULL), 0);
	export_feed_open(&feed, loop, NULL, "syslog", "tcp://h:1", &sink, NULL);
	seconds(1);
	answer("siem.start", "syslog", 7, 1, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	export_feed_done(&feed);
	loop = loop_free(loop);
	clock_fake(0);
	return 0;
}

static void pages_come_one_by_one_when_the_sink_asks(void **state)
{
	(void)state;
	seconds(3);
	assert_int_equal(db.n, 0);
	export_feed_want(&feed);
	export_feed_want(&feed);
	assert_int_equal(db.n, 1);
	answer("siem.rows", "7", 8, 3, 0);
	assert_string_equal(got, "8 9 10 ");
	assert_int_equal(flushed, 1);
	seconds(3);
	assert_int_equal(db.n, 0); /* it stands still */
	export_feed_want(&feed);
	answer("siem.rows", "10", 0, 0, 0);
	assert_int_equal(flushed, 1);
	seconds(1); /* nothing new: asked again later */
	answer("siem.rows", "10", 11, 1, 0);
	assert_string_equal(got, "8 9 10 11 ");
}

static void what_had_not_arrived_comes_again(void **state)
{
	(void)state;
	export_feed_want(&feed);
	answer("siem.rows", "7", 8, 3, 0);
	export_feed_arrived(&feed, 8);
	export_feed_arrived(&feed, 2); /* an older one changes nothing */
	export_feed_again(&feed);
	export_feed_want(&feed);
	answer("siem.rows", "8", 9, 2, 0);
	assert_string_equal(got, "8 9 10 9 10 ");
}

static void a_page_for_a_connection_that_broke_is_dropped(void **state)
{
	(void)state;
	export_feed_want(&feed);
	export_feed_again(&feed);
	export_feed_want(&feed); /* of the next connection, while the page is on its way */
	answer("siem.rows", "7", 8, 3, 0);
	assert_string_equal(got, "");
	answer("siem.rows", "7", 8, 3, 0);
	assert_string_equal(got, "8 9 10 ");
	assert_int_equal(flushed, 1);
}

static void a_database_that_fails_is_asked_again(void **state)
{
	(void)state;
	export_feed_want(&feed);
	db.up = false;
	answer("siem.rows", "7", 0, 0, -EPIPE);
	seconds(5);
	assert_int_equal(db.n, 0);
	db.up = true;
	seconds(1);
	answer("siem.rows", "7", 8, 1, 0);
	assert_string_equal(got, "8 ");
}

static void trouble_is_told_after_five_seconds_and_so_is_its_end(void **state)
{
	(void)state;
	export_feed_trouble(&feed, "connect", "Connection refused");
	seconds(4);
	assert_int_equal(db.n, 0); /* nobody knows yet how it does */
	seconds(1);
	assert_string_equal(db.asked[0].params[2], "away");
	assert_string_equal(db.asked[0].params[3], "connect");
	assert_string_equal(db.asked[0].params[4], "Connection refused");
	answer("siem.report", "syslog", 0, 0, 0);
	export_feed_trouble(&feed, "certificate", "expired");
	seconds(1);
	assert_string_equal(db.asked[0].params[3], "certificate");
	answer("siem.report", "syslog", 0, 0, 0);
	export_feed_well(&feed);
	seconds(1);
	assert_string_equal(db.asked[0].params[2], "ok");
	answer("siem.report", "syslog", 0, 0, 0);
}

static void a_short_trouble_is_nobodys_business(void **state)
{
	(void)state;
	export_feed_trouble(&feed, "closed", "");
	seconds(4);
	export_feed_well(&feed);
	seconds(4);
	assert_int_equal(db.n, 1);
	assert_string_equal(db.asked[0].params[2], "ok");
}

static void how_far_it_is_is_reported_each_second_while_it_moves_and_else_now_and_then(void **state)
{
	(void)state;
	export_feed_well(&feed);
	seconds(1);
	answer("siem.report", "@7", 0, 0, 0);
	export_feed_arrived(&feed, 9);
	seconds(1);
	answer("siem.report", "@9", 0, 0, -EIO); /* and once more when that failed */
	seconds(1);
	answer("siem.report", "@9", 0, 0, 0);
	seconds(9);
	assert_int_equal(db.n, 0);
	seconds(1);
	answer("siem.report", "@9", 0, 0, 0);
}

#define FEED(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest cases[] = {
		FEED(pages_come_one_by_one_when_the_sink_asks), FEED(what_had_not_arrived_comes_again),
		FEED(a_page_for_a_connection_that_broke_is_dropped), FEED(a_database_that_fails_is_asked_again),
		FEED(trouble_is_told_after_five_seconds_and_so_is_its_end), FEED(a_short_trouble_is_nobodys_business),
		FEED(how_far_it_is_is_reported_each_second_while_it_moves_and_else_now_and_then),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
