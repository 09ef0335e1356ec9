#include "gateway/core/clock.h"
#include "gateway/core/log.h"
#include "recorder/recorder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Removing a whole recording on the broker's word: a tombstone is signed, takes its place on disk, then the file goes.  A
 * crash in between leaves the file, or both, and the broker asks again.
 */
static void answer(struct recorder *r, const struct id *id, int code, const char *say, struct span tombstone)
{
	struct wire_removed m = { .id = *id, .code = code, .say = span_str(say), .tombstone = tombstone };
	if (r->broker_out)
		(void)wire_removed_queue(r->broker_out, &m, -1);
}

static int begin(struct recorder *r, const struct wire_remove *m, struct err *err)
{
	if (rec_find(r, &m->id))
		return fault(err, -EBUSY, "the recording is in use", "remove of one that is under way");
	if (r->stopping)
		return fault(err, -EAGAIN, "the recorder is stopping", "stopping");
	struct rec *rec = rec_new(r, &m->id, REC_REMOVING);
	if (!rec)
		return fault(err, -ENOMEM, "internal error", "no memory for a removal");
	struct evidence_tombstone t = { .id = m->id, .started_us = m->started_us, .seq = m->seq,
		.removed_us = clock_wall_us(), .reason = m->reason };
	struct evidence_sign_claim c;
	memcpy(t.head, m->head.b, sizeof t.head);
	evidence_tombstone_put(&rec->chunk, &t);
	evidence_tombstone_claim(&t, buf_span(&rec->chunk), &c);
	struct wire_sign claim = { .what = c.what, .id = c.id, .seq = c.seq, .time_us = c.time_us };
	memcpy(claim.hash.b, c.hash, sizeof claim.hash.b);
	rec_sign_claim(rec, &claim);
	return 0;
}

void rec_remove(struct recorder *r, const struct wire_remove *m)
{
	struct err err = { 0 };
	int rc = begin(r, m, &err);
	if (rc < 0)
		answer(r, &m->id, rc, err.say, (struct span){ 0 });
}

void rec_remove_signed(struct rec *rec, const struct wire_sig *signature)
{
	struct rec_job *job = rec_jobs_new(REC_JOB_REMOVE);
	buf_put(&rec->chunk, signature->b, sizeof signature->b);
	buf_init(&job->frames, EVIDENCE_TOMBSTONE_MAX);
	buf_put_span(&job->frames, buf_span(&rec->chunk));
	rec_jobs_give(rec, job);
}

void rec_remove_done(struct rec *rec, const struct rec_job *job)
{
	if (job->code < 0)
		log_err(LOG_LEVEL_ERROR, "recording.remove", &job->err);
	answer(rec->r, &rec->id, job->code, job->code < 0 ? job->err.say : "",
		job->code < 0 ? (struct span){ 0 } : buf_span(&rec->chunk));
	buf_clear(&rec->chunk);
	rec_gone(rec);
}
