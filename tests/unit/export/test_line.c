#include "tests/unit/core/unit.h"
#include "export/line.h"
#include <jansson.h>
#include <string.h>

static void a_row_is_one_line_of_json(void **state)
{
	(void)state;
	struct buf b;
	struct export_row row = { .seq = 42, .uid = span_str("u-1"), .at = span_str("2026-11-22T23:44:57.000123Z"),
		.kind = span_str("login.refused"), .actor = span_str("client:192.0.2.1"), .user = span_str("爱丽丝\"\n"),
		.ip = span_str("192.0.2.1"), .hash = span_str("00ff"), .body = span_str("{\"user\": \"爱\"}") };
	buf_init(&b, EXPORT_LINE_MAX);
	export_line_put(&b, &row);
	assert_string_equal(buf_str(&b),
		"{\"seq\":42,\"uid\":\"u-1\",\"time\":\"2026-11-22T23:44:57.000123Z\",\"event\":\"login.refused\",\"severity\":\"warning\","
		"\"outcome\":\"failure\",\"actor\":\"client:192.0.2.1\",\"user\":\"爱丽丝\\\"\\u000a\",\"ip\":\"192.0.2.1\","
		"\"body\":{\"user\": \"爱\"},\"hash\":\"00ff\"}\n");
	buf_done(&b);
}

static void what_is_missing_is_left_out(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, EXPORT_LINE_MAX);
	export_line_put(&b, &(struct export_row){ .seq = 1 });
	assert_string_equal(buf_str(&b), "{\"seq\":1,\"severity\":\"notice\",\"outcome\":\"success\",\"body\":{}}\n");
	buf_done(&b);
}

static void the_longest_and_worst_row_is_one_line_that_reads_back(void **state)
{
	(void)state;
	static char body[450001];
	struct buf b;
	memset(body, 0x7f, 450000);
	memcpy(body, "{\"a\":\"", 6);
	memcpy(body + 449998, "\"}", 2);
	struct export_row row = { .seq = 1, .body = span_str(body) };
	buf_init(&b, EXPORT_LINE_MAX);
	export_line_put(&b, &row);
	assert_false(b.failed);
	assert_ptr_equal(memchr(b.data, '\n', b.len), b.data + b.len - 1);
	json_t *j = json_loadb((const char *)b.data, b.len, 0, NULL);
	assert_int_equal(json_string_length(json_object_get(json_object_get(j, "body"), "a")), 449992);
	json_decref(j);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(a_row_is_one_line_of_json), CASE(what_is_missing_is_left_out),
		CASE(the_longest_and_worst_row_is_one_line_that_reads_back),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
