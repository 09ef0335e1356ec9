#include "tests/unit/core/unit.h"
#include "export/syslog.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOM "\xef\xbb\xbf"
static const struct export_syslog_origin origin = { .hostname = "gate.example", .enterprise = 32473 };

/* One message, without its length, which must be right. */
static void message(const struct export_syslog_origin *o, const struct export_row *row, char *ret, size_t size)
{
	struct buf b;
	char *blank;
	buf_init(&b, EXPORT_SYSLOG_FRAME);
	export_syslog_put(&b, o, row);
	assert_false(b.failed);
	size_t n = strtoul(buf_str(&b), &blank, 10);
	assert_int_equal(*blank, ' ');
	assert_int_equal(strlen(blank + 1), n);
	assert_true(n <= EXPORT_SYSLOG_MAX && n < size);
	memcpy(ret, blank + 1, n + 1);
	buf_done(&b);
}

static void a_row_is_one_message_of_rfc_5424(void **state)
{
	(void)state;
	char got[EXPORT_SYSLOG_FRAME];
	struct export_row row = { .seq = 42, .uid = span_str("u-1"), .at = span_str("2026-11-22T23:44:57.000123Z"),
		.kind = span_str("session.start"), .actor = span_str("user:alice"), .user = span_str("alice"),
		.target = span_str("web01"), .account = span_str("root"), .session = span_str("s-1"), .ip = span_str("192.0.2.1"),
		.hash = span_str("00ff"), .body = span_str("{\"user\": \"alice\"}") };
	message(&origin, &row, got, sizeof got);
	assert_string_equal(got,
		"<110>1 2026-11-22T23:44:57.000123Z gate.example yanmen - session.start [yanmen@32473 seq=\"42\" uid=\"u-1\" "
		"event=\"session.start\" outcome=\"success\" actor=\"user:alice\" user=\"alice\" target=\"web01\" account=\"root\" "
		"session=\"s-1\" ip=\"192.0.2.1\" hash=\"00ff\"] " BOM "{\"user\": \"alice\"}");
}

static void the_length_in_front_counts_bytes(void **state)
{
	(void)state;
	struct buf b;
	struct export_row row = { .seq = 1, .body = span_str("{\"甲\": 1}") };
	buf_init(&b, EXPORT_SYSLOG_FRAME);
	export_syslog_put(&b, &origin, &row);
	assert_string_equal(buf_str(&b),
		"87 <109>1 - gate.example yanmen - - [yanmen@32473 seq=\"1\" outcome=\"success\"] " BOM "{\"甲\": 1}");
	buf_done(&b);
}

static void what_is_missing_is_a_nilvalue_or_no_parameter(void **state)
{
	(void)state;
	char got[EXPORT_SYSLOG_FRAME];
	struct export_row row = { .seq = 7, .at = span_str("yesterday"), .failed = true };
	message(&(struct export_syslog_origin){ .enterprise = 9 }, &row, got, sizeof got);
	assert_string_equal(got, "<108>1 - - yanmen - - [yanmen@9 seq=\"7\" outcome=\"failure\"] " BOM);
}

static void header_fields_hold_printable_ascii_only(void **state)
{
	(void)state;
	char got[EXPORT_SYSLOG_FRAME];
	struct export_syslog_origin o = { .hostname = "my gate\n网", .enterprise = 1 };
	struct export_row row = { .seq = 7, .kind = span_str("a b\nc.a_very_long_kind_that_goes_on_and_on") };
	message(&o, &row, got, sizeof got);
	assert_memory_equal(got, "<109>1 - my?gate???? yanmen - a?b?c.a_very_long_kind_that_goes [yanmen@1 ", 73);
}

static void parameters_are_escaped(void **state)
{
	(void)state;
	char got[EXPORT_SYSLOG_FRAME];
	struct export_row row = { .seq = 1, .user = span_str("a\"b\\c]d[=\n甲\xff\xe2\x80\xae") };
	message(&origin, &row, got, sizeof got);
	assert_non_null(strstr(got, " user=\"a\\\"b\\\\c\\]d[=\xef\xbf\xbd" "甲\xef\xbf\xbd\xef\xbf\xbd\"] " BOM));
}

