#include "gateway/ssh/hostkey.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/session.h"
#include "gateway/ssh/algo.h"
#include <dlfcn.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

enum { SEED = 32, BINARY = 256, TEXT = 512 };
static const uint8_t no_seed[SEED]; /* the private half that libssh has */
static const char magic[] = "openssh-key-v1"; /* with its NUL */
static const char name[] = "ssh-ed25519";

/* A worker is one process for one connection, and libcrypto's function has no argument for it: set once, before the sandbox. */
static struct gw_session *vault_side;

/* ---- what libssh calls instead of libcrypto's own ---- */

/* Is it the key that was given to libssh? */
static bool is_host_key(EVP_MD_CTX *ctx)
{
	EVP_PKEY_CTX *key = EVP_MD_CTX_get_pkey_ctx(ctx);
	EVP_PKEY *pkey = key ? EVP_PKEY_CTX_get0_pkey(key) : NULL;
	uint8_t seed[SEED];
	size_t n = sizeof seed;
	return pkey && EVP_PKEY_get_id(pkey) == EVP_PKEY_ED25519 && EVP_PKEY_get_raw_private_key(pkey, seed, &n) == 1 &&
	       n == sizeof seed && memcmp(seed, no_seed, sizeof seed) == 0;
}

int EVP_DigestSign(EVP_MD_CTX *ctx, unsigned char *sig, size_t *size, const unsigned char *tbs, size_t n)
{
	struct err err = { 0 };
	if (!vault_side || !is_host_key(ctx) || (sig && *size < GW_HOST_SIGNATURE))
		return 0;
	*size = GW_HOST_SIGNATURE;
	if (!sig) /* how much room it takes */
		return 1;
	if (gw_session_host_sign(vault_side, span_of(tbs, n), sig, &err) == 0)
		return 1;
	log_err(LOG_LEVEL_WARN, "ssh.host_sign", &err);
	return 0;
}

/* ---- the key file ---- */

static void put_public(struct span public, struct buf *out)
{
	wr_str32be(out, span_str(name));
	wr_str32be(out, public);
}

/* Two equal check words, the key, no comment, padding to the block size of "none", 8. */
static void put_private(struct span public, struct buf *out)
{
	wr_be(out, 0, 8);
	put_public(public, out);
	wr_be(out, SEED + public.n, 4);
	buf_put(out, no_seed, SEED);
	buf_put_span(out, public);
	wr_str32be(out, span_str(""));
	for (uint8_t pad = 1; out->len % 8 != 0; pad++)
		wr_be(out, pad, 1);
}

static void put_binary(struct span public, struct buf *out)
{
	scoped(buf_done) struct buf open, closed;
	buf_init(&open, BINARY);
	buf_init(&closed, BINARY);
	put_public(public, &open);
	put_private(public, &closed);
	buf_put(out, magic, sizeof magic);
	wr_str32be(out, span_str("none"));
	wr_str32be(out, span_str("none"));
	wr_str32be(out, span_str(""));
	wr_be(out, 1, 4);
	wr_str32be(out, buf_span(&open));
	wr_str32be(out, buf_span(&closed));
}

static int key_of(struct span public, ssh_key *ret)
{
	scoped(buf_done) struct buf binary, text;
	char base64[TEXT];
	buf_init(&binary, BINARY);
	buf_init(&text, TEXT);
	put_binary(public, &binary);
	if (binary.failed || EVP_EncodeBlock((unsigned char *)base64, binary.data, (int)binary.len) < 0)
		return -EMSGSIZE;
	buf_printf(&text, "-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----\n", base64);
	return text.failed || ssh_pki_import_privkey_base64(buf_str(&text), NULL, NULL, NULL, ret) != SSH_OK ? -EBADMSG : 0;
}

/* A libssh that works the public half out of the private one would show another. */
static bool shows(ssh_key key, struct span public)
{
	scoped(buf_done) struct buf wanted, shown;
	buf_init(&wanted, BINARY);
	buf_init(&shown, BINARY);
	put_public(public, &wanted);
	return gw_ssh_algo_blob(key, &shown) == 0 && span_eq(buf_span(&shown), buf_span(&wanted));
}

static int give(ssh_bind bind, ssh_key key, struct span public, struct err *err)
{
	if (!shows(key, public))
		return fault(err, -ENOSYS, "internal error", "libssh shows another host key");
	if (ssh_bind_options_set(bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) < 0)
		return fault(err, -EBADMSG, "internal error", "host key not taken: %s", ssh_get_error(bind));
	return 0;
}

int gw_ssh_hostkey_give(ssh_bind bind, struct gw_session *s, struct span public, struct err *err)
{
	ssh_key key = NULL;
	/* What a library finds under this name: ours, unless it is linked in some other way. */
	if (dlsym(RTLD_DEFAULT, "EVP_DigestSign") != (void *)EVP_DigestSign)
		return fault(err, -ENOSYS, "internal error", "libssh would sign by itself");
	if (public.n != GW_HOST_KEY || key_of(public, &key) < 0)
		return fault(err, -EBADMSG, "internal error", "the vault's host key, %zu bytes, cannot be used", public.n);
	int r = give(bind, key, public, err);
	if (r < 0) {
		ssh_key_free(key);
		return r;
	}
	vault_side = s;
	return 0;
}
