#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <string.h>

static const uint8_t bytes[] = {
	1, 2, 3, 4, 5, 6, 7, 8, /* time */
	FRAME_OUT, 7, 0, 0, 0,  /* type, channel */
	2, 0, 0, 0, 'h', 'i',   /* length, body */
};

static void literal_bytes_are_the_format(void **state)
{
	(void)state;
	struct frame f;
	assert_int_equal(frame_get(span_of(bytes, sizeof bytes), &f, NULL), sizeof bytes);
	assert_true(f.time_us == UINT64_C(0x0807060504030201));
	assert_int_equal(f.type, FRAME_OUT);
	assert_int_equal(f.channel, 7);
	assert_true(span_is(f.body, "hi"));
	scoped(buf_done) struct buf b;
	buf_init(&b, 100);
	frame_put(&b, &f);
	assert_int_equal(b.len, sizeof bytes);
	assert_memory_equal(b.data, bytes, sizeof bytes);
}

static void every_cut_asks_for_more(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof bytes; n++) {
		struct frame f;
		assert_int_equal(frame_get(span_of(bytes, n), &f, NULL), -EAGAIN);
	}
}

static void refuses_unknown_types_and_long_bodies_before_they_arrive(void **state)
{
	(void)state;
	uint8_t in[sizeof bytes];
	struct frame f;
	struct err err = { 0 };
	memcpy(in, bytes, sizeof in);
	in[8] = 0;
	assert_int_equal(frame_get(span_of(in, FRAME_HEAD), &f, &err), -EPROTO);
	in[8] = FRAME_TYPES;
	assert_int_equal(frame_get(span_of(in, FRAME_HEAD), &f, &err), -EPROTO);
	in[8] = FRAME_IN;
	in[13] = (uint8_t)((FRAME_BODY_MAX + 1) & 255);
	in[14] = (uint8_t)((FRAME_BODY_MAX + 1) >> 8);
	assert_int_equal(frame_get(span_of(in, FRAME_HEAD), &f, &err), -EMSGSIZE);
	in[13] = (uint8_t)(FRAME_BODY_MAX & 255);
	assert_int_equal(frame_get(span_of(in, FRAME_HEAD), &f, &err), -EAGAIN);
}

static void does_not_write_what_could_not_be_read(void **state)
{
	(void)state;
	static uint8_t big[FRAME_BODY_MAX + 1];
	scoped(buf_done) struct buf b;
	buf_init(&b, 1 << 20);
	frame_put(&b, &(struct frame){ .type = FRAME_OUT, .body = span_of(big, FRAME_BODY_MAX) });
	assert_false(b.failed);
	assert_int_equal(b.len, FRAME_HEAD + FRAME_BODY_MAX);
	frame_put(&b, &(struct frame){ .type = FRAME_OUT, .body = span_of(big, sizeof big) });
	assert_true(b.failed);
}

static void every_type_has_a_name(void **state)
{
	(void)state;
	for (uint8_t t = 1; t < FRAME_TYPES; t++)
		assert_string_not_equal(frame_type_name(t), "?");
	assert_string_equal(frame_type_name(0), "?");
	assert_string_equal(frame_type_name(FRAME_TYPES), "?");
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(literal_bytes_are_the_format), CASE(every_cut_asks_for_more),
		CASE(refuses_unknown_types_and_long_bodies_before_they_arrive), CASE(does_not_write_what_could_not_be_read),
		CASE(every_type_has_a_name),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
