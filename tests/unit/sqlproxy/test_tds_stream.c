#include "tests/unit/core/unit.h"
#include "sqlproxy/tds/prelogin.h"
#include "sqlproxy/tds/reply.h"
#include "sqlproxy/tds/stream.h"
#include "sqlproxy/tds/walk.h"
#include <errno.h>
#include <string.h>

#define BYTES(...) span_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void a_packet_is_read_when_all_of_it_is_there(void **state)
{
	(void)state;
	struct span two = BYTES(1, 0x09, 0, 10, 0, 0, 1, 0, 'a', 'b', 6, 1, 0, 8, 0, 0, 1, 0);
	struct tds_frame f;
	for (size_t n = 0; n < 10; n++)
		assert_int_equal(tds_frame_get(span_of(two.p, n), TDS_FROM_CLIENT, &f, NULL), 0);
	assert_int_equal(tds_frame_get(two, TDS_FROM_CLIENT, &f, NULL), 1);
	assert_true(f.type == TDS_BATCH && f.status == (TDS_STATUS_LAST | TDS_STATUS_RESET) && f.bytes.n == 10 && span_is(f.body, "ab"));
	assert_int_equal(tds_frame_get(span_of(two.p + 10, 8), TDS_FROM_CLIENT, &f, NULL), 1);
	assert_true(f.type == TDS_ATTENTION && f.body.n == 0);
}

static void a_packet_that_may_not_come_here_is_refused_at_its_first_byte(void **state)
{
	(void)state;
	struct tds_frame f;
	assert_int_equal(tds_frame_get(BYTES(TDS_REPLY), TDS_FROM_CLIENT, &f, NULL), -EPROTO);
	assert_int_equal(tds_frame_get(BYTES(TDS_BATCH), TDS_FROM_SERVER, &f, NULL), -EPROTO);
	assert_int_equal(tds_frame_get(BYTES(0x53), TDS_FROM_CLIENT, &f, NULL), -EPROTO); /* MARS */
	assert_int_equal(tds_frame_get(BYTES(0x02), TDS_FROM_CLIENT, &f, NULL), -EPROTO); /* a login of before 7.0 */
	assert_int_equal(tds_frame_get(BYTES(0xff), TDS_FROM_CLIENT, &f, NULL), -EPROTO);
	assert_int_equal(tds_frame_get(BYTES(1, 1, 0, 7, 0, 0, 1, 0), TDS_FROM_CLIENT, &f, NULL), -EPROTO); /* shorter than its header */
	assert_int_equal(tds_frame_get(BYTES(1, 1, 0x80, 0, 0, 0, 1, 0), TDS_FROM_CLIENT, &f, NULL), -EPROTO);
}

static struct tds_frame frame(uint8_t type, uint8_t status, struct span bytes)
{
	return (struct tds_frame){ .type = type, .status = status, .bytes = bytes, .body = span_of(bytes.p + 8, bytes.n - 8) };
}

static void a_message_keeps_its_packets_as_they_came_and_its_body_in_one_piece(void **state)
{
	(void)state;
	struct span one = BYTES(3, 8, 0, 10, 0, 0, 1, 0, 'a', 'b'), two = BYTES(3, 0, 0, 9, 0, 7, 2, 0, 'c'), three = BYTES(3, 1, 0, 8, 0, 0, 3, 0);
	struct tds_message m;
	tds_message_init(&m, 64);
	struct tds_frame f = frame(3, 8, one);
	assert_int_equal(tds_message_add(&m, &f, NULL), 0);
	f = frame(3, 0, two);
	assert_int_equal(tds_message_add(&m, &f, NULL), 0);
	f = frame(3, 1, three);
	assert_int_equal(tds_message_add(&m, &f, NULL), 1);
	assert_true(m.type == TDS_RPC && m.status == TDS_STATUS_RESET && m.packets == 3 && !m.over);
	assert_true(span_is(tds_message_body(&m), "abc"));
	assert_int_equal(tds_message_wire(&m).n, 27);
	assert_memory_equal(tds_message_wire(&m).p + 10, two.p, 9);
	tds_message_clear(&m);
	f = frame(3, 1, one);
	assert_int_equal(tds_message_add(&m, &f, NULL), 1);
	assert_true(span_is(tds_message_body(&m), "ab") && tds_message_wire(&m).n == 10);
	tds_message_done(&m);
}

