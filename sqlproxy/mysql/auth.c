#include "sqlproxy/mysql/auth.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

enum { DIGEST_MAX = EVP_MAX_MD_SIZE };

static void scope_md(EVP_MD_CTX **p)
{
	EVP_MD_CTX_free(*p);
}

/* Digest of two parts behind each other. */
static int digest(const EVP_MD *md, struct span a, struct span b, uint8_t ret[static DIGEST_MAX])
{
	scoped(scope_md) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned n = 0;
	if (!ctx || EVP_DigestInit_ex(ctx, md, NULL) != 1 || EVP_DigestUpdate(ctx, a.p, a.n) != 1 ||
		EVP_DigestUpdate(ctx, b.p, b.n) != 1 || EVP_DigestFinal_ex(ctx, ret, &n) != 1)
		return -EIO;
	return (int)n;
}

/* Both challenge-response plugins are H(pw) XOR H(x y), where x and y are the challenge and H(H(pw)) in their own order. */
static int scramble(const EVP_MD *md, const struct mysql_auth_ask *ask, bool challenge_first, struct buf *out)
{
	uint8_t once[DIGEST_MAX], twice[DIGEST_MAX], mask[DIGEST_MAX];
	const struct span none = { 0 };
	if (ask->password.n == 0)
		return 0;
	int n = digest(md, ask->password, none, once);
	if (n > 0)
		n = digest(md, span_of(once, (size_t)n), none, twice);
	if (n > 0) {
		struct span hash = span_of(twice, (size_t)n);
		n = digest(md, challenge_first ? ask->challenge : hash, challenge_first ? hash : ask->challenge, mask);
	}
	for (int i = 0; i < n; i++)
		once[i] ^= mask[i];
	if (n > 0)
		buf_put(out, once, (size_t)n);
	secret_wipe(once, sizeof once);
	secret_wipe(twice, sizeof twice);
	secret_wipe(mask, sizeof mask);
	return n < 0 ? n : 0;
}

static int native(const struct mysql_auth_ask *ask, struct buf *out, struct err *err)
{
	return scramble(EVP_sha1(), ask, true, out) < 0 ? fault(err, -EIO, "internal error", "SHA-1 is not to be had")
							: 0;
}

static int caching_sha2(const struct mysql_auth_ask *ask, struct buf *out, struct err *err)
{
	return scramble(EVP_sha256(), ask, false, out) < 0 ? fault(err, -EIO, "internal error", "SHA-256 failed") : 0;
}

/* RFC 8032 section 5.1.6, but for the key: the password's own SHA-512 stands where that of a seed does. */
static int ed25519(const struct mysql_auth_ask *ask, struct buf *out, struct err *err)
{
	struct {
		uint8_t key[crypto_hash_sha512_BYTES]; /* scalar, prefix */
		uint8_t hash[crypto_hash_sha512_BYTES], r[32], k[32];
	} s;
	uint8_t public[32], signature[64];
	crypto_hash_sha512_state state;

	(void)crypto_hash_sha512(s.key, ask->password.p, ask->password.n);
	s.key[0] &= 248;
	s.key[31] = (uint8_t)((s.key[31] & 63) | 64);
	int failed = crypto_scalarmult_ed25519_base_noclamp(public, s.key);
	(void)crypto_hash_sha512_init(&state);
	(void)crypto_hash_sha512_update(&state, s.key + 32, 32);
	(void)crypto_hash_sha512_update(&state, ask->challenge.p, ask->challenge.n);
	(void)crypto_hash_sha512_final(&state, s.hash);
	crypto_core_ed25519_scalar_reduce(s.r, s.hash);
	failed |= crypto_scalarmult_ed25519_base_noclamp(signature, s.r);
	(void)crypto_hash_sha512_init(&state);
	(void)crypto_hash_sha512_update(&state, signature, 32);
	(void)crypto_hash_sha512_update(&state, public, 32);
	(void)crypto_hash_sha512_update(&state, ask->challenge.p, ask->challenge.n);
	(void)crypto_hash_sha512_final(&state, s.hash);
	crypto_core_ed25519_scalar_reduce(s.k, s.hash);
	memset(s.key + 32, 0, 32); /* the prefix has served: the scalar alone, as 64 bytes, is reduced */
	crypto_core_ed25519_scalar_reduce(s.hash, s.key);
	crypto_core_ed25519_scalar_mul(s.k, s.k, s.hash);
	crypto_core_ed25519_scalar_add(signature + 32, s.k, s.r);
	secret_wipe(&s, sizeof s);
	secret_wipe(&state, sizeof state);
	if (failed)
		return fault(err, -EIO, "internal error", "ed25519 failed");
	buf_put(out, signature, sizeof signature);
	return 0;
}

int mysql_auth_clear(const struct mysql_auth_ask *ask, struct buf *out, struct err *err)
{
	if (!ask->private)
		return fault(err, -EACCES,
			"the database server asks for the password itself: switch on TLS for this target",
			"%.*s asks for the password on a line without TLS", (int)ask->plugin.n,
			(const char *)ask->plugin.p);
	buf_put_span(out, ask->password);
	buf_put(out, "", 1);
	return 0;
}

static int sha256(const struct mysql_auth_ask *ask, struct buf *out, struct err *err)
{
	if (ask->password.n > 0)
		return mysql_auth_clear(ask, out, err);
	buf_put(out, "", 1);
	return 0;
}

static const struct plugin {
	const char *name;
	size_t challenge;
	int (*answer)(const struct mysql_auth_ask *ask, struct buf *out, struct err *err);
} plugins[] = {
	{ "mysql_native_password", MYSQL_AUTH_CHALLENGE, native },
	{ "caching_sha2_password", MYSQL_AUTH_CHALLENGE, caching_sha2 },
	{ "sha256_password", MYSQL_AUTH_CHALLENGE, sha256 },
	{ "client_ed25519", MYSQL_AUTH_ED25519_CHALLENGE, ed25519 },
};

int mysql_auth_answer(const struct mysql_auth_ask *ask, struct buf *out, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(plugins); i++) {
		if (!span_is(ask->plugin, plugins[i].name))
			continue;
		if (ask->challenge.n != plugins[i].challenge)
			return fault(err, -EPROTO, "the database server's challenge is malformed",
				"%s: challenge of %zu bytes", plugins[i].name, ask->challenge.n);
		return plugins[i].answer(ask, out, err);
	}
	return fault(err, -ENOTSUP, "this account logs in by a method that Yanmen does not know",
		"the server asks for another authentication plugin");
}

bool mysql_auth_may_ask_more(struct span plugin)
{
	return span_is(plugin, "caching_sha2_password");
}
