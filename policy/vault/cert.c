#include "policy/vault/cert.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <sodium.h>

const char vault_cert_algorithm[] = "ssh-ed25519-cert-v01@openssh.com";
enum { USER_CERTIFICATE = 1 };

/* A string that holds one string. */
static void nested_put(struct span inner, struct buf *out)
{
	wr_be(out, inner.n + 4, 4);
	wr_str32be(out, inner);
}

/* The blob or the signature of an ed25519 key: a string of the type, a string of the bytes. */
static void ed25519_put(struct span bytes, struct buf *out)
{
	static const char type[] = "ssh-ed25519";

	wr_be(out, 4 + sizeof type - 1 + 4 + bytes.n, 4);
	wr_str32be(out, span_str(type));
	wr_str32be(out, bytes);
}

static void extensions_put(struct buf *out)
{
	static const char pty[] = "permit-pty";

	wr_be(out, 4 + sizeof pty - 1 + 4, 4);
	wr_str32be(out, span_str(pty));
	wr_str32be(out, span_str(""));
}

void vault_cert_put(const struct vault_cert *c, const struct vault_keys_pair *ca, struct buf *out)
{
	uint8_t nonce[32], serial[8], signature[crypto_sign_BYTES];
	uint64_t now_s = (uint64_t)(c->now_us / 1000000);
	size_t begins = out->len;

	randombytes_buf(nonce, sizeof nonce);
	randombytes_buf(serial, sizeof serial);
	wr_str32be(out, span_str(vault_cert_algorithm));
	wr_str32be(out, span_of(nonce, sizeof nonce));
	wr_str32be(out, c->key);
	buf_put(out, serial, sizeof serial);
	wr_be(out, USER_CERTIFICATE, 4);
	wr_str32be(out, span_str(c->key_id));
	nested_put(c->principal, out);
	wr_be(out, now_s - VAULT_CERT_BEFORE_S, 8);
	wr_be(out, now_s + VAULT_CERT_AFTER_S, 8);
	wr_str32be(out, span_str("")); /* critical options */
	extensions_put(out);
	wr_str32be(out, span_str("")); /* reserved */
	ed25519_put(span_of(ca->public, sizeof ca->public), out);
	if (out->failed)
		return;
	crypto_sign_detached(signature, NULL, out->data + begins, out->len - begins, ca->secret);
	ed25519_put(span_of(signature, sizeof signature), out);
}
