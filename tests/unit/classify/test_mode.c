#include "tests/unit/core/unit.h"
#include "sqlproxy/classify/classify.h"
#include <errno.h>

static void words_of_a_mode_and_what_they_imply(void **state)
{
	struct classify_mode mode = { .set = CLASSIFY_ORACLE };

	(void)state;
	classify_mode_words(&mode, span_str("strict_trans_tables,ansi_quotes"));
	assert_int_equal(mode.set, CLASSIFY_ANSI_QUOTES);
	assert_int_equal(mode.unknown, 0);
	classify_mode_words(&mode, span_str("ORACLE, NO_BACKSLASH_ESCAPES"));
	assert_int_equal(mode.set, CLASSIFY_ORACLE | CLASSIFY_ANSI_QUOTES | CLASSIFY_IGNORE_SPACE | CLASSIFY_NO_BACKSLASH_ESCAPES);
	classify_mode_words(&mode, span_str(""));
	assert_int_equal(mode.set | mode.unknown, 0);
}

static void a_word_that_nobody_knows_makes_everything_unknown(void **state)
{
	struct classify_mode mode = { 0 };

	(void)state;
	classify_mode_words(&mode, span_str("ANSI_QUOTES,SOMETHING_NEW"));
	assert_int_equal(mode.unknown, CLASSIFY_MODES);
}

static void sets_and_dialects_by_name(void **state)
{
	(void)state;
	assert_int_equal(classify_charset_of(span_str("UTF8MB4")), CLASSIFY_CHARSET_UTF8);
	assert_int_equal(classify_charset_of(span_str("latin1")), CLASSIFY_CHARSET_SPACED);
	assert_int_equal(classify_charset_of(span_str("cp932")), CLASSIFY_CHARSET_SJIS);
	assert_int_equal(classify_charset_of(span_str("cp850")), CLASSIFY_CHARSET_UNKNOWN);
	assert_int_equal(classify_charset_of(span_str("")), CLASSIFY_CHARSET_UNKNOWN);
	assert_int_equal(classify_dialect_of(span_str("mariadb")), CLASSIFY_MARIADB);
	assert_int_equal(classify_dialect_of(span_str("oracle")), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(words_of_a_mode_and_what_they_imply),
		CASE(a_word_that_nobody_knows_makes_everything_unknown),
		CASE(sets_and_dialects_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
