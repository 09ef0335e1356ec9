#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * route - which answer belongs to a method and a path.  One table (route.c): the specification that docs/openapi.yaml
 * repeats for readers.
 *
 * Shape:   a path's segments; * in the table is one segment of [A-Za-z0-9._:-], at most 64 bytes, kept for the handler.
 * Errors:  WEB_ROUTE_NONE: no such path; WEB_ROUTE_METHOD: there is, for the methods in `allow`.
 * Trust:   input hostile; libwebsockets has decoded it.
 */
enum web_method { WEB_GET = 1, WEB_HEAD = 2, WEB_POST = 4, WEB_PUT = 8, WEB_OTHER = 16 };
enum web_route_name {
	WEB_ROUTE_NONE, WEB_ROUTE_METHOD,
	WEB_ROUTE_PAGE, WEB_ROUTE_FILE, WEB_ROUTE_HEALTH,
	WEB_ROUTE_LOGIN, WEB_ROUTE_LOGIN_PASSKEY, WEB_ROUTE_LOGIN_STEP, WEB_ROUTE_LOGOUT, WEB_ROUTE_ME,
	WEB_ROUTE_LIST, WEB_ROUTE_ROW, WEB_ROUTE_COMMAND, WEB_ROUTE_RESULT,
	WEB_ROUTE_TERMINAL_NEW, WEB_ROUTE_TERMINAL_TICKET, WEB_ROUTE_TERMINAL_SOCKET,
	WEB_ROUTE_DOWNLOAD, WEB_ROUTE_UPLOAD,
	WEB_ROUTE_DOCUMENT_GET, WEB_ROUTE_DOCUMENT_PUT, WEB_ROUTE_RECORDING,
	WEB_ROUTE_WATCH_TICKET, WEB_ROUTE_WATCH, WEB_ROUTE_REPLAY_TICKET, WEB_ROUTE_REPLAY,
	WEB_ROUTE_EVENTS_TICKET, WEB_ROUTE_EVENTS,
	WEB_ROUTE_NAMES,
};
enum web_route_flag {
	WEB_ROUTE_SIGNED = 1,  /* needs the session's cookie; with it, on everything but GET, the CSRF token */
	WEB_ROUTE_BODY = 2,    /* a JSON object of at most WEB_BODY_MAX bytes comes with it */
	WEB_ROUTE_STREAM = 4,  /* a body of any length, taken as it comes */
	WEB_ROUTE_SOCKET = 8,  /* a WebSocket: upgrade, Origin and ticket */
	WEB_ROUTE_API = 16,    /* an API token will do instead of the cookie */
};
struct web_route {
	enum web_route_name name;
	uint8_t flags;
	unsigned allow; /* of WEB_ROUTE_METHOD */
	char part[2][65]; /* what stood for each * */
};
void web_route_find(enum web_method method, struct span path, struct web_route *ret);
/* "GET, HEAD" of a set of methods, for the Allow header. */
void web_route_allow(unsigned methods, struct buf *out);
#endif
