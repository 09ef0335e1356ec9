#ifndef TEST_EVIDENCE_SAMPLE_H
#define TEST_EVIDENCE_SAMPLE_H
#include "gateway/core/buf.h"
#include "recorder/evidence/keys.h"
#include "recorder/evidence/record.h"
#include <stdint.h>
/*
 * sample - a small recording and a small audit log, made with the library's writers and keys that everyone knows.
 *
 * The keys come from a master key as the vault's do (crypto_kdf, ids 1 and 2).
 */
enum sample_end { SAMPLE_CLOSED, SAMPLE_CRASHED, SAMPLE_OPEN };
struct sample_keys {
	uint8_t master[32], sign_public[32], sign_secret[64], seal_public[32], seal_secret[32];
	struct evidence_keys trusted; /* sign_public alone */
};
enum { SAMPLE_MARKS = 32 };
struct sample {
	struct buf bytes;
	size_t ends[SAMPLE_MARKS]; /* where the header and each record ends */
	size_t n;
	struct id id;
	uint8_t key[32];
};
void sample_keys_of(const uint8_t master[static 32], struct sample_keys *ret);
void sample_make(const struct sample_keys *k, enum sample_end end, struct sample *ret);
void sample_done(struct sample *s);
int sample_file(struct span bytes); /* a memfd that holds them */
void sample_audit(const struct sample_keys *k, struct buf *out);
#endif
