#include "tests/unit/core/pair.h"
#include "gateway/core/err.h"
#include "gateway/core/loop.h"
#include <errno.h>

static void a_queue_keeps_order_and_descriptors_while_the_peer_sleeps(void **state)
{
	struct pair *p = *state;
	static uint8_t body[16384];
	struct loop *l = NULL;
	struct msgq *q = NULL;
	assert_int_equal(loop_new(&l, NULL), 0);
	assert_int_equal(msgq_new(&q, l, p->a, 4 << 20, NULL), 0);
	for (uint16_t i = 0; i < 100; i++)
		assert_int_equal(msgq_send(q, i, span_of(body, sizeof body), i == 99 ? p->b : -1), 0);
	for (uint16_t i = 0; i < 100; i++) {
		uint16_t type = 0;
		int fd = -1;
		loop_turn(l, 0);
		assert_int_equal(msg_recv_now(p->b, &type, body, sizeof body, &fd, NULL), sizeof body);
		assert_int_equal(type, i);
		assert_int_equal(fd >= 0, i == 99);
		scope_close(&fd);
	}
	assert_int_equal(msgq_flush(q), 0);
	q = msgq_free(q);
	l = loop_free(l);
}

static void a_full_queue_says_so_and_leaks_nothing(void **state)
{
	struct pair *p = *state;
	static uint8_t body[16384];
	struct loop *l = NULL;
	struct msgq *q = NULL;
	int before = open_fds(), r, n = 0;
	assert_int_equal(loop_new(&l, NULL), 0);
	assert_int_equal(msgq_new(&q, l, p->a, 100 * 1024, NULL), 0);
	while ((r = msgq_send(q, 1, span_of(body, sizeof body), p->b)) == 0 && n < 1000)
		n++;
	assert_int_equal(r, -EAGAIN);
	assert_true(n < 100);
	q = msgq_free(q);
	l = loop_free(l);
	assert_int_equal(open_fds(), before);
}

static void a_queue_to_nobody_is_epipe_and_empty(void **state)
{
	struct pair *p = *state;
	static uint8_t body[16384];
	struct loop *l = NULL;
	struct msgq *q = NULL;
	assert_int_equal(loop_new(&l, NULL), 0);
	assert_int_equal(msgq_new(&q, l, p->a, 4 << 20, NULL), 0);
	for (uint16_t i = 0; i < 50; i++)
		assert_int_equal(msgq_send(q, i, span_of(body, sizeof body), -1), 0);
	scope_close(&p->b);
	loop_turn(l, 0);
	assert_int_equal(msgq_flush(q), -EPIPE);
	assert_int_equal(msgq_send(q, 1, (struct span){ 0 }, -1), -EPIPE);
	q = msgq_free(q);
	l = loop_free(l);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		WITH_PAIR(a_queue_keeps_order_and_descriptors_while_the_peer_sleeps),
		WITH_PAIR(a_full_queue_says_so_and_leaks_nothing), WITH_PAIR(a_queue_to_nobody_is_epipe_and_empty),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
