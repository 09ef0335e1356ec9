#include "tests/unit/core/unit.h"
#include "gateway/core/clock.h"
#include <time.h>

static void the_real_clocks_run(void **state)
{
	(void)state;
	int64_t a = clock_mono_us(), b = clock_mono_us();
	assert_true(b >= a && a > 0);
	assert_in_range(clock_wall_us() / 1000000, time(NULL) - 1, time(NULL) + 1);
}

static void a_fake_clock_moves_only_when_told(void **state)
{
	(void)state;
	clock_fake(1000);
	assert_int_equal(clock_mono_us(), 1000);
	clock_advance(234);
	assert_int_equal(clock_mono_us(), 1234);
	assert_int_equal(clock_wall_us(), 1234);
	clock_fake(0);
	clock_advance(1);
	assert_true(clock_wall_us() > 1000000);
}

int main(void)
{
	const struct CMUnitTest cases[] = { CASE(the_real_clocks_run), CASE(a_fake_clock_moves_only_when_told) };
	return cmocka_run_group_tests(cases, NULL, NULL);
}
