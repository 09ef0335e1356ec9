#ifndef WEB_TICKET_H
#define WEB_TICKET_H
#include "gateway/core/id.h"
#include "webterm/cookie.h"
#include <stdint.h>
struct loop;
/*
 * ticket - lets one WebSocket in, or one link to a file, once, within 30 seconds.
 *
 * Purpose: a browser opens a WebSocket to any site and sends the cookie along; only our page can have asked for a ticket.
 * Shape:   32 random bytes, base64url; bound to the console session (its token), to what it is for and to which object.
 * Limits:  1,024 at once; each console session at most 32: its oldest goes.
 * Errors:  -EAGAIN: too many are out.  web_ticket_take is false for an unknown, used, late or foreign one, which is then gone.
 * Units:   time in µs of clock_mono_us.
 */
enum web_purpose { WEB_PURPOSE_TERMINAL = 1, WEB_PURPOSE_WATCH, WEB_PURPOSE_REPLAY, WEB_PURPOSE_EVENTS, WEB_PURPOSE_DOWNLOAD };
enum { WEB_TICKET_US = 30 * 1000 * 1000, WEB_TICKETS_MAX = 1024, WEB_TICKETS_EACH = 32 };
struct web_tickets;
struct web_tickets *web_ticket_new(void);
struct web_tickets *web_ticket_free(struct web_tickets *t);
int web_ticket_make(struct web_tickets *t, const struct web_token *session, enum web_purpose purpose, const struct id *id,
	char ret[static WEB_TOKEN_TEXT]);
bool web_ticket_take(struct web_tickets *t, struct span text, const struct web_token *session, enum web_purpose purpose,
	const struct id *id);
#endif
