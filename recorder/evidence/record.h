#ifndef EVIDENCE_RECORD_H
#define EVIDENCE_RECORD_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include "recorder/evidence/sign.h"
#include <stdint.h>
struct err;
/*
 * record - the outer format of a recording file: a header, then records, each chained on the one before.
 *
 * Source:  docs/RECORDING.md, "File".
 * Shape:   header: "yanmenR1" | id 16 | i64le created_us | sealed key 80.                        112 bytes
 *          record: u8 type | u8 flags | u16 zero | u32le n | n bytes body | hash 32.             40 + n bytes
 *          hash_0 = BLAKE2b-256(header), hash_i = BLAKE2b-256(hash_(i-1) | record i without its hash).
 * Limits:  n <= EVIDENCE_BODY_MAX, exact for all but blocks.
 * Returns: _get: bytes consumed, -EAGAIN when cut, -EPROTO when it is none, -EBADMSG when the chain is broken.
 * Owns:    nothing; ret->body points into `in`.
 * Trust:   input hostile.
 */
enum {
	EVIDENCE_HEADER = 112,
	EVIDENCE_SEALED_KEY = 80, /* crypto_box_seal of 32 bytes */
	EVIDENCE_RECORD_HEAD = 8,
	EVIDENCE_RECORD_MIN = EVIDENCE_RECORD_HEAD + EVIDENCE_HASH,
	EVIDENCE_BLOCK_PLAIN_MAX = 65536, /* bytes of frames in a block */
	EVIDENCE_BLOCK_HEAD = 12,         /* i64le time_us of the first frame | u32le plain bytes */
	EVIDENCE_SEGMENT_HEAD = 24,       /* secretstream header, in the first block of a segment */
	EVIDENCE_BLOCK_TAG = 17,          /* what secretstream adds */
	EVIDENCE_BODY_MAX = EVIDENCE_BLOCK_HEAD + EVIDENCE_SEGMENT_HEAD + EVIDENCE_BLOCK_TAG + EVIDENCE_BLOCK_PLAIN_MAX,
	EVIDENCE_RECORD_MAX = EVIDENCE_RECORD_MIN + EVIDENCE_BODY_MAX,
	EVIDENCE_CHECKPOINT_BODY = 80, /* u64le seq | i64le time_us | signature 64 */
	EVIDENCE_END_BODY = 16,        /* i64le ended_us | u64le dropped bytes */
	/* a checkpoint covers one of the last so many records */
	EVIDENCE_REACH = 65536,
};
enum evidence_type {
	EVIDENCE_CHECKPOINT = 1, /* these three have the numbers of enum wire_sign_what */
	EVIDENCE_CLOSE,
	EVIDENCE_CRASHED,
	EVIDENCE_BLOCK = 5,
	EVIDENCE_END,
};
enum evidence_flag { EVIDENCE_SEGMENT = 1, EVIDENCE_ZSTD = 2 }; /* of a block */

struct evidence_header {
	struct id id;
	int64_t created_us;
	uint8_t sealed_key[EVIDENCE_SEALED_KEY];
};
struct evidence_chain { /* where a reader or a writer stands */
	uint64_t seq;
	uint8_t hash[EVIDENCE_HASH];
};
struct evidence_record {
	uint8_t type, flags;
	struct span body;
	uint64_t seq;                /* 1 is the first record */
	uint8_t hash[EVIDENCE_HASH]; /* its own */
};
struct evidence_checkpoint {
	uint64_t seq;
	int64_t time_us;
	uint8_t signature[EVIDENCE_SIGNATURE];
};
struct evidence_end {
	int64_t ended_us;
	uint64_t dropped;
};

void evidence_header_put(struct buf *b, const struct evidence_header *h);
int evidence_header_get(struct span in, struct evidence_header *ret, struct evidence_chain *ret_chain, struct err *err);
/* Appends a record and moves the chain on. */
void evidence_record_put(struct buf *b, struct evidence_chain *c, uint8_t type, uint8_t flags, struct span body);
/* Moves the chain on only when the record is whole and fits. */
int evidence_record_get(struct span in, struct evidence_chain *c, struct evidence_record *ret, struct err *err);
/* The length of the record that starts here; needs only EVIDENCE_RECORD_HEAD bytes of it. */
int evidence_record_size(struct span in, struct err *err);

void evidence_checkpoint_put(struct buf *b, struct evidence_chain *c, uint8_t type, const struct evidence_checkpoint *k);
void evidence_checkpoint_get(const struct evidence_record *r, struct evidence_checkpoint *ret);
void evidence_end_put(struct buf *b, struct evidence_chain *c, const struct evidence_end *e);
void evidence_end_get(const struct evidence_record *r, struct evidence_end *ret);
#endif
