#ifndef POLICY_VAULT_TOTP_H
#define POLICY_VAULT_TOTP_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/*
 * totp - codes of an authenticator app, and recovery codes for when it is lost.
 *
 * Source:  RFC 6238 with HMAC-SHA-1, steps of 30 s, 6 digits (what every app understands); RFC 4226 section 5.3; RFC 4648
 *          section 6 (base32).
 * Shape:   a code is 6 digits; a recovery code 10 characters of base32 as xxxxx-xxxxx.  Blanks and - between are skipped, case
 *          does not count.
 * Safety:  a step is good once: the caller names the last one used.  A recovery code is kept as a hash with the TOTP secret as its
 *          key: without the vault nobody can try codes against it, and it is worth nothing for another secret.
 * Limits:  what was typed at most VAULT_TOTP_TYPED_MAX bytes, anything longer is no code.
 * Trust:   typed is hostile.  Owns: nothing.
 */
enum {
	VAULT_TOTP_SECRET = 20,
	VAULT_TOTP_STEP_S = 30,
	VAULT_TOTP_WINDOW = 1, /* steps before and after now: clocks differ, people are slow */
	VAULT_TOTP_DIGITS = 6,
	VAULT_TOTP_TYPED_MAX = 64,
	VAULT_TOTP_BASE32 = 32 + 1,   /* a secret as text, with its NUL */
	VAULT_TOTP_RECOVERY = 11 + 1, /* a recovery code as shown, with its NUL */
	VAULT_TOTP_RECOVERIES = 10,
	VAULT_TOTP_HASH = 32,
};
/* The code of a step; a libcrypto that does not work is UINT32_MAX, which no code is. */
uint32_t vault_totp_code(const uint8_t secret[static VAULT_TOTP_SECRET], uint64_t step);
/* The step around now whose code was typed, later than last_step; 0 = none.  Takes equally long whether one matches. */
uint64_t vault_totp_match(
	const uint8_t secret[static VAULT_TOTP_SECRET], struct span typed, int64_t now_us, uint64_t last_step);
void vault_totp_base32(const uint8_t secret[static VAULT_TOTP_SECRET], char ret[static VAULT_TOTP_BASE32]);
void vault_totp_recovery(char ret[static VAULT_TOTP_RECOVERY]); /* a new one */
/* False: it has not the form of a recovery code. */
bool vault_totp_recovery_hash(
	const uint8_t secret[static VAULT_TOTP_SECRET], struct span typed, uint8_t ret[static VAULT_TOTP_HASH]);
#endif
