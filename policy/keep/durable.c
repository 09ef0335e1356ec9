#include "policy/keep/durable.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/loop.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct waiter {
	struct waiter *next;
	uint64_t seq; /* called when so many records are on disk */
	pol_durable_done *done;
	void *ctx;
};

struct pol_durable {
	struct loop_io io;
	int fds[POL_DURABLE_FILES];
	int (*syncer)(int fd);
	pthread_t thread;
	bool runs;
	struct waiter *first, **last;
	uint64_t written, asked, synced; /* asked: as far as the sync under way goes; 0 = none */
	bool failing;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	enum { IDLE, ASKED, DONE } state;
	int code;
	bool stop;
};

static int sync_all(const struct pol_durable *d)
{
	int code = 0;

	for (size_t i = 0; i < POL_DURABLE_FILES; i++)
		if (d->syncer(d->fds[i]) < 0)
			code = -errno;
	return code;
}

static void *run(void *arg)
{
	struct pol_durable *d = arg;

	(void)pthread_mutex_lock(&d->lock);
	for (;;) {
		while (d->state != ASKED && !d->stop)
			(void)pthread_cond_wait(&d->changed, &d->lock);
		if (d->state != ASKED)
			break;
		(void)pthread_mutex_unlock(&d->lock);
		int code = sync_all(d);
		(void)pthread_mutex_lock(&d->lock);
		d->code = code;
		d->state = DONE;
		const uint64_t one = 1;
		if (write(d->io.fd, &one, sizeof one) < 0)
			continue; /* full: its reader is awake anyway */
	}
	(void)pthread_mutex_unlock(&d->lock);
	return NULL;
}

static void ask(struct pol_durable *d)
{
	if (d->asked || d->synced == d->written)
		return;
	d->asked = d->written;
	(void)pthread_mutex_lock(&d->lock);
	d->state = ASKED;
	(void)pthread_cond_signal(&d->changed);
	(void)pthread_mutex_unlock(&d->lock);
}

static void tell(struct pol_durable *d, uint64_t upto, int code)
{
	struct waiter *w;

	while ((w = d->first) && w->seq <= upto) {
		pol_durable_done *done = w->done;
		void *ctx = w->ctx;
		d->first = w->next;
		if (!d->first)
			d->last = &d->first;
		free(w);
		done(ctx, code);
	}
}

static void ready(void *ctx, uint32_t events)
{
	struct pol_durable *d = ctx;
	uint64_t count = 0, upto = d->asked;

	(void)events;
	if (read(d->io.fd, &count, sizeof count) < 0 && errno != EAGAIN)
		return;
	(void)pthread_mutex_lock(&d->lock);
	bool done = d->state == DONE;
	int code = d->code;
	if (done)
		d->state = IDLE;
	(void)pthread_mutex_unlock(&d->lock);
	if (!done)
		return;
	if (code < 0 && !d->failing)
		log_ev(LOG_LEVEL_ERROR, "spool.unsynced", LOG_N("code", code));
	d->failing = code < 0;
	d->asked = 0;
	d->synced = code < 0 ? d->synced : upto;
	tell(d, upto, code);
	if (d->written > upto)
		ask(d);
}

int pol_durable_new(struct pol_durable **ret, struct loop *loop, const int fds[static POL_DURABLE_FILES],
	int (*syncer)(int fd), struct err *err)
{
	struct pol_durable *d = calloc(1, sizeof *d);

	if (!d)
		return fault(err, -ENOMEM, "internal error", "no memory for the sync thread");
	memcpy(d->fds, fds, sizeof d->fds);
	d->syncer = syncer;
	d->last = &d->first;
	(void)pthread_mutex_init(&d->lock, NULL);
	(void)pthread_cond_init(&d->changed, NULL);
	d->io = (struct loop_io){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = ready, .ctx = d };
	int r = d->io.fd < 0 ? fault(err, -errno, "internal error", "eventfd: %m") : loop_add(loop, &d->io, EPOLLIN, err);
	if (r == 0) {
		r = -pthread_create(&d->thread, NULL, run, d);
		d->runs = r == 0;
		if (r < 0)
			r = fault(err, r, "internal error", "sync thread: %s", strerror(-r));
	}
	if (r < 0)
		pol_durable_free(d);
	else
		*ret = d;
	return r;
}

struct pol_durable *pol_durable_free(struct pol_durable *d)
{
	if (!d)
		return NULL;
	(void)pthread_mutex_lock(&d->lock);
	d->stop = true;
	(void)pthread_cond_signal(&d->changed);
	(void)pthread_mutex_unlock(&d->lock);
	if (d->runs)
		(void)pthread_join(d->thread, NULL);
	if (d->written > d->synced)
		(void)sync_all(d);
	(void)pthread_mutex_destroy(&d->lock);
	(void)pthread_cond_destroy(&d->changed);
	for (struct waiter *w = d->first, *next; w; w = next) {
		next = w->next;
		free(w);
	}
	int fd = d->io.fd;
	loop_del(&d->io);
	scope_close(&fd);
	free(d);
	return NULL;
}

void pol_durable_wrote(struct pol_durable *d)
{
	d->written++;
	ask(d);
}

void pol_durable_wait(struct pol_durable *d, pol_durable_done *done, void *ctx)
{
	if (d->synced == d->written) {
		done(ctx, 0);
		return;
	}
	struct waiter *w = calloc(1, sizeof *w);
	if (!w)
		abort();
	*w = (struct waiter){ .seq = d->written, .done = done, .ctx = ctx };
	*d->last = w;
	d->last = &w->next;
	ask(d);
}

void pol_durable_drop(struct pol_durable *d, const void *ctx)
{
	struct waiter **at = &d->first;

	while (*at) {
		struct waiter *w = *at;
		if (w->ctx != ctx) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
	d->last = at;
}
