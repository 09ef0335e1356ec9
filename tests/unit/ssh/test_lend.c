/* What a client lends is asked of the broker in a fixed order, each once. */
#include "gateway/ssh/link.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { BOTH = WIRE_FEATURE_AGENT | WIRE_FEATURE_X11 };

static uint32_t next(uint32_t lends, uint32_t asking)
{
	const struct gw_ssh_channel c = { .lends = lends, .asking = asking };
	return gw_ssh_lend_next(&c);
}

static void who_lends_nothing_is_asked_nothing(void **state)
{
	(void)state;
	assert_int_equal(next(0, WIRE_FEATURE_SHELL), 0);
	assert_int_equal(next(0, WIRE_FEATURE_SCP | WIRE_FEATURE_UPLOAD), 0);
}

static void the_agent_comes_behind_the_start_and_the_screen_behind_it(void **state)
{
	(void)state;
	assert_int_equal(next(BOTH, WIRE_FEATURE_EXEC), WIRE_FEATURE_AGENT);
	assert_int_equal(next(BOTH, WIRE_FEATURE_AGENT), WIRE_FEATURE_X11);
	assert_int_equal(next(BOTH, WIRE_FEATURE_X11), 0);
	assert_int_equal(next(WIRE_FEATURE_X11, WIRE_FEATURE_EXEC), WIRE_FEATURE_X11);
	assert_int_equal(next(WIRE_FEATURE_X11, WIRE_FEATURE_AGENT), WIRE_FEATURE_X11); /* the agent was refused */
	assert_int_equal(next(WIRE_FEATURE_AGENT, WIRE_FEATURE_AGENT), 0);
}

static void what_comes_too_late_or_is_too_long_is_not_lent(void **state)
{
	struct gw_ssh_link l = { 0 };
	struct gw_ssh_channel c = { .link = &l };
	char longer[GW_SSH_X11_BYTES + 2];
	(void)state;
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	gw_ssh_lend_x11(NULL, NULL, 0, "MIT-MAGIC-COOKIE-1", longer, 0, &c);
	gw_ssh_lend_x11(NULL, NULL, 0, longer, "00", 0, &c);
	gw_ssh_lend_x11(NULL, NULL, 0, NULL, NULL, 0, &c);
	gw_ssh_lend_x11(NULL, NULL, 0, "MIT-MAGIC-COOKIE-1", "00", UINT32_MAX, &c);
	assert_int_equal(c.lends, 0);
	c.start = GW_SSH_START_SHELL;
	gw_ssh_lend_agent(NULL, NULL, &c);
	gw_ssh_lend_x11(NULL, NULL, 0, "MIT-MAGIC-COOKIE-1", "00", 0, &c);
	assert_int_equal(c.lends, 0);
}

static void a_screen_is_lent_as_it_was_named_and_once(void **state)
{
	struct gw_ssh_link l = { 0 };
	struct gw_ssh_channel c = { .link = &l };
	(void)state;
	gw_ssh_lend_agent(NULL, NULL, &c);
	gw_ssh_lend_x11(NULL, NULL, 1, "MIT-MAGIC-COOKIE-1", "c0ffee", 3, &c);
	gw_ssh_lend_x11(NULL, NULL, 0, "other", "00", 4, &c);
	assert_int_equal(c.lends, BOTH);
	assert_true(c.x11.single);
	assert_string_equal(c.x11.protocol, "MIT-MAGIC-COOKIE-1");
	assert_string_equal(c.x11.cookie, "c0ffee");
	assert_int_equal(c.x11.screen, 3);
	gw_ssh_lend_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_lends_nothing_is_asked_nothing),
		cmocka_unit_test(the_agent_comes_behind_the_start_and_the_screen_behind_it),
		cmocka_unit_test(what_comes_too_late_or_is_too_long_is_not_lent),
		cmocka_unit_test(a_screen_is_lent_as_it_was_named_and_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
