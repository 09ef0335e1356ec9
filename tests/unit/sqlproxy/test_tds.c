#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "sqlproxy/tds/login.h"
#include "sqlproxy/tds/text.h"
#include "sqlproxy/tds/token.h"
#include <errno.h>
#include <string.h>

#define BYTES(...) span_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void prelogin_asks_for_tls_over_everything(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 256);
	tds_login_put_prelogin(&out);
	assert_true(span_eq(buf_span(&out), BYTES(0x12, 1, 0, 38, 0, 0, 1, 0, /* header */
		0, 0, 21, 0, 6, 1, 0, 27, 0, 1, 2, 0, 28, 0, 1, 4, 0, 29, 0, 1, 0xff, /* table */
		0, 0, 0, 1, 0, 0, 1, 0, 0))); /* version, encryption, instance, MARS */
	buf_done(&out);
}

static void only_a_server_that_encrypts_all_is_talked_to(void **state)
{
	(void)state;
	assert_int_equal(tds_login_get_prelogin(BYTES(1, 0, 6, 0, 1, 0xff, 1), NULL), 0);
	assert_int_equal(tds_login_get_prelogin(BYTES(1, 0, 6, 0, 1, 0xff, 3), NULL), 0);
	assert_int_equal(tds_login_get_prelogin(BYTES(1, 0, 6, 0, 1, 0xff, 0), NULL), -EKEYREJECTED); /* the login only */
	assert_int_equal(tds_login_get_prelogin(BYTES(1, 0, 6, 0, 1, 0xff, 2), NULL), -EKEYREJECTED); /* not supported */
	assert_int_equal(tds_login_get_prelogin(BYTES(0xff), NULL), -EKEYREJECTED);                  /* says nothing */
	assert_int_equal(tds_login_get_prelogin(BYTES(1, 0, 7, 0, 1, 0xff, 1), NULL), -EPROTO);      /* outside */
	assert_int_equal(tds_login_get_prelogin(BYTES(1, 0xff, 0xff, 0xff, 0xff, 0xff), NULL), -EPROTO);
	assert_int_equal(tds_login_get_prelogin(BYTES(1, 0, 5, 0, 1), NULL), -EPROTO); /* no end */
	assert_int_equal(tds_login_get_prelogin(span_of(NULL, 0), NULL), -EPROTO);
}

static void login7_points_at_its_texts_and_hides_the_password_as_the_specification_says(void **state)
{
	(void)state;
	const struct tds_login login = { span_str("sa"), span_str("Ab1"), span_str("db") };
	struct buf out;
	buf_init(&out, 4096);
	assert_int_equal(tds_login_put(&login, &out, NULL), 0);
	assert_true(span_eq(span_of(out.data, 8), BYTES(0x10, 1, (uint8_t)(out.len >> 8), (uint8_t)out.len, 0, 0, 1, 0)));
	const uint8_t *p = out.data + 8;
	assert_int_equal(p[0] | p[1] << 8, out.len - 8);
	assert_memory_equal(p + 4, "\x04\0\0\x74\0\x10\0\0", 8); /* TDS 7.4, packets of 4096 */
	assert_memory_equal(p + 40, "\x6a\0\x02\0", 4);           /* the account lies behind the host name at 94 */
	assert_memory_equal(p + 106, "s\0a\0", 4);
	assert_memory_equal(p + 44, "\x6e\0\x03\0", 4);
	assert_memory_equal(p + 110, "\xb1\xa5\x83\xa5\xb6\xa5", 6); /* 'A' 0x41, halves swapped 0x14, XOR 0xa5 */
	buf_done(&out);
}

static void login7_refuses_what_does_not_fit(void **state)
{
	(void)state;
	char longer[TDS_LOGIN_TEXT_MAX + 2];
	struct buf out;
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	buf_init(&out, 4096);
	const struct tds_login too_long = { span_str(longer), span_str("x"), span_str("db") };
	const struct tds_login broken = { span_str("sa"), span_str("\xff"), span_str("db") };
	assert_int_equal(tds_login_put(&too_long, &out, NULL), -EINVAL);
	assert_int_equal(out.len, 0);
	assert_int_equal(tds_login_put(&broken, &out, NULL), -EINVAL);
	buf_done(&out);
}

static void a_batch_has_its_headers_and_utf16(void **state)
{
	(void)state;
	struct buf room, out;
	buf_init(&room, 256);
	buf_init(&out, 256);
	assert_int_equal(tds_login_put_batch(span_str("A\xf0\x9f\x98\x80"), &room, &out, NULL), 0);
	assert_true(span_eq(buf_span(&out), BYTES(1, 1, 0, 36, 0, 0, 1, 0, 22, 0, 0, 0, 18, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0,
		0, 0, 'A', 0, 0x3d, 0xd8, 0, 0xde)));
	buf_done(&room);
	buf_done(&out);
}

