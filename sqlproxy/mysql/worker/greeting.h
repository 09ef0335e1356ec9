#ifndef GW_MYSQL_GREETING_H
#define GW_MYSQL_GREETING_H
#include "gateway/core/buf.h"
#include "gateway/session.h"
/*
 * greeting - what a target said of itself the last time, and what a client is told of it before anybody knows its target.
 *
 * Shape:   "VERSION" or "VERSION FLAGS": the version as the server greets, its capabilities as eight hexadecimal digits.
 * Why:     a client takes its capabilities from the greeting, and the target's must be the same: rows of one do not parse as rows of the other.
 *          On a port that leads to one target they are known from the session before; elsewhere only those are offered that every server has.
 * Trust:   the text was a server's word once: what is no version is not shown.
 */
struct gw_mysql_greeting {
	char version[64];
	uint32_t flags; /* 0 = not known */
};
void gw_mysql_greeting_read(struct span text, struct gw_mysql_greeting *ret);
/* Into `ret`, to be told as `detail` of gw_session_reached. */
void gw_mysql_greeting_put(const char *version, uint32_t flags, char ret[static GW_SESSION_GREETING]);
uint32_t gw_mysql_greeting_offers(const struct gw_mysql_greeting *g); /* enum mysql_cap */
/* Of those, what the target's login asks for again; and what both legs must have or lack. */
uint32_t gw_mysql_greeting_passes(void);
uint32_t gw_mysql_greeting_binding(void);
#endif
