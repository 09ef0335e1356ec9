#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "webterm/args.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void expect(struct rd *r, const char *key, const char *value)
{
	assert_true(span_is(rd_str32le(r), key));
	assert_true(span_is(rd_str32le(r), value));
}

static void an_object_becomes_arguments(void **state)
{
	(void)state;
	struct web_args a = { 0 };
	assert_int_equal(web_args_get(span_str("{\"name\":\"网关\",\"port\":-22,\"on\":true,\"off\":false,\"none\":null,\"key\":[\"a\",2]}"),
		&a, NULL), 0);
	struct rd r = rd_of(buf_span(&a.put));
	assert_int_equal(a.count, 6);
	expect(&r, "name", "网关");
	expect(&r, "port", "-22");
	expect(&r, "on", "true");
	expect(&r, "off", "false");
	expect(&r, "key", "a");
	expect(&r, "key", "2");
	assert_true(rd_done(&r));
	assert_null(a.secret);
	web_args_done(&a);
}

static void sql_is_no_argument_and_may_be_longer_than_one(void **state)
{
	enum { N = 200000 };
	static char body[N + 64];
	struct web_args a = { 0 };

	(void)state;
	memcpy(body, "{\"sql\":\"", 8);
	memset(body + 8, 'x', N);
	memcpy(body + 8 + N, "\",\"target\":\"t\"}", sizeof "\",\"target\":\"t\"}");
	assert_int_equal(web_args_get(span_str(body), &a, NULL), 0);
	assert_int_equal(a.count, 1);
	assert_true(a.has_sql);
	assert_int_equal(a.sql.len, N);
	assert_null(a.secret);
	web_args_done(&a);
	assert_int_equal(web_args_get(span_str("{\"sql\":\"\"}"), &a, NULL), 0);
	assert_true(a.has_sql && a.sql.len == 0);
	web_args_done(&a);
}

static void the_secret_is_no_argument(void **state)
{
	(void)state;
	struct web_args a = { 0 };
	assert_int_equal(web_args_get(span_str("{\"secret\":\"s3\",\"user\":\"u\"}"), &a, NULL), 0);
	assert_int_equal(a.count, 1);
	assert_true(span_is(secret_span(a.secret), "s3"));
	assert_null(memmem(a.put.data, a.put.len, "s3", 2));
	web_args_done(&a);
}

static void other_shapes_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "{", "[]", "\"x\"", "1", "{\"a\":1}x", "{\"a\":{}}", "{\"a\":[[]]}", "{\"a\":[{}]}",
		"{\"a\":[null]}", "{\"a\":1.5}", "{\"a\":1,\"a\":2}", "{\"secret\":1}", "{\"sql\":1}", "{\"sql\":null}", "{\"secret\":[\"a\"]}", "{\"a\":\"\\u0000\"}",
		"{\"a\":\"\xff\"}", "{\"a\":99999999999999999999}" };
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct web_args a = { 0 };
		struct err err = { 0 };
		if (web_args_get(span_str(bad[i]), &a, &err) != -EPROTO)
			fail_msg("%s", bad[i]);
		assert_null(a.put.data);
	}
}

static void depth_and_number_are_bounded(void **state)
{
	(void)state;
	static char deep[20000];
	struct web_args a = { 0 };
	struct buf many;
	memset(deep, '[', sizeof deep - 1);
	assert_int_equal(web_args_get(span_str(deep), &a, NULL), -EPROTO);
	buf_init(&many, 4000);
	for (int i = 0; i < 257; i++)
		buf_printf(&many, "%s1", i > 0 ? "," : "{\"a\":[");
	buf_printf(&many, "]}");
	assert_int_equal(web_args_get(buf_span(&many), &a, NULL), -EMSGSIZE);
	buf_done(&many);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(an_object_becomes_arguments),
		cmocka_unit_test(sql_is_no_argument_and_may_be_longer_than_one),
		cmocka_unit_test(the_secret_is_no_argument),
		cmocka_unit_test(other_shapes_are_refused),
		cmocka_unit_test(depth_and_number_are_bounded),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
