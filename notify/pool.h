#ifndef NOTIFY_POOL_H
#define NOTIFY_POOL_H
#include "gateway/core/buf.h"
#include <stddef.h>
struct err;
struct loop;
struct notify_job;
struct notify_pool;
/*
 * pool - threads that each send one message at a time, so that a receiver that stalls holds up nobody else.
 *
 * Order:   none between messages.  `done` is called from the loop, once a job.
 * Limits:  NOTIFY_POOL threads, made at the start (the sandbox comes before); no more jobs than that.
 * Ends:    with the process: a thread may be in the middle of a sending, and is not waited for.
 */
enum { NOTIFY_POOL = 24 };
int notify_pool_new(struct notify_pool **ret, struct loop *loop, struct span ca, void (*done)(void *ctx, struct notify_job *j), void *ctx,
	struct err *err);
int notify_pool_start(struct notify_pool *p, struct err *err); /* the threads */
void notify_pool_give(struct notify_pool *p, struct notify_job *j);
#endif
