#include "gateway/core/loop.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

enum { BATCH = 64, IDLES = 8, SIGNALS = 65 };

struct loop {
	int epoll_fd;
	bool stopped;
	int code;
	int64_t now_us;
	struct loop_timer *timers; /* sorted by at_us; equal times in the order they were set */
	struct loop_timer *due;    /* being fired in this turn */
	struct epoll_event batch[BATCH];
	int batch_n;
	struct loop_io signal_io;
	sigset_t signals;
	struct {
		void (*fire)(void *ctx, int sig);
		void *ctx;
	} on_signal[SIGNALS];
	struct {
		void (*fire)(void *ctx);
		void *ctx;
	} idle[IDLES];
	size_t idle_n;
};

static void signal_ready(void *ctx, uint32_t events)
{
	struct loop *l = ctx;
	struct signalfd_siginfo info;
	(void)events;
	/* One at a time, level-triggered: a callback may free what the next one would need. */
	if (read(l->signal_io.fd, &info, sizeof info) != sizeof info)
		return;
	int sig = (int)info.ssi_signo;
	if (sig > 0 && sig < SIGNALS && l->on_signal[sig].fire)
		l->on_signal[sig].fire(l->on_signal[sig].ctx, sig);
}

int loop_new(struct loop **ret, struct err *err)
{
	struct loop *l = calloc(1, sizeof *l);
	if (!l)
		return fault(err, -ENOMEM, "internal error", "no memory for a loop");
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0) {
		int r = fault(err, -errno, "internal error", "epoll_create1: %m");
		free(l);
		return r;
	}
	l->signal_io = (struct loop_io){ .fd = -1, .ready = signal_ready, .ctx = l };
	(void)sigemptyset(&l->signals);
	l->now_us = clock_mono_us();
	*ret = l;
	return 0;
}

struct loop *loop_free(struct loop *l)
{
	if (l) {
		int fd = l->signal_io.fd;
		loop_del(&l->signal_io);
		scope_close(&fd);
		scope_close(&l->epoll_fd);
		free(l);
	}
	return NULL;
}

int loop_add(struct loop *l, struct loop_io *io, uint32_t events, struct err *err)
{
	struct epoll_event ev = { .events = events, .data.ptr = io };
	assert(io->fd >= 0 && io->ready);
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, io->fd, &ev) < 0)
		return fault(err, -errno, "internal error", "epoll_ctl add %d: %m", io->fd);
	io->loop = l;
	io->events = events;
	return 0;
}

int loop_mod(struct loop_io *io, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = io };
	if (!io->loop)
		return -ENOENT;
	if (io->events == events)
		return 0;
	if (epoll_ctl(io->loop->epoll_fd, EPOLL_CTL_MOD, io->fd, &ev) < 0)
		return -errno;
	io->events = events;
	return 0;
}

void loop_del(struct loop_io *io)
{
	struct loop *l = io->loop;
	if (!l)
		return;
	(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
	for (int i = 0; i < l->batch_n; i++)
		if (l->batch[i].data.ptr == io)
			l->batch[i].data.ptr = NULL; /* it may be freed before its turn comes */
	io->loop = NULL;
	io->fd = -1;
	io->events = 0;
}

static bool unlink_timer(struct loop_timer **at, const struct loop_timer *t)
{
	for (; *at; at = &(*at)->next)
		if (*at == t) {
			*at = t->next;
			return true;
		}
	return false;
}

void loop_timer_del(struct loop_timer *t)
{
	if (t->at_us == 0)
		return;
	if (!unlink_timer(&t->loop->timers, t))
		(void)unlink_timer(&t->loop->due, t);
	t->at_us = 0;
	t->next = NULL;
}

void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t after_us)
{
	assert(t->fire);
	loop_timer_del(t);
	t->loop = l;
	t->at_us = clock_mono_us() + (after_us > 0 ? after_us : 0);
	struct loop_timer **at = &l->timers;
	while (*at && (*at)->at_us <= t->at_us)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
}

