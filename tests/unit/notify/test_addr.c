#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "notify/addr.h"
#include <errno.h>

static void what_only_the_gateway_reaches_is_refused_unless_a_setting_names_it(void **state)
{
	static const struct {
		const char *host, *networks;
		int code;
	} table[] = {
		{ "127.0.0.1", "", -EACCES },
		{ "127.0.0.1", "127.0.0.0/8", 0 },
		{ "[::1]", "", -EACCES },
		{ "::1", "::1/128", 0 },
		{ "::ffff:127.0.0.1", "", -EACCES },
		{ "169.254.169.254", "", -EACCES },
		{ "fe80::1", "", -EACCES },
		{ "0.0.0.0", "", -EACCES },
		{ "224.0.0.1", "", -EACCES },
		{ "2130706433", "", -EACCES }, /* 127.0.0.1 as a number */
		{ "10.1.2.3", "", 0 },
		{ "192.0.2.7", "", 0 },
		{ "127.0.0.1", "not a network", -EACCES },
	};
	char text[NOTIFY_ADDR_TEXT];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct err err = { 0 };
		assert_int_equal(notify_addr_find(table[i].host, span_str(table[i].networks), text, &err), table[i].code);
		assert_true(table[i].code == 0 || err.say[0]);
	}
}

int main(void)
{
	const struct CMUnitTest cases[] = { CASE(what_only_the_gateway_reaches_is_refused_unless_a_setting_names_it) };
	return cmocka_run_group_tests(cases, NULL, NULL);
}
