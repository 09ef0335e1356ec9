#include "recorder/evidence/keys.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

static const char next_word[] = "yanmen-evidence-next ";
enum { NUMBER_DIGITS = 18 };

void evidence_keys_first(struct evidence_keys *k, const uint8_t key[static EVIDENCE_KEY])
{
	k->n = 1;
	k->k[0] = (struct evidence_keys_one){ 0 };
	memcpy(k->k[0].key, key, EVIDENCE_KEY);
}

void evidence_keys_claim(
	const struct evidence_keys *k, const struct evidence_keys_one *next, struct evidence_sign_claim *ret)
{
	*ret = (struct evidence_sign_claim){ .what = WIRE_SIGN_KEY, .seq = k->n + 1, .time_us = next->since_us };
	memcpy(ret->hash, next->key, EVIDENCE_KEY);
}

int evidence_keys_add(struct evidence_keys *k, const struct evidence_keys_one *next, struct err *err)
{
	struct evidence_sign_claim claim;

	if (k->n == 0 || k->n >= EVIDENCE_KEYS_MAX)
		return fault(err, -EMSGSIZE, "too many evidence keys", "key %zu", k->n + 1);
	const struct evidence_keys_one *last = &k->k[k->n - 1];
	if (next->since_us <= last->since_us)
		return fault(err, -EACCES, "the evidence keys are not in order", "key %zu", k->n + 1);
	evidence_keys_claim(k, next, &claim);
	int r = evidence_sign_check(&claim, next->signature, last->key, err);
	if (r < 0)
		return fault(err, r, "an evidence key is not signed by the one before it", "key %zu", k->n + 1);
	k->k[k->n++] = *next;
	return 0;
}

int evidence_keys_check(const struct evidence_keys *k, const struct evidence_sign_claim *c,
	const uint8_t signature[static EVIDENCE_SIGNATURE], struct err *err)
{
	for (size_t i = k->n; i-- > 0;) {
		if (evidence_sign_check(c, signature, k->k[i].key, err) < 0)
			continue;
		if (i + 1 == k->n || c->time_us <= k->k[i + 1].since_us + EVIDENCE_KEYS_SLACK_US)
			return 0;
		return fault(err, -EACCES, "signed with a key that was replaced before", "what %u, seq %" PRIu64 ", key %zu",
			c->what, c->seq, i + 1);
	}
	return fault(err, -EACCES, "a signature does not match", "what %u, seq %" PRIu64, c->what, c->seq);
}

/* ---- the file ---- */

static void put_base64(struct buf *b, const uint8_t *p, size_t n)
{
	char text[sodium_base64_ENCODED_LEN(EVIDENCE_SIGNATURE, sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(text, sizeof text, p, n, sodium_base64_VARIANT_ORIGINAL);
	buf_printf(b, "%s", text);
}

void evidence_keys_put(struct buf *b, const struct evidence_keys *k)
{
	evidence_sign_key_put(b, k->k[0].key);
	for (size_t i = 1; i < k->n; i++) {
		buf_printf(b, "%s", next_word);
		put_base64(b, k->k[i].key, EVIDENCE_KEY);
		buf_printf(b, " %" PRId64 " ", k->k[i].since_us);
		put_base64(b, k->k[i].signature, EVIDENCE_SIGNATURE);
		buf_put(b, "\n", 1);
	}
}

/* Cuts *text at the first `c`, which must be there within it. */
static bool cut(struct span *text, char c, struct span *ret)
{
	const uint8_t *at = text->n ? memchr(text->p, c, text->n) : NULL;

	if (!at)
		return false;
	*ret = span_of(text->p, (size_t)(at - text->p));
	*text = span_of(at + 1, text->n - ret->n - 1);
	return true;
}

static bool get_base64(struct span s, uint8_t *ret, size_t n)
{
	size_t got = 0;

	return sodium_base642bin(ret, n, (const char *)s.p, s.n, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       got == n;
}

static bool get_number(struct span s, int64_t *ret)
{
	int64_t v = 0;

	if (s.n == 0 || s.n > NUMBER_DIGITS)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	*ret = v;
	return true;
}

static bool get_next(struct span line, struct evidence_keys_one *ret)
{
	size_t word = sizeof next_word - 1;
	struct span key, since;

	*ret = (struct evidence_keys_one){ 0 };
	if (line.n < word || memcmp(line.p, next_word, word) != 0)
		return false;
	line = span_of(line.p + word, line.n - word);
	return cut(&line, ' ', &key) && cut(&line, ' ', &since) && get_base64(key, ret->key, sizeof ret->key) &&
	       get_number(since, &ret->since_us) && get_base64(line, ret->signature, sizeof ret->signature);
}

static int get_lines(struct span text, struct evidence_keys *k, struct err *err)
{
	uint8_t first[EVIDENCE_KEY];
	struct evidence_keys_one next;
	struct span line;

	if (!cut(&text, '\n', &line))
		line = text, text = (struct span){ 0 };
	int r = evidence_sign_key_get(line, first, err);
	if (r < 0)
		return r;
	evidence_keys_first(k, first);
	while (text.n > 0) {
		if (!cut(&text, '\n', &line))
			line = text, text = (struct span){ 0 };
		if (!get_next(line, &next))
			return fault(err, -EPROTO, "the public key file is damaged", "line %zu", k->n + 1);
		r = evidence_keys_add(k, &next, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int evidence_keys_get(struct span text, struct evidence_keys *ret, struct err *err)
{
	scoped(buf_done) struct buf again = { 0 };
	struct evidence_keys k = { 0 };

	int r = text.n > EVIDENCE_KEYS_TEXT ? fault(err, -EPROTO, "not a public key file of Yanmen", "%zu bytes", text.n)
					    : get_lines(text, &k, err);
	if (r < 0)
		return r;
	/* There is one way to write it (libsodium takes others); only the last line feed may be missing. */
	buf_init(&again, EVIDENCE_KEYS_TEXT + 256);
	evidence_keys_put(&again, &k);
	size_t n = text.n > 0 && text.p[text.n - 1] == '\n' ? text.n : text.n + 1;
	if (again.failed || again.len != n || memcmp(again.data, text.p, text.n) != 0)
		return fault(err, -EPROTO, "the public key file is damaged", "not written canonically");
	*ret = k;
	return 0;
}
