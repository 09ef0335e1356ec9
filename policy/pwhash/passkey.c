#include "policy/pwhash/passkey.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHALLENGE = 32, CHALLENGE_TEXT = 43, COUNTER_AT = 33, AUTH_MIN = 37, AAGUID = 16, CBOR_DEPTH = 8 };

/* ---- client data: JSON that the browser wrote ---- */

static bool text_is(const json_t *object, const char *key, struct span wanted)
{
	const json_t *v = json_object_get(object, key);

	return json_is_string(v) && span_eq(span_of(json_string_value(v), json_string_length(v)), wanted);
}

static bool challenge_is(const json_t *object, struct span wanted)
{
	const json_t *v = json_object_get(object, "challenge");
	uint8_t got[CHALLENGE];
	size_t n = 0;

	return json_is_string(v) && json_string_length(v) == CHALLENGE_TEXT && wanted.n == CHALLENGE &&
	       sodium_base642bin(got, sizeof got, json_string_value(v), json_string_length(v), NULL, &n, NULL,
		       sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	       n == CHALLENGE && sodium_memcmp(got, wanted.p, CHALLENGE) == 0;
}

static const char *client_judge(const json_t *object, const char *type, struct span challenge, struct span origin)
{
	const json_t *crossed = json_object_get(object, "crossOrigin");

	if (!json_is_object(object))
		return "client data is malformed";
	if (!text_is(object, "type", span_str(type)))
		return "client data is of another type";
	if (!challenge_is(object, challenge))
		return "challenge is another";
	if (!text_is(object, "origin", origin))
		return "origin is another";
	if ((crossed && !json_is_false(crossed)) || json_object_get(object, "topOrigin"))
		return "page was in a frame of another";
	return NULL;
}

const char *pwhash_passkey_client(struct span client, const char *type, struct span challenge, struct span origin)
{
	if (client.n == 0 || client.n > PASSKEY_CLIENT_MAX)
		return "client data is malformed";
	json_t *object = json_loadb((const char *)client.p, client.n, JSON_REJECT_DUPLICATES, NULL);
	const char *why = client_judge(object, type, challenge, origin);

	json_decref(object);
	return why;
}

/* ---- authenticator data ---- */

static bool is_of(struct span auth, struct span rp)
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(hash, rp.p, rp.n);
	return auth.n >= AUTH_MIN && memcmp(auth.p, hash, sizeof hash) == 0;
}

static uint32_t counter_of(struct span auth)
{
	const uint8_t *p = auth.p + COUNTER_AT;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* One CBOR item (RFC 8949), or what is left of one: libcbor makes room for as many members as a head promises, so what promises more than
 * there are bytes never gets to it. */
static bool cbor_take(struct rd *r, unsigned depth)
{
	uint8_t head = rd_u8(r);
	unsigned major = head >> 5, more = head & 31;
	uint64_t n = more < 24 ? more : more < 28 ? rd_be(r, (size_t)1 << (more - 24)) : UINT64_MAX;

	if (r->bad || depth == 0 || more >= 28)
		return false;
	if (major < 2 || major == 7)
		return true;
	if (n > r->n)
		return false;
	if (major < 4) {
		(void)rd_bytes(r, (size_t)n);
		return true;
	}
	for (uint64_t i = 0; i < (major == 5 ? 2 * n : major == 6 ? 1 : n); i++)
		if (!cbor_take(r, depth - 1))
			return false;
	return true;
}

/* What stands behind the fixed part: of a registration behind the credential's id too; its key and extensions, CBOR items both. */
static bool is_bounded(struct span auth, bool registration)
{
	struct rd r = rd_of(auth);

	(void)rd_bytes(&r, AUTH_MIN);
	if (registration) {
		(void)rd_bytes(&r, AAGUID);
		(void)rd_bytes(&r, (size_t)rd_be(&r, 2));
	}
	while (!r.bad && r.n > 0)
		if (!cbor_take(&r, CBOR_DEPTH))
			return false;
	return !r.bad;
}

/* The credential in authenticator data of a registration; NULL: there is none, or its key is of no kind that we take. */
static fido_cred_t *credential_of(struct span auth)
{
	static const int kinds[] = { COSE_ES256, COSE_EDDSA, COSE_RS256 };

	if (auth.n < AUTH_MIN || auth.n > PASSKEY_AUTH_MAX || !is_bounded(auth, true))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		fido_cred_t *c = fido_cred_new();
		if (!c)
			abort();
		if (fido_cred_set_type(c, kinds[i]) == FIDO_OK && fido_cred_set_authdata_raw(c, auth.p, auth.n) == FIDO_OK &&
			fido_cred_pubkey_len(c) > 0)
			return c;
		fido_cred_free(&c);
	}
	return NULL;
}

static const char *judge_new(const struct wire_passkey *ask, struct wire_passkey_answer *ret)
{
	const char *why = pwhash_passkey_client(ask->client, "webauthn.create", ask->challenge, ask->origin);

	if (why)
		return why;
	if (!is_of(ask->auth, ask->rp))
		return "passkey is of another site";
	fido_cred_t *c = credential_of(ask->auth);
	if (!c)
		return "key is of an unknown kind";
	struct span id = span_of(fido_cred_id_ptr(c), fido_cred_id_len(c));
	ret->flags = fido_cred_flags(c);
	ret->algorithm = fido_cred_type(c);
	ret->counter = counter_of(ask->auth);
	if ((ret->flags & (PASSKEY_PRESENT | PASSKEY_VERIFIED)) != (PASSKEY_PRESENT | PASSKEY_VERIFIED))
		why = "person was not verified";
	else if (id.n == 0 || id.n > PASSKEY_CREDENTIAL_MAX || !span_eq(id, ask->credential))
		why = "credential is another";
	fido_cred_free(&c);
	return why;
}

