#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "sqlproxy/mysql/flags.h"
#include "sqlproxy/mysql/front.h"
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#define BYTES(...) span_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define FILLER 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define TWENTY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
#define SHA2_NAME 'c', 'a', 'c', 'h', 'i', 'n', 'g', '_', 's', 'h', 'a', '2', '_', 'p', 'a', 's', 's', 'w', 'o', 'r', 'd', 0
#define NATIVE_NAME 'm', 'y', 's', 'q', 'l', '_', 'n', 'a', 't', 'i', 'v', 'e', '_', 'p', 'a', 's', 's', 'w', 'o', 'r', 'd', 0
#define CLEAR_NAME 'm', 'y', 's', 'q', 'l', '_', 'c', 'l', 'e', 'a', 'r', '_', 'p', 'a', 's', 's', 'w', 'o', 'r', 'd', 0
/* PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH; a packet of 16 MiB; utf8mb4 */
#define HEAD 0x00, 0x82, 0x08, 0x00, 0, 0, 0, 1, 45, FILLER

struct rig {
	struct mysql_front f;
	struct buf out;
};

static int set_up(void **state)
{
	static struct rig r;
	memset(&r, 0, sizeof r);
	r.f.offers = MYSQL_CAP_PROTOCOL_41 | MYSQL_CAP_SECURE_CONNECTION | MYSQL_CAP_PLUGIN_AUTH | MYSQL_CAP_CONNECT_WITH_DB | MYSQL_CAP_CONNECT_ATTRS |
		     MYSQL_CAP_PLUGIN_AUTH_LENENC;
	r.f.may_tls = r.f.may_plain = true;
	memcpy(r.f.challenge, "abcdefghijklmnopqrst", MYSQL_AUTH_CHALLENGE);
	buf_init(&r.out, 8192);
	*state = &r;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;
	mysql_front_done(&r->f);
	buf_done(&r->out);
	return 0;
}

static int read(struct rig *r, uint8_t seq, struct span payload, struct err *err)
{
	buf_clear(&r->out);
	return mysql_front_read(&r->f, seq, payload, &r->out, err);
}

static void greet(struct rig *r)
{
	mysql_front_greet(&r->f, "8.0.1", 0x01020304, &r->out);
}

static void the_greeting_is_of_version_ten(void **state)
{
	struct rig *r = *state;
	greet(r);
	const struct span want = BYTES(73, 0, 0, 0, 10, '8', '.', '0', '.', '1', 0, 4, 3, 2, 1, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 0, 0x08, 0x8a, 45,
		2, 0, 0x38, 0x00, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 0, SHA2_NAME);
	assert_true(span_eq(buf_span(&r->out), want));
	assert_int_equal(r->f.seq, 1);
}

static void a_native_answer_is_a_scramble(void **state)
{
	struct rig *r = *state;
	greet(r);
	assert_int_equal(read(r, 1, BYTES(HEAD, 'a', 'l', 0, 20, TWENTY, NATIVE_NAME), NULL), MYSQL_FRONT_SCRAMBLE);
	assert_string_equal(r->f.user, "al");
	assert_int_equal(r->f.scramble, MYSQL_FRONT_NATIVE);
	assert_true(span_eq(r->f.proof, BYTES(TWENTY)));
	/* Nobody knows it: another plugin, whose full form brings the password. */
	buf_clear(&r->out);
	assert_int_equal(mysql_front_unknown(&r->f, &r->out, NULL), MYSQL_FRONT_MORE);
	assert_true(span_eq(buf_span(&r->out), BYTES(44, 0, 0, 2, 0xfe, SHA2_NAME, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
		'p', 'q', 'r', 's', 't', 0)));
}

static void a_client_without_plugins_cannot_be_asked_again(void **state)
{
	struct rig *r = *state;
	greet(r);
	assert_int_equal(read(r, 1, BYTES(0x00, 0x82, 0, 0, 0, 0, 0, 1, 45, FILLER, 'a', 0, 20, TWENTY), NULL), MYSQL_FRONT_SCRAMBLE);
	assert_int_equal(mysql_front_unknown(&r->f, &r->out, NULL), -EACCES);
}

static void inside_tls_the_password_comes_in_clear(void **state)
{
	struct rig *r = *state;
	greet(r);
	assert_int_equal(read(r, 1, BYTES(0x00, 0x8a, 0x08, 0, 0, 0, 0, 1, 45, FILLER), NULL), MYSQL_FRONT_TLS);
	mysql_front_encrypted(&r->f);
	assert_int_equal(read(r, 2, BYTES(HEAD, 'a', 0, 5, 'p', 'w', '0', '1', 0, CLEAR_NAME), NULL), MYSQL_FRONT_PASSWORD);
	assert_true(span_is(r->f.proof, "pw01"));
}

static void full_authentication_in_tls_follows_an_unknown_scramble(void **state)
{
	struct rig *r = *state;
	greet(r);
	r->f.private = true;
	assert_int_equal(read(r, 1, BYTES(HEAD, 'a', 0, 32, TWENTY, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, SHA2_NAME), NULL), MYSQL_FRONT_SCRAMBLE);
	assert_int_equal(r->f.scramble, MYSQL_FRONT_SHA2);
	buf_clear(&r->out);
	assert_int_equal(mysql_front_unknown(&r->f, &r->out, NULL), MYSQL_FRONT_MORE);
	assert_true(span_eq(buf_span(&r->out), BYTES(2, 0, 0, 2, 1, 4)));
	assert_int_equal(read(r, 3, BYTES('p', 'w', 0), NULL), MYSQL_FRONT_PASSWORD);
	assert_true(span_is(r->f.proof, "pw"));
}

