#include "tests/unit/core/unit.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/loop.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static int start(void **state)
{
	struct loop *l = NULL;
	clock_fake(1000000);
	int r = loop_new(&l, NULL);
	*state = l;
	return r;
}

static int stop(void **state)
{
	*state = loop_free(*state);
	clock_fake(0);
	return 0;
}

struct peer {
	struct loop_io io;
	struct peer *victim; /* deleted by the callback */
	int other, calls;
	uint32_t events;
};

static void on_ready(void *ctx, uint32_t events)
{
	struct peer *p = ctx;
	p->calls++;
	p->events = events;
	if (p->victim)
		loop_del(&p->victim->io);
}

static void open_peer(struct peer *p, struct loop *l)
{
	int sv[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	*p = (struct peer){ .io = { .fd = sv[0], .ready = on_ready, .ctx = p }, .other = sv[1] };
	assert_int_equal(loop_add(l, &p->io, EPOLLIN, NULL), 0);
}

static void close_peer(struct peer *p, int fd)
{
	loop_del(&p->io);
	scope_close(&fd);
	scope_close(&p->other);
}

static void readiness_is_level_triggered(void **state)
{
	struct peer p;
	open_peer(&p, *state);
	int fd = p.io.fd;
	loop_turn(*state, 0);
	assert_int_equal(p.calls, 0);
	assert_int_equal(write(p.other, "x", 1), 1);
	loop_turn(*state, 0);
	loop_turn(*state, 0);
	assert_int_equal(p.calls, 2);
	assert_int_equal(loop_mod(&p.io, EPOLLOUT), 0);
	loop_turn(*state, 0);
	assert_int_equal(p.events, EPOLLOUT);
	assert_int_equal(loop_mod(&p.io, 0), 0);
	loop_turn(*state, 0);
	assert_int_equal(p.calls, 3);
	scope_close(&p.other);
	loop_turn(*state, 0);
	assert_int_equal(p.events & EPOLLHUP, EPOLLHUP);
	close_peer(&p, fd);
	loop_del(&p.io);
	assert_int_equal(loop_mod(&p.io, 0), -ENOENT);
}

static void a_callback_may_delete_itself_and_others(void **state)
{
	struct peer p[3];
	int fds[3];
	for (size_t i = 0; i < 3; i++) {
		open_peer(&p[i], *state);
		fds[i] = p[i].io.fd;
		assert_int_equal(write(p[i].other, "x", 1), 1);
	}
	p[0].victim = &p[1];
	p[1].victim = &p[0];
	p[2].victim = &p[2];
	loop_turn(*state, 0);
	assert_int_equal(p[0].calls + p[1].calls, 1);
	assert_int_equal(p[2].calls, 1);
	loop_turn(*state, 0);
	assert_int_equal(p[0].calls + p[1].calls, 2); /* the survivor, again */
	assert_int_equal(p[2].calls, 1);
	for (size_t i = 0; i < 3; i++)
		close_peer(&p[i], fds[i]);
}

struct tick {
	struct loop_timer t;
	struct loop *loop;
	struct tick *victim;
	int64_t again_us; /* -1 = no */
	int calls;
	char *trail, name;
};

static void on_tick(void *ctx)
{
	struct tick *t = ctx;
	t->calls++;
	if (t->trail)
		*t->trail++ = t->name;
	if (t->victim)
		loop_timer_del(&t->victim->t);
	if (t->again_us >= 0)
		loop_timer_set(t->loop, &t->t, t->again_us);
}

#define TICK(...) { .t = { .fire = on_tick }, .loop = *state, .again_us = -1, __VA_ARGS__ }

static void timers_fire_when_due_and_in_order(void **state)
{
	struct tick a = TICK(.name = 'a'), b = TICK(.name = 'b'), c = TICK(.name = 'c');
	a.t.ctx = &a;
	b.t.ctx = &b;
	c.t.ctx = &c;
	loop_timer_set(*state, &a.t, 300);
	loop_timer_set(*state, &b.t, 100);
	loop_timer_set(*state, &c.t, 200);
	clock_advance(99);
	loop_turn(*state, 0);
	assert_int_equal(a.calls + b.calls + c.calls, 0);
	clock_advance(1);
	loop_turn(*state, 0);
	assert_int_equal(b.calls, 1);
	assert_int_equal(b.t.at_us, 0);
	assert_int_equal(loop_now_us(*state), 1000100);
	loop_timer_set(*state, &c.t, 1000); /* set again: the old time is forgotten */
	clock_advance(200);
	loop_turn(*state, 0);
	assert_int_equal(a.calls, 1);
	assert_int_equal(c.calls, 0);
	loop_timer_del(&c.t);
	loop_timer_del(&c.t);
	clock_advance(10000);
	loop_turn(*state, 0);
	assert_int_equal(c.calls, 0);
}

static void a_timer_may_delete_another_that_is_due_too(void **state)
{
	struct tick a = TICK(), b = TICK(), c = TICK();
	a.t.ctx = &a;
	b.t.ctx = &b;
	c.t.ctx = &c;
	a.victim = &b;
	loop_timer_set(*state, &a.t, 10);
	loop_timer_set(*state, &b.t, 20);
	loop_timer_set(*state, &c.t, 30);
	clock_advance(100);
	loop_turn(*state, 0);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 0);
	assert_int_equal(c.calls, 1);
}

