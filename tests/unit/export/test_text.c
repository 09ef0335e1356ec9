#include "tests/unit/core/unit.h"
#include "export/text.h"
#include "gateway/core/scope.h"

static void expect(const char *json, size_t most, const char *want, size_t want_taken)
{
	struct buf b;
	buf_init(&b, 4096);
	assert_int_equal(export_text_put(&b, span_str(json), most), want_taken);
	assert_string_equal(buf_str(&b), want);
	buf_done(&b);
}

static void what_would_break_a_line_is_escaped_and_the_rest_stands(void **state)
{
	(void)state;
	expect("{\"a\": \"b\"}", 100, "{\"a\": \"b\"}", 10);
	expect("甲\\n", 100, "甲\\n", 5);
	expect("a\nb\x7f" "c", 100, "a\\u000ab\\u007fc", 5);
	expect("\xc2\x85" "\xe2\x80\xa8" "\xe2\x80\xae", 100, "\\u0085\\u2028\\u202e", 8);
	expect("a\xff" "b\xe7\x94", 100, "a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd", 5);
	expect("", 100, "", 0);
}

static void it_is_cut_at_a_character(void **state)
{
	(void)state;
	expect("甲乙", 6, "甲乙", 6);
	expect("甲乙", 5, "甲", 3);
	expect("甲乙", 2, "", 0);
	expect("ab\n", 7, "ab", 2);
	expect("ab\n", 8, "ab\\u000a", 3);
	expect("ab\xff", 4, "ab", 2);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(what_would_break_a_line_is_escaped_and_the_rest_stands), CASE(it_is_cut_at_a_character),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
