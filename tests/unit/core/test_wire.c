#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/loop.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Different, non-zero values for every field: a swapped pair would show. */
static uint64_t next_number(void)
{
	static uint64_t n;
	return ++n * UINT64_C(0x0101010101010101);
}

static void fill_bytes(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(next_number() + i);
}

static struct span text(void)
{
	static uint8_t pool[4096];
	static size_t used;
	size_t n = 1 + next_number() % 7;
	if (used + n > sizeof pool)
		used = 0;
	uint8_t *p = pool + used;
	used += n;
	fill_bytes(p, n);
	return span_of(p, n);
}

#define FILL_U8(f) f = (uint8_t)next_number()
#define FILL_U16(f) f = (uint16_t)next_number()
#define FILL_U32(f) f = (uint32_t)next_number()
#define FILL_U64(f) f = next_number()
#define FILL_I64(f) f = -(int64_t)(next_number() >> 1)
#define FILL_STR(f) f = text()
#define FILL_ID(f) fill_bytes(f.b, sizeof f.b)
#define FILL_H32(f) fill_bytes(f.b, sizeof f.b)
#define FILL_SIG(f) fill_bytes(f.b, sizeof f.b)
#define SAME_U8(x, y) assert_true(x == y)
#define SAME_U16(x, y) assert_true(x == y)
#define SAME_U32(x, y) assert_true(x == y)
#define SAME_U64(x, y) assert_true(x == y)
#define SAME_I64(x, y) assert_true(x == y)
#define SAME_STR(x, y) assert_true(span_eq(x, y))
#define SAME_ID(x, y) assert_memory_equal(x.b, y.b, sizeof x.b)
#define SAME_H32(x, y) assert_memory_equal(x.b, y.b, sizeof x.b)
#define SAME_SIG(x, y) assert_memory_equal(x.b, y.b, sizeof x.b)

#define FILL(kind, field) FILL_##kind(m.field);
#define SAME(kind, field) SAME_##kind(m.field, got.field);

/* Round trip, every truncation, one byte too many: for one message of the table. */
#define CHECK(name, number, fields) \
	static void check_##name(void) \
	{ \
		struct wire_##name m = { 0 }, got = { 0 }; \
		struct err err = { 0 }; \
		scoped(buf_done) struct buf b; \
		fields(FILL) \
		buf_init(&b, MSG_BODY_MAX); \
		wire_##name##_put(&b, &m); \
		assert_false(b.failed); \
		assert_int_equal(wire_##name##_get(buf_span(&b), &got, &err), 0); \
		fields(SAME) \
		for (size_t n = 0; n < b.len; n++) \
			assert_int_equal(wire_##name##_get(span_of(b.data, n), &got, &err), -EBADMSG); \
		buf_put(&b, "", 1); \
		assert_int_equal(wire_##name##_get(buf_span(&b), &got, &err), -EBADMSG); \
		assert_int_equal(WIRE_T_##name, number); \
		assert_string_equal(wire_type_name(number), #name); \
	}
WIRE_MESSAGES(CHECK)

static void every_message_goes_round_and_refuses_every_cut(void **state)
{
	(void)state;
#define RUN(name, number, fields) check_##name();
	WIRE_MESSAGES(RUN)
}

static void no_number_is_used_twice(void **state)
{
	(void)state;
#define NUMBER(name, number, fields) number,
	static const uint16_t numbers[] = { WIRE_MESSAGES(NUMBER) };
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		for (size_t k = i + 1; k < COUNT_OF(numbers); k++)
			assert_int_not_equal(numbers[i], numbers[k]);
}

static void literal_bytes_of_one_message(void **state)
{
	(void)state;
	static const uint8_t want[] = { 2, 5, 0, 0, 0, 'a', 'n', 'a', '#', 'x', 1, 0, 0, 0, 's' };
	scoped(buf_done) struct buf b;
	buf_init(&b, 100);
	wire_login_put(&b, &(struct wire_login){ .method = WIRE_LOGIN_KEY_OFFERED, .user = span_str("ana#x"),
		.proof = span_str("s") });
	assert_int_equal(b.len, sizeof want);
	assert_memory_equal(b.data, want, sizeof want);
}

static void is_sent_with_its_descriptor(void **state)
{
	(void)state;
	int sv[2], fd = -1;
	uint16_t type = 0;
	uint8_t body[256];
	struct wire_attach got;
	assert_int_equal(msg_pair(sv), 0);
	assert_int_equal(wire_attach_send(sv[0], &(struct wire_attach){ .worker = 7, .address = span_str("::1") }, sv[0]), 0);
	int n = msg_recv(sv[1], &type, body, sizeof body, &fd, NULL);
	assert_true(n > 0 && fd >= 0);
	assert_int_equal(type, WIRE_T_attach);
	assert_int_equal(wire_attach_get(span_of(body, (size_t)n), &got, NULL), 0);
	assert_true(got.worker == 7 && span_is(got.address, "::1"));
	scope_close(&fd);
	scope_close(&sv[0]);
	scope_close(&sv[1]);
}

static void a_body_that_does_not_fit_is_refused_by_the_sender(void **state)
{
	(void)state;
	static uint8_t big[MSG_BODY_MAX];
	int sv[2], fd = -1;
	uint16_t type = 0;
	assert_int_equal(msg_pair(sv), 0);
	struct wire_frames m = { .seq = 1, .frames = span_of(big, sizeof big - 11) };
	assert_int_equal(wire_frames_send(sv[0], &m, -1), -EMSGSIZE);
	m.frames.n--; /* 8 of seq, 4 of the length */
	assert_int_equal(wire_frames_send(sv[0], &m, -1), 0);
	static uint8_t body[MSG_BODY_MAX];
	assert_int_equal(msg_recv(sv[1], &type, body, sizeof body, &fd, NULL), MSG_BODY_MAX);
	scope_close(&sv[0]);
	scope_close(&sv[1]);
}

static void queues_like_it_sends(void **state)
{
	(void)state;
	int sv[2], fd = -1;
	uint16_t type = 0;
	uint8_t body[16];
	struct loop *l = NULL;
	struct msgq *q = NULL;
	assert_int_equal(msg_pair(sv), 0);
	assert_int_equal(loop_new(&l, NULL), 0);
	assert_int_equal(msgq_new(&q, l, sv[0], 1000, NULL), 0);
	assert_int_equal(wire_credit_queue(q, &(struct wire_credit){ .bytes = 5 }, -1), 0);
	assert_int_equal(msg_recv(sv[1], &type, body, sizeof body, &fd, NULL), 4);
	assert_int_equal(type, WIRE_T_credit);
	assert_int_equal(body[0], 5);
	q = msgq_free(q);
	l = loop_free(l);
	scope_close(&sv[0]);
	scope_close(&sv[1]);
}

static void names_and_build_are_told(void **state)
{
	(void)state;
	assert_string_equal(wire_role_name(WIRE_BROKER), "broker");
	assert_string_equal(wire_role_name(0), "?");
	assert_string_equal(wire_role_name(200), "?");
	assert_string_equal(wire_type_name(0xffff), "?");
	assert_non_null(strchr(wire_build, '+'));
	assert_true(strlen(wire_build) > 16);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(every_message_goes_round_and_refuses_every_cut), CASE(no_number_is_used_twice),
		CASE(literal_bytes_of_one_message), CASE(is_sent_with_its_descriptor),
		CASE(a_body_that_does_not_fit_is_refused_by_the_sender), CASE(queues_like_it_sends),
		CASE(names_and_build_are_told),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
