#include "policy/vault/key.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "policy/vault/keyfile.h"
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct vault_key_type {
	const char *name;
	const char *curve; /* SSH's name */
	const char *group; /* OpenSSL's */
};

static const struct vault_key_type types[] = {
	{ .name = "ssh-ed25519" },
	{ .name = "ssh-rsa" },
	{ .name = "ecdsa-sha2-nistp256", .curve = "nistp256", .group = "prime256v1" },
	{ .name = "ecdsa-sha2-nistp384", .curve = "nistp384", .group = "secp384r1" },
	{ .name = "ecdsa-sha2-nistp521", .curve = "nistp521", .group = "secp521r1" },
};
enum { TYPE_ED25519, TYPE_RSA, TYPE_P256, TYPE_P384, TYPE_P521 };
enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

static const struct signing {
	const struct vault_key_type *type;
	const char *algorithm;
	const EVP_MD *(*digest)(void);
	bool sha1;
} signings[] = {
	{ &types[TYPE_ED25519], "ssh-ed25519", NULL, false },
	{ &types[TYPE_RSA], "rsa-sha2-256", EVP_sha256, false },
	{ &types[TYPE_RSA], "rsa-sha2-512", EVP_sha512, false },
	{ &types[TYPE_RSA], "ssh-rsa", EVP_sha1, true },
	{ &types[TYPE_P256], "ecdsa-sha2-nistp256", EVP_sha256, false },
	{ &types[TYPE_P384], "ecdsa-sha2-nistp384", EVP_sha384, false },
	{ &types[TYPE_P521], "ecdsa-sha2-nistp521", EVP_sha512, false },
};

static void bn_scope(BIGNUM **b)
{
	BN_clear_free(*b);
}

static void md_ctx_scope(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}

static void ecdsa_scope(ECDSA_SIG **s)
{
	ECDSA_SIG_free(*s);
}

/* RFC 4251 section 5: two's complement, so a set top bit needs a zero byte before it. */
static int mpint_put(const BIGNUM *x, struct buf *out)
{
	uint8_t bytes[1 + RSA_BITS_MAX / 8] = { 0 };

	if (BN_num_bytes(x) > RSA_BITS_MAX / 8)
		return -EMSGSIZE;
	size_t n = (size_t)BN_bn2bin(x, bytes + 1);
	bool zero_first = n > 0 && (bytes[1] & 0x80);
	wr_str32be(out, zero_first ? span_of(bytes, n + 1) : span_of(bytes + 1, n));
	return 0;
}

static int rsa_blob(struct vault_key *k)
{
	scoped(bn_scope) BIGNUM *n = NULL;
	scoped(bn_scope) BIGNUM *e = NULL;
	int bits = EVP_PKEY_get_bits(k->pkey);

	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return -ENOTSUP;
	if (EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
		EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
		return -EPROTO;
	k->type = &types[TYPE_RSA];
	wr_str32be(&k->blob, span_str(k->type->name));
	return mpint_put(e, &k->blob) < 0 || mpint_put(n, &k->blob) < 0 ? -EPROTO : 0;
}

static int ecdsa_blob(struct vault_key *k)
{
	char group[32];
	uint8_t point[133];
	size_t n = 0;

	if (EVP_PKEY_get_group_name(k->pkey, group, sizeof group, &n) != 1)
		return -ENOTSUP;
	for (int t = TYPE_P256; t <= TYPE_P521; t++)
		if (strcmp(types[t].group, group) == 0)
			k->type = &types[t];
	if (!k->type)
		return -ENOTSUP;
	/* A file may hold the point compressed; SSH servers want it whole. */
	(void)EVP_PKEY_set_utf8_string_param(k->pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed");
	if (EVP_PKEY_get_octet_string_param(k->pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n) != 1 || n < 65 ||
		point[0] != 4)
		return -EPROTO;
	wr_str32be(&k->blob, span_str(k->type->name));
	wr_str32be(&k->blob, span_str(k->type->curve));
	wr_str32be(&k->blob, span_of(point, n));
	return 0;
}

static int ed25519_blob(struct vault_key *k)
{
	uint8_t public[32];
	size_t n = sizeof public;

	if (EVP_PKEY_get_raw_public_key(k->pkey, public, &n) != 1 || n != sizeof public)
		return -EPROTO;
	k->type = &types[TYPE_ED25519];
	wr_str32be(&k->blob, span_str(k->type->name));
	wr_str32be(&k->blob, span_of(public, n));
	return 0;
}

int vault_key_of(EVP_PKEY *pkey, struct vault_key *ret, struct err *err)
{
	scoped(vault_key_done) struct vault_key k = { .pkey = pkey };
	int r = -ENOTSUP;

	buf_init(&k.blob, VAULT_KEY_BLOB_MAX);
	switch (EVP_PKEY_get_base_id(pkey)) {
	case EVP_PKEY_ED25519:
		r = ed25519_blob(&k);
		break;
	case EVP_PKEY_RSA:
		r = rsa_blob(&k);
		break;
	case EVP_PKEY_EC:
		r = ecdsa_blob(&k);
		break;
	default:
		break;
	}
	if (r == -ENOTSUP)
		return fault(err, r,
			"this kind of key cannot be used; give an ed25519, RSA (2048 bits or more) or ECDSA key",
			"private key of type %d, %d bits", EVP_PKEY_get_base_id(pkey), EVP_PKEY_get_bits(pkey));
	if (r < 0 || k.blob.failed)
		return fault(err, -EPROTO, "the key file is damaged", "no public half");
	*ret = k;
	k = (struct vault_key){ 0 };
	return 0;
}

int vault_key_ed25519(const uint8_t seed[static 32], struct vault_key *ret, struct err *err)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);

	if (!pkey)
		return fault(err, -ENOMEM, "internal error", "EVP_PKEY_new_raw_private_key");
	return vault_key_of(pkey, ret, err);
}

