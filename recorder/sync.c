#include "recorder/sync.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

struct rec_sync {
	int dir, event_fd;
	int (*syncer)(int fd);
	pthread_t thread;
	bool runs;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum { IDLE, ASKED, DONE } state;
	bool stop;
	struct rec_sync_item *items;
	size_t n;
};

static void round_of(struct rec_sync *s)
{
	if (s->syncer(s->dir) == 0) {
		for (size_t i = 0; i < s->n; i++)
			s->items[i].code = 0;
		return;
	}
	/* Something on this file system was lost, perhaps not ours: the kernel tells it once a descriptor. */
	for (size_t i = 0; i < s->n; i++)
		s->items[i].code = fdatasync(s->items[i].fd) < 0 ? -errno : 0;
}

static void *run(void *arg)
{
	struct rec_sync *s = arg;
	(void)pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->state != ASKED && !s->stop)
			(void)pthread_cond_wait(&s->changed, &s->lock);
		if (s->state != ASKED)
			break;
		(void)pthread_mutex_unlock(&s->lock);
		round_of(s);
		(void)pthread_mutex_lock(&s->lock);
		s->state = DONE;
		const uint64_t one = 1;
		if (write(s->event_fd, &one, sizeof one) < 0)
			continue; /* full: its reader is awake anyway */
	}
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

int rec_sync_new(struct rec_sync **ret, int dir, int (*syncer)(int fd), struct err *err)
{
	struct rec_sync *s = calloc(1, sizeof *s);
	if (!s)
		return fault(err, -ENOMEM, "internal error", "no memory for the sync thread");
	s->dir = dir;
	s->syncer = syncer;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->changed, NULL);
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = s->event_fd < 0 ? -errno : -pthread_create(&s->thread, NULL, run, s);
	s->runs = rc == 0;
	if (rc < 0) {
		s = rec_sync_free(s);
		return fault(err, rc, "internal error", "sync thread: %s", strerror(-rc));
	}
	*ret = s;
	return 0;
}

struct rec_sync *rec_sync_free(struct rec_sync *s)
{
	if (!s)
		return NULL;
	(void)pthread_mutex_lock(&s->lock);
	s->stop = true;
	(void)pthread_cond_signal(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
	if (s->runs)
		(void)pthread_join(s->thread, NULL);
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_cond_destroy(&s->changed);
	scope_close(&s->event_fd);
	free(s->items);
	free(s);
	return NULL;
}

int rec_sync_fd(const struct rec_sync *s)
{
	return s->event_fd;
}

void rec_sync_start(struct rec_sync *s, struct rec_sync_item *items, size_t n)
{
	(void)pthread_mutex_lock(&s->lock);
	assert(s->state == IDLE);
	s->items = items;
	s->n = n;
	s->state = ASKED;
	(void)pthread_cond_signal(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
}

struct rec_sync_item *rec_sync_finish(struct rec_sync *s, size_t *ret_n)
{
	struct rec_sync_item *items = NULL;
	uint64_t count;
	if (read(s->event_fd, &count, sizeof count) < 0 && errno != EAGAIN)
		return NULL;
	(void)pthread_mutex_lock(&s->lock);
	if (s->state == DONE) {
		items = s->items;
		*ret_n = s->n;
		s->items = NULL;
		s->state = IDLE;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return items;
}
