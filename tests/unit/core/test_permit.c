#include "tests/unit/core/unit.h"
#include "gateway/core/permit.h"
#include <errno.h>

enum { HELLO, AUTH, OPEN };
enum { LOGIN = 1, TARGET, USE, END };
static const struct permit_rule rules[] = {
	{ LOGIN, PERMIT_IN(HELLO) | PERMIT_IN(AUTH), AUTH, 0 },
	{ TARGET, PERMIT_IN(AUTH), OPEN, 1 },
	{ USE, PERMIT_IN(OPEN), OPEN, 1 },
	{ END, PERMIT_IN(AUTH) | PERMIT_IN(OPEN), HELLO, 0 },
};

static struct permit start(void)
{
	return (struct permit){ .rules = rules, .n = sizeof rules / sizeof *rules, .state = HELLO };
}

static void a_secret_comes_after_the_target_and_once(void **state)
{
	(void)state;
	struct permit p = start();
	assert_int_equal(permit_step(&p, USE), -EPERM);
	assert_int_equal(permit_step(&p, LOGIN), 0);
	assert_int_equal(permit_step(&p, USE), -EPERM);
	assert_int_equal(permit_step(&p, TARGET), 0);
	assert_int_equal(permit_step(&p, USE), 0);
	assert_int_equal(permit_step(&p, USE), -EPERM);
}

static void once_is_once_for_ever(void **state)
{
	(void)state;
	struct permit p = start();
	assert_int_equal(permit_step(&p, LOGIN), 0);
	assert_int_equal(permit_step(&p, TARGET), 0);
	assert_int_equal(permit_step(&p, END), 0);
	assert_int_equal(p.state, HELLO);
	assert_int_equal(permit_step(&p, LOGIN), 0);
	assert_int_equal(permit_step(&p, TARGET), -EPERM);
}

static void every_pair_outside_the_table_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	for (uint8_t at = 0; at < 32; at++)
		for (uint16_t type = 0; type < 64; type++) {
			struct permit p = start();
			p.state = at;
			int want = -EPERM;
			for (size_t i = 0; i < p.n; i++)
				if (rules[i].type == type && (rules[i].from & PERMIT_IN(at)))
					want = 0;
			assert_int_equal(permit_step(&p, type), want);
			if (want < 0) {
				assert_int_equal(p.state, at);
				assert_true(p.used == 0);
			}
		}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(a_secret_comes_after_the_target_and_once), CASE(once_is_once_for_ever),
		CASE(every_pair_outside_the_table_is_refused_and_changes_nothing),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
