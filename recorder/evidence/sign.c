#include "recorder/evidence/sign.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

static const char domain[] = "yanmen evidence v1"; /* its NUL is part of the text */
static const char key_word[] = "yanmen-evidence-1 ";

static uint8_t *put_le64(uint8_t *p, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
	return p + 8;
}

void evidence_sign_text(const struct evidence_sign_claim *c, uint8_t ret[static EVIDENCE_SIGN_TEXT])
{
	uint8_t *p = ret;
	memcpy(p, domain, sizeof domain);
	p += sizeof domain;
	*p++ = c->what;
	memcpy(p, c->id.b, sizeof c->id.b);
	p = put_le64(p + sizeof c->id.b, c->seq);
	memcpy(p, c->hash, sizeof c->hash);
	p = put_le64(p + sizeof c->hash, (uint64_t)c->time_us);
	assert(p == ret + EVIDENCE_SIGN_TEXT);
}

int evidence_sign_check(const struct evidence_sign_claim *c, const uint8_t signature[static EVIDENCE_SIGNATURE],
	const uint8_t key[static EVIDENCE_KEY], struct err *err)
{
	uint8_t text[EVIDENCE_SIGN_TEXT];
	evidence_sign_text(c, text);
	if (crypto_sign_verify_detached(signature, text, sizeof text, key) != 0)
		return fault(err, -EACCES, "a signature does not match", "what %u, seq %llu", c->what,
			(unsigned long long)c->seq);
	return 0;
}

void evidence_sign_key_put(struct buf *b, const uint8_t key[static EVIDENCE_KEY])
{
	char text[sodium_base64_ENCODED_LEN(EVIDENCE_KEY, sodium_base64_VARIANT_ORIGINAL)];
	sodium_bin2base64(text, sizeof text, key, EVIDENCE_KEY, sodium_base64_VARIANT_ORIGINAL);
	buf_printf(b, "%s%s\n", key_word, text);
}

int evidence_sign_key_get(struct span text, uint8_t ret[static EVIDENCE_KEY], struct err *err)
{
	size_t word = sizeof key_word - 1, n = 0;
	uint8_t key[EVIDENCE_KEY];
	scoped(buf_done) struct buf again = { 0 };
	if (text.n < word || memcmp(text.p, key_word, word) != 0)
		return fault(err, -EPROTO, "not a public key file of Yanmen", "its first word is another");
	size_t line = text.n - (text.p[text.n - 1] == '\n');
	if (sodium_base642bin(key, sizeof key, (const char *)text.p + word, line - word, NULL, &n, NULL,
		    sodium_base64_VARIANT_ORIGINAL) != 0 || n != sizeof key)
		return fault(err, -EPROTO, "the public key file is damaged", "base64 of %zu bytes", n);
	/* libsodium 1.0.18 takes some bytes above 127 for digits. */
	buf_init(&again, 128);
	evidence_sign_key_put(&again, key);
	if (again.len != line + 1 || memcmp(again.data, text.p, line) != 0)
		return fault(err, -EPROTO, "the public key file is damaged", "not written canonically");
	memcpy(ret, key, sizeof key);
	return 0;
}