static void packets_of_two_kinds_are_not_one_message(void **state)
{
	(void)state;
	struct tds_message m;
	tds_message_init(&m, 64);
	struct tds_frame f = frame(3, 0, BYTES(3, 0, 0, 8, 0, 0, 1, 0));
	assert_int_equal(tds_message_add(&m, &f, NULL), 0);
	f = frame(1, 1, BYTES(1, 1, 0, 8, 0, 0, 1, 0));
	assert_int_equal(tds_message_add(&m, &f, NULL), -EPROTO);
	tds_message_done(&m);
}

static void a_message_that_is_taken_back_says_so(void **state)
{
	(void)state;
	struct tds_message m;
	tds_message_init(&m, 64);
	struct tds_frame f = frame(1, 0, BYTES(1, 0, 0, 8, 0, 0, 1, 0));
	assert_int_equal(tds_message_add(&m, &f, NULL), 0);
	f = frame(1, 3, BYTES(1, 3, 0, 8, 0, 0, 1, 0));
	assert_int_equal(tds_message_add(&m, &f, NULL), 1);
	assert_true(m.status & TDS_STATUS_IGNORE);
	tds_message_done(&m);
}

static void a_message_that_is_too_long_is_let_go_and_the_next_one_is_read(void **state)
{
	(void)state;
	struct span packet = BYTES(1, 0, 0, 12, 0, 0, 1, 0, 'a', 'b', 'c', 'd');
	struct tds_message m;
	tds_message_init(&m, 30);
	for (int i = 0; i < 1000; i++) {
		struct tds_frame f = frame(1, i == 999, packet);
		assert_int_equal(tds_message_add(&m, &f, NULL), i == 999);
		assert_true(m.wire.len <= 30 && m.over == (i >= 2));
	}
	assert_true(tds_message_wire(&m).n == 0 && tds_message_body(&m).n == 0);
	tds_message_clear(&m);
	struct tds_frame f = frame(1, 1, packet);
	assert_int_equal(tds_message_add(&m, &f, NULL), 1);
	assert_true(!m.over && span_is(tds_message_body(&m), "abcd"));
	tds_message_done(&m);
}

static void prelogin_is_read_with_all_its_options(void **state)
{
	(void)state;
	struct tds_prelogin p;
	static const uint8_t message[] = { 0, 0, 31, 0, 6, 1, 0, 37, 0, 1, 2, 0, 38, 0, 3, 3, 0, 41, 0, 4, 4, 0, 45, 0, 1, 6, 0, 46, 0, 1, 0xff,
		16, 0, 0x10, 0, 0, 0, 0x81, 'x', 'y', 0, 1, 2, 3, 4, 1, 1 };
	assert_int_equal(tds_prelogin_get(span_of(message, sizeof message), &p, NULL), 0);
	assert_true(p.version[0] == 16 && p.encryption == TDS_ENCRYPT_ON && span_is(p.instance, "xy") && p.thread == 0x04030201);
	assert_true(p.mars && p.has_fedauth && p.fedauth && !p.has_nonce && !p.has_trace);
	for (size_t n = 0; n < sizeof message; n++)
		assert_int_equal(tds_prelogin_get(span_of(message, n), &p, NULL), -EPROTO);
}

static void prelogin_that_says_two_things_or_points_outside_is_refused(void **state)
{
	(void)state;
	struct tds_prelogin p;
	assert_int_equal(tds_prelogin_get(BYTES(1, 0, 11, 0, 1, 1, 0, 12, 0, 1, 0xff, 1, 2), &p, NULL), -EPROTO); /* ON and NOT_SUP */
	assert_int_equal(tds_prelogin_get(BYTES(1, 0, 6, 0, 1, 0xff, 4), &p, NULL), -EPROTO);
	assert_int_equal(tds_prelogin_get(BYTES(1, 0xff, 0xff, 0xff, 0xff, 0xff), &p, NULL), -EPROTO);
	assert_int_equal(tds_prelogin_get(BYTES(0, 0, 6, 0, 1, 0xff, 4), &p, NULL), -EPROTO); /* a version of one byte */
	assert_int_equal(tds_prelogin_get(BYTES(0xff), &p, NULL), 0);
	assert_int_equal(p.encryption, TDS_ENCRYPT_NOT_SUP);
}

