#ifndef EVIDENCE_SIGN_H
#define EVIDENCE_SIGN_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * sign - the one text that the evidence key signs, and the file with that key's public half.
 *
 * Source:  docs/RECORDING.md, "Keys and signatures"; Ed25519 of RFC 8032.
 * Shape:   "yanmen evidence v1" 00 | u8 what | id 16 | u64le seq | hash 32 | i64le time_us: 84 bytes.
 * Errors:  -EACCES for a signature that does not match, -EPROTO for a broken key file.
 * Trust:   input hostile.
 */
enum { EVIDENCE_SIGN_TEXT = 84, EVIDENCE_HASH = 32, EVIDENCE_SIGNATURE = 64, EVIDENCE_KEY = 32 };
struct evidence_sign_claim {
	uint8_t what; /* enum wire_sign_what */
	struct id id; /* zero for the audit log */
	uint64_t seq;
	uint8_t hash[EVIDENCE_HASH];
	int64_t time_us;
};
void evidence_sign_text(const struct evidence_sign_claim *c, uint8_t ret[static EVIDENCE_SIGN_TEXT]);
int evidence_sign_check(const struct evidence_sign_claim *c, const uint8_t signature[static EVIDENCE_SIGNATURE],
	const uint8_t key[static EVIDENCE_KEY], struct err *err);

/* "yanmen-evidence-1 <base64>\n" */
void evidence_sign_key_put(struct buf *b, const uint8_t key[static EVIDENCE_KEY]);
int evidence_sign_key_get(struct span text, uint8_t ret[static EVIDENCE_KEY], struct err *err);
#endif
