#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "recorder/evidence/keys.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { DAY = 1000000 };
static uint8_t secrets[EVIDENCE_KEYS_MAX + 1][crypto_sign_SECRETKEYBYTES];

/* The key after the last of k, from DAY * its number on, signed by `by` (its own predecessor when -1). */
static struct evidence_keys_one successor(const struct evidence_keys *k, int by)
{
	struct evidence_keys_one one = { .since_us = (int64_t)(k->n + 1) * DAY };
	struct evidence_sign_claim claim;
	uint8_t text[EVIDENCE_SIGN_TEXT];
	crypto_sign_keypair(one.key, secrets[k->n]);
	evidence_keys_claim(k, &one, &claim);
	evidence_sign_text(&claim, text);
	crypto_sign_detached(one.signature, NULL, text, sizeof text, secrets[by < 0 ? (int)k->n - 1 : by]);
	return one;
}

static void chain(struct evidence_keys *k, size_t n)
{
	uint8_t first[EVIDENCE_KEY];
	crypto_sign_keypair(first, secrets[0]);
	evidence_keys_first(k, first);
	while (k->n < n) {
		struct evidence_keys_one one = successor(k, -1);
		assert_int_equal(evidence_keys_add(k, &one, NULL), 0);
	}
}

static int says(const struct evidence_keys *k, size_t by, int64_t time_us)
{
	struct evidence_sign_claim claim = { .what = WIRE_SIGN_AUDIT, .seq = 7, .time_us = time_us };
	uint8_t text[EVIDENCE_SIGN_TEXT], signature[EVIDENCE_SIGNATURE];
	evidence_sign_text(&claim, text);
	crypto_sign_detached(signature, NULL, text, sizeof text, secrets[by]);
	return evidence_keys_check(k, &claim, signature, NULL);
}

static void every_key_verifies_what_it_signed_in_its_time(void **state)
{
	struct evidence_keys k;
	(void)state;
	chain(&k, 3);
	for (size_t by = 0; by < 3; by++)
		assert_int_equal(says(&k, by, k.k[by].since_us), 0);
	assert_int_equal(says(&k, 0, k.k[1].since_us + EVIDENCE_KEYS_SLACK_US), 0);
	assert_int_equal(says(&k, 2, INT64_MAX), 0); /* the newest has no end yet */
}

static void a_replaced_key_signs_nothing_of_later(void **state)
{
	struct evidence_keys k;
	(void)state;
	chain(&k, 3);
	assert_int_equal(says(&k, 0, k.k[1].since_us + EVIDENCE_KEYS_SLACK_US + 1), -EACCES);
	assert_int_equal(says(&k, 1, k.k[2].since_us + EVIDENCE_KEYS_SLACK_US + 1), -EACCES);
}

static void a_stranger_signs_nothing(void **state)
{
	struct evidence_keys k;
	uint8_t public[EVIDENCE_KEY];
	(void)state;
	chain(&k, 2);
	crypto_sign_keypair(public, secrets[9]);
	assert_int_equal(says(&k, 9, 1), -EACCES);
}

static void only_the_last_key_makes_a_successor(void **state)
{
	struct evidence_keys k;
	(void)state;
	chain(&k, 3);
	struct evidence_keys_one one = successor(&k, 1);
	assert_int_equal(evidence_keys_add(&k, &one, NULL), -EACCES);
	one = successor(&k, -1);
	one.since_us++; /* the beginning is signed too */
	assert_int_equal(evidence_keys_add(&k, &one, NULL), -EACCES);
	one = successor(&k, -1);
	one.key[3] ^= 1;
	assert_int_equal(evidence_keys_add(&k, &one, NULL), -EACCES);
	assert_int_equal(k.n, 3);
}

static void keys_come_in_the_order_of_time(void **state)
{
	struct evidence_keys k;
	struct evidence_keys_one one = { 0 };
	(void)state;
	chain(&k, 2);
	one.since_us = k.k[1].since_us;
	assert_int_equal(evidence_keys_add(&k, &one, NULL), -EACCES);
}

static void there_are_at_most_so_many(void **state)
{
	struct evidence_keys k;
	(void)state;
	chain(&k, EVIDENCE_KEYS_MAX);
	struct evidence_keys_one one = successor(&k, -1);
	assert_int_equal(evidence_keys_add(&k, &one, NULL), -EMSGSIZE);
	scoped(buf_done) struct buf b;
	struct evidence_keys again;
	buf_init(&b, EVIDENCE_KEYS_TEXT);
	evidence_keys_put(&b, &k);
	assert_false(b.failed);
	assert_int_equal(evidence_keys_get(buf_span(&b), &again, NULL), 0);
	assert_int_equal(again.n, EVIDENCE_KEYS_MAX);
}

static void the_file_is_read_as_it_was_written(void **state)
{
	struct evidence_keys k, again;
	scoped(buf_done) struct buf b;
	(void)state;
	chain(&k, 3);
	buf_init(&b, EVIDENCE_KEYS_TEXT);
	evidence_keys_put(&b, &k);
	assert_memory_equal(b.data, "yanmen-evidence-1 ", 18);
	assert_int_equal(evidence_keys_get(buf_span(&b), &again, NULL), 0);
	assert_int_equal(again.n, 3);
	assert_memory_equal(again.k, k.k, 3 * sizeof *k.k);
	assert_int_equal(evidence_keys_get(span_of(b.data, b.len - 1), &again, NULL), 0); /* no line feed: as good */
}

/* A cut between two lines leaves a true file with fewer keys; nowhere else may a cut go unseen. */
static void a_changed_file_is_refused(void **state)
{
	struct evidence_keys k, again;
	scoped(buf_done) struct buf b;
	(void)state;
	chain(&k, 3);
	buf_init(&b, EVIDENCE_KEYS_TEXT);
	evidence_keys_put(&b, &k);
	const uint8_t *line = memchr(b.data, '\n', b.len);
	for (size_t i = (size_t)(line - b.data) + 1; i < b.len; i++) { /* the first line is what is trusted */
		b.data[i] ^= 1;
		assert_true(evidence_keys_get(buf_span(&b), &again, NULL) < 0);
		b.data[i] ^= 1;
	}
	for (size_t n = 0; n < b.len - 1; n++)
		if (b.data[n] != '\n' && (n == 0 || b.data[n - 1] != '\n'))
			assert_true(evidence_keys_get(span_of(b.data, n), &again, NULL) < 0);
	buf_put(&b, "\n", 1);
	assert_true(evidence_keys_get(buf_span(&b), &again, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_verifies_what_it_signed_in_its_time),
		cmocka_unit_test(a_replaced_key_signs_nothing_of_later),
		cmocka_unit_test(a_stranger_signs_nothing),
		cmocka_unit_test(only_the_last_key_makes_a_successor),
		cmocka_unit_test(keys_come_in_the_order_of_time),
		cmocka_unit_test(there_are_at_most_so_many),
		cmocka_unit_test(the_file_is_read_as_it_was_written),
		cmocka_unit_test(a_changed_file_is_refused),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
