#include "gateway/core/err.h"
#include "policy/decide/hours.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

enum { MON, TUE, WED, THU, FRI, SAT, SUN };

/* 2026-11-23 was a Monday. */
static int64_t at(int day, int h, int m, int s)
{
	return (INT64_C(1795392000) + day * 86400 + h * 3600 + m * 60 + s) * 1000000;
}

static bool open_at(const char *text, int64_t t)
{
	struct decide_hours h;

	assert_int_equal(decide_hours_parse(span_str(text), &h, NULL), 0);
	return decide_hours_has(&h, t);
}

static void office_hours_begin_and_end_on_the_minute(void **state)
{
	const char *spec = "mon-fri 09:00-18:00";

	(void)state;
	for (int d = MON; d <= SUN; d++) {
		assert_false(open_at(spec, at(d, 8, 59, 59)));
		assert_int_equal(open_at(spec, at(d, 9, 0, 0)), d <= FRI);
		assert_int_equal(open_at(spec, at(d, 17, 59, 59)), d <= FRI);
		assert_false(open_at(spec, at(d, 18, 0, 0)));
	}
}

static void lists_keep_their_days_behind_a_comma_and_begin_anew_behind_a_semicolon(void **state)
{
	(void)state;
	assert_true(open_at("mon-fri 09:00-12:00,13:00-18:00", at(TUE, 13, 0, 0)));
	assert_false(open_at("mon-fri 09:00-12:00,13:00-18:00", at(TUE, 12, 30, 0)));
	assert_false(open_at("mon-fri 09:00-12:00,13:00-18:00", at(SAT, 13, 0, 0)));
	assert_true(open_at("mon-fri 09:00-12:00;13:00-18:00", at(SAT, 13, 0, 0)));
	assert_true(open_at("mon-fri 09:00-18:00, sat,sun 10:00-12:00", at(SUN, 10, 0, 0)));
	assert_false(open_at("mon-fri 09:00-18:00, sat,sun 10:00-12:00", at(SUN, 9, 30, 0)));
	assert_true(open_at("mon , wed-thu,sun 8:00 - 9:00", at(SUN, 8, 0, 0)));
	assert_false(open_at("mon , wed-thu,sun 8:00 - 9:00", at(TUE, 8, 0, 0)));
	assert_true(open_at("SAT-tue 8:00-9:00", at(MON, 8, 0, 0)));
	assert_false(open_at("SAT-tue 8:00-9:00", at(WED, 8, 0, 0)));
}

static void a_night_belongs_to_the_day_on_which_it_begins(void **state)
{
	(void)state;
	assert_true(open_at("fri 22:00-06:00", at(FRI, 22, 0, 0)));
	assert_true(open_at("fri 22:00-06:00", at(SAT, 5, 59, 59)));
	assert_false(open_at("fri 22:00-06:00", at(SAT, 6, 0, 0)));
	assert_false(open_at("fri 22:00-06:00", at(FRI, 5, 0, 0)));
	assert_true(open_at("sun 23:00-01:00", at(MON, 0, 30, 0)));
	assert_true(open_at("00:00-24:00", at(WED, 23, 59, 59)));
}

static void a_zone_moves_all_of_it_and_without_one_it_is_utc(void **state)
{
	const char *spec = "mon 00:00-09:00; tue 12:00-13:00 +08:00";

	(void)state;
	assert_true(open_at(spec, at(MON - 1, 16, 0, 0)));
	assert_true(open_at(spec, at(MON, 0, 59, 59)));
	assert_false(open_at(spec, at(MON, 1, 0, 0)));
	assert_true(open_at(spec, at(TUE, 4, 0, 0)));
	assert_true(open_at("sun 20:00-24:00 -05:30", at(SUN + 1, 5, 29, 59)));
	assert_false(open_at("sun 20:00-24:00 -05:30", at(SUN + 1, 5, 30, 0)));
	assert_true(open_at("mon 12:00-13:00", at(MON, 12, 0, 0)));
}

static void nothing_written_means_always(void **state)
{
	struct decide_hours h;

	(void)state;
	assert_true(open_at("", at(SUN, 3, 0, 0)));
	assert_true(open_at("   ", at(SUN, 3, 0, 0)));
	assert_int_equal(decide_hours_parse((struct span){ 0 }, &h, NULL), 0);
	assert_int_equal(decide_hours_left_s(&h, 0), -1);
}

