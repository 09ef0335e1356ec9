#include "gateway/core/link.h"
#include "gateway/core/err.h"
#include "tests/unit/core/pair.h"
#include <errno.h>
#include <unistd.h>

/* What was told to the owner of a link. */
static struct told {
	struct loop *loop;
	struct link link;
	int messages, losts, rooms, why, kept;
	uint16_t last;
	bool close, keep;
} told;

static void got(void *ctx, struct link_msg *m)
{
	struct told *t = ctx;
	t->messages++;
	t->last = m->type;
	if (t->keep)
		t->kept = take_fd(m->fd);
	if (t->close)
		link_close(&t->link);
}

static void lost(void *ctx, const struct err *why)
{
	struct told *t = ctx;
	t->losts++;
	t->why = why->code;
	assert_false(link_is_open(&t->link));
}

static void room(void *ctx)
{
	((struct told *)ctx)->rooms++;
}

static struct told *opened(struct pair *p, size_t cap)
{
	told = (struct told){ .kept = -1 };
	told.link = (struct link){ .got = got, .lost = lost, .room = room, .ctx = &told };
	assert_int_equal(loop_new(&told.loop, NULL), 0);
	assert_int_equal(link_open(&told.link, told.loop, take_fd(p->a), cap, NULL), 0);
	return &told;
}

static void done(struct told *t)
{
	link_close(&t->link);
	link_close(&t->link); /* twice is no harm */
	t->loop = loop_free(t->loop);
}

static void one_message_a_turn_and_the_loss_behind_the_last(void **state)
{
	struct pair *p = *state;
	struct told *t = opened(p, LINK_QUEUE);
	for (uint16_t i = 1; i <= 3; i++)
		assert_int_equal(msg_send(p->b, i, span_str("body"), -1), 0);
	scope_close(&p->b);
	for (int i = 1; i <= 3; i++) {
		loop_turn(t->loop, 0);
		assert_int_equal(t->messages, i);
		assert_int_equal(t->last, i);
		assert_int_equal(t->losts, 0);
	}
	loop_turn(t->loop, 0);
	loop_turn(t->loop, 0);
	assert_int_equal(t->losts, 1);
	assert_int_equal(t->why, -EPIPE);
	done(t);
}

static void what_is_no_message_is_the_end(void **state)
{
	struct pair *p = *state;
	struct told *t = opened(p, LINK_QUEUE);
	assert_int_equal(write(p->b, "nonsense!", 9), 9);
	loop_turn(t->loop, 0);
	assert_int_equal(t->messages, 0);
	assert_int_equal(t->losts, 1);
	assert_int_equal(t->why, -EBADMSG);
	done(t);
}

static void a_descriptor_is_closed_unless_it_was_taken(void **state)
{
	struct pair *p = *state;
	struct told *t = opened(p, LINK_QUEUE);
	int before = open_fds();
	assert_int_equal(msg_send(p->b, 1, span_str(""), STDIN_FILENO), 0);
	loop_turn(t->loop, 0);
	assert_int_equal(open_fds(), before);
	t->keep = true;
	assert_int_equal(msg_send(p->b, 1, span_str(""), STDIN_FILENO), 0);
	loop_turn(t->loop, 0);
	assert_true(t->kept >= 0);
	assert_int_equal(open_fds(), before + 1);
	scope_close(&t->kept);
	done(t);
}

static void who_is_told_may_close(void **state)
{
	struct pair *p = *state;
	struct told *t = opened(p, LINK_QUEUE);
	t->close = true;
	assert_int_equal(msg_send(p->b, 1, span_str("x"), -1), 0);
	assert_int_equal(msg_send(p->b, 2, span_str("x"), -1), 0);
	loop_turn(t->loop, 0);
	loop_turn(t->loop, 0);
	assert_int_equal(t->messages, 1);
	assert_int_equal(t->losts, 0); /* he knows */
	done(t);
}

static void a_paused_link_receives_later_and_does_not_spin_when_the_peer_goes(void **state)
{
	struct pair *p = *state;
	struct told *t = opened(p, LINK_QUEUE);
	link_pause(&t->link, true);
	assert_int_equal(msg_send(p->b, 7, span_str("x"), -1), 0);
	scope_close(&p->b);
	loop_turn(t->loop, 0);
	loop_turn(t->loop, 0);
	assert_int_equal(t->messages, 0);
	assert_int_equal(t->losts, 0);
	assert_null(t->link.io.loop); /* asks no more: epoll would tell the hang-up in every turn */
	link_pause(&t->link, false);
	loop_turn(t->loop, 0);
	assert_int_equal(t->last, 7);
	loop_turn(t->loop, 0);
	assert_int_equal(t->losts, 1);
	done(t);
}

static void drained_is_what_already_waits(void **state)
{
	struct pair *p = *state;
	struct told *t = opened(p, LINK_QUEUE);
	for (uint16_t i = 1; i <= 5; i++)
		assert_int_equal(msg_send(p->b, i, span_str("x"), -1), 0);
	link_drain(&t->link);
	assert_int_equal(t->messages, 5);
	assert_true(link_is_open(&t->link));
	done(t);
}

static void a_full_socket_refuses_and_tells_once_when_there_is_room(void **state)
{
	struct pair *p = *state;
	static uint8_t body[16384];
	struct told *t = opened(p, LINK_QUEUE);
	int r, sent = 0;
	while ((r = link_try(&t->link, 1, span_of(body, sizeof body))) >= 0)
		sent++;
	assert_int_equal(r, -EAGAIN);
	loop_turn(t->loop, 0);
	assert_int_equal(t->rooms, 0);
	for (; sent > 0; sent--) {
		uint16_t type = 0;
		scoped(scope_close) int fd = -1;
		assert_int_equal(msg_recv_now(p->b, &type, body, sizeof body, &fd, NULL), sizeof body);
	}
	loop_turn(t->loop, 0);
	loop_turn(t->loop, 0);
	assert_int_equal(t->rooms, 1);
	done(t);
	assert_int_equal(link_try(&t->link, 1, span_str("x")), -EPIPE);
}

static void a_peer_that_does_not_read_is_cut_off_and_found_gone_by_the_loop(void **state)
{
	struct pair *p = *state;
	static uint8_t body[16384];
	struct told *t = opened(p, 100 * 1024);
	int n = 0;
	while (link_sent(&t->link, msgq_send(t->link.q, 1, span_of(body, sizeof body), -1)) == 0 && n < 1000)
		n++;
	assert_true(n < 100);
	assert_int_equal(t->losts, 0);
	loop_turn(t->loop, 0);
	assert_int_equal(t->losts, 1);
	done(t);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		WITH_PAIR(one_message_a_turn_and_the_loss_behind_the_last),
		WITH_PAIR(what_is_no_message_is_the_end),
		WITH_PAIR(a_descriptor_is_closed_unless_it_was_taken),
		WITH_PAIR(who_is_told_may_close),
		WITH_PAIR(a_paused_link_receives_later_and_does_not_spin_when_the_peer_goes),
		WITH_PAIR(drained_is_what_already_waits),
		WITH_PAIR(a_full_socket_refuses_and_tells_once_when_there_is_room),
		WITH_PAIR(a_peer_that_does_not_read_is_cut_off_and_found_gone_by_the_loop),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
