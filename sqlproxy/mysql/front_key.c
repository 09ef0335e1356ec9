#include "sqlproxy/mysql/front_key.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static void scope_bio(BIO **p)
{
	BIO_free(*p);
}

static void scope_pkey_ctx(EVP_PKEY_CTX **p)
{
	EVP_PKEY_CTX_free(*p);
}

int mysql_front_key_make(EVP_PKEY **ret, struct buf *ret_pem, struct err *err)
{
	scoped(scope_bio) BIO *bio = BIO_new(BIO_s_mem());
	EVP_PKEY *key = EVP_RSA_gen(MYSQL_FRONT_KEY_BITS);
	char *pem = NULL;
	if (!bio || !key || PEM_write_bio_PUBKEY(bio, key) != 1) {
		EVP_PKEY_free(key);
		return fault(err, -EIO, "internal error", "no RSA key");
	}
	long n = BIO_get_mem_data(bio, &pem);
	buf_put(ret_pem, pem, (size_t)n);
	*ret = key;
	return 0;
}

int mysql_front_key_open(EVP_PKEY *key, struct span challenge, struct span sealed, uint8_t ret[static MYSQL_FRONT_KEY_CLEAR], struct err *err)
{
	scoped(scope_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t n = MYSQL_FRONT_KEY_CLEAR;
	if (!ctx || EVP_PKEY_decrypt_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
		EVP_PKEY_decrypt(ctx, ret, &n, sealed.p, sealed.n) != 1)
		return fault(err, -EPROTO, "The login is malformed. 登录报文有误。", "%zu bytes do not open", sealed.n);
	for (size_t i = 0; i < n; i++)
		ret[i] ^= challenge.p[i % challenge.n];
	return (int)n;
}
