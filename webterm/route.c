#include "webterm/route.h"
#include "gateway/core/scope.h"
#include <string.h>

#define API "/api/v1"
#define SIGNED WEB_ROUTE_SIGNED
#define BODY WEB_ROUTE_BODY
#define API_TOKEN WEB_ROUTE_API

/* The first row that fits path and method. */
/* clang-format off */
static const struct {
	unsigned method;
	const char *path;
	enum web_route_name name;
	uint8_t flags;
} routes[] = {
	{ WEB_GET, "/healthz", WEB_ROUTE_HEALTH, 0 },
	{ WEB_POST, API "/login", WEB_ROUTE_LOGIN, BODY },
	{ WEB_POST, API "/login/passkey", WEB_ROUTE_LOGIN_PASSKEY, BODY },
	{ WEB_POST, API "/login/*", WEB_ROUTE_LOGIN_STEP, BODY },
	{ WEB_POST, API "/logout", WEB_ROUTE_LOGOUT, SIGNED | BODY },
	{ WEB_GET, API "/me", WEB_ROUTE_ME, SIGNED | API_TOKEN },
	{ WEB_POST, API "/commands/*", WEB_ROUTE_COMMAND, SIGNED | BODY | API_TOKEN },
	{ WEB_POST, API "/commands/*/*", WEB_ROUTE_COMMAND, SIGNED | BODY | API_TOKEN },
	{ WEB_GET, API "/downloads/*", WEB_ROUTE_RESULT, SIGNED },
	{ WEB_POST, API "/terminals", WEB_ROUTE_TERMINAL_NEW, SIGNED | BODY },
	{ WEB_POST, API "/terminals/*/ticket", WEB_ROUTE_TERMINAL_TICKET, SIGNED | BODY },
	{ WEB_GET, API "/terminals/*/socket", WEB_ROUTE_TERMINAL_SOCKET, SIGNED | WEB_ROUTE_SOCKET },
	{ WEB_GET, API "/terminals/*/file", WEB_ROUTE_DOWNLOAD, SIGNED },
	{ WEB_PUT, API "/terminals/*/file", WEB_ROUTE_UPLOAD, SIGNED | WEB_ROUTE_STREAM },
	{ WEB_POST, API "/sessions/*/watch/ticket", WEB_ROUTE_WATCH_TICKET, SIGNED | BODY },
	{ WEB_GET, API "/sessions/*/watch", WEB_ROUTE_WATCH, SIGNED | WEB_ROUTE_SOCKET },
	{ WEB_POST, API "/sessions/*/replay/ticket", WEB_ROUTE_REPLAY_TICKET, SIGNED | BODY },
	{ WEB_GET, API "/sessions/*/replay", WEB_ROUTE_REPLAY, SIGNED | WEB_ROUTE_SOCKET },
	{ WEB_POST, API "/events/ticket", WEB_ROUTE_EVENTS_TICKET, SIGNED | BODY },
	{ WEB_GET, API "/events", WEB_ROUTE_EVENTS, SIGNED | WEB_ROUTE_SOCKET },
	{ WEB_PUT, API "/documents", WEB_ROUTE_DOCUMENT_PUT, SIGNED | WEB_ROUTE_STREAM },
	{ WEB_GET, API "/documents/*/content", WEB_ROUTE_DOCUMENT_GET, SIGNED },
	{ WEB_GET, API "/recordings/*/content", WEB_ROUTE_RECORDING, SIGNED | API_TOKEN },
	{ WEB_GET, API "/*", WEB_ROUTE_LIST, SIGNED | API_TOKEN },
	{ WEB_GET, API "/*/*", WEB_ROUTE_ROW, SIGNED | API_TOKEN },
};
/* clang-format on */

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ||
	       c == ':';
}

/* Takes one segment for a *; false when it is none. */
static bool take_part(struct span *path, char ret[65])
{
	size_t n = 0;
	while (n < path->n && n < 64 && is_letter(path->p[n]))
		n++;
	if (n == 0 || (n < path->n && path->p[n] != '/'))
		return false;
	memcpy(ret, path->p, n);
	ret[n] = 0;
	*path = span_of(path->p + n, path->n - n);
	return true;
}

static bool fits(const char *pattern, struct span path, struct web_route *ret)
{
	unsigned part = 0;
	memset(ret->part, 0, sizeof ret->part);
	for (; *pattern; pattern++) {
		if (*pattern == '*') {
			if (!take_part(&path, ret->part[part++]))
				return false;
			continue;
		}
		if (path.n == 0 || path.p[0] != (uint8_t)*pattern)
			return false;
		path = span_of(path.p + 1, path.n - 1);
	}
	return path.n == 0;
}

static bool starts(struct span path, const char *with)
{
	size_t n = strlen(with);
	return path.n >= n && memcmp(path.p, with, n) == 0;
}

/* Files of the console have a dot in their name, or lie in assets; all else is the page, which looks at the path itself. */
static void find_file(enum web_method method, struct span path, struct web_route *ret)
{
	bool is_file = starts(path, "/assets/") || memchr(path.p, '.', path.n);
	ret->allow = WEB_GET | WEB_HEAD;
	ret->name = !(method & ret->allow) ? WEB_ROUTE_METHOD : is_file ? WEB_ROUTE_FILE : WEB_ROUTE_PAGE;
}

void web_route_find(enum web_method method, struct span path, struct web_route *ret)
{
	struct web_route r = { .name = WEB_ROUTE_NONE };
	if (method == WEB_HEAD)
		method = WEB_GET;
	for (size_t i = 0; i < COUNT_OF(routes); i++) {
		if (!fits(routes[i].path, path, &r))
			continue;
		r.allow |= routes[i].method | (routes[i].method == WEB_GET ? WEB_HEAD : 0);
		if (routes[i].method != (unsigned)method)
			continue;
		r.name = routes[i].name;
		r.flags = routes[i].flags;
		*ret = r;
		return;
	}
	memset(r.part, 0, sizeof r.part);
	if (r.allow)
		r.name = WEB_ROUTE_METHOD;
	else if (path.n > 0 && path.p[0] == '/' && !starts(path, "/api/"))
		find_file(method, path, &r);
	*ret = r;
}

void web_route_allow(unsigned methods, struct buf *out)
{
	static const struct {
		unsigned method;
		const char *name;
	} names[] = { { WEB_GET, "GET" }, { WEB_HEAD, "HEAD" }, { WEB_POST, "POST" }, { WEB_PUT, "PUT" } };
	bool more = false;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (methods & names[i].method) {
			buf_printf(out, "%s%s", more ? ", " : "", names[i].name);
			more = true;
		}
}
