#include "gateway/core/scope.h"
#include "policy/pwhash/passkey.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/pwhash/passkey_sample.h"

#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 32 zero bytes */
static const uint8_t challenge[32];

static const char *judge(const char *client)
{
	return pwhash_passkey_client(
		span_str(client), "webauthn.get", span_of(challenge, sizeof challenge), span_str("https://gate.example"));
}

static void client_data_of_our_page_are_taken(void **state)
{
	(void)state;
	assert_null(judge("{\"type\":\"webauthn.get\",\"challenge\":\"" ZEROS "\",\"origin\":\"https://gate.example\",\"crossOrigin\":false}"));
	assert_null(judge("{\"origin\":\"https://gate.example\",\"other\":[1],\"challenge\":\"" ZEROS "\",\"type\":\"webauthn.get\"}"));
}

static void client_data_of_anything_else_are_not(void **state)
{
	static const struct {
		const char *client, *why;
	} bad[] = {
		{ "", "client data is malformed" },
		{ "[]", "client data is malformed" },
		{ "{\"type\":\"webauthn.get\",\"type\":\"webauthn.get\"}", "client data is malformed" },
		{ "{}", "client data is of another type" },
		{ "{\"type\":\"webauthn.create\",\"challenge\":\"" ZEROS "\",\"origin\":\"https://gate.example\"}", "client data is of another type" },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"" ZEROS "=\",\"origin\":\"https://gate.example\"}", "challenge is another" },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"origin\":\"https://gate.example\"}",
			"challenge is another" },
		{ "{\"type\":\"webauthn.get\",\"challenge\":null,\"origin\":\"https://gate.example\"}", "challenge is another" },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"" ZEROS "\",\"origin\":\"https://gate.example.evil\"}", "origin is another" },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"" ZEROS "\",\"origin\":\"HTTPS://gate.example\"}", "origin is another" },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"" ZEROS "\",\"origin\":\"https://gate.example\",\"crossOrigin\":true}",
			"page was in a frame of another" },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"" ZEROS "\",\"origin\":\"https://gate.example\",\"topOrigin\":\"x\"}",
			"page was in a frame of another" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_non_null(judge(bad[i].client));
		assert_string_equal(judge(bad[i].client), bad[i].why);
	}
}

static struct wire_passkey sample(void)
{
	return (struct wire_passkey){ .ticket = 9, .op = WIRE_PASSKEY_USE, .rp = span_str("localhost"),
		.origin = span_str("https://localhost"), .challenge = span_of(challenge, sizeof challenge), .client = span_str(used_client),
		.auth = span_of(used, sizeof used), .signature = span_of(signature, sizeof signature), .kept = span_of(kept, sizeof kept) };
}

static void a_use_is_right_with_the_key_of_its_registration(void **state)
{
	struct wire_passkey ask = sample();
	struct wire_passkey_answer answer;

	(void)state;
	pwhash_passkey_answer(&ask, &answer);
	assert_int_equal(answer.code, 0);
	assert_int_equal(answer.ticket, 9);
	assert_int_equal(answer.counter, 7);
	assert_int_equal(answer.algorithm, -7);
	assert_int_equal(answer.flags, PASSKEY_PRESENT | PASSKEY_VERIFIED);
}

/* Whichever byte of authenticator data or signature is another one: it is refused. */
static void each_byte_counts(void **state)
{
	uint8_t auth[sizeof used], sig[sizeof signature];
	struct wire_passkey_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof used + sizeof signature; i++) {
		struct wire_passkey ask = sample();
		memcpy(auth, used, sizeof auth);
		memcpy(sig, signature, sizeof sig);
		if (i < sizeof used)
			auth[i] ^= 1;
		else
			sig[i - sizeof used] ^= 1;
		ask.auth = span_of(auth, sizeof auth);
		ask.signature = span_of(sig, sizeof sig);
		pwhash_passkey_answer(&ask, &answer);
		assert_int_equal(answer.code, -EACCES);
		assert_true(answer.why.n > 0);
	}
}

static void cut_data_are_refused(void **state)
{
	struct wire_passkey_answer answer;

	(void)state;
	for (size_t n = 0; n < sizeof kept; n++) {
		struct wire_passkey ask = sample();
		ask.kept = span_of(kept, n);
		pwhash_passkey_answer(&ask, &answer);
		assert_int_equal(answer.code, -EACCES);
	}
	for (size_t n = 0; n < sizeof used; n++) {
		struct wire_passkey ask = sample();
		ask.auth = span_of(used, n);
		pwhash_passkey_answer(&ask, &answer);
		assert_int_equal(answer.code, -EACCES);
	}
}

/* A head that promises 2^40 members is refused before anybody makes room for them. */
static void a_key_that_promises_more_than_it_has_is_refused(void **state)
{
	static const uint8_t maps[][10] = { { 0xbb, 0, 0, 1, 0, 0, 0, 0, 0, 0xa0 }, { 0xa1, 1, 0x9b, 0, 0, 1, 0, 0, 0, 0 },
		{ 0xbf, 1, 2, 0xff }, { 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x80 } };
	uint8_t data[sizeof kept];
	struct wire_passkey_answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(maps); i++) {
		struct wire_passkey ask = sample();
		memcpy(data, kept, sizeof data);
		memcpy(data + 37 + 16 + 2 + 32, maps[i], sizeof maps[i]);
		ask.kept = span_of(data, sizeof data);
		pwhash_passkey_answer(&ask, &answer);
		assert_int_equal(answer.code, -EACCES);
		assert_true(span_is(answer.why, "kept key cannot be read"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_data_of_our_page_are_taken),
		cmocka_unit_test(client_data_of_anything_else_are_not),
		cmocka_unit_test(a_use_is_right_with_the_key_of_its_registration),
		cmocka_unit_test(each_byte_counts),
		cmocka_unit_test(cut_data_are_refused),
		cmocka_unit_test(a_key_that_promises_more_than_it_has_is_refused),
	};
	if (pwhash_passkey_init(NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
