#include "tests/unit/vault/bench.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "policy/vault/ring.h"
#include <errno.h>
#include <string.h>

static void keys_scope(struct vault_keys **k)
{
	*k = vault_keys_free(*k);
}

static struct vault_keys *first(void)
{
	struct vault_keys *k = NULL;

	assert_int_equal(vault_keys_derive(bench_master, &k, NULL), 0);
	return k;
}

struct changes { /* keys that become other ones too */
	bool ca, host, users;
};

/* The file of the generation behind k; its master is `fill` 32 times. */
static struct secret *next_file(const struct vault_keys *k, uint8_t fill, struct changes also)
{
	struct secret *file = NULL;
	uint8_t master[VAULT_KEYS_MASTER];

	memset(master, fill, sizeof master);
	struct vault_ring_wish w = { .master = master, .ca = also.ca, .host = also.host, .users = also.users,
		 .now_us = fill * INT64_C(1000000) };
	assert_int_equal(vault_ring_next(k, &w, &file, NULL), 0);
	return file;
}

static struct vault_keys *next(const struct vault_keys *k, uint8_t fill, struct changes also)
{
	scoped(secret_scope) struct secret *file = next_file(k, fill, also);
	struct vault_keys *n = NULL;

	assert_int_equal(vault_ring_get(secret_span(file), &n, NULL), 0);
	return n;
}

static void a_new_generation_signs_with_a_key_that_the_one_before_signed(void **state)
{
	scoped(keys_scope) struct vault_keys *one = first();
	scoped(keys_scope) struct vault_keys *two = next(one, 50, (struct changes){ 0 });
	struct evidence_sign_claim claim = { .what = WIRE_SIGN_KEY, .seq = 2, .time_us = 50 * INT64_C(1000000) };

	(void)state;
	assert_int_equal(two->generation, 2);
	assert_int_equal(two->evidence.n, 2);
	assert_memory_equal(two->evidence.k[0].key, one->sign.public, 32);
	assert_memory_equal(two->evidence.k[1].key, two->sign.public, 32);
	assert_memory_not_equal(two->sign.public, one->sign.public, 32);
	memcpy(claim.hash, two->sign.public, 32);
	assert_int_equal(evidence_sign_check(&claim, two->evidence.k[1].signature, one->sign.public, NULL), 0);
}

static void it_opens_what_every_earlier_one_sealed(void **state)
{
	scoped(keys_scope) struct vault_keys *one = first();
	scoped(keys_scope) struct vault_keys *two = next(one, 50, (struct changes){ 0 });
	scoped(keys_scope) struct vault_keys *three = next(two, 60, (struct changes){ 0 });

	(void)state;
	assert_memory_equal(&three->openers[0], &one->openers[0], sizeof one->openers[0]);
	assert_memory_equal(&three->openers[1], &two->openers[1], sizeof two->openers[1]);
	assert_memory_not_equal(three->openers[2].credential, two->openers[1].credential, 32);
	assert_memory_not_equal(three->openers[2].seal_public, two->openers[1].seal_public, 32);
	assert_ptr_equal(vault_keys_now(three), &three->openers[2]);
}

static void cas_and_host_key_stay_unless_they_are_to_change(void **state)
{
	scoped(keys_scope) struct vault_keys *one = first();
	scoped(keys_scope) struct vault_keys *same = next(one, 50, (struct changes){ 0 });
	scoped(keys_scope) struct vault_keys *ca = next(same, 60, (struct changes){ .ca = true });
	scoped(keys_scope) struct vault_keys *host = next(ca, 70, (struct changes){ .host = true });
	scoped(keys_scope) struct vault_keys *users = next(host, 80, (struct changes){ .users = true });

	(void)state;
	assert_memory_equal(&same->ca, &one->ca, sizeof one->ca);
	assert_memory_equal(&same->host, &one->host, sizeof one->host);
	assert_memory_not_equal(ca->ca.public, one->ca.public, 32);
	assert_memory_equal(&ca->host, &one->host, sizeof one->host);
	assert_memory_equal(&host->ca, &ca->ca, sizeof ca->ca);
	assert_memory_not_equal(host->host.public, one->host.public, 32);
	assert_memory_equal(&host->users, &one->users, sizeof one->users);
	assert_memory_equal(&users->ca, &host->ca, sizeof host->ca);
	assert_memory_equal(&users->host, &host->host, sizeof host->host);
	assert_memory_not_equal(users->users.public, one->users.public, 32);
	assert_memory_not_equal(one->users.public, one->ca.public, 32);
}

static void the_file_holds_no_old_signing_key_in_clear_or_wrapped(void **state)
{
	scoped(keys_scope) struct vault_keys *one = first();
	scoped(secret_scope) struct secret *file = next_file(one, 50, (struct changes){ 0 });
	struct span s = secret_span(file);

	(void)state;
	assert_null(memmem(s.p, s.n, one->sign.secret, 32));
	assert_null(memmem(s.p, s.n, one->openers[0].credential, 32)); /* wrapped */
	assert_int_equal(s.n, VAULT_RING_HEAD + 96 + VAULT_RING_OPENER + 2 * VAULT_RING_EVIDENCE + 16);
}

static void refuses_every_changed_bit_and_every_cut(void **state)
{
	scoped(keys_scope) struct vault_keys *one = first();
	scoped(secret_scope) struct secret *file = next_file(one, 50, (struct changes){ 0 });
	struct span s = secret_span(file);
	uint8_t *p = secret_bytes(file);

	(void)state;
	for (size_t bit = 0; bit < s.n * 8; bit += 3) {
		struct vault_keys *k = NULL;
		p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_true(vault_ring_get(s, &k, NULL) < 0);
		assert_null(k);
		p[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t n = 0; n < s.n; n++) {
		struct vault_keys *k = NULL;
		assert_int_equal(vault_ring_get(span_of(p, n), &k, NULL), -EPROTO);
	}
}

static void a_clock_that_went_back_makes_no_chain_that_nobody_accepts(void **state)
{
	scoped(keys_scope) struct vault_keys *one = first();
	scoped(keys_scope) struct vault_keys *two = next(one, 60, (struct changes){ 0 });
	scoped(keys_scope) struct vault_keys *three = next(two, 50, (struct changes){ 0 });

	(void)state;
	assert_int_equal(three->evidence.k[2].since_us, two->evidence.k[1].since_us + 1);
}

static void the_last_generation_is_said(void **state)
{
	struct vault_keys *k = first();
	struct secret *file = NULL;
	uint8_t master[VAULT_KEYS_MASTER] = { 1 };

	(void)state;
	for (uint8_t g = 2; g <= EVIDENCE_KEYS_MAX; g++) {
		struct vault_keys *n = next(k, g, (struct changes){ 0 });
		vault_keys_free(k);
		k = n;
	}
	struct vault_ring_wish w = { .master = master, .now_us = INT64_C(1) << 40 };
	assert_int_equal(vault_ring_next(k, &w, &file, NULL), -EMSGSIZE);
	vault_keys_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_generation_signs_with_a_key_that_the_one_before_signed),
		cmocka_unit_test(it_opens_what_every_earlier_one_sealed),
		cmocka_unit_test(cas_and_host_key_stay_unless_they_are_to_change),
		cmocka_unit_test(the_file_holds_no_old_signing_key_in_clear_or_wrapped),
		cmocka_unit_test(refuses_every_changed_bit_and_every_cut),
		cmocka_unit_test(a_clock_that_went_back_makes_no_chain_that_nobody_accepts),
		cmocka_unit_test(the_last_generation_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
