#include "webterm/bearer.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct source {
	uint8_t net[16];
	int64_t since_us; /* 0 = free */
	unsigned bad;
};
struct web_bearers {
	struct source sources[WEB_BEARER_SOURCES];
};

bool web_bearer_get(struct span header, struct web_token *ret)
{
	static const char scheme[] = "bearer ", prefix[] = WEB_BEARER_PREFIX;
	size_t n = sizeof scheme - 1;
	if (header.n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((header.p[i] | 0x20) != (uint8_t)scheme[i])
			return false;
	struct span text = span_of(header.p + n, header.n - n);
	n = sizeof prefix - 1;
	if (text.n < n || memcmp(text.p, prefix, n) != 0 || !web_cookie_token(span_of(text.p + n, text.n - n), ret))
		return false;
	ret->api = true;
	return true;
}

struct web_bearers *web_bearer_new(void)
{
	struct web_bearers *b = calloc(1, sizeof *b);
	if (!b)
		abort();
	return b;
}

struct web_bearers *web_bearer_free(struct web_bearers *b)
{
	free(b);
	return NULL;
}

static void net_of(const char *address, uint8_t ret[static 16])
{
	memset(ret, 0, 16);
	if (inet_pton(AF_INET6, address, ret) == 1)
		memset(ret + 8, 0, 8);
	else
		(void)inet_pton(AF_INET, address, ret + 12);
}

void web_bearer_bad(struct web_bearers *b, const char *address, int64_t now_us)
{
	uint8_t net[16];
	struct source *oldest = b->sources, *s = NULL;
	net_of(address, net);
	for (struct source *at = b->sources; at < b->sources + WEB_BEARER_SOURCES && !s; at++) {
		if (at->since_us != 0 && memcmp(at->net, net, sizeof net) == 0)
			s = at;
		else if (at->since_us < oldest->since_us)
			oldest = at;
	}
	s = s ? s : oldest;
	if (memcmp(s->net, net, sizeof net) != 0 || now_us - s->since_us >= WEB_BEARER_US)
		*s = (struct source){ .since_us = now_us };
	memcpy(s->net, net, sizeof net);
	s->bad++;
}

bool web_bearer_is_full(const struct web_bearers *b, const char *address, int64_t now_us)
{
	uint8_t net[16];
	net_of(address, net);
	for (const struct source *s = b->sources; s < b->sources + WEB_BEARER_SOURCES; s++)
		if (s->since_us != 0 && memcmp(s->net, net, sizeof net) == 0)
			return s->bad >= WEB_BEARER_FREE && now_us - s->since_us < WEB_BEARER_US;
	return false;
}
