#include "gateway/core/clock.h"
#include "webterm/keep.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const struct web_token alice = { .b = { 1 } }, bob = { .b = { 2 } }, add = { .b = { 3 } }, other = { .b = { 4 } };
static const struct web_kept made = { .status = 200, .body = { (const uint8_t *)"{}", 2 } };

static int start(void **state)
{
	clock_fake(1000000);
	*state = web_keep_new();
	return 0;
}

static int stop(void **state)
{
	*state = web_keep_free(*state);
	clock_fake(0);
	return 0;
}

static void the_same_request_has_the_same_answer(void **state)
{
	struct web_kept got;
	assert_int_equal(web_keep_look(*state, &alice, "k1", &add, &got), WEB_KEEP_NEW);
	assert_int_equal(web_keep_look(*state, &alice, "k1", &add, &got), WEB_KEEP_RUNS);
	web_keep_put(*state, &alice, "k1", &made);
	assert_int_equal(web_keep_look(*state, &alice, "k1", &add, &got), WEB_KEEP_SAME);
	assert_int_equal(got.status, 200);
	assert_true(span_is(got.body, "{}"));
}

static void a_key_belongs_to_one_request_of_one_person(void **state)
{
	struct web_kept got;
	assert_int_equal(web_keep_look(*state, &alice, "k1", &add, &got), WEB_KEEP_NEW);
	assert_int_equal(web_keep_look(*state, &alice, "k1", &other, &got), WEB_KEEP_OTHER);
	assert_int_equal(web_keep_look(*state, &bob, "k1", &other, &got), WEB_KEEP_NEW);
	assert_int_equal(web_keep_look(*state, &alice, "k2", &other, &got), WEB_KEEP_NEW);
}

static void what_was_not_done_may_come_again(void **state)
{
	struct web_kept got;
	assert_int_equal(web_keep_look(*state, &alice, "k1", &add, &got), WEB_KEEP_NEW);
	web_keep_put(*state, &alice, "k1", &(struct web_kept){ .status = 0 });
	assert_int_equal(web_keep_look(*state, &alice, "k1", &add, &got), WEB_KEEP_NEW);
}

static void answers_are_kept_for_ten_minutes_and_not_when_they_are_long(void **state)
{
	static uint8_t bytes[WEB_KEEP_BYTES + 1];
	struct web_kept got, large = { .status = 200, .body = { bytes, sizeof bytes } };
	assert_int_equal(web_keep_look(*state, &alice, "k1", &add, &got), WEB_KEEP_NEW);
	web_keep_put(*state, &alice, "k1", &made);
	clock_advance(WEB_KEEP_US);
	assert_int_equal(web_keep_look(*state, &alice, "k1", &add, &got), WEB_KEEP_NEW);
	web_keep_put(*state, &alice, "k1", &large);
	assert_int_equal(web_keep_look(*state, &alice, "k1", &add, &got), WEB_KEEP_NEW);
}

static void the_oldest_makes_room(void **state)
{
	struct web_kept got;
	char key[16];
	for (int i = 0; i <= WEB_KEEP_MAX; i++) {
		(void)snprintf(key, sizeof key, "k%d", i);
		assert_int_equal(web_keep_look(*state, &alice, key, &add, &got), WEB_KEEP_NEW);
		web_keep_put(*state, &alice, key, &made);
		clock_advance(1);
	}
	assert_int_equal(web_keep_look(*state, &alice, "k1", &add, &got), WEB_KEEP_SAME);
	assert_int_equal(web_keep_look(*state, &alice, "k0", &add, &got), WEB_KEEP_NEW);
}

static void a_request_is_its_command_and_its_body(void **state)
{
	struct web_token a, b;
	(void)state;
	web_keep_sum("user add", span_str("{}"), &a);
	web_keep_sum("user add", span_str("{}"), &b);
	assert_true(web_cookie_is(&a, &b));
	web_keep_sum("user ad", span_str("d{}"), &b);
	assert_false(web_cookie_is(&a, &b));
	web_keep_sum("user add", span_str("{ }"), &b);
	assert_false(web_cookie_is(&a, &b));
}

int main(void)
{
#define WITH_TABLE(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest cases[] = {
		WITH_TABLE(the_same_request_has_the_same_answer), WITH_TABLE(a_key_belongs_to_one_request_of_one_person),
		WITH_TABLE(what_was_not_done_may_come_again),
		WITH_TABLE(answers_are_kept_for_ten_minutes_and_not_when_they_are_long), WITH_TABLE(the_oldest_makes_room),
		cmocka_unit_test(a_request_is_its_command_and_its_body),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
