#ifndef WEB_BEARER_H
#define WEB_BEARER_H
#include "webterm/cookie.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * bearer - API tokens in `Authorization`, and who has come with bad ones.
 *
 * Source:  RFC 6750 section 2.1; a token is `ymt_` and 32 bytes as 43 characters of base64url.
 * Limits:  WEB_BEARER_FREE bad ones a minute from one address (an IPv6 /64), then nothing more is asked for it until the minute is over;
 *          WEB_BEARER_SOURCES addresses are remembered, the oldest goes first.
 * Trust:   input hostile.  Nobody guesses 256 bits: the limit is for the database and the audit log.
 */
#define WEB_BEARER_PREFIX "ymt_"
enum { WEB_BEARER_FREE = 30, WEB_BEARER_SOURCES = 256 };
#define WEB_BEARER_US (INT64_C(60) * 1000 * 1000)
bool web_bearer_get(struct span header, struct web_token *ret);

struct web_bearers;
struct web_bearers *web_bearer_new(void);
struct web_bearers *web_bearer_free(struct web_bearers *b);
void web_bearer_bad(struct web_bearers *b, const char *address, int64_t now_us);
bool web_bearer_is_full(const struct web_bearers *b, const char *address, int64_t now_us);
#endif
