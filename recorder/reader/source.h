#ifndef READER_SOURCE_H
#define READER_SOURCE_H
#include "gateway/core/frame.h"
#include "recorder/evidence/block.h"
#include "recorder/evidence/check.h"
#include "recorder/evidence/walk.h"
struct err;
/*
 * source - the frames of one recording, decrypted, in order.
 *
 * Returns: reader_source_next: 1 a frame, 0 the end (also of a recording that is still open: a cut last record is not
 *          there yet), -EPROTO or -EBADMSG damaged or altered.  A frame's body lives until the next call.
 * Owns:    the key's copy; borrows the descriptor.
 */
struct reader_source {
	struct evidence_walk walk;
	struct evidence_checker *checker;
	struct evidence_unpacker *unpacker;
	struct evidence_stream stream;
	struct span rest; /* of the current block */
};
int reader_source_open(struct reader_source *s, int fd, struct err *err); /* reads the header */
void reader_source_key(struct reader_source *s, const uint8_t key[static 32]);
int reader_source_next(struct reader_source *s, struct frame *ret, struct err *err);
/* From the beginning once more. */
int reader_source_again(struct reader_source *s, const uint8_t key[static 32], struct err *err);
void reader_source_done(struct reader_source *s);
#endif
