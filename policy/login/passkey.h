#ifndef POL_PASSKEY_H
#define POL_PASSKEY_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include <stdbool.h>
#include <stdint.h>
struct pol_worker;
struct wire_passkey_use;
/*
 * passkey - a browser logs in by a passkey: in place of password and code, or in place of the code.
 *
 * Source:  WebAuthn Level 2, section 7.2.  Client data, authenticator data and signature are judged by a helper (policy/pwhash/passkey.h);
 *          whose credential it is, and its counter, by the database.
 * Order:   passkey_begin (a challenge) -> passkey_use -> WIRE_FACTOR_OK, as after a code.
 * Safety:  a challenge is of one visit, for one answer.  Whatever was wrong is refused at the moment of any refusal, with the same words; why
 *          stands in the audit.  Back-off counts the account once it is known whose credential it is.
 * Owns:    buffers and questions until pol_passkey_done.
 */
enum { POL_PASSKEY_CHALLENGE = 32 };
struct pol_passkey {
	struct pol_worker *w;
	bool open, second, admitted, known;
	uint8_t challenge[POL_PASSKEY_CHALLENGE];
	int64_t asked_us;
	char rp[256];
	char id[40], name[65]; /* of the row that was found */
	int64_t user_id;
	struct buf credential, client, auth, signature, handle, kept;
	const char *why;
	char helper_why[64];
	struct loop_timer hold, answer;
};
void pol_passkey_init(struct pol_passkey *p, struct pol_worker *w);
void pol_passkey_done(struct pol_worker *w);
void pol_passkey_begin(struct pol_worker *w);
void pol_passkey_use(struct pol_worker *w, const struct wire_passkey_use *m);
#endif
