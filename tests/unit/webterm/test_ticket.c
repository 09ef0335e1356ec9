#include "gateway/core/clock.h"
#include "webterm/ticket.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const struct web_token alice = { .b = { 1 } }, bob = { .b = { 2 } };
static const struct id one = { { 1 } }, two = { { 2 } };

static int start(void **state)
{
	clock_fake(1000000);
	*state = web_ticket_new();
	return 0;
}

static int stop(void **state)
{
	*state = web_ticket_free(*state);
	clock_fake(0);
	return 0;
}

static void a_ticket_lets_in_once(void **state)
{
	char text[WEB_TOKEN_TEXT];
	assert_int_equal(web_ticket_make(*state, &alice, WEB_PURPOSE_WATCH, &one, text), 0);
	assert_true(web_ticket_take(*state, span_str(text), &alice, WEB_PURPOSE_WATCH, &one));
	assert_false(web_ticket_take(*state, span_str(text), &alice, WEB_PURPOSE_WATCH, &one));
}

static void it_is_for_one_person_one_purpose_and_one_object(void **state)
{
	static const struct {
		const struct web_token *who;
		enum web_purpose purpose;
		const struct id *id;
	} wrong[] = { { &bob, WEB_PURPOSE_WATCH, &one }, { &alice, WEB_PURPOSE_REPLAY, &one }, { &alice, WEB_PURPOSE_WATCH, &two } };
	char text[WEB_TOKEN_TEXT];
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(web_ticket_make(*state, &alice, WEB_PURPOSE_WATCH, &one, text), 0);
		assert_false(web_ticket_take(*state, span_str(text), wrong[i].who, wrong[i].purpose, wrong[i].id));
		assert_false(web_ticket_take(*state, span_str(text), &alice, WEB_PURPOSE_WATCH, &one)); /* gone by the wrong try */
	}
}

static void it_lives_for_half_a_minute(void **state)
{
	char text[WEB_TOKEN_TEXT];
	assert_int_equal(web_ticket_make(*state, &alice, WEB_PURPOSE_WATCH, &one, text), 0);
	clock_advance(WEB_TICKET_US - 1);
	assert_true(web_ticket_take(*state, span_str(text), &alice, WEB_PURPOSE_WATCH, &one));
	assert_int_equal(web_ticket_make(*state, &alice, WEB_PURPOSE_WATCH, &one, text), 0);
	clock_advance(WEB_TICKET_US);
	assert_false(web_ticket_take(*state, span_str(text), &alice, WEB_PURPOSE_WATCH, &one));
}

static void nonsense_lets_nobody_in(void **state)
{
	assert_false(web_ticket_take(*state, span_str(""), &alice, WEB_PURPOSE_WATCH, &one));
	assert_false(web_ticket_take(*state, span_str("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), &(struct web_token){ .b = { 0 } },
		(enum web_purpose)0, &(struct id){ { 0 } }));
}

static void one_person_has_a_bounded_number_and_loses_his_oldest(void **state)
{
	char first[WEB_TOKEN_TEXT], text[WEB_TOKEN_TEXT];
	assert_int_equal(web_ticket_make(*state, &alice, WEB_PURPOSE_WATCH, &one, first), 0);
	for (int i = 0; i < WEB_TICKETS_EACH; i++) {
		clock_advance(1);
		assert_int_equal(web_ticket_make(*state, &alice, WEB_PURPOSE_WATCH, &one, text), 0);
	}
	assert_false(web_ticket_take(*state, span_str(first), &alice, WEB_PURPOSE_WATCH, &one));
	assert_true(web_ticket_take(*state, span_str(text), &alice, WEB_PURPOSE_WATCH, &one));
}

static void all_have_a_bounded_number_and_late_ones_make_room(void **state)
{
	char text[WEB_TOKEN_TEXT];
	for (int i = 0; i < WEB_TICKETS_MAX; i++) {
		struct web_token who = { .b = { 9, (uint8_t)i, (uint8_t)(i >> 8) } };
		assert_int_equal(web_ticket_make(*state, &who, WEB_PURPOSE_EVENTS, &one, text), 0);
	}
	assert_int_equal(web_ticket_make(*state, &alice, WEB_PURPOSE_EVENTS, &one, text), -EAGAIN);
	clock_advance(WEB_TICKET_US);
	assert_int_equal(web_ticket_make(*state, &alice, WEB_PURPOSE_EVENTS, &one, text), 0);
}

int main(void)
{
#define WITH_TABLE(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest cases[] = {
		WITH_TABLE(a_ticket_lets_in_once), WITH_TABLE(it_is_for_one_person_one_purpose_and_one_object),
		WITH_TABLE(it_lives_for_half_a_minute), WITH_TABLE(nonsense_lets_nobody_in),
		WITH_TABLE(one_person_has_a_bounded_number_and_loses_his_oldest),
		WITH_TABLE(all_have_a_bounded_number_and_late_ones_make_room),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