int vault_key_parse(struct span text, struct vault_key *ret, struct err *err)
{
	EVP_PKEY *pkey = NULL;

	int r = vault_keyfile_get(text, &pkey, err);
	return r < 0 ? r : vault_key_of(pkey, ret, err);
}

void vault_key_done(struct vault_key *k)
{
	EVP_PKEY_free(k->pkey);
	buf_done(&k->blob);
	*k = (struct vault_key){ 0 };
}

const char *vault_key_name(const struct vault_key *k)
{
	return k->type->name;
}

void vault_key_line(const struct vault_key *k, struct buf *out)
{
	size_t n = sodium_base64_ENCODED_LEN(k->blob.len, sodium_base64_VARIANT_ORIGINAL); /* with its NUL */

	buf_printf(out, "%s ", k->type->name);
	uint8_t *room = buf_room(out, n);
	if (!room)
		return;
	sodium_bin2base64((char *)room, n, k->blob.data, k->blob.len, sodium_base64_VARIANT_ORIGINAL);
	buf_grew(out, n - 1);
}

static const struct signing *signing_of(const struct vault_key *k, struct span algorithm)
{
	for (size_t i = 0; i < COUNT_OF(signings); i++)
		if (signings[i].type == k->type && span_is(algorithm, signings[i].algorithm) && (!signings[i].sha1 || k->sha1))
			return &signings[i];
	return NULL;
}

/* RFC 5656 section 3.1.2: libcrypto's DER pair becomes two mpints. */
static int ecdsa_signature_put(const uint8_t *der, size_t n, struct buf *out)
{
	const uint8_t *p = der;
	scoped(ecdsa_scope) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
	scoped(buf_done) struct buf pair = { 0 };

	buf_init(&pair, 256);
	if (!sig || mpint_put(ECDSA_SIG_get0_r(sig), &pair) < 0 || mpint_put(ECDSA_SIG_get0_s(sig), &pair) < 0)
		return -EPROTO;
	wr_str32be(out, buf_span(&pair));
	return 0;
}

int vault_key_sign(const struct vault_key *k, struct span algorithm, struct span data, struct buf *out, struct err *err)
{
	const struct signing *how = signing_of(k, algorithm);
	scoped(md_ctx_scope) EVP_MD_CTX *ctx = NULL;
	uint8_t raw[RSA_BITS_MAX / 8];
	size_t n = sizeof raw;

	if (!how)
		return fault(err, -EACCES, "this signature algorithm is not used", "a %s key asked for \"%.*s\"",
			k->type->name, (int)(algorithm.n > 64 ? 64 : algorithm.n), (const char *)algorithm.p);
	ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestSignInit(ctx, NULL, how->digest ? how->digest() : NULL, NULL, k->pkey) != 1 ||
		EVP_DigestSign(ctx, raw, &n, data.p, data.n) != 1)
		return fault(err, -EIO, "internal error", "signing with %s failed", how->algorithm);
	wr_str32be(out, span_str(how->algorithm));
	if (k->type->curve) {
		if (ecdsa_signature_put(raw, n, out) < 0)
			return fault(err, -EIO, "internal error", "an ECDSA signature without its parts");
	} else {
		wr_str32be(out, span_of(raw, n));
	}
	return out->failed ? fault(err, -EMSGSIZE, "internal error", "no room for a signature") : 0;
}

int vault_key_try(const struct vault_key *k, struct err *err)
{
	static const uint8_t word[] = "yanmen key trial";
	const EVP_MD *md = k->type == &types[TYPE_ED25519] ? NULL : EVP_sha256();
	scoped(md_ctx_scope) EVP_MD_CTX *sign = EVP_MD_CTX_new();
	scoped(md_ctx_scope) EVP_MD_CTX *verify = EVP_MD_CTX_new();
	uint8_t raw[RSA_BITS_MAX / 8];
	size_t n = sizeof raw;

	if (!sign || !verify || EVP_DigestSignInit(sign, NULL, md, NULL, k->pkey) != 1 ||
		EVP_DigestSign(sign, raw, &n, word, sizeof word) != 1 ||
		EVP_DigestVerifyInit(verify, NULL, md, NULL, k->pkey) != 1 ||
		EVP_DigestVerify(verify, raw, n, word, sizeof word) != 1)
		return fault(err, -EPROTO,
			"the key file is damaged: its private and public halves do not belong together",
			"a %s key fails its trial signature", k->type->name);
	return 0;
}
