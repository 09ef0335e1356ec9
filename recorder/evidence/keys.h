#ifndef EVIDENCE_KEYS_H
#define EVIDENCE_KEYS_H
#include "gateway/core/buf.h"
#include "recorder/evidence/sign.h"
#include <stddef.h>
#include <stdint.h>
struct err;
/*
 * keys - the evidence keys of a gateway in their order: each one was signed by the one before it.
 *
 * Source:  docs/RECORDING.md, "Keys and signatures".
 * Shape:   a file of lines: "yanmen-evidence-1 <key>", then one "yanmen-evidence-next <key> <since_us> <signature>" for
 *          each rotation; base64.  A signature is over what = WIRE_SIGN_KEY, seq = number of the key (2, 3, ...),
 *          hash = the key, time_us = since_us, by the key before.
 * Limits:  EVIDENCE_KEYS_MAX keys.  A key signs nothing that is dated later than EVIDENCE_KEYS_SLACK_US after its successor
 *          came: whoever finds an old master key cannot sign today's evidence with it.
 * Errors:  -EPROTO a broken file, -EACCES a key or a claim that is not signed as it should be, -EMSGSIZE too many keys.
 * Trust:   input hostile, but for the first key: that one is what the reader of the file trusts.
 */
enum { EVIDENCE_KEYS_MAX = 64, EVIDENCE_KEYS_TEXT = 16384 };
#define EVIDENCE_KEYS_SLACK_US (INT64_C(3600) * 1000 * 1000)

struct evidence_keys_one {
	uint8_t key[EVIDENCE_KEY];
	int64_t since_us;                      /* 0 of the first */
	uint8_t signature[EVIDENCE_SIGNATURE]; /* zero of the first */
};
struct evidence_keys {
	size_t n;
	struct evidence_keys_one k[EVIDENCE_KEYS_MAX];
};
void evidence_keys_first(struct evidence_keys *k, const uint8_t key[static EVIDENCE_KEY]);
/* The claim that the newest key of k signs to make `next` (its key and since_us) its successor. */
void evidence_keys_claim(
	const struct evidence_keys *k, const struct evidence_keys_one *next, struct evidence_sign_claim *ret);
int evidence_keys_add(struct evidence_keys *k, const struct evidence_keys_one *next, struct err *err);
/* Was it signed by one of them, in that one's time? */
int evidence_keys_check(const struct evidence_keys *k, const struct evidence_sign_claim *c,
	const uint8_t signature[static EVIDENCE_SIGNATURE], struct err *err);

void evidence_keys_put(struct buf *b, const struct evidence_keys *k);
int evidence_keys_get(struct span text, struct evidence_keys *ret, struct err *err);
#endif