static void what_is_encrypted_is_what_the_door_asks_for_at_least(void **state)
{
	(void)state;
	static const struct {
		uint8_t client, least, answer, cover;
		int result;
	} rows[] = {
		{ TDS_ENCRYPT_OFF, TDS_COVER_NONE, TDS_ENCRYPT_OFF, TDS_COVER_LOGIN, 0 },
		{ TDS_ENCRYPT_OFF, TDS_COVER_LOGIN, TDS_ENCRYPT_OFF, TDS_COVER_LOGIN, 0 },
		{ TDS_ENCRYPT_OFF, TDS_COVER_ALL, TDS_ENCRYPT_REQ, TDS_COVER_ALL, 0 },
		{ TDS_ENCRYPT_ON, TDS_COVER_NONE, TDS_ENCRYPT_ON, TDS_COVER_ALL, 0 },
		{ TDS_ENCRYPT_ON, TDS_COVER_LOGIN, TDS_ENCRYPT_ON, TDS_COVER_ALL, 0 },
		{ TDS_ENCRYPT_ON, TDS_COVER_ALL, TDS_ENCRYPT_ON, TDS_COVER_ALL, 0 },
		{ TDS_ENCRYPT_REQ, TDS_COVER_NONE, TDS_ENCRYPT_ON, TDS_COVER_ALL, 0 },
		{ TDS_ENCRYPT_REQ, TDS_COVER_ALL, TDS_ENCRYPT_ON, TDS_COVER_ALL, 0 },
		{ TDS_ENCRYPT_NOT_SUP, TDS_COVER_NONE, TDS_ENCRYPT_NOT_SUP, TDS_COVER_NONE, 0 },
		{ TDS_ENCRYPT_NOT_SUP, TDS_COVER_LOGIN, TDS_ENCRYPT_REQ, TDS_COVER_NONE, -EACCES },
		{ TDS_ENCRYPT_NOT_SUP, TDS_COVER_ALL, TDS_ENCRYPT_REQ, TDS_COVER_NONE, -EACCES },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t answer;
		enum tds_cover cover;
		assert_int_equal(tds_prelogin_choose(rows[i].client, rows[i].least, &answer, &cover, NULL), rows[i].result);
		assert_int_equal(answer, rows[i].answer);
		assert_int_equal(cover, rows[i].cover);
	}
}

static void the_answer_to_prelogin_grants_neither_mars_nor_federated_logins(void **state)
{
	(void)state;
	static const uint8_t version[6] = { 16, 0, 0x10, 0, 0, 0 };
	struct tds_prelogin asked = { .mars = true, .has_fedauth = true, .fedauth = true }, read;
	struct buf out;
	buf_init(&out, 256);
	tds_prelogin_put(&asked, version, TDS_ENCRYPT_ON, &out);
	assert_true(span_eq(buf_span(&out), BYTES(0, 0, 31, 0, 6, 1, 0, 37, 0, 1, 2, 0, 38, 0, 1, 3, 0, 39, 0, 0, 4, 0, 39, 0, 1, 6, 0, 40, 0, 1,
		0xff, 16, 0, 0x10, 0, 0, 0, 1, 0, 0, 0)));
	assert_int_equal(tds_prelogin_get(buf_span(&out), &read, NULL), 0);
	assert_true(!read.mars && !read.fedauth);
	buf_clear(&out);
	asked.has_fedauth = false;
	tds_prelogin_put(&asked, version, TDS_ENCRYPT_ON, &out);
	assert_int_equal(tds_prelogin_get(buf_span(&out), &read, NULL), 0);
	assert_false(read.has_fedauth);
	buf_done(&out);
}