int loop_signal(struct loop *l, int sig, void (*fire)(void *ctx, int sig), void *ctx, struct err *err)
{
	assert(sig > 0 && sig < SIGNALS);
	(void)sigaddset(&l->signals, sig);
	if (sigprocmask(SIG_BLOCK, &l->signals, NULL) < 0)
		return fault(err, -errno, "internal error", "sigprocmask: %m");
	int fd = signalfd(l->signal_io.fd, &l->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return fault(err, -errno, "internal error", "signalfd: %m");
	l->on_signal[sig].fire = fire;
	l->on_signal[sig].ctx = ctx;
	if (l->signal_io.fd >= 0)
		return 0;
	l->signal_io.fd = fd;
	int r = loop_add(l, &l->signal_io, EPOLLIN, err);
	if (r < 0)
		scope_close(&l->signal_io.fd);
	return r;
}

void loop_idle(struct loop *l, void (*fire)(void *ctx), void *ctx)
{
	assert(l->idle_n < IDLES);
	l->idle[l->idle_n].fire = fire;
	l->idle[l->idle_n++].ctx = ctx;
}

int64_t loop_now_us(const struct loop *l)
{
	return l->now_us;
}

/* epoll_wait counts in milliseconds: round up, so that a timer is due when it ends. */
static int wait_ms(const struct loop *l, int64_t max_wait_us)
{
	int64_t wait_us = max_wait_us;
	if (l->timers) {
		int64_t due_us = l->timers->at_us - clock_mono_us();
		if (due_us < 0)
			due_us = 0;
		if (wait_us < 0 || due_us < wait_us)
			wait_us = due_us;
	}
	if (wait_us < 0)
		return -1;
	return wait_us >= (int64_t)INT_MAX * 1000 ? INT_MAX : (int)((wait_us + 999) / 1000);
}

static void fire_events(struct loop *l)
{
	for (int i = 0; i < l->batch_n && !l->stopped; i++) {
		struct loop_io *io = l->batch[i].data.ptr;
		if (io)
			io->ready(io->ctx, l->batch[i].events);
	}
	l->batch_n = 0;
}

/* Only what was due when it started: a timer that sets itself again with 0 waits for the next turn. */
static void fire_timers(struct loop *l)
{
	struct loop_timer **cut = &l->timers;
	while (*cut && (*cut)->at_us <= l->now_us)
		cut = &(*cut)->next;
	struct loop_timer *later = *cut;
	*cut = NULL;
	l->due = l->timers;
	l->timers = later;
	while (l->due) {
		struct loop_timer *t = l->due;
		l->due = t->next;
		t->next = NULL;
		t->at_us = 0;
		t->fire(t->ctx);
	}
}

static void fire_idle(struct loop *l)
{
	for (size_t i = 0; i < l->idle_n; i++)
		l->idle[i].fire(l->idle[i].ctx);
}

static void turn(struct loop *l, int64_t max_wait_us)
{
	int n = epoll_wait(l->epoll_fd, l->batch, BATCH, wait_ms(l, max_wait_us));
	l->now_us = clock_mono_us();
	l->batch_n = n > 0 ? n : 0; /* EINTR is a turn without events */
	fire_events(l);
	fire_timers(l);
	fire_idle(l);
}

void loop_turn(struct loop *l, int64_t max_wait_us)
{
	fire_idle(l);
	turn(l, max_wait_us);
}

int loop_run(struct loop *l)
{
	fire_idle(l);
	while (!l->stopped)
		turn(l, -1);
	l->stopped = false;
	return l->code;
}

int loop_fd(const struct loop *l)
{
	return l->epoll_fd;
}

int64_t loop_due_us(const struct loop *l)
{
	if (!l->timers)
		return -1;
	int64_t due_us = l->timers->at_us - clock_mono_us();
	return due_us > 0 ? due_us : 0;
}

bool loop_is_stopped(const struct loop *l, int *ret_code)
{
	if (l->stopped)
		*ret_code = l->code;
	return l->stopped;
}

void loop_stop(struct loop *l, int code)
{
	l->stopped = true;
	l->code = code;
}
