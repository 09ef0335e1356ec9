#include "tests/unit/core/unit.h"
#include "sqlproxy/mysql/flags.h"
#include "sqlproxy/mysql/stream.h"
#include "sqlproxy/mysql/wire.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(...) span_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void lengths_are_read_in_each_of_their_sizes(void **state)
{
	(void)state;
	struct rd r = rd_of(BYTES(0xfa, 0xfc, 0xfb, 0x00, 0xfd, 1, 2, 3, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8));
	assert_int_equal(mysql_wire_lenenc(&r), 250);
	assert_int_equal(mysql_wire_lenenc(&r), 251);
	assert_int_equal(mysql_wire_lenenc(&r), 0x030201);
	assert_int_equal(mysql_wire_lenenc(&r), UINT64_C(0x0807060504030201));
	assert_true(rd_done(&r));
}

static void what_is_no_length_is_bad(void **state)
{
	(void)state;
	for (unsigned first = 0xfb; first <= 0xff; first++) {
		const uint8_t one = (uint8_t)first; /* NULL, and the others cut */
		struct rd r = rd_of(span_of(&one, 1));
		(void)mysql_wire_lenenc(&r);
		assert_true(r.bad);
	}
}

static void a_text_that_is_longer_than_what_came_is_bad(void **state)
{
	(void)state;
	struct rd r = rd_of(BYTES(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 'a'));
	assert_int_equal(mysql_wire_text(&r).n, 0);
	assert_true(r.bad);
}

static void lengths_are_written_as_short_as_they_can_be(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 64);
	mysql_wire_put_lenenc(&b, 250);
	mysql_wire_put_lenenc(&b, 251);
	mysql_wire_put_lenenc(&b, 0x10000);
	mysql_wire_put_lenenc(&b, 0x1000000);
	assert_true(span_eq(buf_span(&b), BYTES(250, 0xfc, 251, 0, 0xfd, 0, 0, 1, 0xfe, 0, 0, 0, 1, 0, 0, 0, 0)));
	buf_done(&b);
}

static void a_payload_of_two_packets_is_one(void **state)
{
	(void)state;
	struct buf b;
	struct span big = span_of(calloc(1, MYSQL_FULL_PACKET + 3), MYSQL_FULL_PACKET + 3);
	buf_init(&b, MYSQL_FULL_PACKET + 64);
	assert_int_equal(mysql_wire_put(&b, 5, big), 7);
	assert_int_equal(b.len, MYSQL_FULL_PACKET + 3 + 8);
	assert_memory_equal(b.data + 4 + MYSQL_FULL_PACKET, ((const uint8_t[]){ 3, 0, 0, 6 }), 4);
	struct mysql_stream s = { .seq = 5 };
	struct span in = buf_span(&b);
	struct mysql_piece p;
	assert_int_equal(mysql_stream_next(&s, &in, &p), 1);
	assert_true(p.first && p.begins && !p.last);
	assert_int_equal(mysql_stream_next(&s, &in, &p), 1);
	assert_true(!p.first && p.begins && p.last);
	assert_int_equal(p.data.n, 3);
	assert_int_equal(mysql_stream_next(&s, &in, &p), 0);
	free((void *)(uintptr_t)big.p);
	buf_done(&b);
}

static void a_full_packet_is_ended_by_an_empty_one(void **state)
{
	(void)state;
	struct buf b;
	struct span big = span_of(calloc(1, MYSQL_FULL_PACKET), MYSQL_FULL_PACKET);
	buf_init(&b, MYSQL_FULL_PACKET + 64);
	(void)mysql_wire_put(&b, 0, big);
	assert_int_equal(b.len, MYSQL_FULL_PACKET + 8);
	struct mysql_stream s = { 0 };
	struct span in = buf_span(&b);
	struct mysql_piece p;
	assert_int_equal(mysql_stream_next(&s, &in, &p), 1);
	assert_false(p.last);
	assert_int_equal(mysql_stream_next(&s, &in, &p), 1);
	assert_true(p.last && p.data.n == 0);
	free((void *)(uintptr_t)big.p);
	buf_done(&b);
}

static void a_packet_comes_byte_by_byte(void **state)
{
	(void)state;
	const uint8_t bytes[] = { 2, 0, 0, 0, 3, 'x' };
	struct mysql_stream s = { 0 };
	uint8_t got[2];
	size_t n = 0, ends = 0;
	for (size_t i = 0; i < sizeof bytes; i++) {
		struct span in = span_of(bytes + i, 1);
		struct mysql_piece p;
		while (mysql_stream_next(&s, &in, &p) == 1) {
			memcpy(got + n, p.data.p, p.data.n);
			n += p.data.n;
			ends += p.last;
		}
	}
	assert_int_equal(n, 2);
	assert_int_equal(ends, 1);
	assert_memory_equal(got, bytes + 4, 2);
}

static void a_number_out_of_turn_is_refused(void **state)
{
	(void)state;
	struct mysql_stream s = { 0 };
	struct span in = BYTES(1, 0, 0, 1, 14);
	struct mysql_piece p;
	assert_int_equal(mysql_stream_next(&s, &in, &p), -EPROTO);
}

static void an_error_packet_has_its_state_and_no_half_character(void **state)
{
	(void)state;
	struct buf b;
	char words[600];
	memset(words, 'a', sizeof words);
	memcpy(words + 510, "茶", 3); /* cut in its middle */
	buf_init(&b, 1024);
	mysql_wire_put_error(&b, 1, &(struct mysql_refusal){ .code = 1142, .state = "42000", .words = span_of("no", 2) });
	assert_true(span_eq(buf_span(&b), BYTES(11, 0, 0, 1, 0xff, 0x76, 0x04, '#', '4', '2', '0', '0', '0', 'n', 'o')));
	buf_clear(&b);
	mysql_wire_put_error(&b, 1, &(struct mysql_refusal){ .code = 1142, .state = "42000", .words = span_of(words, sizeof words) });
	assert_int_equal(b.len, 4 + 9 + 510);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_are_read_in_each_of_their_sizes),
		cmocka_unit_test(what_is_no_length_is_bad),
		cmocka_unit_test(a_text_that_is_longer_than_what_came_is_bad),
		cmocka_unit_test(lengths_are_written_as_short_as_they_can_be),
		cmocka_unit_test(a_payload_of_two_packets_is_one),
		cmocka_unit_test(a_full_packet_is_ended_by_an_empty_one),
		cmocka_unit_test(a_packet_comes_byte_by_byte),
		cmocka_unit_test(a_number_out_of_turn_is_refused),
		cmocka_unit_test(an_error_packet_has_its_state_and_no_half_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