/* As its own walk reads it. */
static void says(struct buf *out, enum tds_rank rank, uint32_t code, const char *words, uint16_t status)
{
	struct tds_walk w;
	struct tds_event e;
	struct span in = buf_span(out);
	assert_int_equal(tds_walk_init(&w, rank, NULL), 0);
	bool told = code == 0;
	while (tds_walk_next(&w, &in, &e, NULL) > 0)
		if (e.kind == TDS_EVENT_ERROR) {
			assert_true(e.code == code && e.severity == 14 && span_is(e.text, words));
			told = true;
		}
	assert_true(told);
	assert_int_equal(tds_walk_end(&w, &e, NULL), 1);
	assert_int_equal(e.status, status);
	tds_walk_done(&w);
	buf_clear(out);
}

static void a_refusal_is_an_error_and_a_done_of_the_version_that_is_spoken(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, TDS_MESSAGE_MAX);
	tds_reply_refused(&out, TDS_7_4, TDS_BATCH, span_str("no"));
	assert_true(span_eq(buf_span(&out), BYTES(0xaa, 30, 0, 229, 0, 0, 0, 1, 14, 2, 0, 'n', 0, 'o', 0, 6, 'y', 0, 'a', 0, 'n', 0, 'm', 0, 'e', 0,
		'n', 0, 0, 1, 0, 0, 0, 0xfd, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
	says(&out, TDS_7_4, 229, "no", TDS_DONE_FAILED);
	tds_reply_refused(&out, TDS_7_1, TDS_RPC, span_str("\xe4\xb8\x8d\xe8\xa1\x8c"));
	assert_int_equal(out.data[out.len - 9], 0xfe);
	assert_true(span_eq(span_of(out.data + out.len - 14, 5), BYTES(0x79, 1, 0, 0, 0)));
	says(&out, TDS_7_1, 229, "\xe4\xb8\x8d\xe8\xa1\x8c", TDS_DONE_FAILED);
	tds_reply_login_failed(&out, TDS_8_0, span_str("who?"));
	says(&out, TDS_8_0, 18456, "who?", TDS_DONE_FAILED);
	tds_reply_attention(&out, TDS_7_0);
	assert_true(span_eq(buf_span(&out), BYTES(0xfd, 0x20, 0, 0, 0, 0, 0, 0, 0)));
	says(&out, TDS_7_0, 0, "", TDS_DONE_ATTENTION);
	buf_done(&out);
}

static void words_that_are_too_long_are_cut_at_a_character(void **state)
{
	(void)state;
	struct buf words, out;
	buf_init(&words, 65536);
	buf_init(&out, TDS_MESSAGE_MAX);
	buf_put(&words, "x", 1);
	for (int i = 0; i < 2000; i++)
		buf_put(&words, "\xf0\x9f\x98\x80", 4); /* two units each */
	tds_reply_login_failed(&out, TDS_7_4, buf_span(&words));
	assert_int_equal(out.data[9] | out.data[10] << 8, TDS_REPLY_WORDS - 1);
	assert_memory_equal(out.data + 11 + (TDS_REPLY_WORDS - 1) * 2 - 4, "\x3d\xd8\x00\xde", 4);
	buf_done(&words);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_packet_is_read_when_all_of_it_is_there),
		CASE(a_packet_that_may_not_come_here_is_refused_at_its_first_byte),
		CASE(a_message_keeps_its_packets_as_they_came_and_its_body_in_one_piece),
		CASE(packets_of_two_kinds_are_not_one_message),
		CASE(a_message_that_is_taken_back_says_so),
		CASE(a_message_that_is_too_long_is_let_go_and_the_next_one_is_read),
		CASE(prelogin_is_read_with_all_its_options),
		CASE(prelogin_that_says_two_things_or_points_outside_is_refused),
		CASE(what_is_encrypted_is_what_the_door_asks_for_at_least),
		CASE(the_answer_to_prelogin_grants_neither_mars_nor_federated_logins),
		CASE(a_refusal_is_an_error_and_a_done_of_the_version_that_is_spoken),
		CASE(words_that_are_too_long_are_cut_at_a_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
