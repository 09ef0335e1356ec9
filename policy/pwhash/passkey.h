#ifndef PWHASH_PASSKEY_H
#define PWHASH_PASSKEY_H
#include "gateway/core/wire.h"
struct err;
/*
 * passkey - what a browser says of a passkey: is it one of ours, for this challenge, this page and this credential?
 *
 * Source:  WebAuthn Level 2, sections 5.8.1 (client data), 6.1 (authenticator data), 7.1 and 7.2 (the checks); CTAP 2.1; COSE keys by
 *          libfido2.  docs/decisions/0018-passkeys-in-the-helper.md says why it is done in this process.
 * Shape:   NEW: authenticator data with the new credential, which the broker keeps as they are.  USE: authenticator data and a signature,
 *          checked with the key in the kept ones.
 * Limits:  PASSKEY_CLIENT_MAX, PASSKEY_AUTH_MAX, PASSKEY_SIGNATURE_MAX, PASSKEY_CREDENTIAL_MAX bytes; ES256, EdDSA, RS256.
 * Errors:  the answer's code is 0 or -EACCES with a few words for the audit; none of them repeats a byte of the browser.
 * Trust:   the broker is trusted; client data, authenticator data and signature are hostile.
 */
enum { PASSKEY_CLIENT_MAX = 4096, PASSKEY_AUTH_MAX = 4096, PASSKEY_SIGNATURE_MAX = 1024, PASSKEY_CREDENTIAL_MAX = 1023 };
enum { PASSKEY_PRESENT = 1, PASSKEY_VERIFIED = 4, PASSKEY_ATTESTED = 0x40 }; /* flags of authenticator data */

/* Fetches what the library needs of its files; before the sandbox. */
int pwhash_passkey_init(struct err *err);
void pwhash_passkey_answer(const struct wire_passkey *ask, struct wire_passkey_answer *ret);
/* Is this the client data of `type` ("webauthn.create", "webauthn.get"), for the challenge, from a page of the origin?  NULL, or why not. */
const char *pwhash_passkey_client(struct span client, const char *type, struct span challenge, struct span origin);
#endif
