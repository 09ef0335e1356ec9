#include "recorder/seal.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "recorder/queue.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

enum { THREADS_MAX = 4 };

struct rec_seal {
	unsigned n;
	int event_fd;
	struct rec_queue done;
	struct thread {
		struct rec_seal *pool;
		struct rec_queue in;
		struct rec_scratch *scratch;
		pthread_t id;
		bool runs;
	} threads[THREADS_MAX];
};

static int create(struct rec_job *j, struct rec_scratch *x)
{
	size_t meta = j->frames.len - j->auditor_n;
	struct rec_store_new n = { .id = j->store->id, .meta = span_of(j->frames.data, meta), .seal_key = j->seal_key,
		.auditor = span_of(j->frames.data + meta, j->auditor_n), .now_us = j->now_us };
	return rec_store_create(j->store, x, &n, &j->err);
}

static int work(struct rec_job *j, struct rec_scratch *x)
{
	struct rec_store *s = j->store;
	switch (j->kind) {
	case REC_JOB_CREATE:
		return create(j, x);
	case REC_JOB_FRAMES:
		return rec_store_frames(s, x, buf_span(&j->frames), j->now_us, &j->err);
	case REC_JOB_GIVE_UP:
		rec_store_give_up(s);
		return rec_store_end(s, &j->err);
	case REC_JOB_END:
		return rec_store_end(s, &j->err);
	case REC_JOB_CHECKPOINT:
		return rec_store_checkpoint(s, j->type, &j->checkpoint, &j->err);
	case REC_JOB_RECOVER:
		return rec_store_recover(s, &s->id, &j->verdict, &j->err);
	case REC_JOB_REMOVE:
		return rec_store_remove(s, buf_span(&j->frames), &j->err);
	}
	return fault(&j->err, -EINVAL, "internal error", "job of kind %d", (int)j->kind);
}

static void *run(void *arg)
{
	struct thread *t = arg;
	struct rec_job *j;
	while ((j = rec_queue_get(&t->in))) {
		j->code = work(j, t->scratch);
		j->disk = j->store->disk;
		j->bytes = j->store->bytes;
		if (j->frames.len > 0)
			secret_wipe(j->frames.data, j->frames.len); /* may hold what was typed */
		buf_done(&j->frames);
		rec_queue_put(&t->pool->done, j);
		const uint64_t one = 1;
		if (write(t->pool->event_fd, &one, sizeof one) < 0)
			continue; /* the counter is full: its reader is awake anyway */
	}
	return NULL;
}

static int start(struct rec_seal *s, struct thread *t, struct err *err)
{
	rec_queue_init(&t->in);
	t->pool = s;
	s->n++;
	int rc = rec_scratch_new(&t->scratch, err);
	if (rc < 0)
		return rc;
	rc = -pthread_create(&t->id, NULL, run, t);
	if (rc < 0)
		return fault(err, rc, "internal error", "pthread_create: %s", strerror(-rc));
	t->runs = true;
	return 0;
}

int rec_seal_new(struct rec_seal **ret, unsigned threads, struct err *err)
{
	struct rec_seal *s = calloc(1, sizeof *s);
	if (!s)
		return fault(err, -ENOMEM, "internal error", "no memory for the seal threads");
	rec_queue_init(&s->done);
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = s->event_fd < 0 ? fault(err, -errno, "internal error", "eventfd: %m") : 0;
	for (unsigned i = 0; rc == 0 && i < threads && i < THREADS_MAX; i++)
		rc = start(s, &s->threads[i], err);
	if (rc < 0) {
		s = rec_seal_free(s);
		return rc;
	}
	*ret = s;
	return 0;
}

struct rec_seal *rec_seal_free(struct rec_seal *s)
{
	if (!s)
		return NULL;
	for (unsigned i = 0; i < s->n; i++) {
		struct thread *t = &s->threads[i];
		rec_queue_close(&t->in);
		if (t->runs)
			(void)pthread_join(t->id, NULL);
		t->scratch = rec_scratch_free(t->scratch);
		rec_queue_done(&t->in);
	}
	struct rec_job *j;
	while ((j = rec_queue_try(&s->done)))
		free(j);
	rec_queue_done(&s->done);
	scope_close(&s->event_fd);
	free(s);
	return NULL;
}

int rec_seal_fd(const struct rec_seal *s)
{
	return s->event_fd;
}

void rec_seal_give(struct rec_seal *s, struct rec_job *job)
{
	/* The last bytes of an id are random. */
	rec_queue_put(&s->threads[job->store->id.b[15] % s->n].in, job);
}

struct rec_job *rec_seal_take(struct rec_seal *s)
{
	return rec_queue_try(&s->done);
}
