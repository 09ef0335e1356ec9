#include "notify/addr.h"
#include "gateway/core/err.h"
#include "policy/decide/net.h"
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { ONE_TEXT = 64 };

static bool is_ours(const struct decide_net_addr *a)
{
	struct ifaddrs *all = NULL;
	struct decide_net_addr one;
	bool found = false;
	if (getifaddrs(&all) < 0)
		return true; /* not known: better not */
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		sa_family_t family = i->ifa_addr ? i->ifa_addr->sa_family : AF_UNSPEC;
		if (family != AF_INET && family != AF_INET6)
			continue;
		socklen_t n = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
		found = decide_net_of(i->ifa_addr, n, &one) == 0 && decide_net_eq(&one, a);
	}
	freeifaddrs(all);
	return found;
}

int notify_addr_may(const struct sockaddr *sa, socklen_t n, struct span networks, struct err *err)
{
	struct decide_net_addr a;
	int r = decide_net_of(sa, n, &a);
	if (r < 0)
		return fault(err, -EACCES, "no address that messages may go to", "family %d", sa->sa_family);
	if (decide_net_has(networks, &a) == 1)
		return 0;
	if (decide_net_is_loopback(&a) || decide_net_is_link_local(&a) || decide_net_is_multicast(&a) ||
		decide_net_is_unspecified(&a) || is_ours(&a))
		return fault(err, -EACCES, "the address is the gateway's own, loopback or link-local: the setting notify.networks may allow it",
			"a refused address");
	return 0;
}

static void strip(const char *host, char *ret, size_t size)
{
	size_t n = strlen(host);
	bool brackets = n > 2 && host[0] == '[' && host[n - 1] == ']';
	(void)snprintf(ret, size, "%.*s", (int)(brackets ? n - 2 : n), host + brackets);
}

int notify_addr_find(const char *host, struct span networks, char ret[static NOTIFY_ADDR_TEXT], struct err *err)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	char name[300];
	strip(host, name, sizeof name);
	int code = getaddrinfo(name, NULL, &hints, &all);
	if (code != 0)
		return fault(err, -ENOENT, "the name of the server is not known", "%s", gai_strerror(code));
	int r = fault(err, -ENOENT, "the name of the server is not known", "no address");
	size_t n = 0;
	for (const struct addrinfo *i = all; i && n + ONE_TEXT + 4 < NOTIFY_ADDR_TEXT; i = i->ai_next) {
		char one[ONE_TEXT];
		if (notify_addr_may(i->ai_addr, i->ai_addrlen, networks, n > 0 ? NULL : err) < 0) {
			r = n > 0 ? 0 : -EACCES;
		} else if (getnameinfo(i->ai_addr, i->ai_addrlen, one, sizeof one, NULL, 0, NI_NUMERICHOST) == 0) {
			bool six = i->ai_family == AF_INET6;
			n += (size_t)snprintf(ret + n, NOTIFY_ADDR_TEXT - n, "%s%s%s%s", n > 0 ? "," : "", six ? "[" : "", one, six ? "]" : "");
			r = 0;
		}
	}
	freeaddrinfo(all);
	return r;
}
