#include "tests/unit/core/unit.h"
#include "sqlproxy/classify/mysql_lex.h"
#include <string.h>

static struct classify_mode mode;

static int reset(void **state)
{
	(void)state;
	mode = (struct classify_mode){ .dialect = CLASSIFY_MYSQL, .version = 80036 };
	return 0;
}

/* The tokens as one line: a letter for the kind, then the text. */
static void tokens(const char *sql, size_t n, const char *want)
{
	static const char kinds[] = "EBwnsv@?.;"; /* by enum classify_token_kind */
	struct classify_mysql_lex lex;
	struct classify_token t;
	char got[512] = "";
	size_t at = 0;

	classify_mysql_lex_start(&lex, &mode, span_of(sql, n));
	do {
		classify_mysql_lex_next(&lex, &t);
		assert_true(t.text.n == 0 || ((const char *)t.text.p >= sql && (const char *)t.text.p + t.text.n <= sql + n));
		got[at++] = kinds[t.kind];
		memcpy(got + at, t.text.p, t.text.n);
		at += t.text.n;
		got[at++] = ' ';
	} while (t.kind != CLASSIFY_TOKEN_END && t.kind != CLASSIFY_TOKEN_BROKEN);
	assert_memory_equal(got, want, strlen(want));
	assert_int_equal(at, strlen(want) + 1);
}
#define TOKENS(sql, want) tokens(sql, sizeof(sql) - 1, want)

static void two_dashes_are_a_comment_only_before_a_blank_a_control_or_the_end(void **state)
{
	(void)state;
	TOKENS("1--1", "v1 .- .- v1 E");
	TOKENS("1-- 1", "v1 E");
	TOKENS("1--\x01" "1\n2", "v1 v2 E");
	TOKENS("1--", "v1 E");
	TOKENS("1-- x\r2", "v1 E");
	TOKENS("1# x\n2", "v1 v2 E");
}

static void a_version_comment_is_code_for_its_version_and_may_hold_comments(void **state)
{
	(void)state;
	TOKENS("1/*!50000 2*/3", "v1 v2 v3 E");
	TOKENS("1/*!80037 2*/3", "v1 v3 E");
	TOKENS("1/*! /* x */ 2 */3", "v1 v2 v3 E");
	TOKENS("1/*!99999 /* x */ 2 */3", "v1 v3 E");
	TOKENS("1/*!080036 2*/", "v1 v2 E");
	TOKENS("1/*!100100 2*/3", "v1 v3 E");
	TOKENS("1/*!50000 '*/' */2", "v1 s'*/' v2 E");
	TOKENS("/* /* */ */", "B*/");
	mode = (struct classify_mode){ .dialect = CLASSIFY_MARIADB, .version = 101119 };
	TOKENS("1/*!100100 2*/3", "v1 v2 v3 E");
	TOKENS("1/*!50700 2*/3", "v1 v3 E");
	TOKENS("1/*M!50700 2*/3", "v1 v2 v3 E");
}

static void a_plain_comment_must_end(void **state)
{
	(void)state;
	TOKENS("1/* x", "v1 B/* x");
	TOKENS("1/**/2", "v1 v2 E");
}

static void a_string_ends_where_the_mode_says(void **state)
{
	(void)state;
	TOKENS("'\\'';y'", "s'\\'' ;; wy B'");
	mode.set = CLASSIFY_NO_BACKSLASH_ESCAPES;
	TOKENS("'\\';x", "s'\\' ;; wx E");
	TOKENS("'it''s'", "s'it''s' E");
}

static void double_quotes_are_a_name_in_ansi_mode_and_know_no_backslash_there(void **state)
{
	(void)state;
	TOKENS("\"a\\\"b\"", "s\"a\\\"b\" E");
	mode.set = CLASSIFY_ANSI_QUOTES;
	TOKENS("\"\\\";x", "n\"\\\" ;; wx E");
}

static void the_second_byte_of_a_character_is_no_quote_and_no_backslash(void **state)
{
	(void)state;
	mode.charset = CLASSIFY_CHARSET_GBK;
	TOKENS("'\xbf\\';x", "s'\xbf\\' ;; wx E");
	TOKENS("`\xbf``;x", "n`\xbf`` ;; wx E");
	TOKENS("'\xbf';x", "s'\xbf' ;; wx E"); /* not a pair */
	mode.charset = CLASSIFY_CHARSET_BIG5;
	TOKENS("'\xa5\\';x", "s'\xa5\\' ;; wx E");
	mode.charset = CLASSIFY_CHARSET_SJIS;
	TOKENS("'\x81\\';x", "s'\x81\\' ;; wx E");
	TOKENS("'\xb1\\';x'", "s'\xb1\\';x' E"); /* one byte */
	mode.charset = CLASSIFY_CHARSET_EUCKR;
	TOKENS("'\xb1\\';x'", "s'\xb1\\';x' E");
}