/* FIDO_OK when the signature is that key's. */
static int verify(const fido_assert_t *a, const fido_cred_t *c)
{
	const unsigned char *key = fido_cred_pubkey_ptr(c);
	size_t n = fido_cred_pubkey_len(c);
	int r = FIDO_ERR_INTERNAL;

	if (fido_cred_type(c) == COSE_ES256) {
		es256_pk_t *pk = es256_pk_new();
		if (pk && (r = es256_pk_from_ptr(pk, key, n)) == FIDO_OK)
			r = fido_assert_verify(a, 0, COSE_ES256, pk);
		es256_pk_free(&pk);
	} else if (fido_cred_type(c) == COSE_EDDSA) {
		eddsa_pk_t *pk = eddsa_pk_new();
		if (pk && (r = eddsa_pk_from_ptr(pk, key, n)) == FIDO_OK)
			r = fido_assert_verify(a, 0, COSE_EDDSA, pk);
		eddsa_pk_free(&pk);
	} else {
		rs256_pk_t *pk = rs256_pk_new();
		if (pk && (r = rs256_pk_from_ptr(pk, key, n)) == FIDO_OK)
			r = fido_assert_verify(a, 0, COSE_RS256, pk);
		rs256_pk_free(&pk);
	}
	return r;
}

static const char *check(const struct wire_passkey *ask, const fido_cred_t *c, struct wire_passkey_answer *ret)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char rp[256];
	fido_assert_t *a = fido_assert_new();

	if (!a)
		abort();
	(void)crypto_hash_sha256(hash, ask->client.p, ask->client.n);
	(void)snprintf(rp, sizeof rp, "%.*s", (int)(ask->rp.n < 255 ? ask->rp.n : 255), (const char *)ask->rp.p);
	bool whole = fido_assert_set_count(a, 1) == FIDO_OK && fido_assert_set_clientdata_hash(a, hash, sizeof hash) == FIDO_OK &&
		     fido_assert_set_rp(a, rp) == FIDO_OK &&
		     fido_assert_set_authdata_raw(a, 0, ask->auth.p, ask->auth.n) == FIDO_OK &&
		     fido_assert_set_sig(a, 0, ask->signature.p, ask->signature.n) == FIDO_OK &&
		     fido_assert_set_up(a, FIDO_OPT_TRUE) == FIDO_OK && fido_assert_set_uv(a, FIDO_OPT_TRUE) == FIDO_OK;
	bool ours = whole && verify(a, c) == FIDO_OK;
	if (whole)
		ret->flags = fido_assert_flags(a, 0);
	fido_assert_free(&a);
	ret->algorithm = fido_cred_type(c);
	if (!whole)
		return "answer is malformed";
	if ((ret->flags & (PASSKEY_PRESENT | PASSKEY_VERIFIED)) != (PASSKEY_PRESENT | PASSKEY_VERIFIED))
		return "person was not verified";
	return ours ? NULL : "signature is wrong";
}

static const char *judge_use(const struct wire_passkey *ask, struct wire_passkey_answer *ret)
{
	const char *why = pwhash_passkey_client(ask->client, "webauthn.get", ask->challenge, ask->origin);

	if (why)
		return why;
	if (!is_of(ask->auth, ask->rp) || !is_of(ask->kept, ask->rp))
		return "passkey is of another site";
	if (ask->auth.n > PASSKEY_AUTH_MAX || !is_bounded(ask->auth, false) || ask->signature.n == 0 || ask->signature.n > PASSKEY_SIGNATURE_MAX)
		return "answer is malformed";
	fido_cred_t *c = credential_of(ask->kept);
	if (!c)
		return "kept key cannot be read";
	ret->counter = counter_of(ask->auth);
	why = check(ask, c, ret);
	fido_cred_free(&c);
	return why;
}

void pwhash_passkey_answer(const struct wire_passkey *ask, struct wire_passkey_answer *ret)
{
	*ret = (struct wire_passkey_answer){ .ticket = ask->ticket };
	const char *why = ask->op == WIRE_PASSKEY_NEW ? judge_new(ask, ret) : judge_use(ask, ret);

	ret->code = why ? -EACCES : 0;
	ret->why = span_str(why ? why : "");
}

int pwhash_passkey_init(struct err *err)
{
	static const char *const wanted[] = { "EC", "ED25519", "RSA" };
	bool there = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_ADD_ALL_DIGESTS, NULL) == 1;

	fido_init(0);
	for (size_t i = 0; there && i < COUNT_OF(wanted); i++) {
		EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, wanted[i], NULL);
		there = c != NULL;
		EVP_PKEY_CTX_free(c);
	}
	return there ? 0 : fault(err, -EIO, "internal error", "libcrypto has no EC, Ed25519 or RSA");
}