static void a_timer_of_zero_waits_for_the_next_turn(void **state)
{
	struct tick a = TICK();
	a.t.ctx = &a;
	a.again_us = 0;
	loop_timer_set(*state, &a.t, 0);
	for (int i = 1; i <= 3; i++) {
		loop_turn(*state, -1); /* returns at once: it is due */
		assert_int_equal(a.calls, i);
	}
	loop_timer_del(&a.t);
}

static void count_idle(void *ctx)
{
	(*(int *)ctx)++;
}

static void idle_work_runs_around_the_wait(void **state)
{
	int calls = 0;
	loop_idle(*state, count_idle, &calls);
	loop_turn(*state, 0);
	assert_int_equal(calls, 2);
}

static int heard[2];

static void on_signal(void *ctx, int sig)
{
	(void)ctx;
	heard[sig == SIGUSR2]++;
}

static void signals_are_events(void **state)
{
	assert_int_equal(loop_signal(*state, SIGUSR1, on_signal, NULL, NULL), 0);
	assert_int_equal(loop_signal(*state, SIGUSR2, on_signal, NULL, NULL), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(raise(SIGUSR2), 0);
	loop_turn(*state, 0);
	loop_turn(*state, 0);
	loop_turn(*state, 0);
	assert_int_equal(heard[0], 1);
	assert_int_equal(heard[1], 1);
}

static void count_ready(void *ctx, uint32_t events)
{
	(void)events;
	(*(int *)ctx)++;
}

static void stop_three(void *ctx)
{
	loop_stop(ctx, 3);
}

static void run_returns_the_code_of_stop(void **state)
{
	struct loop_timer t = { .fire = stop_three, .ctx = *state };
	clock_fake(0);
	loop_timer_set(*state, &t, 2000);
	int64_t before = clock_mono_us();
	assert_int_equal(loop_run(*state), 3);
	assert_true(clock_mono_us() - before >= 2000);
	loop_timer_set(*state, &t, 0);
	assert_int_equal(loop_run(*state), 3); /* can run again */
}

/* As libwebsockets' loop does it: poll(2) on the descriptor, a wait until the next timer, a turn. */
static void a_loop_can_be_driven_by_another(void **state)
{
	struct loop_timer t = { .fire = stop_three, .ctx = *state };
	struct pollfd p = { .fd = loop_fd(*state), .events = POLLIN };
	int sv[2], code = 0;
	clock_fake(1000);
	assert_int_equal(loop_due_us(*state), -1);
	loop_timer_set(*state, &t, 2000);
	assert_int_equal(loop_due_us(*state), 2000);
	clock_advance(2500);
	assert_int_equal(loop_due_us(*state), 0);
	assert_false(loop_is_stopped(*state, &code));
	loop_turn(*state, 0);
	assert_true(loop_is_stopped(*state, &code));
	assert_int_equal(code, 3);
	assert_int_equal(loop_due_us(*state), -1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	int calls = 0;
	struct loop_io io = { .fd = sv[0], .ready = count_ready, .ctx = &calls };
	assert_int_equal(loop_add(*state, &io, EPOLLIN, NULL), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(write(sv[1], "x", 1), 1);
	assert_int_equal(poll(&p, 1, 0), 1);
	loop_del(&io);
	close(sv[0]);
	close(sv[1]);
	clock_fake(0);
}

int main(void)
{
#define WITH_LOOP(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest cases[] = {
		WITH_LOOP(readiness_is_level_triggered), WITH_LOOP(a_callback_may_delete_itself_and_others),
		WITH_LOOP(timers_fire_when_due_and_in_order), WITH_LOOP(a_timer_may_delete_another_that_is_due_too),
		WITH_LOOP(a_timer_of_zero_waits_for_the_next_turn), WITH_LOOP(idle_work_runs_around_the_wait),
		WITH_LOOP(signals_are_events), WITH_LOOP(run_returns_the_code_of_stop),
		WITH_LOOP(a_loop_can_be_driven_by_another),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
