#include "tests/unit/core/unit.h"
#include "export/kinds.h"
#include "gateway/core/scope.h"

static void each_kind_has_a_severity_and_an_outcome(void **state)
{
	(void)state;
	static const struct {
		const char *kind;
		bool row_failed;
		unsigned severity;
		bool failed;
	} table[] = {
		{ "space.over", false, 2, true }, { "space.low", false, 2, true }, { "space.ok", false, 5, false },
		{ "siem.away", false, 3, true }, { "siem.back", false, 5, false }, { "worker.broken", false, 3, true },
		{ "recording.state", false, 6, false }, { "recording.state", true, 3, true },
		{ "login.ok", false, 6, false }, { "login.refused", false, 4, true }, { "channel.refused", false, 4, true },
		{ "session.denied", false, 4, true }, { "session.start", false, 6, false }, { "session.reached", true, 4, true },
		{ "sessions", false, 5, false }, { "user.added", false, 5, false }, { "key.rotated", false, 5, false },
		{ "factor.passed", false, 6, false }, { "factor.passed.twice", false, 5, false }, { "x", true, 4, true },
		{ "", false, 5, false }, { ".refused", false, 4, true }, { "refused", false, 5, false },
	};
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct export_row row = { .kind = span_str(table[i].kind), .failed = table[i].row_failed };
		struct export_kinds_rating r = export_kinds_rate(&row);
		if (r.severity != table[i].severity || r.failed != table[i].failed)
			fail_msg("%s: %u %d", table[i].kind, r.severity, r.failed);
	}
}

static void severities_have_names(void **state)
{
	(void)state;
	assert_string_equal(export_kinds_severity(2), "critical");
	assert_string_equal(export_kinds_severity(6), "information");
	assert_string_equal(export_kinds_severity(0), "?");
	assert_string_equal(export_kinds_severity(99), "?");
}

int main(void)
{
	const struct CMUnitTest cases[] = { CASE(each_kind_has_a_severity_and_an_outcome), CASE(severities_have_names) };
	return cmocka_run_group_tests(cases, NULL, NULL);
}
