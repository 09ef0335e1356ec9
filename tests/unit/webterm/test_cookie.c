#include "gateway/core/scope.h"
#include "webterm/cookie.h"
#include "webterm/origin.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define NAME "__Host-yanmen"
static const char zeros[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"; /* 32 zero bytes */

static bool has(const char *header)
{
	struct web_token t;
	memset(&t, 7, sizeof t);
	bool found = web_cookie_get(span_str(header), NAME, &t);
	static const struct web_token none;
	return found && memcmp(&t, &none, sizeof t) == 0;
}

static void a_token_is_found_among_other_cookies(void **state)
{
	(void)state;
	assert_true(has("__Host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
	assert_true(has("a=b; __Host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; c=d"));
	assert_true(has("a=b;__Host-yanmen = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ;"));
	assert_true(has("__Host-yanmen-visit=x; __Host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

static void what_is_no_token_or_is_there_twice_is_not_there(void **state)
{
	(void)state;
	static const char *const bad[] = { "", ";;;", "=", "__Host-yanmen", "__Host-yanmen=",
		"__host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "__Host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"__Host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "__Host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"__Host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+A", "__Host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
		"x__Host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"__Host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; __Host-yanmen=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (has(bad[i]))
			fail_msg("%s", bad[i]);
}

static void a_token_is_written_as_it_is_read(void **state)
{
	(void)state;
	struct web_token t, again;
	char text[WEB_TOKEN_TEXT];
	for (size_t i = 0; i < sizeof t.b; i++)
		t.b[i] = (uint8_t)(i * 9 + 3);
	web_cookie_text(&t, text);
	assert_int_equal(strlen(text), 43);
	assert_true(web_cookie_token(span_str(text), &again));
	assert_true(web_cookie_is(&t, &again));
	again.b[31] ^= 1;
	assert_false(web_cookie_is(&t, &again));
	memcpy(text + 20, "\xbf\xc4", 2); /* libsodium 1.0.18 reads these two as if they were of the alphabet */
	assert_false(web_cookie_token(span_str(text), &again));
}

/* BLAKE2b-256 with the key "yanmen-csrf", and SHA-256, of 32 zero bytes: as Python's hashlib has them. */
static void what_is_made_of_a_token_is_as_documented(void **state)
{
	(void)state;
	struct web_token t, sum;
	char text[WEB_TOKEN_TEXT];
	assert_true(web_cookie_token(span_str(zeros), &t));
	web_cookie_csrf(&t, &sum);
	web_cookie_text(&sum, text);
	assert_string_equal(text, "1SkCg3X8-B5N3KCjoSQK4G09oYp-MXn-9M7T2tcSGTg");
	web_cookie_hash(&t, &sum);
	web_cookie_text(&sum, text);
	assert_string_equal(text, "Zmh6rfhivXdsj8GLjp-OIAiXFIVu4jOzkCpZHQ1fKSU");
}

static void only_our_own_origin_is_ours(void **state)
{
	(void)state;
	static const struct {
		const char *origin, *configured, *host;
		bool ours;
	} table[] = {
		{ "https://gate.example:8443", "", "gate.example:8443", true },
		{ "https://gate.example", "", "gate.example", true },
		{ "https://gate.example", "", "gate.example:443", false },
		{ "http://gate.example", "", "gate.example", false },
		{ "https://gate.example.evil", "", "gate.example", false },
		{ "https://evil", "", "gate.example", false },
		{ "null", "", "gate.example", false },
		{ "", "", "gate.example", false },
		{ "https://", "", "", false },
		{ "https://gate.example", "https://gate.example", "10.0.0.1:8443", true },
		{ "https://10.0.0.1:8443", "https://gate.example", "10.0.0.1:8443", false },
		{ "", "https://gate.example", "gate.example", false },
	};
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (web_origin_is(span_str(table[i].origin), table[i].configured, span_str(table[i].host)) != table[i].ours)
			fail_msg("row %zu", i);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(a_token_is_found_among_other_cookies),
		cmocka_unit_test(what_is_no_token_or_is_there_twice_is_not_there),
		cmocka_unit_test(a_token_is_written_as_it_is_read),
		cmocka_unit_test(what_is_made_of_a_token_is_as_documented),
		cmocka_unit_test(only_our_own_origin_is_ours),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
