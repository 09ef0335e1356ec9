#include "recorder/queue.h"
#include "recorder/seal.h"
#include <assert.h>

void rec_queue_init(struct rec_queue *q)
{
	*q = (struct rec_queue){ .first = NULL };
	q->last = &q->first;
	int rc = pthread_mutex_init(&q->lock, NULL) | pthread_cond_init(&q->more, NULL);
	assert(rc == 0);
}

void rec_queue_done(struct rec_queue *q)
{
	(void)pthread_mutex_destroy(&q->lock);
	(void)pthread_cond_destroy(&q->more);
}

void rec_queue_put(struct rec_queue *q, struct rec_job *job)
{
	job->next = NULL;
	(void)pthread_mutex_lock(&q->lock);
	*q->last = job;
	q->last = &job->next;
	(void)pthread_cond_signal(&q->more);
	(void)pthread_mutex_unlock(&q->lock);
}

static struct rec_job *first(struct rec_queue *q)
{
	struct rec_job *job = q->first;
	if (job) {
		q->first = job->next;
		if (!q->first)
			q->last = &q->first;
		job->next = NULL;
	}
	return job;
}

struct rec_job *rec_queue_get(struct rec_queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	while (!q->first && !q->closed)
		(void)pthread_cond_wait(&q->more, &q->lock);
	struct rec_job *job = first(q);
	(void)pthread_mutex_unlock(&q->lock);
	return job;
}

struct rec_job *rec_queue_try(struct rec_queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	struct rec_job *job = first(q);
	(void)pthread_mutex_unlock(&q->lock);
	return job;
}

void rec_queue_close(struct rec_queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	q->closed = true;
	(void)pthread_cond_broadcast(&q->more);
	(void)pthread_mutex_unlock(&q->lock);
}
