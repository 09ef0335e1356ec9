#include "gateway/core/clock.h"
#include "gateway/core/loop.h"
#include "policy/ask.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct asker {
	int calls, code;
	bool reply;
};

static void done(void *ctx, int code, const union pol_reply *reply)
{
	struct asker *a = ctx;

	a->calls++;
	a->code = code;
	a->reply = reply != NULL;
}

static struct pol_ask of(struct asker *a)
{
	return (struct pol_ask){
		.role = WIRE_VAULT, .answer = WIRE_T_allow_answer, .within_us = 1000, .done = done, .ctx = a
	};
}

static int set_up(void **state)
{
	struct pol_asks *all = calloc(1, sizeof *all);

	clock_fake(1000000);
	assert_int_equal(loop_new(&all->loop, NULL), 0);
	*state = all;
	return 0;
}

static int tear_down(void **state)
{
	struct pol_asks *all = *state;

	assert_null(all->first);
	loop_free(all->loop);
	free(all);
	clock_fake(0);
	return 0;
}

static void an_answer_finds_who_asked_once(void **state)
{
	struct pol_asks *all = *state;
	struct asker a = { 0 }, b = { 0 };
	struct pol_ask ask = of(&a), other = of(&b);
	union pol_reply reply = { 0 };
	uint64_t ticket = pol_ask_add(all, &ask), second = pol_ask_add(all, &other);

	assert_true(ticket != second);
	assert_false(pol_ask_answer(all, WIRE_T_sealed, ticket, &reply)); /* another kind of answer */
	assert_true(pol_ask_answer(all, WIRE_T_allow_answer, second, &reply));
	assert_false(pol_ask_answer(all, WIRE_T_allow_answer, second, &reply));
	assert_true(a.calls == 0 && b.calls == 1 && b.reply);
	pol_ask_drop(all, &a);
	assert_false(pol_ask_answer(all, WIRE_T_allow_answer, ticket, &reply));
	assert_int_equal(a.calls, 0);
}

static void a_deadline_ends_it(void **state)
{
	struct pol_asks *all = *state;
	struct asker a = { 0 };
	struct pol_ask ask = of(&a);

	(void)pol_ask_add(all, &ask);
	loop_turn(all->loop, 0);
	assert_int_equal(a.calls, 0);
	clock_advance(1001);
	loop_turn(all->loop, 0);
	assert_true(a.calls == 1 && a.code == -ETIMEDOUT && !a.reply);
}

static void a_lost_peer_ends_all_that_it_owes_and_nothing_else(void **state)
{
	struct pol_asks *all = *state;
	struct asker a = { 0 }, b = { 0 };
	struct pol_ask ask = of(&a), other = of(&b);

	other.role = WIRE_RECORDER;
	(void)pol_ask_add(all, &ask);
	(void)pol_ask_add(all, &other);
	pol_ask_lost(all, WIRE_VAULT);
	assert_int_equal(a.calls, 0); /* from the loop only */
	loop_turn(all->loop, 0);
	assert_true(a.calls == 1 && a.code == -EPIPE && b.calls == 0);
	pol_ask_drop(all, &b);
}

static void an_id_is_matched_with_its_type(void **state)
{
	struct pol_asks *all = *state;
	struct asker a = { 0 };
	struct pol_ask ask = of(&a);
	union pol_reply reply = { 0 };
	struct id other = { .b = { 9 } };

	ask.id = (struct id){ .b = { 1, 2, 3 } };
	ask.answer = WIRE_T_begin_answer;
	(void)pol_ask_add(all, &ask);
	assert_false(pol_ask_answer_id(all, WIRE_T_recording_answer, &ask.id, &reply));
	assert_false(pol_ask_answer_id(all, WIRE_T_begin_answer, &other, &reply));
	assert_true(pol_ask_answer_id(all, WIRE_T_begin_answer, &ask.id, &reply));
	assert_int_equal(a.calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_answer_finds_who_asked_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_deadline_ends_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_lost_peer_ends_all_that_it_owes_and_nothing_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_id_is_matched_with_its_type, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
