#include "gateway/core/scope.h"
#include "webterm/query.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void fields_become_an_object_of_strings(void **state)
{
	(void)state;
	struct web_query q = { 0 };
	struct buf b;
	buf_init(&b, 1024);
	assert_true(web_query_add(&q, span_str("q=a=\"b\" 雁")));
	assert_true(web_query_add(&q, span_str("started.from=2026-01-01")));
	assert_true(web_query_add(&q, span_str("empty=")));
	assert_string_equal(web_query_value(&q, "started.from"), "2026-01-01");
	assert_null(web_query_value(&q, "started"));
	web_query_json(&q, &b);
	assert_string_equal(buf_str(&b), "{\"q\":\"a=\\\"b\\\" 雁\",\"started.from\":\"2026-01-01\",\"empty\":\"\"}");
	buf_done(&b);
	web_query_done(&q);
}

static void malformed_fields_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *field;
		size_t n;
	} bad[] = { { "", 0 }, { "q", 1 }, { "=x", 2 }, { "a b=c", 5 }, { "a\"=c", 4 }, { "q=\0", 3 }, { "q=\n", 3 }, { "q=\xff", 3 },
		{ "q=\xe9\x9b", 4 }, { "q=\xe2\x80\xae", 5 }, { "known=again", 11 } };
	struct web_query q = { 0 };
	assert_true(web_query_add(&q, span_str("known=1")));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (web_query_add(&q, span_of(bad[i].field, bad[i].n)))
			fail_msg("row %zu", i);
	assert_int_equal(q.n, 1);
	web_query_done(&q);
}

static void lengths_are_bounded(void **state)
{
	(void)state;
	struct web_query q = { 0 };
	char field[2 + WEB_QUERY_VALUE + 2] = "v=", name[WEB_QUERY_KEY + 4], many[16];
	memset(field + 2, 'x', WEB_QUERY_VALUE + 1);
	assert_false(web_query_add(&q, span_of(field, 2 + WEB_QUERY_VALUE + 1)));
	assert_true(web_query_add(&q, span_of(field, 2 + WEB_QUERY_VALUE)));
	memset(name, 'k', sizeof name);
	name[WEB_QUERY_KEY + 1] = '=';
	assert_false(web_query_add(&q, span_of(name, sizeof name)));
	name[WEB_QUERY_KEY] = '=';
	assert_true(web_query_add(&q, span_of(name, WEB_QUERY_KEY + 1)));
	for (int i = 2; i < WEB_QUERY_FIELDS; i++) {
		many[0] = (char)('a' + i % 20);
		many[1] = (char)('a' + i / 20);
		many[2] = '=';
		assert_true(web_query_add(&q, span_of(many, 3)));
	}
	assert_false(web_query_add(&q, span_str("one=more")));
	web_query_done(&q);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(fields_become_an_object_of_strings),
		cmocka_unit_test(malformed_fields_are_refused),
		cmocka_unit_test(lengths_are_bounded),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
