#include "tests/unit/vault/bench.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "policy/vault/keys.h"
#include "policy/vault/seal.h"
#include <errno.h>
#include <string.h>

static const struct vault_keys one = { .generation = 1, .openers = { { .credential = { 7, 7, 7 } } } };
static const struct vault_keys *const key = &one;
static const char bound[] = "account=cyadmin\ntarget=12\naddress=10.0.0.5\nport=22\nhost_key=";

static int close_as(uint8_t kind, struct span secret, struct buf *out)
{
	return vault_seal_close(key, &(struct vault_seal_what){ kind, span_str(bound), secret }, out, NULL);
}

static struct buf sealed_of(uint8_t kind, const char *secret)
{
	struct buf b;

	buf_init(&b, 32768);
	assert_int_equal(close_as(kind, span_str(secret), &b), 0);
	return b;
}

static int open_with(const struct vault_keys *k, struct span sealed, const char *with)
{
	scoped(secret_scope) struct secret *s = NULL;
	int r = vault_seal_open(k, sealed, span_str(with), &s, NULL);

	assert_true((r == 0) == (s != NULL));
	return r;
}

static void opens_what_it_sealed(void **state)
{
	scoped(buf_done) struct buf b = sealed_of(WIRE_SECRET_PASSWORD, "open sesame");
	scoped(secret_scope) struct secret *s = NULL;
	struct vault_seal header;

	(void)state;
	assert_int_equal(b.len, VAULT_SEAL_HEAD + 11 + VAULT_SEAL_TAG);
	assert_memory_equal(b.data, "\x01\x01\x01\x00\x00\x00", 6); /* version, kind, generation */
	assert_int_equal(vault_seal_open(key, buf_span(&b), span_str(bound), &s, NULL), 0);
	assert_int_equal(vault_seal_get(buf_span(&b), &header, NULL), 0);
	assert_int_equal(header.kind, WIRE_SECRET_PASSWORD);
	assert_true(span_is(secret_span(s), "open sesame"));
}

static void is_bound_to_every_part_of_its_binding(void **state)
{
	static const char *const others[] = {
		"",
		"account=root\ntarget=12\naddress=10.0.0.5\nport=22\nhost_key=",
		"account=cyadmin\ntarget=13\naddress=10.0.0.5\nport=22\nhost_key=",
		"account=cyadmin\ntarget=12\naddress=10.0.0.6\nport=22\nhost_key=",
		"account=cyadmin\ntarget=12\naddress=10.0.0.5\nport=23\nhost_key=",
		"account=cyadmin\ntarget=12\naddress=10.0.0.5\nport=22\nhost_key=x",
		"account=cyadmin\ntarget=12\naddress=10.0.0.5\nport=22\nhost_key",
	};
	scoped(buf_done) struct buf b = sealed_of(WIRE_SECRET_PASSWORD, "open sesame");

	(void)state;
	assert_int_equal(open_with(key, buf_span(&b), bound), 0);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_int_equal(open_with(key, buf_span(&b), others[i]), -EACCES);
}

static void refuses_another_key(void **state)
{
	scoped(buf_done) struct buf b = sealed_of(WIRE_SECRET_KEY, "open sesame");
	static const struct vault_keys other = { .generation = 1, .openers = { { .credential = { 7, 7, 8 } } } };

	(void)state;
	assert_int_equal(open_with(&other, buf_span(&b), bound), -EACCES);
}

static void refuses_every_changed_bit(void **state)
{
	scoped(buf_done) struct buf b = sealed_of(WIRE_SECRET_PASSWORD, "open sesame");

	(void)state;
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_true(open_with(key, buf_span(&b), bound) < 0);
		b.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_int_equal(open_with(key, buf_span(&b), bound), 0);
}

static void refuses_a_kind_that_was_exchanged(void **state)
{
	scoped(buf_done) struct buf b = sealed_of(WIRE_SECRET_PASSWORD, "open sesame");

	(void)state;
	b.data[1] = WIRE_SECRET_KEY;
	assert_int_equal(open_with(key, buf_span(&b), bound), -EACCES);
	b.data[1] = WIRE_SECRET_RECORDING;
	assert_int_equal(open_with(key, buf_span(&b), bound), -EPROTO);
}

