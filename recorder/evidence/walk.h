#ifndef EVIDENCE_WALK_H
#define EVIDENCE_WALK_H
#include "recorder/evidence/record.h"
#include <stdint.h>
struct err;
/*
 * walk - the records of a recording file, one after the other, each checked against the chain.
 *
 * Returns: evidence_walk_next: 1 a record, 0 the end of the file, -EAGAIN the last record is cut, -EPROTO or -EBADMSG
 *          damaged, -EIO and others from pread.
 * Owns:    its window of 256 KiB; borrows fd and uses pread only.  A record's body points into the window until the next call.
 * Trust:   input hostile.
 */
struct evidence_walk {
	int fd;
	uint64_t offset; /* of the next record */
	struct evidence_header header;
	struct evidence_chain chain;
	struct buf window;
	size_t used; /* bytes of the window in front of `offset` */
};
int evidence_walk_open(struct evidence_walk *w, int fd, struct err *err); /* evidence_walk_done also after a failure */
void evidence_walk_done(struct evidence_walk *w);
int evidence_walk_next(struct evidence_walk *w, struct evidence_record *ret, struct err *err);
/* Goes on behind a record that an earlier walk has seen: its offset and chain then. */
void evidence_walk_seek(struct evidence_walk *w, uint64_t offset, const struct evidence_chain *c);
#endif
