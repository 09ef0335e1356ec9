#ifndef EVIDENCE_BLOCK_H
#define EVIDENCE_BLOCK_H
#include "recorder/evidence/record.h"
#include <sodium.h>
#include <stdbool.h>
struct err;
/*
 * block - frames to an encrypted block record and back.
 *
 * Source:  docs/RECORDING.md, "Blocks"; libsodium's secretstream (XChaCha20-Poly1305), Zstandard (RFC 8878).
 * Shape:   body: i64le time_us | u32le plain bytes | secretstream header 24 when EVIDENCE_SEGMENT | ciphertext.
 *          Associated data: id 16 | u64le seq | the record's 8 bytes of head | the body in front of the ciphertext.
 * Limits:  EVIDENCE_BLOCK_PLAIN_MAX bytes of frames; a new segment after EVIDENCE_SEGMENT_PLAIN bytes or
 *          EVIDENCE_SEGMENT_US, so that a seek decrypts little.
 * Errors:  -EBADMSG what does not decrypt or unpack; -EINVAL a block in the middle of an unknown segment.
 * Owns:    a stream holds the recording's key: evidence_block_done wipes it.  `packer` and `unpacker` are scratch for one
 *          thread, of any recording.
 */
enum { EVIDENCE_SEGMENT_PLAIN = 4 << 20 };
#define EVIDENCE_SEGMENT_US (INT64_C(300) * 1000 * 1000)

struct evidence_stream { /* one recording's cipher, for one direction */
	struct id id;
	uint8_t key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
	crypto_secretstream_xchacha20poly1305_state state;
	bool in_segment;
	uint64_t segment_bytes;
	int64_t segment_us;
};
struct evidence_packer;
struct evidence_unpacker;

void evidence_stream_init(struct evidence_stream *s, const struct id *id, const uint8_t key[static 32]);
void evidence_stream_done(struct evidence_stream *s);

int evidence_packer_new(struct evidence_packer **ret, struct err *err);
struct evidence_packer *evidence_packer_free(struct evidence_packer *p);
/* Appends one block record; `out` must have room for EVIDENCE_RECORD_MAX. */
void evidence_block_put(struct buf *out, struct evidence_chain *c, struct evidence_stream *s, struct evidence_packer *p,
	int64_t time_us, struct span plain);

int evidence_unpacker_new(struct evidence_unpacker **ret, struct err *err);
struct evidence_unpacker *evidence_unpacker_free(struct evidence_unpacker *u);
/* The time alone, without a key. */
int64_t evidence_block_time_us(const struct evidence_record *r);
/* *ret_plain points into u until the next call. */
int evidence_block_get(struct evidence_unpacker *u, struct evidence_stream *s, const struct evidence_record *r,
	struct span *ret_plain, struct err *err);
#endif
