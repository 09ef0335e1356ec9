#include "tests/unit/core/unit.h"
#include "policy/decide/sql.h"
#include "sqlproxy/classify/classify.h"
#include <string.h>

static struct classify_batch b;
static struct classify_mode mode;

static int reset(void **state)
{
	(void)state;
	mode = (struct classify_mode){ .dialect = CLASSIFY_MYSQL, .version = 80036 };
	return 0;
}

static void read_it(const char *sql)
{
	classify(&mode, span_str(sql), &b);
}

static void tables(const char *sql, const char *want)
{
	char got[256] = "";
	size_t at = 0;

	read_it(sql);
	for (size_t i = 0; i < b.tables; i++) {
		memcpy(got + at, b.name[i].p, b.name[i].n);
		at += b.name[i].n;
		got[at++] = ' ';
	}
	assert_string_equal(got, want);
	assert_true(b.statement[0].tables_known);
}

static void tables_are_found_where_they_stand(void **state)
{
	(void)state;
	tables("SELECT a.x, EXTRACT(YEAR FROM d) FROM db.t AS a LEFT JOIN `u` USE INDEX (i) ON a.id = u.id, (SELECT 1 FROM v) w", "db.t u v ");
	tables("INSERT INTO t (a) SELECT b FROM u", "t u ");
	tables("UPDATE t JOIN u USING (id) SET t.a = (SELECT MAX(x) FROM w)", "t u w ");
	tables("DELETE FROM a, b USING a JOIN b JOIN c", "a b c ");
	tables("RENAME TABLE a TO b, c TO d", "a b c d ");
	tables("ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b (y), RENAME TO c", "a b c ");
	tables("CREATE TABLE a LIKE b", "a b ");
	tables("SHOW COLUMNS FROM t FROM db", "t ");
	tables("SELECT * FROM `groups`, system", "groups system ");
}

static void a_name_of_a_query_is_no_table_but_where_it_does_not_reach(void **state)
{
	(void)state;
	tables("WITH c AS (SELECT 1 FROM t) SELECT * FROM c", "t ");
	tables("WITH t AS (SELECT 1 FROM t) SELECT * FROM t", "t ");
	tables("WITH t AS (SELECT 1) DELETE FROM t", "t ");
	tables("SELECT (WITH t AS (SELECT 1) SELECT 1), x FROM t", "t ");
}

static void a_set_counts_for_what_follows_and_is_handed_back(void **state)
{
	(void)state;
	read_it("SET sql_mode='ANSI_QUOTES', NAMES gbk");
	assert_true(b.after.set == CLASSIFY_ANSI_QUOTES && b.after.unknown == 0 && b.after.charset == CLASSIFY_CHARSET_GBK);
	read_it("SET sql_mode='NO_BACKSLASH_ESCAPES'; SELECT '\\'; DROP TABLE t; -- '");
	assert_true(b.classes & DECIDE_SQL_CLASS(DROP));
	read_it("SET sql_mode=@x");
	assert_int_equal(b.after.unknown, CLASSIFY_MODES);
	read_it("CREATE PROCEDURE p() SET sql_mode='ANSI_QUOTES'");
	assert_true(b.after.set == 0 && b.after.unknown == 0);
	read_it("PREPARE s FROM 'SET sql_mode=''ANSI_QUOTES'''");
	assert_true(b.after.set == 0 && b.after.unknown == 0);
	read_it("EXECUTE s");
	assert_true(b.after.unknown == CLASSIFY_MODES && b.after.charset == CLASSIFY_CHARSET_UNKNOWN);
}

static void what_is_unknown_stays_unknown_when_it_made_no_difference(void **state)
{
	(void)state;
	mode.unknown = CLASSIFY_ANSI_QUOTES;
	mode.charset = CLASSIFY_CHARSET_UNKNOWN;
	read_it("SELECT 1");
	assert_true(b.after.unknown == CLASSIFY_ANSI_QUOTES && b.after.charset == CLASSIFY_CHARSET_UNKNOWN);
	assert_true(b.classes == DECIDE_SQL_CLASS(SELECT));
	read_it("SET NAMES utf8mb4");
	assert_true(b.after.unknown == CLASSIFY_ANSI_QUOTES && b.after.charset == CLASSIFY_CHARSET_UTF8);
}

static void every_reading_of_an_unknown_mode_is_reported(void **state)
{
	(void)state;
	mode.unknown = CLASSIFY_NO_BACKSLASH_ESCAPES;
	read_it("SELECT '\\'; DELETE FROM t; -- '");
	assert_true((b.classes & (DECIDE_SQL_CLASS(DELETE) | DECIDE_SQL_CLASS(UNPARSED))) == (DECIDE_SQL_CLASS(DELETE) | DECIDE_SQL_CLASS(UNPARSED)));
}

static void statements_know_where_they_stand(void **state)
{
	(void)state;
	read_it(" SELECT 1 ; /* x */ DELETE FROM t  ");
	assert_int_equal(b.n, 2);
	assert_int_equal(b.statement[0].at, 1);
	assert_int_equal(b.statement[0].n, 8);
	assert_int_equal(b.statement[1].at, 20);
	assert_int_equal(b.statement[1].n, 13);
}

static void texts_in_texts_are_read_to_a_limit(void **state)
{
	(void)state;
	mode = (struct classify_mode){ .dialect = CLASSIFY_MARIADB, .version = 101119 };
	read_it("EXECUTE IMMEDIATE 'EXECUTE IMMEDIATE ''DROP TABLE t'''");
	assert_true((b.classes & DECIDE_SQL_CLASS(DROP)) && !(b.flags & DECIDE_SQL_FLAG(DYNAMIC)));
	read_it("EXECUTE IMMEDIATE CONCAT('a', @b)");
	assert_true((b.flags & DECIDE_SQL_FLAG(DYNAMIC)) && !b.statement[0].tables_known);
}

static void nesting_ends_somewhere(void **state)
{
	static char sql[40000];

	(void)state;
	memcpy(sql, "SELECT ", 7);
	memset(sql + 7, '(', sizeof sql - 8);
	read_it(sql);
	assert_true(b.classes & DECIDE_SQL_CLASS(UNPARSED));
	mode.dialect = CLASSIFY_MARIADB;
	for (size_t i = 0; i + 22 < sizeof sql; i += 22)
		memcpy(sql + i, "SET STATEMENT a=1 FOR ", 22);
	read_it(sql);
	assert_true(b.classes & DECIDE_SQL_CLASS(UNPARSED));
}

static void a_routine_ends_where_its_blocks_do(void **state)
{
	(void)state;
	read_it("CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT CASE WHEN 1 THEN 2 END; END IF; END; DROP TABLE t");
	assert_int_equal(b.n, 2);
	read_it("CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT 1; END IF;");
	assert_true(b.classes & DECIDE_SQL_CLASS(UNPARSED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tables_are_found_where_they_stand, reset),
		cmocka_unit_test_setup(a_name_of_a_query_is_no_table_but_where_it_does_not_reach, reset),
		cmocka_unit_test_setup(a_set_counts_for_what_follows_and_is_handed_back, reset),
		cmocka_unit_test_setup(what_is_unknown_stays_unknown_when_it_made_no_difference, reset),
		cmocka_unit_test_setup(every_reading_of_an_unknown_mode_is_reported, reset),
		cmocka_unit_test_setup(statements_know_where_they_stand, reset),
		cmocka_unit_test_setup(texts_in_texts_are_read_to_a_limit, reset),
		cmocka_unit_test_setup(nesting_ends_somewhere, reset),
		cmocka_unit_test_setup(a_routine_ends_where_its_blocks_do, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
