#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/keys.h"
#include "recorder/evidence/tombstone.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

static uint8_t secret[crypto_sign_SECRETKEYBYTES];
static struct evidence_keys keys;

static void make(const struct evidence_tombstone *t, struct buf *out)
{
	struct evidence_sign_claim claim;
	uint8_t text[EVIDENCE_SIGN_TEXT], signature[EVIDENCE_SIGNATURE];
	buf_init(out, EVIDENCE_TOMBSTONE_MAX);
	evidence_tombstone_put(out, t);
	evidence_tombstone_claim(t, buf_span(out), &claim);
	evidence_sign_text(&claim, text);
	crypto_sign_detached(signature, NULL, text, sizeof text, secret);
	buf_put(out, signature, sizeof signature);
	assert_false(out->failed);
}

static const struct evidence_tombstone sample = { .id = { { 1, 2, 3 } }, .started_us = 1000, .seq = 77,
	.head = { 9, 8, 7 }, .removed_us = 2000, .reason = { (const uint8_t *)"retention: 180 days", 19 } };

static void what_was_signed_is_read_again(void **state)
{
	scoped(buf_done) struct buf b;
	struct evidence_tombstone t;
	(void)state;
	make(&sample, &b);
	assert_int_equal(b.len, EVIDENCE_TOMBSTONE_MIN + 19);
	assert_int_equal(evidence_tombstone_check(buf_span(&b), &keys, &t, NULL), 0);
	assert_true(id_eq(&t.id, &sample.id));
	assert_int_equal(t.started_us, 1000);
	assert_int_equal(t.seq, 77);
	assert_int_equal(t.removed_us, 2000);
	assert_memory_equal(t.head, sample.head, sizeof t.head);
	assert_true(span_eq(t.reason, sample.reason));
}

static void every_changed_bit_and_every_cut_is_found(void **state)
{
	scoped(buf_done) struct buf b;
	struct evidence_tombstone t;
	(void)state;
	make(&sample, &b);
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_true(evidence_tombstone_check(buf_span(&b), &keys, &t, NULL) < 0);
		b.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(evidence_tombstone_get(span_of(b.data, n), &t, NULL), -EPROTO);
	buf_put(&b, "", 1);
	assert_int_equal(evidence_tombstone_get(buf_span(&b), &t, NULL), -EPROTO);
}

static void a_long_reason_is_cut_between_characters(void **state)
{
	scoped(buf_done) struct buf b;
	struct evidence_tombstone t = sample;
	char reason[700];
	(void)state;
	for (size_t i = 0; i + 3 <= sizeof reason; i += 3)
		memcpy(reason + i, "\xe9\x97\xa8", 3);
	t.reason = span_of(reason, sizeof reason - 1);
	make(&t, &b);
	assert_int_equal(evidence_tombstone_check(buf_span(&b), &keys, &t, NULL), 0);
	assert_int_equal(t.reason.n, 498);
}

static void a_stranger_signs_none(void **state)
{
	scoped(buf_done) struct buf b;
	struct evidence_tombstone t;
	struct evidence_keys others;
	uint8_t public[EVIDENCE_KEY], other[crypto_sign_SECRETKEYBYTES];
	(void)state;
	make(&sample, &b);
	crypto_sign_keypair(public, other);
	evidence_keys_first(&others, public);
	assert_int_equal(evidence_tombstone_check(buf_span(&b), &others, &t, NULL), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_signed_is_read_again),
		cmocka_unit_test(every_changed_bit_and_every_cut_is_found),
		cmocka_unit_test(a_long_reason_is_cut_between_characters),
		cmocka_unit_test(a_stranger_signs_none),
	};
	uint8_t public[EVIDENCE_KEY];
	if (sodium_init() < 0)
		return 1;
	crypto_sign_keypair(public, secret);
	evidence_keys_first(&keys, public);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