static void tells_how_long_they_last(void **state)
{
	struct decide_hours h;

	(void)state;
	assert_int_equal(decide_hours_parse(span_str("mon-fri 09:00-18:00"), &h, NULL), 0);
	assert_int_equal(decide_hours_left_s(&h, at(MON, 17, 59, 30)), 30);
	assert_int_equal(decide_hours_left_s(&h, at(MON, 9, 0, 0)), 9 * 3600);
	assert_int_equal(decide_hours_left_s(&h, at(MON, 18, 0, 0)), 0);
	assert_int_equal(decide_hours_parse(span_str("sun 22:00-24:00; mon 00:00-01:00"), &h, NULL), 0);
	assert_int_equal(decide_hours_left_s(&h, at(SUN, 23, 0, 0)), 2 * 3600);
	assert_int_equal(decide_hours_parse(span_str("00:00-24:00"), &h, NULL), 0);
	assert_int_equal(decide_hours_left_s(&h, at(SUN, 23, 0, 0)), -1);
}

static void times_before_1970_count_too(void **state)
{
	(void)state;
	assert_true(open_at("wed 23:59-24:00", -1));
	assert_true(open_at("thu 00:00-00:01", 0));
	assert_false(open_at("thu 00:00-00:01", -1));
}

static void refuses_what_is_not_of_the_form(void **state)
{
	static const char *const wrong[] = { "mon", "mon-fri", "09:00", "09:00-", "-09:00", "9-18", "mon09:00-18:00",
		"mon-fri 09:00-18:00;", "mon-fri 09:00-18:00,", ";", "mon,09:00-10:00", "mon- fri 09:00-10:00", "xyz 09:00-10:00",
		"monday 09:00-10:00", "25:00-26:00", "24:00-01:00", "09:60-10:00", "09:00-24:01", "09:00-09:00", "9:00-09:00",
		"009:00-10:00", "9:0-10:00", "09:00-18:00 +15:00", "09:00-18:00 +14:01", "09:00-18:00 -12:01", "09:00-18:00 +8:00",
		"09:00-18:00 +0800", "09:00-18:00+08:00", "09:00-18:00 +08:00 x", "09:00-18:00 08:00", "mon fri 09:00-10:00",
		"09:00-18:00 UTC", "09:00-10:00 11:00-12:00", "mo", "\xff", "09:00\t-10:00" };
	struct decide_hours h;
	char *lots = malloc(DECIDE_HOURS_TEXT_MAX + 1);
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (decide_hours_parse(span_str(wrong[i]), &h, &err) != -EPROTO)
			fail_msg("took: %s", wrong[i]);
		assert_true(err.say[0]);
	}
	assert_non_null(lots);
	memset(lots, ' ', DECIDE_HOURS_TEXT_MAX + 1);
	assert_int_equal(decide_hours_parse(span_of(lots, DECIDE_HOURS_TEXT_MAX), &h, NULL), 0);
	assert_int_equal(decide_hours_parse(span_of(lots, DECIDE_HOURS_TEXT_MAX + 1), &h, NULL), -EPROTO);
	free(lots);
	assert_int_equal(decide_hours_parse(span_of("09:00-18:00\0", 12), &h, NULL), -EPROTO);
}

static void every_cut_of_a_text_is_read_without_a_byte_behind_it(void **state)
{
	static const char spec[] = " mon-fri,sun 09:00-12:00 , 13:00-18:00;sat 22:00-06:00 +08:00 ";
	struct decide_hours h;

	(void)state;
	for (size_t n = 0; n < sizeof spec; n++) {
		char *cut = malloc(n ? n : 1); /* the sanitizer sees a read too far */
		assert_non_null(cut);
		memcpy(cut, spec, n);
		int r = decide_hours_parse(span_of(cut, n), &h, NULL);
		assert_true(r == 0 || r == -EPROTO);
		free(cut);
	}
	assert_int_equal(decide_hours_parse(span_str(spec), &h, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(office_hours_begin_and_end_on_the_minute),
		cmocka_unit_test(lists_keep_their_days_behind_a_comma_and_begin_anew_behind_a_semicolon),
		cmocka_unit_test(a_night_belongs_to_the_day_on_which_it_begins),
		cmocka_unit_test(a_zone_moves_all_of_it_and_without_one_it_is_utc),
		cmocka_unit_test(nothing_written_means_always),
		cmocka_unit_test(tells_how_long_they_last),
		cmocka_unit_test(times_before_1970_count_too),
		cmocka_unit_test(refuses_what_is_not_of_the_form),
		cmocka_unit_test(every_cut_of_a_text_is_read_without_a_byte_behind_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
