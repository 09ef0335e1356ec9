#include "tests/unit/core/unit.h"
#include "sqlproxy/mysql/flags.h"
#include "sqlproxy/mysql/worker/greeting.h"
#include <string.h>

static void what_a_target_said_is_offered_the_next_time(void **state)
{
	(void)state;
	char text[GW_SESSION_GREETING];
	struct gw_mysql_greeting g;
	gw_mysql_greeting_put("5.5.5-10.11.6-MariaDB-0+deb12u1 (x)", 0x81bff7fe, text);
	assert_string_equal(text, "5.5.5-10.11.6-MariaDB-0+deb12u1 81bff7fe");
	gw_mysql_greeting_read(span_str(text), &g);
	assert_string_equal(g.version, "5.5.5-10.11.6-MariaDB-0+deb12u1");
	assert_int_equal(g.flags, 0x81bff7fe);
	uint32_t offers = gw_mysql_greeting_offers(&g);
	assert_true(offers & MYSQL_CAP_DEPRECATE_EOF);
	assert_true(offers & MYSQL_CAP_SESSION_TRACK);
	assert_false(offers & MYSQL_CAP_QUERY_ATTRIBUTES); /* MariaDB has none */
}

static void of_an_unknown_target_only_what_every_server_has_is_offered(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "8.0.36", "not a version 81bff7fe", "8.0.36 81bff7f", "8.0.36 zzzzzzzz", "\0018 ffffffff" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct gw_mysql_greeting g;
		gw_mysql_greeting_read(span_str(texts[i]), &g);
		assert_int_equal(gw_mysql_greeting_offers(&g) & gw_mysql_greeting_binding(), 0);
		assert_true(g.version[0] >= '0' && g.version[0] <= '9');
	}
}

static void nothing_that_the_gateway_does_not_speak_is_offered(void **state)
{
	(void)state;
	const uint32_t compress = 1U << 5, ssl = MYSQL_CAP_SSL, optional_metadata = 1U << 25, zstd = 1U << 26, factors = 1U << 28, progress = 1U << 29;
	struct gw_mysql_greeting g;
	gw_mysql_greeting_read(span_str("8.4.0 ffffffff"), &g);
	assert_int_equal(gw_mysql_greeting_offers(&g) & (compress | ssl | optional_metadata | zstd | factors | progress), 0);
	assert_int_equal(gw_mysql_greeting_passes() & (compress | ssl | optional_metadata | zstd | factors | progress), 0);
}

static void a_version_that_is_too_long_is_cut(void **state)
{
	(void)state;
	char version[300], text[GW_SESSION_GREETING];
	memset(version, '8', sizeof version - 1);
	version[sizeof version - 1] = '\0';
	gw_mysql_greeting_put(version, 1, text);
	assert_int_equal(strlen(text), 63 + 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_target_said_is_offered_the_next_time),
		cmocka_unit_test(of_an_unknown_target_only_what_every_server_has_is_offered),
		cmocka_unit_test(nothing_that_the_gateway_does_not_speak_is_offered),
		cmocka_unit_test(a_version_that_is_too_long_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
