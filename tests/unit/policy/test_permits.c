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

/* Of a SQL door: in which states each may be said, and the state behind it; the state is the same where none is told. */
static void a_worker_of_a_sql_door_says_what_it_has(void **state)
{
	static const struct {
		uint16_t type;
		uint32_t in;
		int then;
	} says[] = {
		{ WIRE_T_login, PERMIT_IN(POL_LOGIN) | PERMIT_IN(POL_LOST), POL_LOGIN_ASKED },
		{ WIRE_T_login_scramble, PERMIT_IN(POL_LOGIN) | PERMIT_IN(POL_LOST), POL_LOGIN_ASKED },
		{ WIRE_T_target, PERMIT_IN(POL_CHOOSE), POL_TARGET_ASKED },
		{ WIRE_T_target, PERMIT_IN(POL_LOST), -1 },
		{ WIRE_T_target, PERMIT_IN(POL_RESUMED), POL_FAILED },
		{ WIRE_T_reached, PERMIT_IN(POL_REACHING) | PERMIT_IN(POL_RESUMED), POL_LIVE },
		{ WIRE_T_statement, PERMIT_IN(POL_LIVE) | PERMIT_IN(POL_RESUMED), -1 },
		{ WIRE_T_thread, PERMIT_IN(POL_REACHING) | PERMIT_IN(POL_LIVE) | PERMIT_IN(POL_RESUMED), -1 },
		{ WIRE_T_thread_of, PERMIT_IN(POL_LIVE) | PERMIT_IN(POL_RESUMED), -1 },
		{ WIRE_T_again, PERMIT_IN(POL_LIVE) | PERMIT_IN(POL_RESUMED), -1 },
		{ WIRE_T_permit, PERMIT_IN(POL_LIVE) | PERMIT_IN(POL_RESUMED), -1 },
		{ WIRE_T_permit_done, PERMIT_IN(POL_LIVE) | PERMIT_IN(POL_RESUMED), -1 },
		{ WIRE_T_refused,
			PERMIT_IN(POL_CHOOSE) | PERMIT_IN(POL_REACHING) | PERMIT_IN(POL_LIVE) | PERMIT_IN(POL_FAILED) | PERMIT_IN(POL_RESUMED) |
				PERMIT_IN(POL_LOST),
			-1 },
		{ WIRE_T_end,
			PERMIT_IN(POL_REACHING) | PERMIT_IN(POL_LIVE) | PERMIT_IN(POL_FAILED) | PERMIT_IN(POL_RESUMED) | PERMIT_IN(POL_LOST),
			POL_DONE },
	};

	(void)state;
	assert_int_equal(pol_permits_sql().state, POL_LOGIN);
	for (uint8_t s = 0; s < POL_STATES; s++)
		for (unsigned type = 0; type < 0x0900; type++) {
			struct permit p = pol_permits_sql();
			int then = -2;
			p.state = s;
			for (size_t i = 0; i < COUNT_OF(says); i++)
				if (says[i].type == type && (says[i].in & PERMIT_IN(s)))
					then = says[i].then < 0 ? s : says[i].then;
			assert_int_equal(permit_step(&p, (uint16_t)type), then == -2 ? -EPERM : 0);
			assert_int_equal(p.state, then == -2 ? s : then);
		}
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
		cmocka_unit_test(a_worker_of_a_sql_door_says_what_it_has),
		cmocka_unit_test(reached_and_end_are_said_once),
		cmocka_unit_test(a_second_question_before_the_answer_is_refused),
		cmocka_unit_test(every_state_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
