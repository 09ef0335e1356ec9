#include "tests/unit/core/unit.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "gateway/rules.h"
#include <errno.h>
#include <string.h>

struct one { /* a rule, as the broker puts it */
	int64_t id;
	uint8_t action;
	const char *tables, *hours, *say;
	int64_t statements;
};

static void put(struct buf *b, const struct one *o)
{
	wr_le(b, (uint64_t)o->id, 8);
	wr_le(b, o->action, 1);
	for (int i = 0; i < 4; i++) /* user, role, dialect, database */
		wr_str32le(b, span_str(""));
	wr_str32le(b, span_str(o->tables ? o->tables : ""));
	wr_str32le(b, span_str("")); /* program */
	wr_str32le(b, span_str("")); /* from */
	wr_str32le(b, span_str(o->hours ? o->hours : ""));
	wr_le(b, DECIDE_SQL_CLASS(DROP), 8);
	wr_le(b, 0, 8);
	wr_le(b, DECIDE_SQL_FLAG(TEMP), 8);
	wr_le(b, (uint64_t)o->statements, 8);
	wr_le(b, 1000, 8);
	wr_str32le(b, span_str(o->say ? o->say : ""));
}

static struct wire_rules message(struct buf *rows, uint32_t count)
{
	return (struct wire_rules){ .version = 9,
		.user = span_str("alice"),
		.role = span_str("dba"),
		.otherwise = DECIDE_SQL_DENY,
		.approval = 1,
		.count = count,
		.rows = buf_span(rows) };
}

static void rules_are_as_they_were_sent(void **state)
{
	scoped(buf_done) struct buf rows;
	struct gw_rules_box *box = NULL;
	struct gw_rules *r = NULL;
	(void)state;
	buf_init(&rows, 4096);
	put(&rows, &(struct one){ 7, DECIDE_SQL_DENY, "s.*", "mon-fri 09:00-18:00", "not here / 此处禁止", 3 });
	put(&rows, &(struct one){ .id = 8, .action = DECIDE_SQL_ALERT });
	struct wire_rules m = message(&rows, 2);
	assert_int_equal(gw_rules_take(&box, &m, &r, NULL), 1);
	buf_clear(&rows); /* nothing points there any more */
	assert_null(box);
	assert_true(r->version == 9 && r->n == 2 && r->approval && r->otherwise == DECIDE_SQL_DENY);
	assert_string_equal(r->user, "alice");
	assert_string_equal(r->role, "dba");
	assert_true(r->rules[0].id == 7 && r->rules[0].action == DECIDE_SQL_DENY && r->rules[0].statements == 3 && r->rules[0].rows == 1000);
	assert_true(r->rules[0].classes == DECIDE_SQL_CLASS(DROP) && r->rules[0].without == DECIDE_SQL_FLAG(TEMP));
	assert_true(span_is(r->rules[0].tables, "s.*"));
	assert_non_null(r->rules[0].hours);
	assert_false(decide_hours_has(r->rules[0].hours, INT64_C(1763823600000000))); /* a Saturday */
	assert_null(r->rules[1].hours);
	assert_true(span_is(gw_rules_say(r, 7), "not here / 此处禁止"));
	assert_int_equal(gw_rules_say(r, 8).n + gw_rules_say(r, 9).n + gw_rules_say(r, 0).n, 0);
	(void)gw_rules_free(r);
}

static void a_version_in_parts_is_in_force_with_the_last(void **state)
{
	scoped(buf_done) struct buf rows;
	struct gw_rules_box *box = NULL;
	struct gw_rules *r = NULL;
	(void)state;
	buf_init(&rows, 4096);
	put(&rows, &(struct one){ .id = 1 });
	struct wire_rules m = message(&rows, 1);
	m.more = 1;
	assert_int_equal(gw_rules_take(&box, &m, &r, NULL), 0);
	assert_null(r);
	buf_clear(&rows);
	put(&rows, &(struct one){ .id = 2 });
	m = message(&rows, 1);
	assert_int_equal(gw_rules_take(&box, &m, &r, NULL), 1);
	assert_true(r->n == 2 && r->rules[0].id == 1 && r->rules[1].id == 2);
	(void)gw_rules_free(r);
}

