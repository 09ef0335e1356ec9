#include "webterm/cookie.h"
#include "webterm/bearer.h"
#include <sodium.h>
#include <string.h>

static struct span trim(struct span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = span_of(s.p + 1, s.n - 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

bool web_cookie_get(struct span header, const char *name, struct web_token *ret)
{
	unsigned met = 0;
	struct span value = { 0 };
	while (header.n > 0) {
		const uint8_t *semicolon = memchr(header.p, ';', header.n);
		size_t n = semicolon ? (size_t)(semicolon - header.p) : header.n;
		const uint8_t *equals = memchr(header.p, '=', n);
		if (equals && span_is(trim(span_of(header.p, (size_t)(equals - header.p))), name)) {
			value = trim(span_of(equals + 1, n - (size_t)(equals - header.p) - 1));
			met++;
		}
		n += semicolon != NULL;
		header = span_of(header.p + n, header.n - n);
	}
	return met == 1 && web_cookie_token(value, ret);
}

bool web_cookie_token(struct span text, struct web_token *ret)
{
	struct web_token t = { 0 };
	char again[WEB_TOKEN_TEXT];
	size_t n = 0;
	if (text.n != WEB_TOKEN_TEXT - 1 ||
		sodium_base642bin(t.b, sizeof t.b, (const char *)text.p, text.n, NULL, &n, NULL,
			sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
		n != sizeof t.b)
		return false;
	web_cookie_text(&t, again); /* libsodium takes some bytes beyond ASCII for characters of the alphabet */
	bool same = sodium_memcmp(again, text.p, text.n) == 0;
	sodium_memzero(again, sizeof again);
	if (!same)
		return false;
	*ret = t;
	return true;
}

void web_cookie_text(const struct web_token *t, char ret[static WEB_TOKEN_TEXT])
{
	(void)sodium_bin2base64(ret, WEB_TOKEN_TEXT, t->b, sizeof t->b, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void web_cookie_csrf(const struct web_token *t, struct web_token *ret)
{
	static const unsigned char key[] = { 'y', 'a', 'n', 'm', 'e', 'n', '-', 'c', 's', 'r', 'f' };
	(void)crypto_generichash(ret->b, sizeof ret->b, t->b, sizeof t->b, key, sizeof key);
}

bool web_cookie_is(const struct web_token *a, const struct web_token *b)
{
	return sodium_memcmp(a->b, b->b, sizeof a->b) == 0;
}

struct span web_cookie_said(const struct web_token *t, char room[static WEB_TOKEN_SAID])
{
	if (!t->api)
		return span_of(t->b, sizeof t->b);
	memcpy(room, WEB_BEARER_PREFIX, sizeof WEB_BEARER_PREFIX - 1);
	web_cookie_text(t, room + sizeof WEB_BEARER_PREFIX - 1);
	return span_str(room);
}

void web_cookie_hash(const struct web_token *t, struct web_token *ret)
{
	char room[WEB_TOKEN_SAID];
	struct span said = web_cookie_said(t, room);
	(void)crypto_hash_sha256(ret->b, said.p, said.n);
	sodium_memzero(room, sizeof room);
}
