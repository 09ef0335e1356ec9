#ifndef RECORDER_STORE_H
#define RECORDER_STORE_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include "recorder/evidence/block.h"
#include "recorder/evidence/check.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * store - one recording's file from the inside: frames in, chained encrypted records out.  No thread, no loop, no socket.
 *
 * Order:   create, frames..., end, checkpoint (close or crashed); checkpoints in between.  Or recover, checkpoint.
 * Errors:  -ENOSPC, -EIO ...: what could not be written stays in memory and is written by the next call, whatever it is;
 *          rec_store_give_up throws it away instead.  `disk` says how far the file is whole.
 * Space:   a few KiB are kept allocated behind the data, so that the end and the closing checkpoint fit on a full disk.
 * Owns:    its descriptor and the recording's key; borrows the directory.
 */
enum { REC_STORE_RESERVE = 4096 };
struct rec_store {
	struct id id;
	int dir, fd;                /* fd -1: nothing there */
	struct evidence_chain chain; /* with what is in `out` */
	struct evidence_chain disk;  /* without */
	uint64_t bytes, reserved;    /* whole records in the file; allocated up to here */
	struct buf out;
	struct evidence_stream stream;
	bool has_auditor, ended; /* ended: the end is in `chain` */
	uint8_t auditor[32];
	int64_t created_us, last_us; /* last: of the newest frame; times never go back */
};
struct rec_store_new {
	struct id id;
	struct span meta, auditor;
	const uint8_t *seal_key; /* the vault's X25519 key */
	int64_t now_us;
};
/* One a thread: what making a block needs. */
struct rec_scratch;
int rec_scratch_new(struct rec_scratch **ret, struct err *err);
struct rec_scratch *rec_scratch_free(struct rec_scratch *s);

void rec_store_init(struct rec_store *s, int dir);
void rec_store_done(struct rec_store *s);
int rec_store_create(struct rec_store *s, struct rec_scratch *x, const struct rec_store_new *n, struct err *err);
/* Whole frames as a worker sent them; now_us: no frame is later than that. */
int rec_store_frames(struct rec_store *s, struct rec_scratch *x, struct span frames, int64_t now_us, struct err *err);
int rec_store_flush(struct rec_store *s, struct err *err);
int rec_store_end(struct rec_store *s, struct err *err);
/* Also removes the mark of the open recording when the type is close or crashed. */
int rec_store_checkpoint(struct rec_store *s, uint8_t type, const struct evidence_checkpoint *k, struct err *err);
void rec_store_give_up(struct rec_store *s);

/* After a crash: cuts the torn tail and writes the end; 0 = to be signed as crashed, 1 = was sealed already (the mark is
 * removed), -ENOENT no file, -EPROTO no header (nothing was promised yet: the file is removed) or not ours. */
int rec_store_recover(struct rec_store *s, const struct id *id, struct evidence_verdict *ret, struct err *err);
/* Instead of all this: the file of s->id goes, and the tombstone stays.  May be done again; no file is no error. */
int rec_store_remove(struct rec_store *s, struct span tombstone, struct err *err);
#endif
