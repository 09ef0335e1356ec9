#include "notify/pool.h"
#include "gateway/core/err.h"
#include "gateway/core/loop.h"
#include "gateway/core/scope.h"
#include "notify/job.h"
#include "notify/send.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { STACK = 512 << 10 };

struct notify_pool {
	struct loop_io io; /* an eventfd: something is done */
	struct span ca;
	void (*done)(void *ctx, struct notify_job *j);
	void *ctx;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t work;
	struct notify_job *waiting, *finished;
};

static void *thread(void *ctx)
{
	struct notify_pool *p = ctx;
	for (;;) {
		(void)pthread_mutex_lock(&p->lock);
		while (!p->waiting)
			(void)pthread_cond_wait(&p->work, &p->lock);
		struct notify_job *j = p->waiting;
		p->waiting = j->next;
		(void)pthread_mutex_unlock(&p->lock);
		notify_send(j, p->ca);
		(void)pthread_mutex_lock(&p->lock);
		j->next = p->finished;
		p->finished = j;
		(void)pthread_mutex_unlock(&p->lock);
		(void)eventfd_write(p->io.fd, 1);
	}
	return NULL;
}

static void ready(void *ctx, uint32_t events)
{
	struct notify_pool *p = ctx;
	eventfd_t n;
	(void)events;
	(void)eventfd_read(p->io.fd, &n);
	(void)pthread_mutex_lock(&p->lock);
	struct notify_job *first = take(p->finished);
	(void)pthread_mutex_unlock(&p->lock);
	while (first) {
		struct notify_job *j = first;
		first = j->next;
		j->next = NULL;
		p->done(p->ctx, j);
	}
}

int notify_pool_new(struct notify_pool **ret, struct loop *loop, struct span ca, void (*done)(void *ctx, struct notify_job *j), void *ctx,
	struct err *err)
{
	struct notify_pool *p = calloc(1, sizeof *p);
	if (!p)
		abort();
	*p = (struct notify_pool){ .ca = ca, .done = done, .ctx = ctx };
	p->io = (struct loop_io){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = ready, .ctx = p };
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->work, NULL);
	*ret = p;
	return p->io.fd < 0 ? fault(err, -errno, "internal error", "eventfd: %m") : loop_add(loop, &p->io, EPOLLIN, err);
}

int notify_pool_start(struct notify_pool *p, struct err *err)
{
	pthread_attr_t attr;
	pthread_t one;
	int r = pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; r == 0 && i < NOTIFY_POOL; i++)
		r = pthread_create(&one, &attr, thread, p);
	(void)pthread_attr_destroy(&attr);
	return r == 0 ? 0 : fault(err, -r, "internal error", "a thread: code %d", r);
}

void notify_pool_give(struct notify_pool *p, struct notify_job *j)
{
	(void)pthread_mutex_lock(&p->lock);
	struct notify_job **at = &p->waiting;
	while (*at)
		at = &(*at)->next;
	j->next = NULL;
	*at = j;
	(void)pthread_cond_signal(&p->work);
	(void)pthread_mutex_unlock(&p->lock);
}
