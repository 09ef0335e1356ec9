#include "tests/unit/core/unit.h"
#include "sqlproxy/classify/classify.h"
#include <string.h>

static const struct classify_mode mode = { .dialect = CLASSIFY_MYSQL, .version = 80036 };

static void masked(const char *sql, const char *want)
{
	struct buf out;

	buf_init(&out, 4096);
	classify_masked(&mode, span_str(sql), &out);
	assert_string_equal(buf_str(&out), want);
	buf_done(&out);
}

static void normal(const char *sql, const char *want)
{
	struct buf out;

	buf_init(&out, 4096);
	classify_normal(&mode, span_str(sql), &out);
	assert_string_equal(buf_str(&out), want);
	buf_done(&out);
}

static void passwords_are_masked_and_other_literals_stay(void **state)
{
	(void)state;
	masked("CREATE USER a IDENTIFIED BY 'x' COMMENT 'c', b@'h' IDENTIFIED WITH p AS '*A'",
		"CREATE USER a IDENTIFIED BY '***' COMMENT '***', b@'h' IDENTIFIED WITH p AS '***'");
	masked("SET PASSWORD FOR 'u'@'h' = 'x'", "SET PASSWORD FOR 'u'@'h' = '***'");
	masked("SET PASSWORD = PASSWORD('x')", "SET PASSWORD = PASSWORD('***')");
	masked("UPDATE u SET password='x', n='y' WHERE id='5'", "UPDATE u SET password='***', n='y' WHERE id='5'");
	masked("SELECT 1 FROM u WHERE passwd IN ('a', 'b') AND c = 'd'", "SELECT 1 FROM u WHERE passwd IN ('***', '***') AND c = 'd'");
	masked("CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='x'", "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='***'");
	masked("SELECT AES_DECRYPT(c, 'k'), 'b'", "SELECT AES_DECRYPT(c, '***'), 'b'");
	masked("PREPARE s FROM 'CREATE USER a IDENTIFIED BY ''x'''", "PREPARE s FROM '***'");
	masked("CREATE TABLE t (a INT) CONNECTION='mysql://u:p@h/d/t' COMMENT='c'", "CREATE TABLE t (a INT) CONNECTION='***' COMMENT='c'");
}

static void of_what_cannot_be_read_every_literal_is_masked(void **state)
{
	(void)state;
	masked("NONSENSE 'a', 5", "NONSENSE '***', '***'");
	masked("SELECT 'a', 'b", "SELECT '***', '***'");
}

static void a_text_that_changes_its_own_mode_is_masked_to_the_end(void **state)
{
	(void)state;
	masked("SET sql_mode='NO_BACKSLASH_ESCAPES'; CREATE USER a IDENTIFIED BY 'x\\'; SELECT 'kept'",
		"SET sql_mode='NO_BACKSLASH_ESCAPES'; CREATE USER a IDENTIFIED BY '***'");
}

static void literals_names_and_comments_do_not_make_a_difference(void **state)
{
	(void)state;
	normal("select `a`, 'x' from T where id = 5 -- c", "SELECT A , ? FROM T WHERE ID = ?");
	normal("SELECT `a b` FROM t", "SELECT `A B` FROM T");
}

static void lists_and_rows_of_literals_are_one(void **state)
{
	(void)state;
	normal("SELECT a FROM t WHERE b IN (1, 'x', ?)", "SELECT A FROM T WHERE B IN ( ? )");
	normal("INSERT INTO t VALUES (1, 2), (3, 4), (5, 6)", "INSERT INTO T VALUES ( ? )");
	normal("INSERT INTO t VALUES (1, 2), (3, x), (5, 6)", "INSERT INTO T VALUES ( ? ) , ( ? , X ) , ( ? )");
	normal("SELECT (1), a, f(1, b)", "SELECT ( ? ) , A , F ( ? , B )");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(passwords_are_masked_and_other_literals_stay),
		CASE(of_what_cannot_be_read_every_literal_is_masked),
		CASE(a_text_that_changes_its_own_mode_is_masked_to_the_end),
		CASE(literals_names_and_comments_do_not_make_a_difference),
		CASE(lists_and_rows_of_literals_are_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