static void a_new_version_throws_away_half_of_an_older_one(void **state)
{
	scoped(buf_done) struct buf rows;
	struct gw_rules_box *box = NULL;
	struct gw_rules *r = NULL;
	(void)state;
	buf_init(&rows, 4096);
	put(&rows, &(struct one){ .id = 1 });
	struct wire_rules m = message(&rows, 1);
	m.more = 1;
	assert_int_equal(gw_rules_take(&box, &m, &r, NULL), 0);
	m = message(&rows, 1);
	m.version = 10;
	assert_int_equal(gw_rules_take(&box, &m, &r, NULL), 1);
	assert_true(r->version == 10 && r->n == 1);
	(void)gw_rules_free(r);
}

static void no_rules_are_rules(void **state)
{
	struct buf rows = { 0 };
	struct gw_rules_box *box = NULL;
	struct gw_rules *r = NULL;
	(void)state;
	struct wire_rules m = message(&rows, 0);
	assert_int_equal(gw_rules_take(&box, &m, &r, NULL), 1);
	assert_int_equal(r->n, 0);
	(void)gw_rules_free(r);
}

static void refused(struct wire_rules m)
{
	struct gw_rules_box *box = NULL;
	struct gw_rules *r = NULL;
	assert_int_equal(gw_rules_take(&box, &m, &r, NULL), -EBADMSG);
	assert_null(r);
	assert_null(box);
}

static void what_is_cut_or_makes_no_sense_is_refused(void **state)
{
	scoped(buf_done) struct buf rows;
	(void)state;
	buf_init(&rows, 4096);
	put(&rows, &(struct one){ 7, DECIDE_SQL_DENY, "t", "mon 09:00-10:00", "x", 0 });
	struct wire_rules m = message(&rows, 1);
	for (size_t n = 0; n < rows.len; n++) {
		m.rows = span_of(rows.data, n);
		refused(m);
	}
	m = message(&rows, 2); /* one too few */
	refused(m);
	m = message(&rows, 0); /* one too many */
	refused(m);
	m = message(&rows, 1);
	m.otherwise = DECIDE_SQL_ACTIONS;
	refused(m);
	m = message(&rows, 1);
	m.user = span_of("a\0b", 3);
	refused(m);
	static const struct one bad[] = { { .id = 0 }, { .id = -1 }, { .id = 1, .action = DECIDE_SQL_ACTIONS }, { .id = 1, .hours = "always" },
		{ .id = 1, .statements = -1 } };
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		buf_clear(&rows);
		put(&rows, &bad[i]);
		refused(message(&rows, 1));
	}
}

static void there_are_no_more_than_so_many(void **state)
{
	scoped(buf_done) struct buf rows;
	struct gw_rules_box *box = NULL;
	struct gw_rules *r = NULL;
	(void)state;
	buf_init(&rows, 1 << 20);
	for (int i = 0; i < GW_RULES_MAX; i++)
		put(&rows, &(struct one){ .id = i + 1 });
	struct wire_rules m = message(&rows, GW_RULES_MAX);
	m.more = 1;
	assert_int_equal(gw_rules_take(&box, &m, &r, NULL), 0);
	buf_clear(&rows);
	put(&rows, &(struct one){ .id = 1 });
	m = message(&rows, 1);
	assert_int_equal(gw_rules_take(&box, &m, &r, NULL), -EBADMSG);
	assert_null(box);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { CASE(rules_are_as_they_were_sent), CASE(a_version_in_parts_is_in_force_with_the_last),
		CASE(a_new_version_throws_away_half_of_an_older_one), CASE(no_rules_are_rules), CASE(what_is_cut_or_makes_no_sense_is_refused),
		CASE(there_are_no_more_than_so_many) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