static void a_scramble_that_is_known_is_told_so(void **state)
{
	struct rig *r = *state;
	greet(r);
	(void)read(r, 1, BYTES(HEAD, 'a', 0, 32, TWENTY, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, SHA2_NAME), NULL);
	mysql_front_welcome(&r->f, &r->out);
	assert_true(span_eq(buf_span(&r->out), BYTES(2, 0, 0, 2, 1, 3)));
}

static void without_tls_the_password_comes_under_our_key(void **state)
{
	struct rig *r = *state;
	uint8_t clear[3] = { 'p', 'w', 0 }, sealed[512];
	size_t n = sizeof sealed;
	greet(r);
	(void)read(r, 1, BYTES(HEAD, 'a', 0, 32, TWENTY, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, SHA2_NAME), NULL);
	(void)mysql_front_unknown(&r->f, &r->out, NULL);
	assert_int_equal(read(r, 3, BYTES(2), NULL), MYSQL_FRONT_MORE);
	BIO *bio = BIO_new_mem_buf(r->out.data + 5, (int)r->out.len - 5);
	EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	for (size_t i = 0; i < sizeof clear; i++)
		clear[i] ^= r->f.challenge[i];
	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, sealed, &n, clear, sizeof clear), 1);
	assert_int_equal(read(r, 5, span_of(sealed, n), NULL), MYSQL_FRONT_PASSWORD);
	assert_true(span_is(r->f.proof, "pw"));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	BIO_free(bio);
}

static void a_password_in_clear_without_tls_is_not_taken(void **state)
{
	struct rig *r = *state;
	greet(r);
	/* mysql_clear_password is answered by a switch; a full answer that is a password is malformed */
	assert_int_equal(read(r, 1, BYTES(HEAD, 'a', 0, 3, 'p', 'w', 0, CLEAR_NAME), NULL), MYSQL_FRONT_MORE);
	assert_int_equal(r->out.data[4], 0xfe);
	assert_int_equal(read(r, 3, BYTES('p', 'w', 0), NULL), MYSQL_FRONT_MORE);
	assert_int_equal(read(r, 5, BYTES('p', 'w', 0), NULL), -EPROTO);
}

static void who_may_not_come_without_tls_is_refused_before_his_proof(void **state)
{
	struct rig *r = *state;
	struct err err = { 0 };
	r->f.may_plain = false;
	greet(r);
	assert_int_equal(read(r, 1, BYTES(HEAD, 'a', 0, 20, TWENTY, NATIVE_NAME), &err), -EACCES);
	assert_non_null(strstr(err.say, "TLS"));
	assert_int_equal(r->f.proof.n, 0);
}

static void names_and_attributes_are_read(void **state)
{
	struct rig *r = *state;
	greet(r);
	r->f.private = true;
	assert_int_equal(read(r, 1, BYTES(0x08, 0x82, 0x38, 0x00, 0, 0, 0, 1, 28, FILLER, 'a', 0, 2, 'p', 0, 's', 'h', 'o', 'p', 0, CLEAR_NAME, 18, 12, 'p',
		'r', 'o', 'g', 'r', 'a', 'm', '_', 'n', 'a', 'm', 'e', 4, 'm', 'y', 'c', 'l'), NULL), MYSQL_FRONT_PASSWORD);
	assert_string_equal(r->f.database, "shop");
	assert_string_equal(r->f.program, "mycl");
	assert_int_equal(r->f.charset, 28);
}

static void what_is_malformed_is_refused(void **state)
{
	struct rig *r = *state;
	struct span whole = BYTES(HEAD, 'a', 0, 20, TWENTY, NATIVE_NAME);
	for (size_t n = 0; n + sizeof((uint8_t[]){ NATIVE_NAME }) < whole.n; n++) { /* a name that is cut is a name */
		struct mysql_front f = r->f;
		buf_clear(&r->out);
		mysql_front_greet(&f, "8", 1, &r->out);
		assert_true(mysql_front_read(&f, 1, span_of(whole.p, n), &r->out, NULL) < 0);
	}
	greet(r);
	assert_int_equal(read(r, 2, whole, NULL), -EPROTO); /* out of sequence */
}

static void a_protocol_of_before_four_one_is_refused(void **state)
{
	struct rig *r = *state;
	greet(r);
	assert_int_equal(read(r, 1, BYTES(0x00, 0x80, 0, 0, 0, 0, 0, 1, 45, FILLER, 'a', 0, 0), NULL), -ENOTSUP);
}

static void an_empty_password_is_nobodys(void **state)
{
	struct rig *r = *state;
	greet(r);
	assert_int_equal(read(r, 1, BYTES(HEAD, 'a', 0, 0, SHA2_NAME), NULL), -EACCES);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(the_greeting_is_of_version_ten),
		ROW(a_native_answer_is_a_scramble),
		ROW(a_client_without_plugins_cannot_be_asked_again),
		ROW(inside_tls_the_password_comes_in_clear),
		ROW(full_authentication_in_tls_follows_an_unknown_scramble),
		ROW(a_scramble_that_is_known_is_told_so),
		ROW(without_tls_the_password_comes_under_our_key),
		ROW(a_password_in_clear_without_tls_is_not_taken),
		ROW(who_may_not_come_without_tls_is_refused_before_his_proof),
		ROW(names_and_attributes_are_read),
		ROW(what_is_malformed_is_refused),
		ROW(a_protocol_of_before_four_one_is_refused),
		ROW(an_empty_password_is_nobodys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
