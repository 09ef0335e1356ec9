#ifndef WEB_EVENTS_H
#define WEB_EVENTS_H
#include "webterm/socket.h"
/*
 * events - "look again": what PostgreSQL notifies on the channel yanmen_console, for every browser that listens.
 *
 * Shape:   text messages {"changed": "<collection>"}; what changed, a browser asks for itself, with its rights.
 * Limits:  32 names; changes that come while a browser does not read become one.
 */
struct web_events *web_events_new(struct web *web); /* behind web->pg */
struct web_events *web_events_free(struct web_events *e);
extern const struct web_socket_kind web_events_socket;
#endif