static void a_no_break_space_is_a_blank_in_some_sets_and_a_letter_in_others(void **state)
{
	(void)state;
	mode.charset = CLASSIFY_CHARSET_SPACED;
	TOKENS("a\xa0" "b", "wa wb E");
	mode.charset = CLASSIFY_CHARSET_SINGLE;
	TOKENS("a\xa0" "b", "wa\xa0" "b E");
	mode.charset = CLASSIFY_CHARSET_UTF8;
	TOKENS("a\xc2\xa0" "b", "wa\xc2\xa0" "b E");
	TOKENS("a\xa0", "wa B\xa0");
}

static void numbers_swallow_and_leave_what_servers_do(void **state)
{
	(void)state;
	TOKENS("1.e(1)", ".( v1 .) E");
	TOKENS("1.e-- 1", ".- v1 E");
	TOKENS("1e5x", "v1e5 wx E");
	TOKENS("1x 0x1F 0b01 0xg", "w1x v0x1F v0b01 w0xg E");
	TOKENS("1.5FROM .5", "v1.5 wFROM v.5 E");
	TOKENS("t.1a", "wt .. w1a E");
	TOKENS("x'4g'", "Bx'4g'");
}

static void a_nul_is_the_end_behind_everything_and_nowhere_else(void **state)
{
	struct classify_mysql_lex lex;
	struct classify_token t;

	(void)state;
	TOKENS("a\0", "wa E");
	classify_mysql_lex_start(&lex, &mode, span_of("a\0;b", 4));
	classify_mysql_lex_next(&lex, &t);
	classify_mysql_lex_next(&lex, &t);
	assert_true(t.kind == CLASSIFY_TOKEN_BROKEN && t.text.n == 3);
}

static void a_word_beside_a_dot_is_no_keyword(void **state)
{
	struct classify_mysql_lex lex;
	struct classify_token t;

	(void)state;
	classify_mysql_lex_start(&lex, &mode, span_str("select.a.delete select"));
	classify_mysql_lex_next(&lex, &t);
	assert_int_equal(t.word, W_NO_WORD);
	for (int i = 0; i < 4; i++)
		classify_mysql_lex_next(&lex, &t);
	assert_int_equal(t.word, W_NO_WORD);
	classify_mysql_lex_next(&lex, &t);
	assert_int_equal(t.word, W_SELECT);
}

static void a_hint_with_quotes_can_be_read_in_two_ways(void **state)
{
	struct classify_mysql_lex lex;
	struct classify_token t;

	(void)state;
	for (int other = 0; other < 2; other++) {
		classify_mysql_lex_start(&lex, &mode, span_str("/*+ `*/ 1 -- `*/ 2"));
		lex.other = other;
		classify_mysql_lex_next(&lex, &t);
		assert_int_equal(t.text.p[0], other ? '2' : '1');
		assert_true(lex.had_other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_dashes_are_a_comment_only_before_a_blank_a_control_or_the_end, reset),
		cmocka_unit_test_setup(a_version_comment_is_code_for_its_version_and_may_hold_comments, reset),
		cmocka_unit_test_setup(a_plain_comment_must_end, reset),
		cmocka_unit_test_setup(a_string_ends_where_the_mode_says, reset),
		cmocka_unit_test_setup(double_quotes_are_a_name_in_ansi_mode_and_know_no_backslash_there, reset),
		cmocka_unit_test_setup(the_second_byte_of_a_character_is_no_quote_and_no_backslash, reset),
		cmocka_unit_test_setup(a_no_break_space_is_a_blank_in_some_sets_and_a_letter_in_others, reset),
		cmocka_unit_test_setup(numbers_swallow_and_leave_what_servers_do, reset),
		cmocka_unit_test_setup(a_nul_is_the_end_behind_everything_and_nowhere_else, reset),
		cmocka_unit_test_setup(a_word_beside_a_dot_is_no_keyword, reset),
		cmocka_unit_test_setup(a_hint_with_quotes_can_be_read_in_two_ways, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
