#ifndef CORE_LOOP_H
#define CORE_LOOP_H
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
struct err;
/*
 * loop - epoll(7), level-triggered, one thread.  Timers and signals are loop events too.
 *
 * Units:   times in microseconds of clock_mono_us; the loop caches one reading a turn (loop_now_us).
 * Owns:    a struct loop_io / loop_timer is embedded by the caller and must stay put while added;
 *          the loop never closes a caller's fd.
 * Safety:  a callback may delete any io or timer, its own included, and stop the loop.
 */
struct loop;

struct loop_io {
	int fd; /* -1 while not added */
	void (*ready)(void *ctx, uint32_t events); /* EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLERR */
	void *ctx;
	struct loop *loop; /* set by loop_add */
	uint32_t events;
};

struct loop_timer {
	int64_t at_us; /* 0 while not set */
	void (*fire)(void *ctx);
	void *ctx;
	struct loop *loop;
	struct loop_timer *next; /* in the loop's sorted list */
};

int loop_new(struct loop **ret, struct err *err);
struct loop *loop_free(struct loop *l); /* returns NULL */
int loop_add(struct loop *l, struct loop_io *io, uint32_t events, struct err *err);
int loop_mod(struct loop_io *io, uint32_t events);
void loop_del(struct loop_io *io); /* idempotent; call before closing the fd */
void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t after_us);
void loop_timer_del(struct loop_timer *t); /* idempotent */
/* Blocks sig for the process and calls back with a signalfd reading; one callback a delivery. */
int loop_signal(struct loop *l, int sig, void (*fire)(void *ctx, int sig), void *ctx, struct err *err);
/* Called at the end of every turn, before waiting: flush queues here. */
void loop_idle(struct loop *l, void (*fire)(void *ctx), void *ctx);
int64_t loop_now_us(const struct loop *l);
/* Runs until loop_stop; returns the code given to it.  loop_turn runs one turn, waiting max_wait_us (-1 = until due). */
int loop_run(struct loop *l);
void loop_turn(struct loop *l, int64_t max_wait_us);
void loop_stop(struct loop *l, int code);
/* For a program whose loop is another one: a descriptor that is readable when a turn has something to do; how long until a
 * timer is due, -1 = there is none; whether loop_stop was called, and with what. */
int loop_fd(const struct loop *l);
int64_t loop_due_us(const struct loop *l);
bool loop_is_stopped(const struct loop *l, int *ret_code);
#endif
