#include "gateway/core/clock.h"
#include "gateway/core/log.h"
#include "recorder/recorder.h"
#include "recorder/sync.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- chunks: small frames wait a moment for company ---- */
void rec_flow_pending(struct rec *rec)
{
	struct recorder *r = rec->r;
	if (rec->pending)
		return;
	rec->pending = true;
	rec->pending_next = NULL;
	rec->chunk_at_us = loop_now_us(r->loop);
	*r->pending_last = rec;
	r->pending_last = &rec->pending_next;
	if (r->flush_timer.at_us == 0)
		loop_timer_set(r->loop, &r->flush_timer, REC_FLUSH_US);
}

void rec_flow_submit(struct rec *rec)
{
	if (rec->chunk.len == 0)
		return;
	struct rec_job *job = rec_jobs_new(REC_JOB_FRAMES);
	job->frames = rec->chunk;
	job->frames_bytes = rec->chunk.len;
	job->frames_seq = rec->chunk_seq;
	buf_init(&rec->chunk, REC_CHUNK_MAX);
	rec_jobs_give(rec, job);
}

static void flush(void *ctx)
{
	struct recorder *r = ctx;
	while (r->pending_first && r->pending_first->chunk_at_us <= loop_now_us(r->loop) - REC_CHUNK_AGE_US) {
		struct rec *rec = r->pending_first;
		r->pending_first = rec->pending_next;
		if (!r->pending_first)
			r->pending_last = &r->pending_first;
		rec->pending = false;
		if (rec->state == REC_GONE)
			rec_gone(rec);
		else
			rec_flow_submit(rec);
	}
	if (r->pending_first)
		loop_timer_set(r->loop, &r->flush_timer, REC_FLUSH_US);
}

/* ---- sync rounds ---- */
void rec_flow_written(struct rec *rec, const struct rec_job *job)
{
	struct recorder *r = rec->r;
	rec->stalled_us = 0;
	rec->written = job->disk;
	rec->written_seq = rec->tried_seq;
	rec->bytes = job->bytes;
	rec->dirty = true;
	rec->fresh |= job->kind == REC_JOB_FRAMES || job->kind == REC_JOB_CREATE;
	size_t bytes = rec->tried_bytes;
	rec->tried_bytes = 0;
	if (bytes > 0)
		rec_worker_sealed(rec, bytes);
	if (!r->syncing && r->sync_timer.at_us == 0)
		loop_timer_set(r->loop, &r->sync_timer, REC_SYNC_US);
}

static void sync_now(void *ctx)
{
	struct recorder *r = ctx;
	size_t n = 0;
	struct rec_sync_item *items = calloc(r->open + 1, sizeof *items);
	if (!items)
		abort();
	for (struct rec *rec = r->recs; rec; rec = rec->next) {
		if (!rec->dirty)
			continue;
		rec->dirty = false;
		rec->in_sync = true;
		rec->syncing = rec->written;
		rec->syncing_seq = rec->written_seq;
		items[n++] = (struct rec_sync_item){ .fd = rec->fd, .owner = rec };
	}
	if (n == 0) {
		free(items);
		return;
	}
	r->syncing = true;
	rec_sync_start(r->sync, items, n);
}

static void anchor(struct rec *rec)
{
	if (rec->state != REC_OPEN || !rec->fresh || rec->sign_what || loop_now_us(rec->r->loop) < rec->anchor_us)
		return;
	rec->fresh = false;
	rec->anchor_us = loop_now_us(rec->r->loop) + REC_ANCHOR_US;
	rec_sign_want(rec, WIRE_SIGN_CHECKPOINT, &rec->durable);
}

static void synced_one(struct rec *rec, int code)
{
	rec->in_sync = false;
	if (rec->state == REC_GONE) {
		rec_gone(rec);
		return;
	}
	if (code < 0) {
		struct err err = { 0 };
		(void)fault(&err, code, "the disk for recordings fails", "sync: %s", strerror(-code));
		rec_fail(rec, &err);
	} else {
		uint64_t before = rec->durable_seq;
		rec->durable = rec->syncing;
		rec->durable_seq = rec->syncing_seq;
		if (rec->durable_seq != before)
			rec_worker_durable(rec);
	}
	if (rec->state == REC_SYNCING && !rec->dirty) {
		bool closed = rec->claim.what == WIRE_SIGN_CLOSE;
		rec_sign_final(rec, rec->failed ? WIRE_RECORDING_FAILED :
				    closed	? WIRE_RECORDING_CLOSED :
						  WIRE_RECORDING_CRASHED);
		return;
	}
	anchor(rec);
}

void rec_flow_synced(void *ctx, uint32_t events)
{
	struct recorder *r = ctx;
	size_t n = 0;
	(void)events;
	struct rec_sync_item *items = rec_sync_finish(r->sync, &n);
	if (!items)
		return;
	r->syncing = false;
	for (size_t i = 0; i < n; i++)
		synced_one(items[i].owner, items[i].code);
	free(items);
	for (struct rec *rec = r->recs; rec && r->sync_timer.at_us == 0; rec = rec->next)
		if (rec->dirty)
			loop_timer_set(r->loop, &r->sync_timer, REC_SYNC_US);
}

/* ---- a disk that is full or fails ---- */
void rec_flow_stalled(struct rec *rec, const struct err *err)
{
	struct recorder *r = rec->r;
	if (rec->failed)
		return; /* giving up is under way */
	if (rec->stalled_us == 0) {
		log_err(LOG_LEVEL_WARN, "recording.stalled", err);
		rec->stalled_us = loop_now_us(r->loop);
		rec->stall = *err;
	}
	if (r->retry_timer.at_us == 0)
		loop_timer_set(r->loop, &r->retry_timer, REC_RETRY_US);
}

static void retry(void *ctx)
{
	struct recorder *r = ctx;
	bool any = false;
	for (struct rec *rec = r->recs; rec; rec = rec->next) {
		if (rec->stalled_us == 0)
			continue;
		any = true;
		if (loop_now_us(r->loop) - rec->stalled_us > REC_STALL_MAX_US)
			rec_fail(rec, &rec->stall);
		else if (rec->jobs == 0)
			rec_jobs_give(rec, rec_jobs_new(rec->state == REC_ENDING ? REC_JOB_END : REC_JOB_FRAMES));
	}
	if (any)
		loop_timer_set(r->loop, &r->retry_timer, REC_RETRY_US);
}

/*
 * A turn that brought only a little is followed by a short sleep, so that small frames of many sessions are fetched
 * together: fewer wake-ups, and none that competes with the worker that is about to forward what it has just sent.
 * Nobody waits for it: to have sent is to have recorded.  Bulk never sleeps.
 */
static void rest(void *ctx)
{
	struct recorder *r = ctx;
	if (r->took > 0 && r->took < REC_REST_BYTES && !r->stopping)
		(void)nanosleep(&(struct timespec){ .tv_nsec = REC_REST_US * 1000L }, NULL);
	r->took = 0;
}

void rec_flow_init(struct recorder *r)
{
	loop_idle(r->loop, rest, r);
	r->pending_last = &r->pending_first;
	r->sign_last = &r->sign_first;
	r->flush_timer = (struct loop_timer){ .fire = flush, .ctx = r };
	r->sync_timer = (struct loop_timer){ .fire = sync_now, .ctx = r };
	r->retry_timer = (struct loop_timer){ .fire = retry, .ctx = r };
}
