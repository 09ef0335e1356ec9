#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/login/scramble.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* Worked out by another program, for the password "ym-correct horse" and this challenge. */
#define CHALLENGE "0123456789abcdefghij"
#define KEPT_SHA1 \
	"\x19\xf3\xca\xb9\xa7\x28\x99\x0c\xf7\x62\xbf\x00\xa0\x2b\xd1\xe9\xa2\xda\xfa\x7b"
#define KEPT_SHA2 \
	"\xb7\xbc\x76\x1b\xfa\x04\xca\x39\x8f\x8d\xa7\x17\xab\x66\x63\x0e\xaa\xa7\x16\x97\xbb\x3f\x3a\xbc\x01\xd4\x2f\x4a\xf9\x01\xff\x2f"
#define NATIVE \
	"\x6d\x86\x75\x4e\xb2\xfb\xfb\x61\x41\x7e\x2d\xcf\x83\x78\x28\x84\xf7\x7c\xd7\x75"
#define SHA2 \
	"\x25\xb5\x24\x30\xe1\x0f\x80\xea\x1f\x57\xac\x7c\x51\x53\x9a\xd6\x6b\xee\x9f\xd4\x26\x36\xc3\x0e\xf1\x13\x07\x81\x69\x1d\x7c\x28"

static struct span bytes(const char *literal, size_t n)
{
	return span_of(literal, n);
}

static struct pol_scramble_kept kept(void)
{
	struct pol_scramble_kept k;
	pol_scramble_make(span_str("ym-correct horse"), &k);
	return k;
}

static void what_is_kept_is_the_hash_of_a_hash(void **state)
{
	struct pol_scramble_kept k = kept();
	(void)state;
	assert_memory_equal(k.sha1, KEPT_SHA1, sizeof k.sha1);
	assert_memory_equal(k.sha2, KEPT_SHA2, sizeof k.sha2);
}

static void the_right_answer_to_the_right_challenge_is_right(void **state)
{
	struct pol_scramble_kept k = kept();
	(void)state;
	assert_true(pol_scramble_is(&k, WIRE_SCRAMBLE_NATIVE, bytes(CHALLENGE, 20), bytes(NATIVE, 20)));
	assert_true(pol_scramble_is(&k, WIRE_SCRAMBLE_SHA2, bytes(CHALLENGE, 20), bytes(SHA2, 32)));
	assert_true(pol_scramble_is_clear(&k, span_str("ym-correct horse")));
	assert_false(pol_scramble_is_clear(&k, span_str("ym-correct horses")));
	assert_false(pol_scramble_is_clear(&k, span_str("")));
}

static void each_bit_of_an_answer_counts(void **state)
{
	struct pol_scramble_kept k = kept();
	uint8_t native[20], sha2[32];
	(void)state;
	for (size_t bit = 0; bit < 8 * sizeof native; bit++) {
		memcpy(native, NATIVE, sizeof native);
		native[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(pol_scramble_is(&k, WIRE_SCRAMBLE_NATIVE, bytes(CHALLENGE, 20), span_of(native, sizeof native)));
	}
	for (size_t bit = 0; bit < 8 * sizeof sha2; bit++) {
		memcpy(sha2, SHA2, sizeof sha2);
		sha2[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(pol_scramble_is(&k, WIRE_SCRAMBLE_SHA2, bytes(CHALLENGE, 20), span_of(sha2, sizeof sha2)));
	}
}

static void another_challenge_another_plugin_and_other_lengths_are_wrong(void **state)
{
	struct pol_scramble_kept k = kept();
	(void)state;
	assert_false(pol_scramble_is(&k, WIRE_SCRAMBLE_NATIVE, bytes("0123456789abcdefghik", 20), bytes(NATIVE, 20)));
	assert_false(pol_scramble_is(&k, WIRE_SCRAMBLE_SHA2, bytes("0123456789abcdefghik", 20), bytes(SHA2, 32)));
	assert_false(pol_scramble_is(&k, WIRE_SCRAMBLE_SHA2, bytes(CHALLENGE, 20), bytes(NATIVE, 20)));
	assert_false(pol_scramble_is(&k, 3, bytes(CHALLENGE, 20), bytes(SHA2, 32)));
	for (size_t n = 0; n < 20; n++) {
		assert_false(pol_scramble_is(&k, WIRE_SCRAMBLE_NATIVE, bytes(CHALLENGE, 20), bytes(NATIVE, n)));
		assert_false(pol_scramble_is(&k, WIRE_SCRAMBLE_NATIVE, bytes(CHALLENGE, n), bytes(NATIVE, 20)));
	}
	assert_false(pol_scramble_is(&k, WIRE_SCRAMBLE_NATIVE, (struct span){ 0 }, (struct span){ 0 }));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_the_hash_of_a_hash),
		cmocka_unit_test(the_right_answer_to_the_right_challenge_is_right),
		cmocka_unit_test(each_bit_of_an_answer_counts),
		cmocka_unit_test(another_challenge_another_plugin_and_other_lengths_are_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
