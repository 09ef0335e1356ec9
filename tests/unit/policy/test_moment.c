#include "gateway/core/clock.h"
#include "policy/moment.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { MS = 1000 };

static void a_quick_refusal_waits_for_the_first_moment(void **state)
{
	(void)state;
	assert_int_equal(pol_moment_due(&pol_moment_login, 1000, 1000), 1000 + 400 * MS);
	assert_int_equal(pol_moment_due(&pol_moment_login, 1000, 1000 + 399 * MS), 1000 + 400 * MS);
	assert_int_equal(pol_moment_due(&pol_moment_login, 1000, 1000 + 400 * MS), 1000 + 400 * MS);
}

static void a_late_refusal_comes_in_whole_steps(void **state)
{
	(void)state;
	assert_int_equal(pol_moment_due(&pol_moment_login, 0, 400 * MS + 1), 600 * MS);
	assert_int_equal(pol_moment_due(&pol_moment_login, 0, 600 * MS), 600 * MS);
	assert_int_equal(pol_moment_due(&pol_moment_login, 0, 1001 * MS), 1200 * MS);
}

/* Whatever the work took, only the step shows. */
static void two_causes_of_different_length_end_at_one_moment(void **state)
{
	(void)state;
	clock_fake(5 * 1000 * MS);
	int64_t asked = clock_mono_us();
	clock_advance(2 * MS);
	int64_t quick = pol_moment_due(&pol_moment_login, asked, clock_mono_us());
	clock_advance(250 * MS);
	int64_t slow = pol_moment_due(&pol_moment_login, asked, clock_mono_us());
	assert_int_equal(quick, slow);
	assert_true(quick > clock_mono_us());
	clock_fake(0);
}

static void offered_keys_are_answered_sooner(void **state)
{
	(void)state;
	assert_int_equal(pol_moment_due(&pol_moment_offered, 0, 1), 50 * MS);
	assert_int_equal(pol_moment_due(&pol_moment_offered, 0, 51 * MS), 100 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quick_refusal_waits_for_the_first_moment),
		cmocka_unit_test(a_late_refusal_comes_in_whole_steps),
		cmocka_unit_test(two_causes_of_different_length_end_at_one_moment),
		cmocka_unit_test(offered_keys_are_answered_sooner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
