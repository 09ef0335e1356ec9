#include "webterm/bearer.h"
#include "gateway/core/scope.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 32 zero bytes */
enum { MINUTE = 60 * 1000 * 1000 };

static void a_token_is_taken_and_said_as_it_came(void **state)
{
	(void)state;
	struct web_token t, hash;
	char room[WEB_TOKEN_SAID];
	assert_true(web_bearer_get(span_str("Bearer ymt_" ZEROS), &t));
	assert_true(t.api);
	assert_true(span_is(web_cookie_said(&t, room), "ymt_" ZEROS));
	assert_true(web_bearer_get(span_str("bEARER ymt_" ZEROS), &t)); /* the scheme has no case */
	web_cookie_hash(&t, &hash);
	/* printf 'ymt_AAA…' | sha256sum */
	static const uint8_t want[] = { 0x19, 0x86, 0x42, 0x52, 0xc5, 0xac, 0xfc, 0x3d, 0x97, 0xfb, 0xf4, 0xa8, 0x9b, 0xef, 0x89, 0x46, 
		0x94, 0x73, 0xcc, 0x98, 0x3d, 0x2f, 0x20, 0xac, 0x60, 0xb2, 0x11, 0xcf, 0x39, 0xad, 0xc8, 0xf1 };
	assert_memory_equal(hash.b, want, sizeof want);
}

static void what_is_no_token_is_not_taken(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "Bearer", "Bearer ", "Bearer ymt_", "Bearer " ZEROS, "Basic ymt_" ZEROS, "Bearer  ymt_" ZEROS,
		"Bearer ymt_" ZEROS " ", "Bearer ymt_" ZEROS "A", "Bearer YMT_" ZEROS, "Bearerymt_" ZEROS, "Bearer ymt_" ZEROS ", Bearer ymt_" ZEROS };
	struct web_token t;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (web_bearer_get(span_str(bad[i]), &t))
			fail_msg("%s", bad[i]);
}

static void a_token_of_a_cookie_is_another_one(void **state)
{
	(void)state;
	struct web_token api, cookie, a, b;
	assert_true(web_bearer_get(span_str("Bearer ymt_" ZEROS), &api));
	assert_true(web_cookie_token(span_str(ZEROS), &cookie));
	assert_false(cookie.api);
	web_cookie_hash(&api, &a);
	web_cookie_hash(&cookie, &b);
	assert_false(web_cookie_is(&a, &b));
}

static void an_address_with_bad_tokens_waits_for_the_minute_to_end(void **state)
{
	(void)state;
	struct web_bearers *b = web_bearer_new();
	for (int i = 0; i < WEB_BEARER_FREE; i++) {
		assert_false(web_bearer_is_full(b, "192.0.2.1", 1000 + i));
		web_bearer_bad(b, "192.0.2.1", 1000 + i);
	}
	assert_true(web_bearer_is_full(b, "192.0.2.1", MINUTE));
	assert_false(web_bearer_is_full(b, "192.0.2.2", MINUTE));
	assert_false(web_bearer_is_full(b, "192.0.2.1", 1000 + MINUTE));
	web_bearer_bad(b, "192.0.2.1", 1000 + MINUTE); /* a new minute */
	assert_false(web_bearer_is_full(b, "192.0.2.1", 1001 + MINUTE));
	web_bearer_free(b);
}

static void addresses_of_one_network_are_one(void **state)
{
	(void)state;
	struct web_bearers *b = web_bearer_new();
	char address[46];
	for (int i = 0; i < WEB_BEARER_FREE; i++) {
		(void)snprintf(address, sizeof address, "2001:db8::%x", i + 1);
		web_bearer_bad(b, address, 1000);
	}
	assert_true(web_bearer_is_full(b, "2001:db8::ffff", 1000));
	assert_false(web_bearer_is_full(b, "2001:db8:0:1::1", 1000));
	web_bearer_free(b);
}

static void the_oldest_of_many_is_forgotten(void **state)
{
	(void)state;
	struct web_bearers *b = web_bearer_new();
	char address[46];
	for (int i = 0; i < WEB_BEARER_FREE; i++)
		web_bearer_bad(b, "192.0.2.1", 1000);
	for (int i = 0; i < WEB_BEARER_SOURCES - 1; i++) {
		(void)snprintf(address, sizeof address, "10.0.%d.%d", i / 200, i % 200);
		web_bearer_bad(b, address, 2000 + i);
	}
	assert_true(web_bearer_is_full(b, "192.0.2.1", 3000));
	web_bearer_bad(b, "198.51.100.1", 3000);
	assert_false(web_bearer_is_full(b, "192.0.2.1", 3000));
	web_bearer_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_taken_and_said_as_it_came),
		cmocka_unit_test(what_is_no_token_is_not_taken),
		cmocka_unit_test(a_token_of_a_cookie_is_another_one),
		cmocka_unit_test(an_address_with_bad_tokens_waits_for_the_minute_to_end),
		cmocka_unit_test(addresses_of_one_network_are_one),
		cmocka_unit_test(the_oldest_of_many_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
