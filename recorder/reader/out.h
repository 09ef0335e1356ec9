#ifndef READER_OUT_H
#define READER_OUT_H
#include "gateway/core/buf.h"
#include <stdbool.h>
/*
 * out - where the result goes: a file, pipe or stream socket for bytes, a SEQPACKET socket for frames.
 *
 * Waits for a slow consumer, and listens to the parent meanwhile.
 * Returns: 0; -EPIPE the consumer has gone; -ECANCELED the parent wants us to leave; -ENOSPC and others.
 * Owns:    its buffer; borrows the descriptors.
 */
struct reader_out {
	int fd, parent;
	bool is_file; /* never blocks for long */
	bool is_socket;
	uint64_t seq;  /* of the last frames message */
	uint32_t file; /* number of the file that is wanted, of WIRE_READ_FILE */
	struct buf b;
};
void reader_out_init(struct reader_out *o, int fd, int parent); /* before the sandbox */
void reader_out_done(struct reader_out *o);
/* Put into o->b, then call this: it writes when enough is together. */
int reader_out_some(struct reader_out *o);
int reader_out_flush(struct reader_out *o);
#endif
