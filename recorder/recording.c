#include "gateway/core/clock.h"
#include "gateway/core/frame.h"
#include "gateway/core/log.h"
#include "recorder/evidence/path.h"
#include "recorder/recorder.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rec *rec_find(struct recorder *r, const struct id *id)
{
	struct rec *rec = r->recs;
	while (rec && !id_eq(&rec->id, id))
		rec = rec->next;
	return rec;
}

struct rec *rec_new(struct recorder *r, const struct id *id, enum rec_state state)
{
	struct rec *rec = calloc(1, sizeof *rec);
	if (!rec)
		return NULL;
	*rec = (struct rec){ .r = r, .id = *id, .fd = -1, .state = state, .next = r->recs,
		.anchor_us = clock_mono_us() + REC_ANCHOR_US };
	rec_store_init(&rec->store, r->dir);
	rec->store.id = *id;
	buf_init(&rec->chunk, REC_CHUNK_MAX);
	r->recs = rec;
	r->open++;
	return rec;
}

static void free_now(struct rec *rec)
{
	struct rec **at = &rec->r->recs;
	while (*at != rec)
		at = &(*at)->next;
	*at = rec->next;
	rec->r->open--;
	rec->r->under_way -= rec->under_way;
	if (rec->worker)
		rec_worker_leave(rec->worker);
	rec_sign_forget(rec);
	rec_live_free(rec);
	buf_done(&rec->chunk);
	rec_store_done(&rec->store);
	free(rec);
}

void rec_gone(struct rec *rec)
{
	rec->state = REC_GONE;
	rec_live_end(rec);
	if (rec->jobs == 0 && !rec->in_sync && !rec->pending && !rec->live)
		free_now(rec);
}

void rec_free_all(struct recorder *r)
{
	while (r->recs)
		free_now(r->recs);
}

/* ---- begin ---- */
static int begin_check(struct recorder *r, const struct wire_begin *m, struct err *err)
{
	struct rec_worker *w = rec_worker_find(r, m->worker);
	if (!w) {
		rec_parent_read(r); /* its socket may still lie there unread */
		w = rec_worker_find(r, m->worker);
	}
	if (!w)
		return fault(err, -ENOENT, "the session's process is gone", "no worker %llu", (unsigned long long)m->worker);
	if (w->rec || rec_find(r, &m->id))
		return fault(err, -EEXIST, "internal error", "a recording is under way");
	if (!r->has_seal_key || r->stopping)
		return fault(err, -EAGAIN, "recording is not ready, try again", "no sealing key yet, or stopping");
	if (m->meta.n > FRAME_BODY_MAX)
		return fault(err, -EMSGSIZE, "internal error", "meta of %zu bytes", m->meta.n);
	return rec_space_take(r, err);
}

int rec_begin(struct recorder *r, const struct wire_begin *m, struct err *err)
{
	int rc = begin_check(r, m, err);
	if (rc < 0)
		return rc;
	struct rec *rec = rec_new(r, &m->id, REC_CREATING);
	if (!rec)
		return fault(err, -ENOMEM, "internal error", "no memory for a recording");
	struct rec_job *job = rec_jobs_new(REC_JOB_CREATE);
	rec->worker_number = m->worker;
	rec->started_us = job->now_us;
	buf_init(&job->frames, MSG_BODY_MAX);
	buf_put_span(&job->frames, m->meta);
	buf_put_span(&job->frames, m->auditor);
	job->auditor_n = m->auditor.n;
	memcpy(job->seal_key, r->seal_key, sizeof job->seal_key);
	rc = rec_live_meta(rec, m->meta, job->now_us);
	if (rc < 0) {
		free(job);
		rec_gone(rec);
		return fault(err, rc, "internal error", "no memory for a recording");
	}
	rec_jobs_give(rec, job);
	return 0;
}

/* ---- frames ---- */
struct survey {
	bool has_secrets, finishes; /* secrets: keys, contents of files */
};

