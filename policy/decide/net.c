#include "policy/decide/net.h"
#include "gateway/core/err.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum { NET_TEXT_MAX = 63 };

static const uint8_t v4_in_v6[12] = { [10] = 0xff, [11] = 0xff };

static bool is_v4(const struct decide_net_addr *a)
{
	return memcmp(a->b, v4_in_v6, sizeof v4_in_v6) == 0;
}

static void of_v4(const void *four, struct decide_net_addr *ret)
{
	memcpy(ret->b, v4_in_v6, sizeof v4_in_v6);
	memcpy(ret->b + 12, four, 4);
}

/* *ret_bits: of the family in which it was written. */
static int parse(struct span text, struct decide_net_addr *ret, unsigned *ret_bits)
{
	char s[NET_TEXT_MAX + 1];
	struct in_addr v4;
	struct decide_net_addr a;

	if (text.n == 0 || text.n > NET_TEXT_MAX || memchr(text.p, '\0', text.n))
		return -EPROTO;
	memcpy(s, text.p, text.n);
	s[text.n] = '\0';
	if (inet_pton(AF_INET, s, &v4) == 1) {
		of_v4(&v4, ret);
		*ret_bits = 32;
		return 0;
	}
	if (inet_pton(AF_INET6, s, a.b) != 1)
		return -EPROTO;
	*ret = a;
	*ret_bits = 128;
	return 0;
}

int decide_net_parse(struct span text, struct decide_net_addr *ret)
{
	unsigned bits;

	return parse(text, ret, &bits);
}

int decide_net_of(const struct sockaddr *sa, socklen_t n, struct decide_net_addr *ret)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (n >= sizeof v4 && sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof v4);
		of_v4(&v4.sin_addr, ret);
		return 0;
	}
	if (n >= sizeof v6 && sa->sa_family == AF_INET6) {
		memcpy(&v6, sa, sizeof v6);
		memcpy(ret->b, &v6.sin6_addr, sizeof ret->b);
		return 0;
	}
	return -EPROTO;
}

bool decide_net_eq(const struct decide_net_addr *a, const struct decide_net_addr *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(a, b, whole) == 0 && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

/* The decimal number after the slash: no sign, no blank, no leading zero. */
static int parse_prefix(struct span s, unsigned most, unsigned *ret)
{
	unsigned v = 0;

	if (s.n == 0 || s.n > 3 || (s.n > 1 && s.p[0] == '0'))
		return -EPROTO;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -EPROTO;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	if (v > most)
		return -EPROTO;
	*ret = v;
	return 0;
}

static int net_has(struct span net, const struct decide_net_addr *a)
{
	const uint8_t *slash = net.n > 0 ? memchr(net.p, '/', net.n) : NULL;
	struct span addr = { net.p, slash ? (size_t)(slash - net.p) : net.n };
	struct decide_net_addr base;
	unsigned bits, prefix;
	int r = parse(addr, &base, &bits);

	if (r < 0)
		return r;
	prefix = bits;
	if (slash)
		r = parse_prefix((struct span){ slash + 1, net.n - addr.n - 1 }, bits, &prefix);
	if (r < 0)
		return r;
	/* An IPv6 network holds IPv4 addresses only when it was written as one of them: ::/0 is not 0.0.0.0/0. */
	if (bits == 128 && prefix < 96 && is_v4(a))
		return 0;
	return same_prefix(base.b, a->b, prefix + 128 - bits);
}

static struct span trimmed(struct span s)
{
	while (s.n > 0 && s.p[0] == ' ') {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

/* The whole list is read even after a hit: one that is broken anywhere counts for nothing. */
int decide_net_has(struct span networks, const struct decide_net_addr *a)
{
	int has = 0;

	if (trimmed(networks).n == 0)
		return 0;
	for (;;) {
		const uint8_t *comma = memchr(networks.p, ',', networks.n);
		size_t n = comma ? (size_t)(comma - networks.p) : networks.n;
		int r = net_has(trimmed((struct span){ networks.p, n }), a);
		if (r < 0)
			return r;
		has |= r;
		if (!comma)
			return has;
		networks.p = comma + 1;
		networks.n -= n + 1;
		if (networks.n == 0)
			return -EPROTO;
	}
}

bool decide_net_is_loopback(const struct decide_net_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return is_v4(a) ? a->b[12] == 127 : memcmp(a->b, one, sizeof one) == 0;
}

bool decide_net_is_link_local(const struct decide_net_addr *a)
{
	if (is_v4(a))
		return a->b[12] == 169 && a->b[13] == 254;
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

bool decide_net_is_multicast(const struct decide_net_addr *a)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

	if (is_v4(a))
		return (a->b[12] & 0xf0) == 224 || memcmp(a->b + 12, broadcast, sizeof broadcast) == 0;
	return a->b[0] == 0xff;
}

bool decide_net_is_unspecified(const struct decide_net_addr *a)
{
	static const uint8_t zeros[12];

	if (is_v4(a))
		return a->b[12] == 0 || a->b[12] >= 240;
	return memcmp(a->b, zeros, sizeof zeros) == 0 && !decide_net_is_loopback(a);
}

int decide_net_may_dial(const struct decide_net_addr *a, struct span networks, bool is_samples, struct err *err)
{
	const char *kind = decide_net_is_unspecified(a)              ? "unspecified or reserved" :
			   decide_net_is_multicast(a)                ? "multicast" :
			   decide_net_is_link_local(a)               ? "link-local" :
			   decide_net_is_loopback(a) && !is_samples ? "loopback" :
								       NULL;
	if (kind)
		return fault(err, -EACCES, "the target's address is never dialled", "%s address", kind);
	int r = decide_net_has(networks, a);
	if (r < 0)
		return fault(err, -EACCES, "the networks of the target's cluster cannot be read", "broken network list");
	if (r == 0)
		return fault(err, -EACCES, "the target lies outside the networks of its cluster", "no network holds it");
	return 0;
}
