#include "gateway/core/scope.h"
#include "webterm/range.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void one_range_is_taken_and_everything_else_is_the_whole(void **state)
{
	(void)state;
	static const struct {
		const char *range, *if_range;
		enum web_range_kind kind;
		uint64_t from, to;
	} cases[] = {
		{ "", "", WEB_RANGE_WHOLE, 0, 0 },
		{ "bytes=0-0", "", WEB_RANGE_PART, 0, 0 },
		{ "bytes=0-", "", WEB_RANGE_PART, 0, 999 },
		{ "bytes=10-19", "", WEB_RANGE_PART, 10, 19 },
		{ "bytes=999-", "", WEB_RANGE_PART, 999, 999 },
		{ "bytes=990-5000", "", WEB_RANGE_PART, 990, 999 },
		{ "bytes=-1", "", WEB_RANGE_PART, 999, 999 },
		{ "bytes=-5000", "", WEB_RANGE_PART, 0, 999 },
		{ "bytes=-0", "", WEB_RANGE_NONE, 0, 0 },
		{ "bytes=1000-", "", WEB_RANGE_NONE, 0, 0 },
		{ "bytes=999999999999999999-", "", WEB_RANGE_NONE, 0, 0 },
		{ "bytes=9999999999999999999-", "", WEB_RANGE_WHOLE, 0, 0 }, /* no number that anybody means */
		{ "bytes=20-10", "", WEB_RANGE_WHOLE, 0, 0 },
		{ "bytes=-", "", WEB_RANGE_WHOLE, 0, 0 },
		{ "bytes=", "", WEB_RANGE_WHOLE, 0, 0 },
		{ "bytes=1", "", WEB_RANGE_WHOLE, 0, 0 },
		{ "bytes=0-1,3-4", "", WEB_RANGE_WHOLE, 0, 0 },
		{ "bytes= 0-1", "", WEB_RANGE_WHOLE, 0, 0 },
		{ "bytes=+1-2", "", WEB_RANGE_WHOLE, 0, 0 },
		{ "lines=0-1", "", WEB_RANGE_WHOLE, 0, 0 },
		{ "bytes=1-2", "\"abc\"", WEB_RANGE_PART, 1, 2 },
		{ "bytes=1-2", "\"abd\"", WEB_RANGE_WHOLE, 0, 0 },
		{ "bytes=1-2", "W/\"abc\"", WEB_RANGE_WHOLE, 0, 0 },
		{ "bytes=1-2", "Mon, 23 Nov 2026 12:00:00 GMT", WEB_RANGE_WHOLE, 0, 0 },
		{ "bytes=5000-", "\"abd\"", WEB_RANGE_WHOLE, 0, 0 },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct web_range got = { 0 };
		assert_int_equal(web_range_of(span_str(cases[i].range), span_str(cases[i].if_range), "\"abc\"", 1000, &got), cases[i].kind);
		assert_int_equal(got.from, cases[i].from);
		assert_int_equal(got.to, cases[i].to);
	}
}

static void an_empty_file_has_no_part(void **state)
{
	(void)state;
	struct web_range got;
	assert_int_equal(web_range_of(span_str("bytes=0-"), (struct span){ 0 }, "\"\"", 0, &got), WEB_RANGE_NONE);
	assert_int_equal(web_range_of(span_str("bytes=-1"), (struct span){ 0 }, "\"\"", 0, &got), WEB_RANGE_NONE);
	assert_int_equal(web_range_of((struct span){ 0 }, (struct span){ 0 }, "\"\"", 0, &got), WEB_RANGE_WHOLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_range_is_taken_and_everything_else_is_the_whole),
		cmocka_unit_test(an_empty_file_has_no_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
