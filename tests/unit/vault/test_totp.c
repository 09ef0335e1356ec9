#include "policy/vault/totp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

static const uint8_t secret[] = "12345678901234567890"; /* of RFC 6238 appendix B */
#define AT(s) (INT64_C(1000000) * (s))

/* Appendix B has eight digits: ours are the last six. */
static void codes_are_those_of_the_rfc(void **state)
{
	static const struct {
		int64_t time_s;
		uint32_t code;
	} vectors[] = { { 59, 287082 }, { 1111111109, 81804 }, { 1111111111, 50471 }, { 1234567890, 5924 },
		{ 2000000000, 279037 }, { INT64_C(20000000000), 353130 } };

	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		char typed[8];
		uint64_t step = (uint64_t)vectors[i].time_s / 30;
		assert_int_equal(vault_totp_code(secret, step), vectors[i].code);
		(void)snprintf(typed, sizeof typed, "%06u", vectors[i].code);
		assert_int_equal(vault_totp_match(secret, span_str(typed), AT(vectors[i].time_s), 0), step);
	}
}

static uint64_t match(const char *typed, int64_t time_s, uint64_t last)
{
	return vault_totp_match(secret, span_str(typed), AT(time_s), last);
}

static void a_code_is_good_one_step_before_and_after_and_no_longer(void **state)
{
	(void)state;
	/* 081804 is of the step from 1111111080 to 1111111109 */
	assert_int_equal(match("081804", 1111111080, 0), 37037036);
	assert_int_equal(match("081804", 1111111079, 0), 37037036);
	assert_int_equal(match("081804", 1111111050, 0), 37037036);
	assert_int_equal(match("081804", 1111111049, 0), 0);
	assert_int_equal(match("081804", 1111111139, 0), 37037036);
	assert_int_equal(match("081804", 1111111140, 0), 0);
}

static void a_step_is_good_once_and_an_earlier_one_no_more(void **state)
{
	(void)state;
	assert_int_equal(match("081804", 1111111109, 37037035), 37037036);
	assert_int_equal(match("081804", 1111111109, 37037036), 0);
	assert_int_equal(match("081804", 1111111109, 37037037), 0);
}

static void what_is_no_code_matches_nothing(void **state)
{
	static const char *const no[] = { "", "8180", "81804", "0818040", "08180a", "081804x", "+81804", "O81804",
		"-----", "000000", "99999999999999999999999999999999999999999999999999999999999999999999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_int_equal(match(no[i], 1111111109, 0), 0);
	assert_int_equal(match("081 804", 1111111109, 0), 37037036);
	assert_int_equal(match(" 081-804 ", 1111111109, 0), 37037036);
}

/* RFC 4648: "12345678901234567890" */
static void a_secret_is_shown_in_base32(void **state)
{
	char text[VAULT_TOTP_BASE32];

	(void)state;
	vault_totp_base32(secret, text);
	assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

static void a_recovery_code_is_found_again_however_it_is_typed(void **state)
{
	uint8_t a[VAULT_TOTP_HASH], b[VAULT_TOTP_HASH], other[VAULT_TOTP_HASH];
	static const uint8_t another[] = "12345678901234567891";

	(void)state;
	assert_true(vault_totp_recovery_hash(secret, span_str("abcde-fg234"), a));
	assert_true(vault_totp_recovery_hash(secret, span_str(" ABCDE fg234"), b));
	assert_memory_equal(a, b, sizeof a);
	assert_true(vault_totp_recovery_hash(secret, span_str("abcde-fg235"), b));
	assert_memory_not_equal(a, b, sizeof a);
	assert_true(vault_totp_recovery_hash(another, span_str("abcde-fg234"), other));
	assert_memory_not_equal(a, other, sizeof a);
}

static void what_is_no_recovery_code_has_no_hash(void **state)
{
	static const char *const no[] = { "", "abcde-fg23", "abcde-fg2345", "abcde-fg018", "abcde/fg234", "081804" };
	uint8_t hash[VAULT_TOTP_HASH];

	(void)state;
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_false(vault_totp_recovery_hash(secret, span_str(no[i]), hash));
}

static void new_recovery_codes_have_the_form_and_differ(void **state)
{
	char a[VAULT_TOTP_RECOVERY], b[VAULT_TOTP_RECOVERY];
	uint8_t hash[VAULT_TOTP_HASH];

	(void)state;
	vault_totp_recovery(a);
	vault_totp_recovery(b);
	assert_int_equal(strlen(a), 11);
	assert_int_equal(a[5], '-');
	assert_true(vault_totp_recovery_hash(secret, span_str(a), hash));
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_those_of_the_rfc),
		cmocka_unit_test(a_code_is_good_one_step_before_and_after_and_no_longer),
		cmocka_unit_test(a_step_is_good_once_and_an_earlier_one_no_more),
		cmocka_unit_test(what_is_no_code_matches_nothing),
		cmocka_unit_test(a_secret_is_shown_in_base32),
		cmocka_unit_test(a_recovery_code_is_found_again_however_it_is_typed),
		cmocka_unit_test(what_is_no_recovery_code_has_no_hash),
		cmocka_unit_test(new_recovery_codes_have_the_form_and_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
