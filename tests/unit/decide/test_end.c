#include "policy/decide/end.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

/* 2026-11-23 is a Monday; 2026-03-29 and 2026-10-25 are Sundays on which clocks change in Europe. */
enum { MONDAY_S = 1795392000, SPRING_S = 1774742400, AUTUMN_S = 1792886400, HOUR = 3600, DAY = 86400 };
#define US(s) (INT64_C(1000000) * (s))

static struct decide_end judge(const char *hours, int64_t until_s, int64_t now_us)
{
	struct decide_end_fact f = { .hours = span_str(hours), .until_s = until_s };
	struct decide_end end;

	assert_int_equal(decide_net_parse(span_str("10.1.2.3"), &f.source), 0);
	decide_end_judge(&f, now_us, &end);
	return end;
}

static void without_limits_there_is_no_end(void **state)
{
	struct decide_end end = judge("", 0, US(MONDAY_S));

	(void)state;
	assert_true(end.at_us == INT64_MAX && end.reason == DECIDE_END_NONE);
	end = judge("mon-sun 00:00-24:00", 0, US(MONDAY_S));
	assert_true(end.at_us == INT64_MAX && end.reason == DECIDE_END_NONE);
}

static void a_grant_ends_at_its_second(void **state)
{
	struct decide_end end = judge("", MONDAY_S + 10, US(MONDAY_S) + 1);

	(void)state;
	assert_true(end.at_us == US(MONDAY_S + 10) && end.reason == DECIDE_END_EXPIRED);
	end = judge("", MONDAY_S, US(MONDAY_S)); /* over already */
	assert_true(end.at_us <= US(MONDAY_S) && end.reason == DECIDE_END_EXPIRED);
}

static void hours_end_at_the_second_of_their_last_minute(void **state)
{
	static const struct {
		const char *hours;
		int64_t now_s, end_s;
	} rows[] = {
		{ "mon-fri 09:00-18:00", MONDAY_S + 9 * HOUR, MONDAY_S + 18 * HOUR },
		{ "mon-fri 09:00-18:00", MONDAY_S + 18 * HOUR - 1, MONDAY_S + 18 * HOUR },
		{ "mon-fri 09:00-12:00,13:00-18:00", MONDAY_S + 10 * HOUR, MONDAY_S + 12 * HOUR },
		/* what goes on behind midnight does not end there */
		{ "mon 22:00-06:00", MONDAY_S + 23 * HOUR, MONDAY_S + 30 * HOUR },
		{ "mon-sun 18:00-24:00, mon-sun 00:00-06:00", MONDAY_S + 20 * HOUR, MONDAY_S + 30 * HOUR },
		{ "sun 22:00-24:00, mon 00:00-02:00", MONDAY_S + HOUR, MONDAY_S + 2 * HOUR },
		{ "sun 22:00-24:00, mon 00:00-02:00", MONDAY_S + 7 * DAY - HOUR, MONDAY_S + 7 * DAY + 2 * HOUR },
		/* east and west of us */
		{ "mon 09:00-18:00 +08:00", MONDAY_S + 2 * HOUR, MONDAY_S + 10 * HOUR },
		{ "sun 18:00-24:00 -05:00", MONDAY_S + 4 * HOUR, MONDAY_S + 5 * HOUR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct decide_end end = judge(rows[i].hours, 0, US(rows[i].now_s) + 999999);
		assert_int_equal(end.at_us, US(rows[i].end_s));
		assert_int_equal(end.reason, DECIDE_END_HOURS);
	}
}

/* Zones are offsets: no clock change moves a window. */
static void a_clock_change_moves_nothing(void **state)
{
	(void)state;
	assert_int_equal(judge("sun 00:00-04:00 +01:00", 0, US(SPRING_S)).at_us, US(SPRING_S + 3 * HOUR));
	assert_int_equal(judge("sun 00:00-04:00 +01:00", 0, US(AUTUMN_S)).at_us, US(AUTUMN_S + 3 * HOUR));
}

static void the_sooner_of_both_ends_it(void **state)
{
	struct decide_end end = judge("mon 09:00-18:00", MONDAY_S + 17 * HOUR, US(MONDAY_S + 16 * HOUR));

	(void)state;
	assert_true(end.at_us == US(MONDAY_S + 17 * HOUR) && end.reason == DECIDE_END_EXPIRED);
	end = judge("mon 09:00-18:00", MONDAY_S + 19 * HOUR, US(MONDAY_S + 16 * HOUR));
	assert_true(end.at_us == US(MONDAY_S + 18 * HOUR) && end.reason == DECIDE_END_HOURS);
}

static void what_cannot_be_read_ends_it_now(void **state)
{
	struct decide_end_fact f = { .nets = span_str("10.0.0.0/99") };
	struct decide_end end = judge("whenever", 0, US(MONDAY_S));

	(void)state;
	assert_true(end.at_us == US(MONDAY_S) && end.reason == DECIDE_END_HOURS);
	assert_int_equal(decide_net_parse(span_str("10.1.2.3"), &f.source), 0);
	decide_end_judge(&f, 5, &end);
	assert_true(end.at_us == 5 && end.reason == DECIDE_END_SOURCE);
	f.nets = span_str("10.0.0.0/8");
	decide_end_judge(&f, 5, &end);
	assert_true(end.at_us == INT64_MAX);
	f.withdrawn = span_str("something new");
	decide_end_judge(&f, 5, &end);
	assert_true(end.at_us == 5 && end.reason == DECIDE_END_GRANT);
}

static void whatever_is_withdrawn_ends_it_now_and_says_what(void **state)
{
	static const char *const words[] = { "user", "grant", "target", "account", "group", "certificate" };

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct decide_end_fact f = { .withdrawn = span_str(words[i]), .until_s = 100 };
		struct decide_end end;
		decide_end_judge(&f, US(50), &end);
		assert_int_equal(end.at_us, US(50));
		assert_int_equal(end.reason, DECIDE_END_USER + i);
		assert_true(
			strlen(decide_end_say(end.reason, false)) > 0 && strlen(decide_end_say(end.reason, true)) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_limits_there_is_no_end),
		cmocka_unit_test(a_grant_ends_at_its_second),
		cmocka_unit_test(hours_end_at_the_second_of_their_last_minute),
		cmocka_unit_test(a_clock_change_moves_nothing),
		cmocka_unit_test(the_sooner_of_both_ends_it),
		cmocka_unit_test(what_cannot_be_read_ends_it_now),
		cmocka_unit_test(whatever_is_withdrawn_ends_it_now_and_says_what),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
