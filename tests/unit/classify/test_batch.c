#include "tests/unit/core/unit.h"
#include "policy/decide/sql.h"
#include "sqlproxy/classify/batch.h"
#include <stdio.h>
#include <string.h>

static struct classify_batch a, b, sum;
static const struct classify_mode mode = { .charset = CLASSIFY_CHARSET_GBK };

static void table(struct classify_batch *to, const char *name)
{
	classify_batch_name(to);
	for (; *name; name++)
		if (*name == '.')
			classify_batch_name_dot(to);
		else
			classify_batch_name_char(to, (uint8_t)*name);
	classify_batch_table(to);
}

static void one(struct classify_batch *to, uint64_t classes, const char *name)
{
	classify_batch_open(to, 0);
	classify_batch_classes(to, classes);
	table(to, name);
	classify_batch_close(to, 10);
}

static void a_statement_without_a_class_is_unparsed_and_nothing_is_empty(void **state)
{
	(void)state;
	classify_batch_start(&a, &mode);
	classify_batch_open(&a, 2);
	classify_batch_close(&a, 7);
	classify_batch_finish(&a);
	assert_true(a.classes == DECIDE_SQL_CLASS(UNPARSED) && !a.statement[0].tables_known && a.statement[0].n == 5);
	classify_batch_start(&a, &mode);
	classify_batch_finish(&a);
	assert_true(a.n == 1 && a.classes == DECIDE_SQL_CLASS(EMPTY) && a.flags == 0);
}

static void a_name_is_kept_once_a_statement(void **state)
{
	(void)state;
	classify_batch_start(&a, &mode);
	one(&a, DECIDE_SQL_CLASS(SELECT), "db.t");
	one(&a, DECIDE_SQL_CLASS(DELETE), "db.t");
	classify_batch_open(&a, 0);
	table(&a, "x");
	table(&a, "x");
	classify_batch_finish(&a);
	assert_int_equal(a.n, 3);
	assert_int_equal(a.tables, 3);
	assert_int_equal(a.statement[2].tables, 1);
	assert_true(span_is(a.name[1], "db.t") && span_is(a.name[2], "x"));
	assert_true(a.flags & DECIDE_SQL_FLAG(MULTI));
}

static void what_nobody_can_tell_makes_the_tables_unknown(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		classify_batch_start(&a, &mode);
		classify_batch_open(&a, 0);
		classify_batch_classes(&a, DECIDE_SQL_CLASS(SELECT));
		classify_batch_name(&a);
		classify_batch_name_char(&a, i ? '.' : 0xfffd);
		classify_batch_table(&a);
		classify_batch_finish(&a);
		assert_false(a.statement[0].tables_known);
	}
}

static void too_many_names_are_told_as_unknown(void **state)
{
	char name[32];

	(void)state;
	classify_batch_start(&a, &mode);
	classify_batch_open(&a, 0);
	classify_batch_classes(&a, DECIDE_SQL_CLASS(SELECT));
	for (int i = 0; i < CLASSIFY_NAMES; i++) {
		(void)snprintf(name, sizeof name, "t%d", i);
		table(&a, name);
	}
	assert_true(a.statement[0].tables_known && a.tables == CLASSIFY_NAMES);
	table(&a, "t7");
	assert_true(a.statement[0].tables_known);
	table(&a, "more");
	assert_false(a.statement[0].tables_known);
}

static void too_many_statements_leave_the_last_unparsed_with_all_of_them(void **state)
{
	(void)state;
	classify_batch_start(&a, &mode);
	for (int i = 0; i < CLASSIFY_STATEMENTS; i++)
		one(&a, DECIDE_SQL_CLASS(SELECT), "t");
	one(&a, DECIDE_SQL_CLASS(DROP), "t");
	classify_batch_finish(&a);
	assert_int_equal(a.n, CLASSIFY_STATEMENTS);
	assert_true(a.classes == (DECIDE_SQL_CLASS(SELECT) | DECIDE_SQL_CLASS(DROP) | DECIDE_SQL_CLASS(UNPARSED)));
}

static void a_union_has_everything_of_both(void **state)
{
	(void)state;
	classify_batch_start(&a, &mode);
	one(&a, DECIDE_SQL_CLASS(SELECT), "t");
	classify_batch_finish(&a);
	classify_batch_start(&b, &(struct classify_mode){ .set = CLASSIFY_ANSI_QUOTES });
	one(&b, DECIDE_SQL_CLASS(DELETE), "u");
	classify_batch_finish(&b);
	classify_batch_union(&sum, &a, &b);
	assert_true(sum.n == 1 && sum.classes == (DECIDE_SQL_CLASS(SELECT) | DECIDE_SQL_CLASS(DELETE)) && sum.tables == 2);
	assert_true(sum.after.unknown == CLASSIFY_ANSI_QUOTES && sum.after.charset == CLASSIFY_CHARSET_UNKNOWN);
}

static void readings_that_disagree_on_the_number_of_statements_are_unparsed(void **state)
{
	(void)state;
	classify_batch_start(&a, &mode);
	one(&a, DECIDE_SQL_CLASS(SELECT), "t");
	classify_batch_finish(&a);
	classify_batch_start(&b, &mode);
	one(&b, DECIDE_SQL_CLASS(SELECT), "t");
	one(&b, DECIDE_SQL_CLASS(DELETE), "u");
	classify_batch_finish(&b);
	classify_batch_union(&sum, &a, &b);
	assert_int_equal(sum.n, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(sum.statement[i].classes == (DECIDE_SQL_CLASS(SELECT) | DECIDE_SQL_CLASS(DELETE) | DECIDE_SQL_CLASS(UNPARSED)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_statement_without_a_class_is_unparsed_and_nothing_is_empty),
		CASE(a_name_is_kept_once_a_statement),
		CASE(what_nobody_can_tell_makes_the_tables_unknown),
		CASE(too_many_names_are_told_as_unknown),
		CASE(too_many_statements_leave_the_last_unparsed_with_all_of_them),
		CASE(a_union_has_everything_of_both),
		CASE(readings_that_disagree_on_the_number_of_statements_are_unparsed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
