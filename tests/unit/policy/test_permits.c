#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/permits.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* What may be said, written down a second time: everything that is not here is refused. */
struct allowed {
	uint8_t job, state;
	uint16_t type;
	uint8_t then;
};
static const struct allowed all[] = {
	{ WIRE_JOB_SESSION, POL_LOGIN, WIRE_T_login, POL_LOGIN_ASKED },
	{ WIRE_JOB_SESSION, POL_LOST, WIRE_T_login, POL_LOGIN_ASKED },
	{ WIRE_JOB_SESSION, POL_LOST, WIRE_T_targets, POL_LOST },
	{ WIRE_JOB_SESSION, POL_LOST, WIRE_T_factor, POL_LOST },
	{ WIRE_JOB_SESSION, POL_FACTOR, WIRE_T_factor, POL_FACTOR_ASKED },
	{ WIRE_JOB_SESSION, POL_LOST, WIRE_T_target, POL_LOST },
	{ WIRE_JOB_SESSION, POL_LOST, WIRE_T_end, POL_DONE },
	{ WIRE_JOB_SESSION, POL_CHOOSE, WIRE_T_targets, POL_MENU_ASKED },
	{ WIRE_JOB_SESSION, POL_CHOOSE, WIRE_T_target, POL_TARGET_ASKED },
	{ WIRE_JOB_SESSION, POL_REACHING, WIRE_T_reached, POL_LIVE },
	{ WIRE_JOB_SESSION, POL_REACHING, WIRE_T_end, POL_DONE },
	{ WIRE_JOB_SESSION, POL_LIVE, WIRE_T_open, POL_LIVE },
	{ WIRE_JOB_SESSION, POL_LIVE, WIRE_T_file, POL_LIVE },
	{ WIRE_JOB_SESSION, POL_LIVE, WIRE_T_end, POL_DONE },
	{ WIRE_JOB_SESSION, POL_FAILED, WIRE_T_end, POL_DONE },
	{ WIRE_JOB_SESSION, POL_RESUMED, WIRE_T_target, POL_FAILED },
	{ WIRE_JOB_SESSION, POL_RESUMED, WIRE_T_reached, POL_LIVE },
	{ WIRE_JOB_SESSION, POL_RESUMED, WIRE_T_open, POL_RESUMED },
	{ WIRE_JOB_SESSION, POL_RESUMED, WIRE_T_file, POL_RESUMED },
	{ WIRE_JOB_SESSION, POL_RESUMED, WIRE_T_end, POL_DONE },
	{ WIRE_JOB_SESSION, POL_CHOOSE, WIRE_T_jump, POL_CHOOSE },
	{ WIRE_JOB_SESSION, POL_REACHING, WIRE_T_jump, POL_REACHING },
	{ WIRE_JOB_SESSION, POL_LIVE, WIRE_T_jump, POL_LIVE },
	{ WIRE_JOB_SESSION, POL_FAILED, WIRE_T_jump, POL_FAILED },
	{ WIRE_JOB_SESSION, POL_RESUMED, WIRE_T_jump, POL_RESUMED },
	{ WIRE_JOB_SESSION, POL_LOST, WIRE_T_jump, POL_LOST },
	{ WIRE_JOB_SESSION, POL_CHOOSE, WIRE_T_refused, POL_CHOOSE },
	{ WIRE_JOB_SESSION, POL_REACHING, WIRE_T_refused, POL_REACHING },
	{ WIRE_JOB_SESSION, POL_LIVE, WIRE_T_refused, POL_LIVE },
	{ WIRE_JOB_SESSION, POL_FAILED, WIRE_T_refused, POL_FAILED },
	{ WIRE_JOB_SESSION, POL_RESUMED, WIRE_T_refused, POL_RESUMED },
	{ WIRE_JOB_SESSION, POL_LOST, WIRE_T_refused, POL_LOST },
	{ WIRE_JOB_PROBE, POL_PROBE, WIRE_T_probe_answer, POL_DONE },
	{ WIRE_JOB_PROBE, POL_PROBE, WIRE_T_rotate_answer, POL_DONE },
	{ WIRE_JOB_VISIT, POL_LOGIN, WIRE_T_login, POL_LOGIN_ASKED },
	{ WIRE_JOB_VISIT, POL_FACTOR, WIRE_T_factor, POL_FACTOR_ASKED },
	{ WIRE_JOB_VISIT, POL_LOGIN, WIRE_T_passkey_begin, POL_PASSKEY_ASKED },
	{ WIRE_JOB_VISIT, POL_PASSKEY, WIRE_T_passkey_use, POL_PASSKEY_ASKED },
	{ WIRE_JOB_VISIT, POL_FACTOR, WIRE_T_passkey_begin, POL_FACTOR_ASKED },
	{ WIRE_JOB_VISIT, POL_FACTOR, WIRE_T_passkey_use, POL_FACTOR_ASKED },
	{ WIRE_JOB_VISIT, POL_CHOOSE, WIRE_T_enter, POL_DONE },
	{ WIRE_JOB_READ, POL_READ, WIRE_T_read_opened, POL_READ_OPENED },
	{ WIRE_JOB_READ, POL_READ, WIRE_T_read_done, POL_DONE },
	{ WIRE_JOB_READ, POL_READ_OPENED, WIRE_T_read_done, POL_DONE },
	{ WIRE_JOB_READ, POL_LINES, WIRE_T_read_opened, POL_LINES_OPENED },
	{ WIRE_JOB_READ, POL_LINES, WIRE_T_read_done, POL_DONE },
	{ WIRE_JOB_READ, POL_LINES_OPENED, WIRE_T_frames, POL_LINES_OPENED },
	{ WIRE_JOB_READ, POL_LINES_OPENED, WIRE_T_read_done, POL_DONE },
};

