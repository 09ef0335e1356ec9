#include "policy/say/say.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

/* What one row makes of a text; NULL when it does not fit. */
static const char *made(const char *en, const char *zh, const char *text)
{
	static char line[2048];
	struct buf out;
	buf_init(&out, sizeof line - 1);
	bool fits = say_match(&(struct say_text){ en, zh }, span_str(text), &out);
	assert_true(fits || out.len == 0);
	memcpy(line, buf_str(&out), out.len + 1);
	buf_done(&out);
	return fits ? line : NULL;
}

static const char *zh(const char *text)
{
	static char line[2048];
	struct buf out;
	buf_init(&out, sizeof line - 1);
	bool found = say_zh(span_str(text), &out);
	memcpy(line, buf_str(&out), out.len + 1);
	buf_done(&out);
	return found ? line : NULL;
}

static void a_text_without_words_fits_to_the_letter(void **state)
{
	(void)state;
	assert_string_equal(made("no memory", "内存不足", "no memory"), "内存不足");
	assert_null(made("no memory", "内存不足", "no memory."));
	assert_null(made("no memory", "内存不足", "no"));
	assert_null(made("no memory", "内存不足", ""));
}

static void words_are_passed_on_in_their_order_or_by_number(void **state)
{
	(void)state;
	assert_string_equal(made("no {} here", "此处没有 {}", "no bread here"), "此处没有 bread");
	assert_string_equal(made("no {} on {}; see", "{2} 上没有 {1}", "no root on web01; see"), "web01 上没有 root");
	assert_string_equal(made("{} of {}", "{}/{}", " of "), "/");
	assert_string_equal(made("{} {}, {} {} end", "{4}{3}{2}{1}", "a b, c d end"), "dcba");
}

static void words_may_hold_what_stands_in_the_pattern(void **state)
{
	(void)state;
	assert_string_equal(made("\"{}\" is no {} name", "“{}”不是{}名", "\"a\" is no b\" is no user name"), "“a”不是b\" is no user名");
	assert_string_equal(made("no {}!", "没有{}！", "no a! b!"), "没有a! b！");
	assert_string_equal(made("no {}", "没有{}", "no {} {1}"), "没有{} {1}");
}

static void more_words_than_four_and_numbers_beyond_them_are_nothing(void **state)
{
	(void)state;
	assert_null(made("{}1{}2{}3{}4{}", "x", "a1b2c3d4e"));
	assert_string_equal(made("a {}", "{2}{9}{x}{", "a b"), "{9}{x}{");
}

static void a_text_that_is_too_long_is_left_alone(void **state)
{
	char text[1026];
	(void)state;
	memset(text, 'x', sizeof text);
	text[1025] = 0;
	assert_null(made("{}", "{}", text));
	text[1024] = 0;
	assert_non_null(made("{}", "{}", text));
}

static void fits_its_own_text_first(const struct say_text *t)
{
	char text[1024], want[2048];
	size_t n = 0;
	for (const char *p = t->en; *p; p++)
		if (p[0] == '{' && p[1] == '}') {
			text[n++] = '7';
			p++;
		} else {
			text[n++] = *p;
		}
	text[n] = 0;
	const char *own = made(t->en, t->zh, text);
	assert_non_null(own);
	(void)snprintf(want, sizeof want, "%s", own);
	assert_string_equal(zh(text), want);
}

static void every_row_fits_its_own_text_before_any_other_does(void **state)
{
	(void)state;
	for (const struct say_text *const *table = say_tables; *table; table++)
		for (const struct say_text *t = *table; t->en; t++)
			fits_its_own_text_first(t);
}

static void what_nobody_knows_stays_english(void **state)
{
	(void)state;
	assert_null(zh("something quite new"));
	assert_string_equal(zh("no user named bob; see: user list"), "没有名为 bob 的用户；参见：user list");
	assert_string_equal(zh("no account root on web01; see: target list"), "web01 上没有账号 root；参见：target list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_without_words_fits_to_the_letter),
		cmocka_unit_test(words_are_passed_on_in_their_order_or_by_number),
		cmocka_unit_test(words_may_hold_what_stands_in_the_pattern),
		cmocka_unit_test(more_words_than_four_and_numbers_beyond_them_are_nothing),
		cmocka_unit_test(a_text_that_is_too_long_is_left_alone),
		cmocka_unit_test(every_row_fits_its_own_text_before_any_other_does),
		cmocka_unit_test(what_nobody_knows_stays_english),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