static void names_a_credential_of_another_master_key(void **state)
{
	scoped(buf_done) struct buf b = sealed_of(WIRE_SECRET_PASSWORD, "open sesame");

	(void)state;
	b.data[2] = 2;
	assert_int_equal(open_with(key, buf_span(&b), bound), -ENOKEY);
	b.data[2] = 0;
	assert_int_equal(open_with(key, buf_span(&b), bound), -ENOKEY);
}

static void a_later_generation_opens_what_an_earlier_one_sealed_and_seals_its_own(void **state)
{
	static const struct vault_keys two = {
		.generation = 2, .openers = { { .credential = { 7, 7, 7 } }, { .credential = { 9 } } }
	};
	scoped(buf_done) struct buf old = sealed_of(WIRE_SECRET_PASSWORD, "open sesame");
	scoped(buf_done) struct buf fresh = { 0 };
	struct vault_seal_what what = { WIRE_SECRET_PASSWORD, span_str(bound), span_str("open sesame") };

	(void)state;
	assert_int_equal(open_with(&two, buf_span(&old), bound), 0);
	buf_init(&fresh, 32768);
	assert_int_equal(vault_seal_close(&two, &what, &fresh, NULL), 0);
	assert_int_equal(fresh.data[2], 2);
	assert_int_equal(open_with(&two, buf_span(&fresh), bound), 0);
	assert_int_equal(open_with(key, buf_span(&fresh), bound), -ENOKEY);
	fresh.data[2] = 1; /* the generation is part of what is sealed */
	assert_int_equal(open_with(&two, buf_span(&fresh), bound), -EACCES);
}

static void refuses_every_truncation_and_an_extra_byte(void **state)
{
	scoped(buf_done) struct buf b = sealed_of(WIRE_SECRET_PASSWORD, "open sesame");

	(void)state;
	for (size_t n = 0; n < b.len; n++)
		assert_true(open_with(key, span_of(b.data, n), bound) < 0);
	buf_put(&b, "", 1);
	assert_int_equal(open_with(key, buf_span(&b), bound), -EACCES);
}

static void never_seals_twice_to_the_same_bytes(void **state)
{
	scoped(buf_done) struct buf a = sealed_of(WIRE_SECRET_PASSWORD, "open sesame");
	scoped(buf_done) struct buf b = sealed_of(WIRE_SECRET_PASSWORD, "open sesame");

	(void)state;
	assert_memory_not_equal(a.data + 6, b.data + 6, 24);
	assert_memory_not_equal(a.data + VAULT_SEAL_HEAD, b.data + VAULT_SEAL_HEAD, 11);
}

static void refuses_an_empty_a_too_long_and_an_unknown_secret(void **state)
{
	static const uint8_t big[VAULT_SEAL_MAX + 1];
	scoped(buf_done) struct buf b = { 0 };

	(void)state;
	buf_init(&b, 65536);
	assert_int_equal(close_as(WIRE_SECRET_KEY, span_str(""), &b), -EMSGSIZE);
	assert_int_equal(close_as(WIRE_SECRET_KEY, span_of(big, sizeof big), &b), -EMSGSIZE);
	assert_int_equal(close_as(WIRE_SECRET_RECORDING, span_str("x"), &b), -EMSGSIZE);
	assert_int_equal(b.len, 0);
	assert_int_equal(close_as(WIRE_SECRET_KEY, span_of(big, sizeof big - 1), &b), 0);
	assert_int_equal(open_with(key, buf_span(&b), bound), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_what_it_sealed),
		cmocka_unit_test(is_bound_to_every_part_of_its_binding),
		cmocka_unit_test(refuses_another_key),
		cmocka_unit_test(refuses_every_changed_bit),
		cmocka_unit_test(refuses_a_kind_that_was_exchanged),
		cmocka_unit_test(names_a_credential_of_another_master_key),
		cmocka_unit_test(a_later_generation_opens_what_an_earlier_one_sealed_and_seals_its_own),
		cmocka_unit_test(refuses_every_truncation_and_an_extra_byte),
		cmocka_unit_test(never_seals_twice_to_the_same_bytes),
		cmocka_unit_test(refuses_an_empty_a_too_long_and_an_unknown_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