static const struct allowed *find(uint8_t job, uint8_t state, uint16_t type)
{
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (all[i].job == job && all[i].state == state && all[i].type == type)
			return &all[i];
	return NULL;
}

static void every_message_in_every_state(void **state)
{
	size_t allowed = 0;

	(void)state;
	for (uint8_t job = WIRE_JOB_SESSION; job <= WIRE_JOB_VISIT; job++)
		for (uint8_t s = 0; s < POL_STATES && job != WIRE_JOB_TERM /* says nothing to the broker */; s++)
			for (unsigned type = 0; type < 0x0900; type++) {
				struct permit p = pol_permits_of(job, s);
				const struct allowed *a = find(job, s, (uint16_t)type);
				assert_int_equal(permit_step(&p, (uint16_t)type), a ? 0 : -EPERM);
				assert_int_equal(p.state, a ? a->then : s);
				allowed += a != NULL;
			}
	assert_int_equal(allowed, COUNT_OF(all));
}

static void reached_and_end_are_said_once(void **state)
{
	struct permit p = pol_permits_of(WIRE_JOB_SESSION, POL_REACHING);

	(void)state;
	assert_int_equal(permit_step(&p, WIRE_T_reached), 0);
	p.state = POL_REACHING;
	assert_int_equal(permit_step(&p, WIRE_T_reached), -EPERM);
	assert_int_equal(permit_step(&p, WIRE_T_end), 0);
	p.state = POL_LIVE;
	assert_int_equal(permit_step(&p, WIRE_T_end), -EPERM);
}

static void a_second_question_before_the_answer_is_refused(void **state)
{
	static const uint16_t questions[] = { WIRE_T_login, WIRE_T_factor, WIRE_T_targets, WIRE_T_target };
	static const uint8_t from[] = { POL_LOGIN, POL_FACTOR, POL_CHOOSE, POL_CHOOSE };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(questions); i++) {
		struct permit p = pol_permits_of(WIRE_JOB_SESSION, from[i]);
		assert_int_equal(permit_step(&p, questions[i]), 0);
		assert_int_equal(permit_step(&p, questions[i]), -EPERM);
	}
}

static void every_state_has_a_name(void **state)
{
	(void)state;
	for (uint8_t s = 0; s < POL_STATES; s++)
		assert_non_null(pol_permits_state_name(s));
	assert_string_equal(pol_permits_state_name(POL_STATES), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_in_every_state),
		cmocka_unit_test(reached_and_end_are_said_once),
		cmocka_unit_test(a_second_question_before_the_answer_is_refused),
		cmocka_unit_test(every_state_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
