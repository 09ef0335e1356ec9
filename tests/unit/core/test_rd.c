#include "tests/unit/core/unit.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"

static void reads_both_byte_orders(void **state)
{
	(void)state;
	static const uint8_t in[] = { 1, 0x34, 0x12, 1, 2, 3, 4, 1, 2, 3, 4, 8, 7, 6, 5, 4, 3, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct rd r = rd_of(span_of(in, sizeof in));
	assert_int_equal(rd_u8(&r), 1);
	assert_int_equal(rd_u16le(&r), 0x1234);
	assert_int_equal(rd_u32le(&r), 0x04030201);
	assert_int_equal(rd_u32be(&r), 0x01020304);
	assert_true(rd_u64le(&r) == UINT64_C(0x0102030405060708));
	assert_true(rd_u64be(&r) == UINT64_C(0x0102030405060708));
	assert_true(rd_done(&r));
}

static void a_read_past_the_end_is_zero_and_sticks(void **state)
{
	(void)state;
	struct rd r = rd_of(span_of("\x01\x02\x03", 3));
	assert_int_equal(rd_u32le(&r), 0);
	assert_true(r.bad);
	assert_int_equal(rd_u8(&r), 0);
	assert_false(rd_done(&r));
}

static void a_length_may_not_reach_beyond_the_input(void **state)
{
	(void)state;
	struct rd r = rd_of(span_of("\x05\0\0\0abcd", 8));
	assert_int_equal(rd_str32le(&r).n, 0);
	assert_true(r.bad);
	r = rd_of(span_of("\xff\xff\xff\xff", 4));
	assert_int_equal(rd_str32be(&r).n, 0);
	assert_true(r.bad);
}

static void what_was_written_is_read_back(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	buf_init(&b, 100);
	wr_le(&b, 0x0102030405060708, 8);
	wr_be(&b, 0x010203, 3);
	wr_str32le(&b, span_str("le"));
	wr_str32be(&b, span_str("be"));
	static const uint8_t want[] = { 8, 7, 6, 5, 4, 3, 2, 1, 1, 2, 3, 2, 0, 0, 0, 'l', 'e', 0, 0, 0, 2, 'b', 'e' };
	assert_int_equal(b.len, sizeof want);
	assert_memory_equal(b.data, want, sizeof want);
	struct rd r = rd_of(buf_span(&b));
	assert_true(rd_u64le(&r) == UINT64_C(0x0102030405060708));
	assert_true(rd_be(&r, 3) == 0x010203);
	assert_true(span_is(rd_str32le(&r), "le"));
	assert_true(span_is(rd_str32be(&r), "be"));
	assert_true(rd_done(&r));
}

static void writers_share_the_failure_of_their_buffer(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	buf_init(&b, 5);
	wr_str32be(&b, span_str("ab"));
	assert_true(b.failed);
	buf_clear(&b);
	static const uint8_t byte;
	wr_str32le(&b, span_of(&byte, (size_t)UINT32_MAX + 1)); /* never read: its length does not fit */
	assert_true(b.failed);
	assert_int_equal(b.len, 0);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(reads_both_byte_orders), CASE(a_read_past_the_end_is_zero_and_sticks),
		CASE(a_length_may_not_reach_beyond_the_input), CASE(what_was_written_is_read_back),
		CASE(writers_share_the_failure_of_their_buffer),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