static int look(struct span frames, struct survey *ret, struct err *err)
{
	struct frame f;
	while (frames.n > 0) {
		int n = frame_get(frames, &f, err);
		if (n == -EAGAIN)
			return fault(err, -EPROTO, "malformed frame", "a frame is cut");
		if (n < 0)
			return n;
		if (f.type == FRAME_META || ret->finishes)
			return fault(err, -EPROTO, "malformed frame", "%s frame %s", frame_type_name(f.type),
				ret->finishes ? "behind the last" : "from a worker");
		ret->has_secrets |= f.type == FRAME_KEYS || f.type == FRAME_CONTENT;
		ret->finishes |= f.type == FRAME_FINISH;
		frames = span_of(frames.p + n, frames.n - (size_t)n);
	}
	return 0;
}

int rec_take(struct rec *rec, const struct wire_frames *m, struct err *err)
{
	struct survey s = { 0 };
	if (rec->state != REC_OPEN)
		return fault(err, -EPERM, "internal error", "frames behind the last");
	if (m->seq != rec->seen_seq + 1)
		return fault(err, -EPROTO, "internal error", "frames %llu after %llu", (unsigned long long)m->seq,
			(unsigned long long)rec->seen_seq);
	if (rec->uncredited + m->frames.n > REC_CREDIT + REC_CREDIT_SLACK)
		return fault(err, -EPERM, "internal error", "%zu bytes over the credit",
			rec->uncredited + m->frames.n - REC_CREDIT);
	int rc = look(m->frames, &s, err);
	if (rc < 0)
		return rc;
	if (rec->chunk.len > 0 && rec->chunk.len + m->frames.n > REC_CHUNK)
		rec_flow_submit(rec);
	rec->seen_seq = rec->chunk_seq = m->seq;
	rec->under_way += m->frames.n;
	rec->uncredited += m->frames.n;
	rec->r->under_way += m->frames.n;
	rec->r->took += m->frames.n;
	buf_put_span(&rec->chunk, m->frames);
	rec_flow_pending(rec);
	rec_live_frames(rec, m->frames, s.has_secrets);
	if (rec->chunk.len >= REC_CHUNK)
		rec_flow_submit(rec);
	rec_worker_credit(rec);
	if (s.finishes) {
		rec->finished = true;
		rec_end(rec);
	}
	return 0;
}

/* ---- end ---- */
void rec_end(struct rec *rec)
{
	if (rec->state != REC_OPEN)
		return;
	rec_flow_submit(rec);
	rec_sign_forget(rec);
	rec->state = REC_ENDING;
	rec_live_end(rec);
	rec_jobs_end(rec);
}

void rec_fail(struct rec *rec, const struct err *why)
{
	if (rec->failed)
		return;
	rec->failed = true;
	rec->stalled_us = 0;
	(void)snprintf(rec->why, sizeof rec->why, "%s", why->say);
	log_err(LOG_LEVEL_ERROR, "recording.failed", why);
	rec_worker_unrecorded(rec, why->code, why->say);
	rec_live_end(rec);
	if (rec->state != REC_OPEN && rec->state != REC_ENDING)
		return; /* its end is written already; it goes on being sealed */
	rec_sign_forget(rec);
	buf_done(&rec->chunk);
	rec->state = REC_ENDING;
	rec_jobs_give(rec, rec_jobs_new(REC_JOB_GIVE_UP));
}

/* ---- what an earlier recorder left behind ---- */
static void recover(struct recorder *r, const struct id *id)
{
	struct rec *rec = rec_new(r, id, REC_RECOVERING);
	if (rec)
		rec_jobs_give(rec, rec_jobs_new(REC_JOB_RECOVER));
}

void rec_recover_all(struct recorder *r)
{
	int fd = openat(r->dir, EVIDENCE_PATH_OPEN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	struct id id;
	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return; /* never recorded anything */
	}
	while ((e = readdir(dir)))
		if (id_parse(span_str(e->d_name), &id) == 0)
			recover(r, &id);
	(void)closedir(dir);
}

void rec_ask(struct recorder *r, const struct id *id)
{
	struct rec *rec = rec_find(r, id);
	if (!rec)
		recover(r, id); /* its answer comes from the file */
	else if (rec->state == REC_OPEN)
		(void)rec_sign_tell(rec, WIRE_RECORDING_OPEN);
	/* else it is being sealed, which is told when it is done */
}
