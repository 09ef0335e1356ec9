#ifndef POL_SCRAMBLE_H
#define POL_SCRAMBLE_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * scramble - does what a MySQL client answered to a challenge come from this access password?
 *
 * Source:  MySQL "Client/Server Protocol": Native Authentication, Caching_sha2 Authentication.
 * Shape:   kept: SHA1(SHA1(pw)), 20 bytes, and SHA256(SHA256(pw)), 32 bytes.  An answer is H(pw) XOR H(challenge, kept) (native: 20 bytes) or
 *          H(pw) XOR H(kept, challenge) (caching_sha2: 32 bytes); undone, H of what is left must be what is kept.
 * Limits:  a challenge of 20 bytes; any other, and any other length, is false.  Compared in constant time.
 * Trust:   challenge and answer are a worker's, which may be its client's by now.
 */
enum { POL_SCRAMBLE_CHALLENGE = 20, POL_SCRAMBLE_SHA1 = 20, POL_SCRAMBLE_SHA2 = 32 };
struct pol_scramble_kept {
	uint8_t sha1[POL_SCRAMBLE_SHA1], sha2[POL_SCRAMBLE_SHA2];
};
void pol_scramble_make(struct span password, struct pol_scramble_kept *ret);
bool pol_scramble_is(const struct pol_scramble_kept *kept, uint8_t plugin, struct span challenge, struct span answer); /* enum wire_scramble */
bool pol_scramble_is_clear(const struct pol_scramble_kept *kept, struct span password);
/* What a library does once, with files that the sandbox forbids later. */
void pol_scramble_warm(void);
#endif
