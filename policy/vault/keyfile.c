#include "policy/vault/keyfile.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
static const char end[] = "-----END OPENSSH PRIVATE KEY-----";
static const char magic[] = "openssh-key-v1"; /* with its NUL */
static const char has_passphrase[] = "the key has a passphrase; give one without, it will be sealed by the vault";
static const char damaged[] = "this is not a private key file that can be read";

static void bn_scope(BIGNUM **b)
{
	BN_clear_free(*b);
}

static void bn_ctx_scope(BN_CTX **c)
{
	BN_CTX_free(*c);
}

static void bld_scope(OSSL_PARAM_BLD **b)
{
	OSSL_PARAM_BLD_free(*b);
}

static void params_scope(OSSL_PARAM **p)
{
	OSSL_PARAM_free(*p);
}

static void pkey_ctx_scope(EVP_PKEY_CTX **c)
{
	EVP_PKEY_CTX_free(*c);
}

static void bio_scope(BIO **b)
{
	(void)BIO_free(*b);
}

static int from_params(const char *type, OSSL_PARAM_BLD *bld, EVP_PKEY **ret)
{
	scoped(params_scope) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	scoped(pkey_ctx_scope) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
		EVP_PKEY_fromdata(ctx, ret, EVP_PKEY_KEYPAIR, params) != 1)
		return -EPROTO;
	return 0;
}

static BIGNUM *mpint(struct rd *r)
{
	struct span s = rd_str32be(r);

	if (r->bad || s.n == 0 || s.n > 2049 || (s.p[0] & 0x80)) {
		r->bad = true;
		return NULL;
	}
	return BN_bin2bn(s.p, (int)s.n, NULL);
}

static int ed25519_get(struct rd *r, EVP_PKEY **ret)
{
	struct span public = rd_str32be(r), secret = rd_str32be(r);

	if (r->bad || public.n != 32 || secret.n != 64 || !span_eq(public, span_of(secret.p + 32, 32)))
		return -EPROTO;
	*ret = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret.p, 32);
	return *ret ? 0 : -EPROTO;
}

/* n, e, d, 1/q mod p, p, q; libcrypto also wants d mod p-1 and d mod q-1 when it has the factors. */
static int rsa_get(struct rd *r, EVP_PKEY **ret)
{
	static const char *const names[] = { OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
		OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2 };
	enum { N, E, D, QINV, P, Q, DP, DQ, ALL };
	BIGNUM *v[ALL] = { NULL };
	scoped(bn_scope) BIGNUM *t = BN_new();
	scoped(bn_ctx_scope) BN_CTX *ctx = BN_CTX_secure_new();
	scoped(bld_scope) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	int result = -EPROTO;

	for (int i = N; i <= Q; i++)
		v[i] = mpint(r);
	v[DP] = BN_secure_new();
	v[DQ] = BN_secure_new();
	bool ok = !r->bad && t && ctx && bld && v[DP] && v[DQ];
	for (int i = 0; ok && i < ALL; i++)
		ok = v[i] != NULL;
	/* BN_mod would not end well with factors of 0 or 1. */
	ok = ok && BN_num_bits(v[P]) > 512 && BN_num_bits(v[Q]) > 512 && BN_sub(t, v[P], BN_value_one()) &&
	     BN_mod(v[DP], v[D], t, ctx) && BN_sub(t, v[Q], BN_value_one()) && BN_mod(v[DQ], v[D], t, ctx);
	for (int i = 0; ok && i < ALL; i++)
		ok = OSSL_PARAM_BLD_push_BN(bld, names[i], v[i]) == 1;
	if (ok)
		result = from_params("RSA", bld, ret);
	for (int i = 0; i < ALL; i++)
		BN_clear_free(v[i]);
	return result;
}

static int ecdsa_get(struct rd *r, struct span type, EVP_PKEY **ret)
{
	static const char *const groups[][2] = { { "nistp256", "prime256v1" }, { "nistp384", "secp384r1" },
		{ "nistp521", "secp521r1" } };
	struct span curve = rd_str32be(r), point = rd_str32be(r);
	scoped(bn_scope) BIGNUM *d = mpint(r);
	scoped(bld_scope) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	const char *group = NULL;

	for (size_t i = 0; i < COUNT_OF(groups); i++)
		if (span_is(curve, groups[i][0]))
			group = groups[i][1];
	/* The type says the curve once more: "ecdsa-sha2-" and its name. */
	if (r->bad || !group || !d || !bld || type.n != 11 + curve.n || memcmp(type.p + 11, curve.p, curve.n) != 0)
		return -EPROTO;
	if (OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
		OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n) != 1 ||
		OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d) != 1)
		return -EPROTO;
	return from_params("EC", bld, ret);
}

