#ifndef EVIDENCE_TOMBSTONE_H
#define EVIDENCE_TOMBSTONE_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include "recorder/evidence/sign.h"
#include <stdint.h>
struct err;
struct evidence_keys;
/*
 * tombstone - what stays of a recording that was removed: which one, its last hash, when and why, signed.
 *
 * Source:  docs/RECORDING.md, "Tombstones".
 * Shape:   "yanmenT1" | id 16 | i64le started_us | u64le seq | head 32 | i64le removed_us | u32le n | n bytes reason |
 *          signature 64, over what = WIRE_SIGN_TOMBSTONE, id, seq, hash = BLAKE2b-256 of everything before it, removed_us.
 * Limits:  EVIDENCE_TOMBSTONE_REASON bytes of reason.
 * Errors:  -EPROTO not of this shape; -EACCES wrongly signed.
 * Owns:    nothing; the reason points into what was read.
 * Trust:   input hostile.
 */
enum {
	EVIDENCE_TOMBSTONE_REASON = 500,
	EVIDENCE_TOMBSTONE_MIN = 8 + 16 + 8 + 8 + 32 + 8 + 4 + 64,
	EVIDENCE_TOMBSTONE_MAX = EVIDENCE_TOMBSTONE_MIN + EVIDENCE_TOMBSTONE_REASON,
};
struct evidence_tombstone {
	struct id id;
	int64_t started_us;
	uint64_t seq; /* of the last record that was signed, and the hash there; zero when nothing was */
	uint8_t head[EVIDENCE_HASH];
	int64_t removed_us;
	struct span reason;
};
/* Everything in front of the signature.  A longer reason is cut at a UTF-8 boundary. */
void evidence_tombstone_put(struct buf *b, const struct evidence_tombstone *t);
/* What is to be signed; body: what _put made. */
void evidence_tombstone_claim(const struct evidence_tombstone *t, struct span body, struct evidence_sign_claim *ret);
int evidence_tombstone_get(struct span in, struct evidence_tombstone *ret, struct err *err);
/* Reads and checks. */
int evidence_tombstone_check(
	struct span in, const struct evidence_keys *keys, struct evidence_tombstone *ret, struct err *err);
#endif
