#ifndef WEB_ORIGIN_H
#define WEB_ORIGIN_H
#include "gateway/core/buf.h"
#include <stdbool.h>
/*
 * origin - did our own page send this?  The Origin header must be exactly the console's address: the configured one, or
 * https:// with what the Host header names.
 *
 * Source:  RFC 6454 section 7; RFC 6455 section 10.2 (a browser does not keep WebSockets to one origin: the server must).
 * Trust:   input hostile: no letters' case is folded, no default port added; browsers send both headers the same way.
 */
bool web_origin_is(struct span origin, const char *configured, struct span host);
#endif
