#ifndef WEB_PASSKEY_H
#define WEB_PASSKEY_H
#include "gateway/core/json.h"
#include "gateway/core/wire.h"
#include <jansson.h>
#include <stdbool.h>
/*
 * passkey - what a browser is asked of a passkey, and what it says, as JSON.
 *
 * Shape:   out: "passkey": {challenge, rp, credentials: [...]} (missing where there can be none), "totp", "elsewhere", "remember".  in: {id, client_data,
 *          authenticator_data, signature, user}: base64url without padding (RFC 4648 section 5).
 * Limits:  those of the broker (policy/login/passkey.h); what is longer, or no base64url, is malformed.
 * Trust:   input hostile; nothing of it is understood here.
 */
enum { WEB_PASSKEY_PART = 4096 };
struct web_passkey {
	struct wire_passkey_use m; /* points into room */
	uint8_t room[5][WEB_PASSKEY_PART];
};
void web_passkey_put(struct json *j, const struct wire_passkey_asked *m);
bool web_passkey_get(const json_t *object, struct web_passkey *ret);
#endif
