#include "recorder/evidence/told.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the standard headers */
#include <cmocka.h>

static void line_is(const char *json, bool begun, const char *expected)
{
	struct buf b;
	buf_init(&b, 1024);
	evidence_told_file(span_str(json), begun, &b);
	assert_string_equal(buf_str(&b), expected);
	buf_done(&b);
}

static void a_file_is_one_line(void **state)
{
	(void)state;
	line_is("{\"op\":\"upload\",\"state\":\"complete\",\"size\":3,\"sha256\":\"ba78\",\"path\":\"/x\"}", false,
		"upload complete 3 bytes sha256 ba78 /x");
	line_is("{\"op\":\"rename\",\"state\":\"failed\",\"path\":\"/a\",\"to\":\"/b\"}", false, "rename failed /a -> /b");
	line_is("{\"op\":\"unreadable\",\"state\":\"refused\",\"path\":\"\",\"why\":\"no scp line\"}", false,
		"unreadable refused (no scp line)");
}

static void a_beginning_is_told_where_it_is_wanted(void **state)
{
	(void)state;
	line_is("{\"op\":\"upload\",\"state\":\"begun\",\"path\":\"/x\"}", false, "");
	line_is("{\"op\":\"upload\",\"state\":\"begun\",\"path\":\"/x\"}", true, "upload begun /x");
}

static void no_control_character_leaves(void **state)
{
	(void)state;
	line_is("{\"op\":\"remove\",\"state\":\"complete\",\"path\":\"/a\\n\\u001b]0;x\\u0007\\u202e\xe4\xb8\xad\"}", false,
		"remove complete /a??]0;x??\xe4\xb8\xad");
}

static void what_does_not_parse_says_nothing(void **state)
{
	(void)state;
	line_is("{", false, "");
	line_is("", true, "");
	line_is("[1]", true, "");
	assert_false(evidence_told_hides(span_str("{")));
	assert_false(evidence_told_stream(span_str("7")));
}

static void transfers_are_hidden_until_they_are_streams(void **state)
{
	(void)state;
	assert_true(evidence_told_hides(span_str("{\"kind\":\"exec\",\"files\":\"scp\"}")));
	assert_false(evidence_told_hides(span_str("{\"kind\":\"exec\",\"command\":\"scp -t x\"}")));
	assert_true(evidence_told_stream(span_str("{\"kind\":\"stream\"}")));
	assert_false(evidence_told_stream(span_str("{\"kind\":\"locked\"}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_one_line),
		cmocka_unit_test(a_beginning_is_told_where_it_is_wanted),
		cmocka_unit_test(no_control_character_leaves),
		cmocka_unit_test(what_does_not_parse_says_nothing),
		cmocka_unit_test(transfers_are_hidden_until_they_are_streams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
