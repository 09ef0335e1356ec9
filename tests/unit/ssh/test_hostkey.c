#include "tests/unit/gateway/rig.h"
#include "gateway/ssh/hostkey.h"
#include <openssl/evp.h>

static const uint8_t public[32] = { 1, 2, 3 }, no_seed[32], other_seed[32] = { 9 }, hash[32] = { 4 };

/* As libssh does it. */
static int sign_with(const uint8_t *seed, uint8_t *ret, size_t *size)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
	int r = EVP_DigestSign(ctx, ret, size, hash, sizeof hash);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return r;
}

static void what_libssh_signs_with_the_host_key_is_signed_by_the_vault(void **state)
{
	(void)state;
	struct rig r;
	struct err err = { 0 };
	struct wire_host_sign q;
	struct wire_host_sign_answer a = { .signature.b = { 7 } };
	uint8_t signature[GW_HOST_SIGNATURE];
	size_t n = sizeof signature;
	ssh_bind bind = ssh_bind_new();
	rig_open(&r);
	assert_int_equal(sign_with(no_seed, signature, &n), 0); /* no key was given yet */
	assert_int_equal(gw_ssh_hostkey_give(bind, r.s, span_of(public, 31), &err), -EBADMSG);
	assert_int_equal(gw_ssh_hostkey_give(bind, r.s, span_of(public, sizeof public), &err), 0);
	assert_int_equal(sign_with(no_seed, NULL, &n), 1); /* how long will it be? */
	assert_int_equal(n, 64);
	rig_nothing(r.peer[GW_VAULT]);
	assert_int_equal(wire_host_sign_answer_send(r.peer[GW_VAULT], &a, -1), 0);
	assert_int_equal(sign_with(no_seed, signature, &n), 1);
	assert_true(n == 64 && signature[0] == 7);
	assert_int_equal(wire_host_sign_get(rig_take(r.peer[GW_VAULT], WIRE_T_host_sign), &q, NULL), 0);
	assert_true(span_eq(q.hash, span_of(hash, sizeof hash)));
	a.code = -ESTALE;
	assert_int_equal(wire_host_sign_answer_send(r.peer[GW_VAULT], &a, -1), 0);
	assert_int_equal(sign_with(no_seed, signature, &n), 0);
	(void)rig_take(r.peer[GW_VAULT], WIRE_T_host_sign);
	n = 63;
	assert_int_equal(sign_with(no_seed, signature, &n), 0);
	n = sizeof signature;
	assert_int_equal(sign_with(other_seed, signature, &n), 0);
	rig_nothing(r.peer[GW_VAULT]);
	ssh_bind_free(bind);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_libssh_signs_with_the_host_key_is_signed_by_the_vault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
