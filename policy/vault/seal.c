#include "policy/vault/seal.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "policy/vault/keys.h"
#include <errno.h>
#include <sodium.h>

enum { VERSION = 1, BOUND_MAX = 4096 };
static const char domain[] = "yanmen credential"; /* with its NUL */
_Static_assert(VAULT_SEAL_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(VAULT_SEAL_HEAD == 6 + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");

int vault_seal_kind_is_known(uint8_t kind)
{
	return kind == WIRE_SECRET_PASSWORD || kind == WIRE_SECRET_KEY || kind == WIRE_SECRET_CA ||
	       kind == WIRE_SECRET_TOTP || kind == WIRE_SECRET_MAIL || kind == WIRE_SECRET_HOOK ||
	       kind == WIRE_SECRET_SHOWN || kind == WIRE_SECRET_API;
}

int vault_seal_get(struct span in, struct vault_seal *ret, struct err *err)
{
	struct rd r = rd_of(in);
	uint8_t version = rd_u8(&r);
	struct vault_seal s = { .kind = rd_u8(&r) };

	s.generation = rd_u32le(&r);
	s.nonce = rd_bytes(&r, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
	s.ciphertext = rd_bytes(&r, r.n);
	if (r.bad || version != VERSION || !vault_seal_kind_is_known(s.kind) || s.ciphertext.n <= VAULT_SEAL_TAG ||
		s.ciphertext.n > VAULT_SEAL_MAX + VAULT_SEAL_TAG)
		return fault(err, -EPROTO, "the stored credential is damaged; enter it again",
			"sealed credential: %zu bytes, version %u, kind %u", in.n, version, s.kind);
	*ret = s;
	return 0;
}

static void header_put(struct buf *out, uint8_t kind, uint32_t generation)
{
	wr_le(out, VERSION, 1);
	wr_le(out, kind, 1);
	wr_le(out, generation, 4);
}

static int associated(uint8_t kind, uint32_t generation, struct span bound, struct buf *out, struct err *err)
{
	buf_init(out, sizeof domain + 6 + BOUND_MAX);
	buf_put(out, domain, sizeof domain);
	header_put(out, kind, generation);
	buf_put_span(out, bound);
	if (out->failed)
		return fault(err, -EMSGSIZE, "internal error", "binding of %zu bytes", bound.n);
	return 0;
}

int vault_seal_close(
	const struct vault_keys *k, const struct vault_seal_what *what, struct buf *out, struct err *err)
{
	struct span secret = what->secret;
	scoped(buf_done) struct buf ad = { 0 };
	uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
	unsigned long long n = 0;

	if (!vault_seal_kind_is_known(what->kind) || secret.n == 0 || secret.n > VAULT_SEAL_MAX)
		return fault(err, -EMSGSIZE, "the secret is empty or too long", "seal of kind %u, %zu bytes",
			what->kind, secret.n);
	int r = associated(what->kind, k->generation, what->bound, &ad, err);
	if (r < 0)
		return r;
	randombytes_buf(nonce, sizeof nonce);
	header_put(out, what->kind, k->generation);
	buf_put(out, nonce, sizeof nonce);
	uint8_t *room = buf_room(out, secret.n + VAULT_SEAL_TAG);
	if (!room)
		return fault(err, -EMSGSIZE, "internal error", "no room for a seal of %zu bytes", secret.n);
	crypto_aead_xchacha20poly1305_ietf_encrypt(room, &n, secret.p, secret.n, ad.data, ad.len, NULL, nonce,
		vault_keys_now(k)->credential);
	buf_grew(out, (size_t)n);
	return 0;
}

int vault_seal_open(
	const struct vault_keys *k, struct span sealed, struct span bound, struct secret **ret, struct err *err)
{
	scoped(buf_done) struct buf ad = { 0 };
	scoped(secret_scope) struct secret *plain = NULL;
	struct vault_seal s;

	int r = vault_seal_get(sealed, &s, err);
	if (r < 0)
		return r;
	if (s.generation == 0 || s.generation > k->generation)
		return fault(err, -ENOKEY, "the credential was sealed with another master key; enter it again",
			"sealed credential of generation %u", s.generation);
	r = associated(s.kind, s.generation, bound, &ad, err);
	if (r < 0)
		return r;
	r = secret_new(s.ciphertext.n - VAULT_SEAL_TAG, &plain, err);
	if (r < 0)
		return r;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(secret_bytes(plain), NULL, NULL, s.ciphertext.p, s.ciphertext.n,
		    ad.data, ad.len, s.nonce.p, k->openers[s.generation - 1].credential) != 0)
		return fault(err, -EACCES, "the credential is not valid for this target as it is now; enter it again",
			"a sealed credential of kind %u does not open with its binding", s.kind);
	*ret = take(plain);
	return 0;
}
