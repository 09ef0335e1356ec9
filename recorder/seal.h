#ifndef RECORDER_SEAL_H
#define RECORDER_SEAL_H
#include "gateway/core/err.h"
#include "recorder/store.h"
#include <stdint.h>
/*
 * seal - the threads that compress, encrypt, chain and write, so that the receiving thread never waits for a disk.
 *
 * Shape:   a job goes in (rec_seal_give), is done by the one thread that its recording's id picks, and comes back
 *          (rec_seal_take after rec_seal_fd became readable), in the order given for one recording.
 * Owns:    a job travels with what is in it: between give and take it belongs to the thread, and so does its store.
 *          The receiving thread touches a store only while no job of it is under way.
 * Limits:  unbounded queues, bounded by the workers' credits.
 */
enum rec_job_kind {
	REC_JOB_CREATE = 1,
	REC_JOB_FRAMES,  /* frames empty: try again to write what is held */
	REC_JOB_END,
	REC_JOB_CHECKPOINT,
	REC_JOB_GIVE_UP, /* throw away what cannot be written, then end */
	REC_JOB_RECOVER,
	REC_JOB_REMOVE,  /* frames: the tombstone */
};
struct rec_job {
	enum rec_job_kind kind;
	struct rec_store *store;
	void *owner;                       /* the giver's */
	struct buf frames;                 /* FRAMES: freed by the thread; CREATE: meta, auditor behind it */
	uint64_t frames_seq;               /* of the last message in it */
	size_t frames_bytes;               /* what it counted against the credit */
	size_t auditor_n;
	int64_t now_us;
	uint8_t seal_key[32];              /* CREATE */
	uint8_t type;                      /* CHECKPOINT */
	struct evidence_checkpoint checkpoint;
	/* answer */
	int code;
	struct err err;
	struct evidence_chain disk;
	uint64_t bytes;
	struct evidence_verdict verdict;   /* RECOVER (code 0 or 1) */
	struct rec_job *next;
};
struct rec_seal;
int rec_seal_new(struct rec_seal **ret, unsigned threads, struct err *err);
struct rec_seal *rec_seal_free(struct rec_seal *s); /* finishes what was given, joins, drops the answers; returns NULL */
int rec_seal_fd(const struct rec_seal *s);
void rec_seal_give(struct rec_seal *s, struct rec_job *job);
struct rec_job *rec_seal_take(struct rec_seal *s); /* NULL when there is none */
#endif
