#include "gateway/core/scope.h"
#include "webterm/passkey.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool get(const char *json, struct web_passkey *ret)
{
	json_t *object = json_loads(json, 0, NULL);
	bool taken = web_passkey_get(object, ret);
	json_decref(object);
	return taken;
}

static void an_answer_is_its_five_parts(void **state)
{
	struct web_passkey *p = calloc(1, sizeof *p);
	(void)state;
	assert_non_null(p);
	assert_true(get("{\"id\":\"AQI\",\"client_data\":\"e30\",\"authenticator_data\":\"-_8\",\"signature\":\"MA\",\"user\":\"\"}", p));
	assert_memory_equal(p->m.credential.p, "\1\2", 2);
	assert_true(span_is(p->m.client, "{}"));
	assert_memory_equal(p->m.auth.p, "\xfb\xff", 2);
	assert_int_equal(p->m.signature.n, 1);
	assert_int_equal(p->m.handle.n, 0);
	free(p);
}

static void what_is_missing_or_no_base64url_is_malformed(void **state)
{
	static const char *const bad[] = { "{}", "[]", "{\"id\":\"AQI\"}",
		"{\"id\":1,\"client_data\":\"e30\",\"authenticator_data\":\"AA\",\"signature\":\"MA\",\"user\":\"\"}",
		"{\"id\":\"AQI=\",\"client_data\":\"e30\",\"authenticator_data\":\"AA\",\"signature\":\"MA\",\"user\":\"\"}",
		"{\"id\":\"A+I\",\"client_data\":\"e30\",\"authenticator_data\":\"AA\",\"signature\":\"MA\",\"user\":\"\"}",
		"{\"id\":\"AQI\",\"client_data\":\"e30\",\"authenticator_data\":\"AA\",\"signature\":\"MA\"}" };
	struct web_passkey *p = calloc(1, sizeof *p);
	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(get(bad[i], p));
	free(p);
}

static void a_challenge_is_said_with_its_credentials(void **state)
{
	static const uint8_t challenge[32], ids[] = { 2, 0, 0, 0, 'A', 'Q', 2, 0, 0, 0, 'A', 'g' };
	struct wire_passkey_asked m = { .rp = span_str("localhost"), .challenge = span_of(challenge, 32), .count = 2,
		.ids = span_of(ids, sizeof ids), .totp = 1, .days = 7 };
	struct buf out;
	struct json j;
	(void)state;
	buf_init(&out, 4096);
	json_open(&j, &out);
	json_obj(&j, NULL);
	web_passkey_put(&j, &m);
	json_end(&j);
	assert_string_equal(buf_str(&out), "{\"totp\":true,\"elsewhere\":\"\",\"remember\":7,\"passkey\":{\"challenge\":"
		"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"rp\":\"localhost\",\"credentials\":[\"AQ\",\"Ag\"]}}");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_its_five_parts),
		cmocka_unit_test(what_is_missing_or_no_base64url_is_malformed),
		cmocka_unit_test(a_challenge_is_said_with_its_credentials),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
