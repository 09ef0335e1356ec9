#include "tests/unit/core/unit.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/when.h"
#include <errno.h>

static const int64_t now_us = INT64_C(1795889096) * 1000000; /* 2026-11-28T18:04:56Z */

static void reads_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t s;
	} cases[] = { { "0", 0 }, { "90", 90 }, { "90s", 90 }, { "30m", 1800 }, { "1h", 3600 }, { "7d", 604800 },
		{ "2w", 1209600 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t s = -1;
		assert_int_equal(cli_when_seconds(cases[i].text, &s), 0);
		assert_int_equal(s, cases[i].s);
	}
}

static void refuses_what_is_no_duration(void **state)
{
	static const char *const texts[] = { "", "h", "1x", "-1h", "1 h", "1hh", "1h30m", "9999999999", "+5", "0x10",
		" 5" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		int64_t s = -1;
		assert_int_equal(cli_when_seconds(texts[i], &s), -EPROTO);
		assert_int_equal(s, -1);
	}
}

static void reads_times_and_writes_them_in_utc(void **state)
{
	static const struct {
		const char *text;
		int sign;
		const char *want;
	} cases[] = {
		{ "1h", -1, "2026-11-28T17:04:56Z" },
		{ "7d", -1, "2026-11-21T18:04:56Z" },
		{ "30m", 1, "2026-11-28T18:34:56Z" },
		{ "2026-11-30T09:00:00Z", -1, "2026-11-30T09:00:00Z" },
		{ "2026-11-30T09:00:00+08:00", -1, "2026-11-30T01:00:00Z" },
		{ "2026-11-30T00:30:00-0330", -1, "2026-11-30T04:00:00Z" },
		{ "2026-11-30T09:00:00.25Z", -1, "2026-11-30T09:00:00Z" },
		{ "2026-11-30 09:00", -1, "2026-11-30T09:00:00Z" },
		{ "2026-11-30", -1, "2026-11-30T00:00:00Z" },
		{ "2028-02-29", 1, "2028-02-29T00:00:00Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char got[CLI_WHEN_TEXT];
		assert_int_equal(cli_when_time(cases[i].text, cases[i].sign, now_us, got), 0);
		assert_string_equal(got, cases[i].want);
	}
}

static void refuses_what_is_no_time(void **state)
{
	static const char *const texts[] = { "", "yesterday", "2026-13-01", "2026-02-30", "2027-02-29",
		"2026-11-30T25:00:00Z", "2026-11-30T09:61:00Z", "2026-11-30T09:00:00X", "2026-11-30T09:00:00+8",
		"2026-11-30T09:00:00+24:00", "2026-11-30T", "26-11-30", "2026-11-30T09:00:00Zx" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		char got[CLI_WHEN_TEXT];
		assert_int_equal(cli_when_time(texts[i], -1, now_us, got), -EPROTO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(reads_durations),
		CASE(refuses_what_is_no_duration),
		CASE(reads_times_and_writes_them_in_utc),
		CASE(refuses_what_is_no_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
