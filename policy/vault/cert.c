#include "policy/vault/cert.h"
#include "gateway/core/rd.h"
#include <sodium.h>

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

static void options_put(struct span sources, struct buf *out)
{
	static const char name[] = "source-address";

	if (sources.n == 0) {
		wr_str32be(out, span_str(""));
		return;
	}
	wr_be(out, 4 + sizeof name - 1 + 4 + 4 + sources.n, 4);
	wr_str32be(out, span_str(name));
	nested_put(sources, out);
}

static void extensions_put(const char *const *names, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; names[i]; i++)
		n += 4 + span_str(names[i]).n + 4;
	wr_be(out, n, 4);
	for (size_t i = 0; names[i]; i++) {
		wr_str32be(out, span_str(names[i]));
		wr_str32be(out, span_str(""));
	}
}

void vault_cert_put(const struct vault_cert *c, const struct vault_keys_pair *ca, struct buf *out)
{
	uint8_t nonce[32], signature[crypto_sign_BYTES];
	size_t begins = out->len;

	randombytes_buf(nonce, sizeof nonce);
	wr_str32be(out, span_str(c->key.kind->certificate));
	wr_str32be(out, span_of(nonce, sizeof nonce));
	buf_put_span(out, c->key.fields);
	wr_be(out, c->serial, 8);
	wr_be(out, USER_CERTIFICATE, 4);
	wr_str32be(out, c->key_id);
	nested_put(c->principal, out);
	wr_be(out, c->after_s, 8);
	wr_be(out, c->before_s, 8);
	options_put(c->sources, out);
	extensions_put(c->extensions, out);
	wr_str32be(out, span_str("")); /* reserved */
	ed25519_put(span_of(ca->public, sizeof ca->public), out);
	if (out->failed)
		return;
	crypto_sign_detached(signature, NULL, out->data + begins, out->len - begins, ca->secret);
	ed25519_put(span_of(signature, sizeof signature), out);
}