static void a_long_parameter_is_cut_at_a_character_and_says_so(void **state)
{
	(void)state;
	char got[EXPORT_SYSLOG_FRAME], name[512] = "", want[512];
	for (int i = 0; i < 100; i++)
		memcpy(name + strlen(name), "甲", 4);
	struct export_row row = { .seq = 1, .user = span_str(name) };
	message(&origin, &row, got, sizeof got);
	(void)snprintf(want, sizeof want, " user=\"%.255s…\"] ", name);
	assert_non_null(strstr(got, want));
}

static void a_line_feed_in_the_body_stays_inside_its_line(void **state)
{
	(void)state;
	char got[EXPORT_SYSLOG_FRAME];
	struct export_row row = { .seq = 1, .body = span_str("{\"a\": \"x\ny\"}") };
	message(&origin, &row, got, sizeof got);
	assert_non_null(strstr(got, "] " BOM "{\"a\": \"x\\u000ay\"}"));
	assert_null(strchr(got, '\n'));
}

static void a_long_body_is_cut_at_a_character_and_says_so(void **state)
{
	(void)state;
	static char body[450001], got[EXPORT_SYSLOG_FRAME];
	for (int i = 0; i < 150000; i++)
		memcpy(body + 3 * i, "甲", 3);
	struct export_row row = { .seq = 1, .body = span_str(body) };
	message(&origin, &row, got, sizeof got);
	const char *text = strstr(got, BOM);
	assert_non_null(strstr(got, " outcome=\"success\" cut=\"450000\"] " BOM));
	assert_non_null(text);
	assert_int_equal(strlen(text + 3) % 3, 0);
	assert_true(strlen(got) > EXPORT_SYSLOG_MAX - 40);
}

static void the_longest_body_that_fits_is_not_cut(void **state)
{
	(void)state;
	static char body[EXPORT_SYSLOG_MAX + 1], got[EXPORT_SYSLOG_FRAME];
	struct export_row row = { .seq = 1 };
	message(&origin, &row, got, sizeof got);
	size_t room = EXPORT_SYSLOG_MAX - strlen(got);
	memset(body, 'x', room);
	row.body = span_str(body);
	message(&origin, &row, got, sizeof got);
	assert_int_equal(strlen(got), EXPORT_SYSLOG_MAX);
	assert_null(strstr(got, " cut="));
	body[room] = 'x';
	row.body = span_str(body);
	message(&origin, &row, got, sizeof got);
	assert_non_null(strstr(got, " cut="));
}

/* Every text at its worst: the head alone stays far below the limit. */
static void nothing_makes_a_message_too_long(void **state)
{
	(void)state;
	static char bad[4096], got[EXPORT_SYSLOG_FRAME];
	memset(bad, '"', sizeof bad - 1);
	struct export_syslog_origin o = { .enterprise = UINT32_MAX };
	memset(o.hostname, 'h', sizeof o.hostname - 1);
	struct span s = span_str(bad);
	struct export_row row = { INT64_MAX, s, s, s, s, s, s, s, s, s, s, s, true };
	message(&o, &row, got, sizeof got);
	assert_non_null(strstr(got, " cut=\"4095\"] " BOM));
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(a_row_is_one_message_of_rfc_5424), CASE(the_length_in_front_counts_bytes),
		CASE(what_is_missing_is_a_nilvalue_or_no_parameter), CASE(header_fields_hold_printable_ascii_only),
		CASE(parameters_are_escaped), CASE(a_long_parameter_is_cut_at_a_character_and_says_so),
		CASE(a_line_feed_in_the_body_stays_inside_its_line), CASE(a_long_body_is_cut_at_a_character_and_says_so),
		CASE(the_longest_body_that_fits_is_not_cut), CASE(nothing_makes_a_message_too_long),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
