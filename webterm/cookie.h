#ifndef WEB_COOKIE_H
#define WEB_COOKIE_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * cookie - tokens of console sessions and visits in cookies, and what proves that a request came from our page.
 *
 * Shape:   a token is 32 random bytes, shown as 43 characters of base64url without padding.  The CSRF token of a console
 *          session is BLAKE2b-256 of its token with the key "yanmen-csrf", shown the same way: no storage.
 * Source:  RFC 6265 section 4.2.1; names with __Host- (RFC 6265bis section 4.1.3.2): Secure, Path=/, no Domain.
 * Errors:  a cookie that is there twice, or is no token, is not there.
 * Trust:   input hostile; compared in constant time.
 */
enum { WEB_TOKEN = 32, WEB_TOKEN_TEXT = 44, WEB_TOKEN_SAID = 48 }; /* with the NUL */
struct web_token {
	uint8_t b[WEB_TOKEN];
	bool api; /* bearer.h: it came in Authorization, not in a cookie */
};
#define WEB_COOKIE_SESSION "__Host-yanmen"
#define WEB_COOKIE_VISIT "__Host-yanmen-visit"
#define WEB_COOKIE_DEVICE "__Host-yanmen-device" /* a browser that is remembered */

bool web_cookie_get(struct span header, const char *name, struct web_token *ret);
bool web_cookie_token(struct span text, struct web_token *ret);
void web_cookie_text(const struct web_token *t, char ret[static WEB_TOKEN_TEXT]);
void web_cookie_csrf(const struct web_token *t, struct web_token *ret);
bool web_cookie_is(const struct web_token *a, const struct web_token *b);
/* What broker and database know it by: the bytes of a console session's token, the text of an API token. */
struct span web_cookie_said(const struct web_token *t, char room[static WEB_TOKEN_SAID]);
/* SHA-256 of that, as the database keeps it: 32 bytes. */
void web_cookie_hash(const struct web_token *t, struct web_token *ret);
#endif