static void a_message_longer_than_a_packet_is_cut_into_packets(void **state)
{
	(void)state;
	static uint8_t message[TDS_PACKET_SIZE];
	struct buf out;
	struct tds_packet p;
	buf_init(&out, 3 * TDS_PACKET_SIZE);
	tds_packet_put(&out, TDS_BATCH, span_of(message, sizeof message));
	assert_int_equal(tds_packet_head(out.data, &p, NULL), 0);
	assert_true(p.type == TDS_BATCH && !p.last && p.n == TDS_PACKET_SIZE - 8);
	assert_int_equal(tds_packet_head(out.data + TDS_PACKET_SIZE, &p, NULL), 0);
	assert_true(p.last && p.n == 8);
	assert_int_equal(out.data[TDS_PACKET_SIZE + 6], 2);
	assert_int_equal(tds_packet_head((const uint8_t[8]){ 4, 1, 0, 7 }, &p, NULL), -EPROTO);
	assert_int_equal(tds_packet_head((const uint8_t[8]){ 4, 1, 0xff, 0xff }, &p, NULL), -EPROTO);
	buf_done(&out);
}

static void names_and_literals_are_quoted(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 64);
	tds_text_quote(&out, span_str("it's \\ [x]"));
	assert_string_equal(buf_str(&out), "N'it''s \\ [x]'");
	buf_clear(&out);
	tds_text_name(&out, span_str("a]b'c"));
	assert_string_equal(buf_str(&out), "[a]]b'c]");
	buf_done(&out);
}

static void utf16_that_is_broken_becomes_a_sign_of_it(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 64);
	tds_text_get(BYTES(0x3d, 0xd8, 0x00, 0xde, 0x3d, 0xd8, 'x', 0, 0x00, 0xdc, 'y'), &out);
	assert_string_equal(buf_str(&out), "\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd");
	buf_done(&out);
}

#define LOGIN_ACK 0xad, 10, 0, 1, 0x74, 0, 0, 4, 0, 16, 0, 0, 0
#define DONE(status) 0xfd, status, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define ERROR_X 0xaa, 14, 0, 0x18, 0x48, 0, 0, 1, 14, 1, 0, 'x', 0, 0, 0, 0, 0

static void an_answer_says_what_became_of_a_login(void **state)
{
	(void)state;
	struct tds_answer a;
	assert_int_equal(tds_token_answer(BYTES(0xe3, 3, 0, 1, 0, 0, LOGIN_ACK, DONE(0)), &a, NULL), 0);
	assert_true(a.done && a.accepted && !a.failed && !a.routed && a.version == TDS_VERSION_7_4);
	assert_int_equal(tds_token_answer(BYTES(ERROR_X, DONE(2)), &a, NULL), 0);
	assert_true(a.done && a.failed && !a.accepted && a.code == 18456 && a.severity == 14);
	assert_string_equal(a.words, "x");
	assert_int_equal(tds_token_answer(BYTES(0xe3, 3, 0, 20, 0, 0, LOGIN_ACK, DONE(0)), &a, NULL), 0);
	assert_true(a.routed);
	assert_int_equal(tds_token_answer(BYTES(0x79, 1, 0, 0, 0, DONE(1), DONE(0)), &a, NULL), 0);
	assert_true(a.done && !a.failed);
	assert_int_equal(tds_token_answer(BYTES(DONE(2)), &a, NULL), 0);
	assert_true(a.failed && a.code == 0);
}

static void an_answer_that_is_cut_or_strange_is_refused(void **state)
{
	(void)state;
	static const uint8_t whole[] = { ERROR_X, LOGIN_ACK, DONE(2) };
	struct tds_answer a;
	for (size_t n = 0; n < sizeof whole; n++)
		assert_int_equal(tds_token_answer(span_of(whole, n), &a, NULL), -EPROTO);
	assert_int_equal(tds_token_answer(BYTES(DONE(1)), &a, NULL), -EPROTO); /* more was promised */
	assert_int_equal(tds_token_answer(BYTES(DONE(0), 0xab, 0, 0), &a, NULL), -EPROTO);
	assert_int_equal(tds_token_answer(BYTES(0x81, 0, 0, DONE(0)), &a, NULL), -EPROTO); /* rows */
	assert_int_equal(tds_token_answer(BYTES(0xaa, 0, 0, DONE(0)), &a, NULL), 0);       /* an error without a word */
	assert_true(a.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(prelogin_asks_for_tls_over_everything),
		CASE(only_a_server_that_encrypts_all_is_talked_to),
		CASE(login7_points_at_its_texts_and_hides_the_password_as_the_specification_says),
		CASE(login7_refuses_what_does_not_fit),
		CASE(a_batch_has_its_headers_and_utf16),
		CASE(a_message_longer_than_a_packet_is_cut_into_packets),
		CASE(names_and_literals_are_quoted),
		CASE(utf16_that_is_broken_becomes_a_sign_of_it),
		CASE(an_answer_says_what_became_of_a_login),
		CASE(an_answer_that_is_cut_or_strange_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
