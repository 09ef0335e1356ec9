#ifndef RECORDER_QUEUE_H
#define RECORDER_QUEUE_H
#include <pthread.h>
#include <stdbool.h>
struct rec_job;
/*
 * queue - jobs from one thread to another, first in, first out.
 *
 * rec_queue_get waits for a job; NULL once the queue is closed and empty.  rec_queue_try does not wait.
 * Owns:    nothing; jobs are linked by their own `next`.
 */
struct rec_queue {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct rec_job *first, **last;
	bool closed;
};
void rec_queue_init(struct rec_queue *q);
void rec_queue_done(struct rec_queue *q);
void rec_queue_put(struct rec_queue *q, struct rec_job *job);
struct rec_job *rec_queue_get(struct rec_queue *q);
struct rec_job *rec_queue_try(struct rec_queue *q);
void rec_queue_close(struct rec_queue *q);
#endif
