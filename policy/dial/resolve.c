#include "policy/dial/resolve.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

struct request {
	struct request *next;
	char host[256], port[8];
	pol_resolve_done *done; /* the loop's alone: NULL when nobody waits any more */
	void *ctx;
	int code;
	struct pol_resolve_addrs addrs;
};

/* Freed by the last of its users: the threads, which may be inside getaddrinfo at any time, and the loop. */
struct pol_resolver {
	int wake; /* eventfd: something is answered */
	struct loop_io io;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct request *asked, *answered; /* behind the lock, as the next two */
	unsigned users;
	bool stop;
	size_t waiting;
	struct request *all[POL_RESOLVE_WAITING]; /* the loop's alone: to find by ctx */
};

static void resolve_now(struct request *q)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG },
			*list = NULL;

	int r = getaddrinfo(q->host, q->port, &hints, &list);
	if (r != 0) {
		q->code = r == EAI_AGAIN || r == EAI_SYSTEM || r == EAI_MEMORY ? -EAGAIN : -ENOENT;
		return;
	}
	for (struct addrinfo *a = list; a && q->addrs.n < POL_RESOLVE_ADDRS; a = a->ai_next)
		if (a->ai_addrlen <= sizeof q->addrs.at[0].sa) {
			memcpy(&q->addrs.at[q->addrs.n].sa, a->ai_addr, a->ai_addrlen);
			q->addrs.at[q->addrs.n++].len = a->ai_addrlen;
		}
	freeaddrinfo(list);
	q->code = q->addrs.n ? 0 : -ENOENT;
}

static void requests_free(struct request *q)
{
	struct request *next;

	for (; q; q = next) {
		next = q->next;
		free(q);
	}
}

/* Called with the lock held, which it gives back. */
static void resolver_leave(struct pol_resolver *r)
{
	bool last = --r->users == 0;

	(void)pthread_mutex_unlock(&r->lock);
	if (!last)
		return;
	requests_free(r->asked);
	requests_free(r->answered);
	(void)pthread_cond_destroy(&r->work);
	(void)pthread_mutex_destroy(&r->lock);
	scope_close(&r->wake);
	free(r);
}

static void *resolver_thread(void *arg)
{
	struct pol_resolver *r = arg;

	(void)pthread_mutex_lock(&r->lock);
	while (!r->stop) {
		if (!r->asked) {
			(void)pthread_cond_wait(&r->work, &r->lock);
			continue;
		}
		struct request *q = r->asked;
		r->asked = q->next;
		(void)pthread_mutex_unlock(&r->lock);
		resolve_now(q);
		(void)pthread_mutex_lock(&r->lock);
		q->next = r->answered;
		r->answered = q;
		(void)!write(r->wake, &(uint64_t){ 1 }, sizeof(uint64_t));
	}
	resolver_leave(r);
	return NULL;
}

static void request_finish(struct pol_resolver *r, struct request *q)
{
	for (size_t i = 0; i < POL_RESOLVE_WAITING; i++)
		if (r->all[i] == q)
			r->all[i] = NULL;
	r->waiting--;
	if (q->done)
		q->done(q->ctx, q->code, &q->addrs);
	free(q);
}

static void resolver_ready(void *ctx, uint32_t events)
{
	struct pol_resolver *r = ctx;
	uint64_t count;

	(void)events;
	(void)!read(r->wake, &count, sizeof count);
	(void)pthread_mutex_lock(&r->lock);
	struct request *q = r->answered, *next;
	r->answered = NULL;
	(void)pthread_mutex_unlock(&r->lock);
	for (; q; q = next) {
		next = q->next;
		request_finish(r, q);
	}
}

static int threads_start(struct pol_resolver *r)
{
	pthread_t thread;
	pthread_attr_t attr;
	sigset_t all, old;

	(void)sigfillset(&all); /* signals are the loop's */
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, 256 << 10);
	int code = 0;
	(void)pthread_mutex_lock(&r->lock);
	for (int i = 0; i < POL_RESOLVE_THREADS && code == 0; i++) {
		code = pthread_create(&thread, &attr, resolver_thread, r);
		r->users += code == 0;
	}
	(void)pthread_mutex_unlock(&r->lock);
	(void)pthread_attr_destroy(&attr);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -code;
}

int pol_resolver_new(struct pol_resolver **ret, struct loop *loop, struct err *err)
{
	struct pol_resolver *r = calloc(1, sizeof *r);

	if (!r)
		return fault(err, -ENOMEM, "internal error", "no memory for the resolver");
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->work, NULL);
	r->users = 1;
	r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->io = (struct loop_io){ .fd = r->wake, .ready = resolver_ready, .ctx = r };
	int code = r->wake < 0 ? fault(err, -errno, "internal error", "eventfd: %m")
			       : loop_add(loop, &r->io, EPOLLIN, err);
	if (code == 0 && (code = threads_start(r)) < 0)
		(void)fault(err, code, "internal error", "resolver threads: %d", code);
	if (code < 0) {
		pol_resolver_free(r);
		return code;
	}
	*ret = r;
	return 0;
}

struct pol_resolver *pol_resolver_free(struct pol_resolver *r)
{
	if (r) {
		loop_del(&r->io);
		(void)pthread_mutex_lock(&r->lock);
		r->stop = true;
		(void)pthread_cond_broadcast(&r->work);
		resolver_leave(r);
	}
	return NULL;
}

int pol_resolve(struct pol_resolver *r, const char *host, uint16_t port, pol_resolve_done *done, void *ctx)
{
	size_t slot = 0;

	while (slot < POL_RESOLVE_WAITING && r->all[slot])
		slot++;
	if (slot == POL_RESOLVE_WAITING)
		return -EAGAIN;
	struct request *q = calloc(1, sizeof *q);
	if (!q)
		abort();
	if (strlen(host) >= sizeof q->host) {
		free(q);
		return -EMSGSIZE;
	}
	(void)snprintf(q->host, sizeof q->host, "%s", host);
	(void)snprintf(q->port, sizeof q->port, "%u", port);
	q->done = done;
	q->ctx = ctx;
	r->all[slot] = q;
	r->waiting++;
	(void)pthread_mutex_lock(&r->lock);
	struct request **at = &r->asked;
	while (*at)
		at = &(*at)->next;
	*at = q;
	(void)pthread_cond_signal(&r->work);
	(void)pthread_mutex_unlock(&r->lock);
	return 0;
}

void pol_resolve_drop(struct pol_resolver *r, const void *ctx)
{
	for (size_t i = 0; i < POL_RESOLVE_WAITING; i++)
		if (r->all[i] && r->all[i]->ctx == ctx)
			r->all[i]->done = NULL;
}
