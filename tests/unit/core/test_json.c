#include "tests/unit/core/unit.h"
#include "gateway/core/json.h"
#include "gateway/core/scope.h"
#include <jansson.h>

static void places_commas_keys_and_ends(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	struct json j;
	buf_init(&b, 1000);
	json_open(&j, &b);
	json_obj(&j, NULL);
	json_str(&j, "user", span_str("ana"));
	json_num(&j, "n", INT64_MIN);
	json_arr(&j, "list");
	json_num(&j, NULL, 1);
	json_obj(&j, NULL);
	json_end(&j);
	json_bool(&j, NULL, true);
	json_arr(&j, NULL);
	json_end(&j);
	json_end(&j);
	json_none(&j, "none");
	json_raw(&j, "raw", span_str("[1,2]"));
	json_bool(&j, "no", false);
	json_end(&j);
	assert_string_equal(buf_str(&b), "{\"user\":\"ana\",\"n\":-9223372036854775808,\"list\":[1,{},true,[]],"
		"\"none\":null,\"raw\":[1,2],\"no\":false}");
}

static void escapes_what_could_break_out(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	struct json j;
	buf_init(&b, 1000);
	json_open(&j, &b);
	json_str(&j, NULL, span_of("a\"\\\n\x1b\0\x7f\xff\xc3\xa9\xe2\x80\xae", 13));
	assert_string_equal(buf_str(&b), "\"a\\\"\\\\\\u000a\\u001b\\u0000\\u007f\xef\xbf\xbd\xc3\xa9\\u202e\"");
}

static void any_bytes_give_json_that_a_reader_takes(void **state)
{
	(void)state;
	uint8_t bytes[512];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		scoped(buf_done) struct buf b;
		struct json j;
		buf_init(&b, 10000);
		json_open(&j, &b);
		json_arr(&j, NULL);
		json_str(&j, NULL, span_of(bytes, n));
		json_end(&j);
		json_t *got = json_loadb((const char *)b.data, b.len, JSON_ALLOW_NUL, NULL);
		assert_non_null(got);
		json_decref(got);
	}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(places_commas_keys_and_ends), CASE(escapes_what_could_break_out),
		CASE(any_bytes_give_json_that_a_reader_takes),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
