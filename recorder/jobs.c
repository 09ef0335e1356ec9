#include "gateway/core/clock.h"
#include "gateway/core/log.h"
#include "recorder/recorder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rec_job *rec_jobs_new(enum rec_job_kind kind)
{
	struct rec_job *job = calloc(1, sizeof *job);
	if (!job)
		abort(); /* bounded in number and small: out of memory here is out of memory everywhere */
	job->kind = kind;
	job->now_us = clock_wall_us();
	return job;
}

void rec_jobs_give(struct rec *rec, struct rec_job *job)
{
	job->owner = rec;
	job->store = &rec->store;
	rec->jobs++;
	rec_seal_give(rec->r->seal, job);
}

void rec_jobs_end(struct rec *rec)
{
	rec_jobs_give(rec, rec_jobs_new(REC_JOB_END));
}

/* ---- answers ---- */
static void created(struct rec *rec, struct rec_job *job)
{
	if (job->code < 0) {
		log_err(LOG_LEVEL_ERROR, "recording.begin", &job->err);
		rec_peer_begun(rec->r, &rec->id, job->code, job->err.say);
		rec_gone(rec);
		return;
	}
	struct rec_worker *w = rec_worker_find(rec->r, rec->worker_number);
	rec->fd = rec->store.fd;
	rec->state = REC_OPEN;
	rec_flow_written(rec, job);
	if (w && !w->rec)
		rec_worker_begin(w, rec);
	rec_peer_begun(rec->r, &rec->id, rec->worker ? 0 : -ENOENT, rec->worker ? "" : "the session's process is gone");
	if (!rec->worker)
		rec_end(rec);
}

static void ended(struct rec *rec, struct rec_job *job)
{
	if (job->code < 0 && job->kind == REC_JOB_GIVE_UP) { /* not even this: the next start seals it */
		log_err(LOG_LEVEL_ERROR, "recording.unsealed", &job->err);
		rec_sign_final(rec, WIRE_RECORDING_FAILED);
		return;
	}
	if (job->code < 0) {
		rec_flow_stalled(rec, &job->err);
		return;
	}
	if (rec->state != REC_ENDING)
		return; /* it had ended before it was given up */
	rec_flow_written(rec, job);
	rec->ended_us = rec->store.last_us;
	rec->state = REC_SIGNING;
	rec_sign_want(rec, rec->finished && !rec->failed ? WIRE_SIGN_CLOSE : WIRE_SIGN_CRASHED, &job->disk);
}

static void checkpointed(struct rec *rec, struct rec_job *job)
{
	bool final = rec->state == REC_SEALING;
	if (job->code < 0 && final) {
		log_err(LOG_LEVEL_ERROR, "recording.unsealed", &job->err);
		rec_sign_final(rec, WIRE_RECORDING_FAILED);
	} else if (job->code < 0) {
		rec_flow_stalled(rec, &job->err);
	} else {
		rec->state = final ? REC_SYNCING : rec->state;
		rec_flow_written(rec, job);
	}
}

static void recovered(struct rec *rec, struct rec_job *job)
{
	const struct evidence_verdict *v = &job->verdict;
	if (job->code < 0) {
		log_err(LOG_LEVEL_WARN, "recording.recover", &job->err);
		rec_sign_final(rec, WIRE_RECORDING_UNKNOWN);
		return;
	}
	rec->fd = rec->store.fd;
	rec->started_us = v->created_us;
	rec->ended_us = v->ended_us;
	rec->durable.seq = v->seq;
	memcpy(rec->durable.hash, v->head, sizeof rec->durable.hash);
	rec->bytes = job->bytes;
	if (job->code == 0) {
		rec->state = REC_SIGNING;
		rec_sign_want(rec, WIRE_SIGN_CRASHED, &job->disk);
		return;
	}
	rec->signed_us = v->signed_us;
	rec->signed_at = rec->durable;
	memcpy(rec->signature.b, v->signature, sizeof rec->signature.b);
	rec_sign_final(rec, v->state == EVIDENCE_STATE_CLOSED ? WIRE_RECORDING_CLOSED : WIRE_RECORDING_CRASHED);
}

static void done(struct rec *rec, struct rec_job *job)
{
	switch (job->kind) {
	case REC_JOB_CREATE:
		created(rec, job);
		break;
	case REC_JOB_FRAMES:
		if (job->frames_seq > rec->tried_seq)
			rec->tried_seq = job->frames_seq;
		rec->tried_bytes += job->frames_bytes;
		if (job->code < 0)
			rec_flow_stalled(rec, &job->err);
		else
			rec_flow_written(rec, job);
		break;
	case REC_JOB_END:
	case REC_JOB_GIVE_UP:
		ended(rec, job);
		break;
	case REC_JOB_CHECKPOINT:
		checkpointed(rec, job);
		break;
	case REC_JOB_RECOVER:
		recovered(rec, job);
		break;
	case REC_JOB_REMOVE:
		rec_remove_done(rec, job);
		break;
	}
}

void rec_jobs_done(void *ctx, uint32_t events)
{
	struct recorder *r = ctx;
	uint64_t count;
	struct rec_job *job;
	(void)events;
	if (read(rec_seal_fd(r->seal), &count, sizeof count) < 0 && errno != EAGAIN)
		return;
	while ((job = rec_seal_take(r->seal))) {
		struct rec *rec = job->owner;
		rec->jobs--;
		if (rec->state == REC_GONE)
			rec_gone(rec);
		else if (rec->state != REC_UNTOLD)
			done(rec, job);
		free(job);
	}
}