/* The part that a passphrase would encrypt. */
static int private_get(struct span in, EVP_PKEY **ret)
{
	struct rd r = rd_of(in);
	uint32_t check = rd_u32be(&r), again = rd_u32be(&r);
	struct span type = rd_str32be(&r);
	int e;

	if (r.bad || check != again)
		return -EPROTO;
	if (span_is(type, "ssh-ed25519"))
		e = ed25519_get(&r, ret);
	else if (span_is(type, "ssh-rsa"))
		e = rsa_get(&r, ret);
	else if (type.n > 11 && memcmp(type.p, "ecdsa-sha2-", 11) == 0)
		e = ecdsa_get(&r, type, ret);
	else
		return -ENOTSUP;
	return e;
}

static int container_get(struct span in, EVP_PKEY **ret, struct err *err)
{
	struct rd r = rd_of(in);
	struct span word = rd_bytes(&r, sizeof magic), cipher = rd_str32be(&r), kdf = rd_str32be(&r);

	(void)rd_str32be(&r);
	uint32_t keys = rd_u32be(&r);
	(void)rd_str32be(&r);
	struct span private = rd_str32be(&r);
	if (r.bad || memcmp(word.p, magic, sizeof magic) != 0 || keys != 1)
		return fault(err, -EPROTO, damaged, "openssh-key-v1: cut, or %u keys", keys);
	if (!span_is(cipher, "none") || !span_is(kdf, "none"))
		return fault(err, -ENOKEY, has_passphrase, "the key file is encrypted");
	int e = private_get(private, ret);
	if (e == -ENOTSUP)
		return fault(err, e,
			"this kind of key cannot be used; give an ed25519, RSA (2048 bits or more) or ECDSA key",
			"a type of key in an OpenSSH file that is not supported");
	return e < 0 ? fault(err, e, damaged, "openssh-key-v1: the private part does not parse") : 0;
}

static int openssh_get(struct span base64, EVP_PKEY **ret, struct err *err)
{
	scoped(secret_scope) struct secret *bin = NULL;
	size_t n = 0;

	int r = secret_new(base64.n + 1, &bin, err);
	if (r < 0)
		return r;
	if (sodium_base642bin(secret_bytes(bin), base64.n, (const char *)base64.p, base64.n, " \t\r\n", &n, NULL,
		    sodium_base64_VARIANT_ORIGINAL) != 0)
		return fault(err, -EPROTO, damaged, "OpenSSH private key: bad base64");
	return container_get(span_of(secret_bytes(bin), n), ret, err);
}

static int refuse_passphrase(char *buf, int size, int writing, void *asked)
{
	(void)buf, (void)size, (void)writing;
	*(bool *)asked = true;
	return -1;
}

static int pem_get(struct span text, EVP_PKEY **ret, struct err *err)
{
	scoped(bio_scope) BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
	bool asked = false;

	if (bio)
		*ret = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &asked);
	ERR_clear_error();
	if (asked)
		return fault(err, -ENOKEY, has_passphrase, "the PEM file is encrypted");
	return *ret ? 0 : fault(err, -EPROTO, damaged, "no private key in a PEM text of %zu bytes", text.n);
}

int vault_keyfile_get(struct span text, EVP_PKEY **ret_pkey, struct err *err)
{
	EVP_PKEY *pkey = NULL;
	int r;

	if (text.n == 0 || text.n > VAULT_KEYFILE_MAX)
		return fault(err, -EPROTO, damaged, "key file of %zu bytes", text.n);
	const uint8_t *from = memmem(text.p, text.n, begin, sizeof begin - 1);
	if (from) {
		from += sizeof begin - 1;
		size_t left = text.n - (size_t)(from - text.p);
		const uint8_t *to = memmem(from, left, end, sizeof end - 1);
		if (!to)
			return fault(err, -EPROTO, damaged, "OpenSSH private key without its end");
		r = openssh_get(span_of(from, (size_t)(to - from)), &pkey, err);
	} else {
		r = pem_get(text, &pkey, err);
	}
	if (r < 0) {
		EVP_PKEY_free(pkey);
		return r;
	}
	*ret_pkey = pkey;
	return 0;
}
