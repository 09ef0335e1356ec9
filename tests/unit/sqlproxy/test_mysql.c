#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "sqlproxy/mysql/login.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

#define BYTES(...) span_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define TWENTY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
/* MySQL 8.4: protocol 10, connection 7, every flag, caching_sha2_password; `high` is the upper byte of the lower flags. */
#define GREETING(high) 10, '8', '.', '4', '.', '0', 0, 7, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0xff, high, 45, 2, 0, 0xff, 0xff, \
	21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 0, 'c', 'a', 'c', 'h', 'i', 'n', 'g', '_', \
	's', 'h', 'a', '2', '_', 'p', 'a', 's', 's', 'w', 'o', 'r', 'd', 0
#define ANSWER_SHA2 0x74, 0x6e, 0xbe, 0x20, 0x5d, 0x56, 0xa0, 0x70, 0x7a, 0xcb, 0x3e, 0x79, 0x6e, 0x83, 0x4e, 0x0d, 0xd7, 0xb1, 0xd6, \
	0x17, 0x43, 0xb2, 0x6b, 0xd5, 0x20, 0x2c, 0x7a, 0x62, 0x32, 0x30, 0xc7, 0xc9
#define ANSWER_NATIVE 0xb3, 0x2b, 0xb3, 0xa5, 0x83, 0xe1, 0x34, 0x0c, 0x0a, 0x11, 0x08, 0xd5, 0x8b, 0x1b, 0xe4, 0x97, 0x81, 0xad, \
	0x8c, 0x2f
#define NATIVE_NAME 'm', 'y', 's', 'q', 'l', '_', 'n', 'a', 't', 'i', 'v', 'e', '_', 'p', 'a', 's', 's', 'w', 'o', 'r', 'd', 0
#define OK 0, 0, 0, 2, 2, 0, 0

struct rig {
	struct mysql_login login;
	struct buf out;
};

static int set_up(void **state)
{
	struct rig *r = calloc(1, sizeof *r);
	r->login = (struct mysql_login){ .user = "app", .password = span_str("secret") };
	buf_init(&r->out, 4096);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;
	buf_done(&r->out);
	free(r);
	return 0;
}

static int feed(struct rig *r, uint8_t seq, struct span payload)
{
	const struct mysql_packet p = { seq, payload };
	buf_clear(&r->out);
	return mysql_login_feed(&r->login, &p, &r->out, NULL);
}

static void a_login_by_caching_sha2_sends_the_scramble_and_nothing_else(void **state)
{
	struct rig *r = *state;
	assert_int_equal(feed(r, 0, BYTES(GREETING(0xff))), MYSQL_LOGIN_MORE);
	assert_true(span_eq(buf_span(&r->out), BYTES(91, 0, 0, 1, 0x01, 0xa2, 0x48, 0, 0, 0, 1, 0, 45, /* flags, most, utf8mb4 */
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'a', 'p', 'p', 0, 32, ANSWER_SHA2,
		'c', 'a', 'c', 'h', 'i', 'n', 'g', '_', 's', 'h', 'a', '2', '_', 'p', 'a', 's', 's', 'w', 'o', 'r', 'd', 0)));
	assert_int_equal(feed(r, 2, BYTES(1, 3)), MYSQL_LOGIN_MORE);
	assert_int_equal(r->out.len, 0);
	assert_int_equal(feed(r, 3, BYTES(OK)), MYSQL_LOGIN_DONE);
	assert_int_equal(r->login.status, 0x0202);
	assert_int_equal(r->login.connection, 7);
	assert_int_equal(mysql_login_release(&r->login), 80400);
}

static void tls_comes_before_the_name_of_the_account(void **state)
{
	struct rig *r = *state;
	r->login.want_tls = true;
	assert_int_equal(feed(r, 0, BYTES(GREETING(0xff))), MYSQL_LOGIN_TLS);
	assert_true(span_eq(span_of(r->out.data, 13), BYTES(32, 0, 0, 1, 0x01, 0xaa, 0x48, 0, 0, 0, 1, 0, 45)));
	assert_int_equal(r->out.len, 36);
	buf_clear(&r->out);
	assert_int_equal(mysql_login_encrypted(&r->login, &r->out, NULL), 0);
	assert_int_equal(r->out.data[3], 2);
	assert_int_equal(feed(r, 3, BYTES(1, 4)), MYSQL_LOGIN_MORE); /* full authentication */
	assert_true(span_eq(buf_span(&r->out), BYTES(7, 0, 0, 4, 's', 'e', 'c', 'r', 'e', 't', 0)));
	assert_int_equal(feed(r, 5, BYTES(OK)), MYSQL_LOGIN_DONE);
}

static void a_server_without_tls_gets_nothing_when_tls_is_wanted(void **state)
{
	struct rig *r = *state;
	r->login.want_tls = true;
	assert_int_equal(feed(r, 0, BYTES(GREETING(0xf7))), -EKEYREJECTED);
	assert_int_equal(r->out.len, 0);
}

static void the_password_itself_is_not_given_on_an_open_line(void **state)
{
	struct rig *r = *state;
	assert_int_equal(feed(r, 0, BYTES(GREETING(0xff))), MYSQL_LOGIN_MORE);
	assert_int_equal(feed(r, 2, BYTES(1, 4)), -EACCES);
	assert_null(memmem(r->out.data, r->out.len, "secret", 6));
}

static void a_switch_to_the_accounts_plugin_is_followed_once(void **state)
{
	struct rig *r = *state;
	assert_int_equal(feed(r, 0, BYTES(GREETING(0xff))), MYSQL_LOGIN_MORE);
	assert_int_equal(feed(r, 2, BYTES(0xfe, NATIVE_NAME, TWENTY, 0)), MYSQL_LOGIN_MORE);
	assert_true(span_eq(buf_span(&r->out), BYTES(20, 0, 0, 3, ANSWER_NATIVE)));
	assert_int_equal(feed(r, 4, BYTES(0xfe, NATIVE_NAME, TWENTY, 0)), -EPROTO);
}

static void a_challenge_may_end_with_a_zero(void **state)
{
	struct rig *r = *state;
	assert_int_equal(feed(r, 0, BYTES(GREETING(0xff))), MYSQL_LOGIN_MORE);
	struct mysql_login before = r->login;
	for (int behind = 0; behind < 2; behind++) { /* a NUL behind it, or nothing */
		struct span packet = BYTES(0xfe, 'c', 'l', 'i', 'e', 'n', 't', '_', 'e', 'd', '2', '5', '5', '1', '9', 0, TWENTY, 21, 22, 23, 24, 25, 26, 27,
			28, 29, 30, 31, 0, 0);
		packet.n -= !behind;
		r->login = before;
		assert_int_equal(feed(r, 2, packet), MYSQL_LOGIN_MORE);
		assert_int_equal(r->login.challenge_n, 32);
		assert_int_equal(r->out.len, 4 + 64);
	}
}

static void plugins_that_are_not_known_or_too_old_are_named_so(void **state)
{
	struct rig *r = *state;
	assert_int_equal(feed(r, 0, BYTES(GREETING(0xff))), MYSQL_LOGIN_MORE);
	struct mysql_login before = r->login;
	assert_int_equal(feed(r, 2, BYTES(0xfe, 'd', 'i', 'a', 'l', 'o', 'g', 0, TWENTY, 0)), -ENOTSUP);
	r->login = before;
	assert_int_equal(feed(r, 2, BYTES(0xfe)), -ENOTSUP); /* of before 4.1 */
	r->login = before;
	assert_int_equal(feed(r, 2, BYTES(0xfe, NATIVE_NAME, 1, 2, 3, 0)), -EPROTO); /* a challenge of three bytes */
	r->login = before;
	assert_int_equal(feed(r, 2, BYTES(0xfe, 'c', 'u', 't')), -EPROTO);
}

static void a_refusal_keeps_the_servers_words(void **state)
{
	struct rig *r = *state;
	assert_int_equal(feed(r, 0, BYTES(0xff, 0x10, 0x04, 'n', 'o', 0x1b, '!')), -EPERM);
	assert_int_equal(r->login.refused, 1040);
	assert_string_equal(r->login.words, "no !");
}

static void a_login_refuses_what_is_out_of_order(void **state)
{
	struct rig *r = *state;
	assert_int_equal(feed(r, 1, BYTES(GREETING(0xff))), -EPROTO); /* sequence */
	r->login.seq = 0;
	assert_int_equal(feed(r, 0, BYTES(9, 'x', 0)), -EPROTO);
	r->login.seq = 0;
	assert_int_equal(feed(r, 0, BYTES(GREETING(0x7f))), -ENOTSUP); /* without SECURE_CONNECTION */
	r->login.seq = 0;
	assert_int_equal(feed(r, 0, BYTES(GREETING(0xff))), MYSQL_LOGIN_MORE);
	assert_int_equal(feed(r, 2, BYTES(0xfb, 'f')), -EPROTO); /* LOCAL INFILE */
	r->login.seq = 2;
	assert_int_equal(feed(r, 2, BYTES(OK)), MYSQL_LOGIN_DONE);
	assert_int_equal(feed(r, 3, BYTES(OK)), -EPROTO);
}

static void a_greeting_cut_anywhere_is_refused(void **state)
{
	struct rig *r = *state;
	static const uint8_t whole[] = { GREETING(0xff) };
	const struct mysql_login fresh = r->login;
	for (size_t n = 0; n < sizeof whole; n++) {
		r->login = fresh;
		assert_int_equal(feed(r, 0, span_of(whole, n)), -EPROTO);
		assert_int_equal(r->out.len, 0);
	}
}

/* The public key that MariaDB's manual gives for the password "secret". */
static void ed25519_signs_with_the_key_of_the_password(void **state)
{
	(void)state;
	static const uint8_t key[32] = { 0x64, 0x88, 0x14, 0x44, 0x45, 0x20, 0xe4, 0xf5, 0x60, 0x43, 0xa2, 0xec, 0x92, 0x15, 0xe6,
		0x3b, 0xe7, 0x99, 0x2d, 0x2d, 0x27, 0x0b, 0xc6, 0xde, 0xe8, 0x73, 0xe3, 0x61, 0x64, 0x78, 0x60, 0x96 };
	const struct mysql_auth_ask ask = { span_str("client_ed25519"), BYTES(TWENTY, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32),
		span_str("secret"), false };
	struct buf out;
	buf_init(&out, 64);
	assert_int_equal(mysql_auth_answer(&ask, &out, NULL), 0);
	assert_int_equal(out.len, 64);
	assert_int_equal(crypto_sign_verify_detached(out.data, ask.challenge.p, ask.challenge.n, key), 0);
	buf_done(&out);
}

static void an_empty_password_answers_with_nothing(void **state)
{
	(void)state;
	struct mysql_auth_ask ask = { span_str("mysql_native_password"), BYTES(TWENTY), { 0 }, false };
	struct buf out;
	buf_init(&out, 64);
	assert_int_equal(mysql_auth_answer(&ask, &out, NULL), 0);
	ask.plugin = span_str("caching_sha2_password");
	assert_int_equal(mysql_auth_answer(&ask, &out, NULL), 0);
	assert_int_equal(out.len, 0);
	ask.plugin = span_str("sha256_password");
	assert_int_equal(mysql_auth_answer(&ask, &out, NULL), 0);
	assert_true(span_eq(buf_span(&out), BYTES(0)));
	ask.password = span_str("secret");
	assert_int_equal(mysql_auth_answer(&ask, &out, NULL), -EACCES);
	buf_done(&out);
}

static void a_literal_follows_the_mode(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 64);
	mysql_packet_quote(&out, span_str("a'b\\c\""), 0);
	assert_string_equal(buf_str(&out), "'a''b\\\\c\"'");
	buf_clear(&out);
	mysql_packet_quote(&out, span_str("a'b\\c\""), MYSQL_STATUS_NO_BACKSLASH_ESCAPES);
	assert_string_equal(buf_str(&out), "'a''b\\c\"'");
	buf_clear(&out);
	mysql_packet_query(&out, span_str("DO 0"));
	assert_true(span_eq(buf_span(&out), BYTES(5, 0, 0, 0, 3, 'D', 'O', ' ', '0')));
	buf_done(&out);
}

static void frames_and_answers_are_bounded(void **state)
{
	(void)state;
	struct mysql_answer a;
	size_t n = 0;
	uint8_t seq = 0;
	assert_int_equal(mysql_packet_head((const uint8_t[4]){ 0, 0, 1, 9 }, &n, &seq, NULL), 0);
	assert_true(n == MYSQL_PACKET_MAX && seq == 9);
	assert_int_equal(mysql_packet_head((const uint8_t[4]){ 1, 0, 1, 9 }, &n, &seq, NULL), -EMSGSIZE);
	assert_int_equal(mysql_packet_answer(BYTES(0, 0xfc, 1, 2, 0xfd, 1, 2, 3, 0, 2, 0, 0), &a, NULL), 0);
	assert_true(a.kind == MYSQL_ANSWER_OK && a.status == MYSQL_STATUS_NO_BACKSLASH_ESCAPES);
	assert_int_equal(mysql_packet_answer(BYTES(0xff, 0x1b, 0x07, '#', '2', '5', '0', '0', '0', 'w'), &a, NULL), 0);
	assert_true(a.kind == MYSQL_ANSWER_ERROR && a.code == 1819 && span_is(a.words, "w"));
	assert_int_equal(mysql_packet_answer(BYTES(1), &a, NULL), 0);
	assert_int_equal(a.kind, MYSQL_ANSWER_OTHER);
	assert_int_equal(mysql_packet_answer(span_of(NULL, 0), &a, NULL), -EPROTO);
	assert_int_equal(mysql_packet_answer(BYTES(0, 0, 0, 2), &a, NULL), -EPROTO);
	assert_int_equal(mysql_packet_answer(BYTES(0, 0xff, 0, 2, 0, 0, 0), &a, NULL), -EPROTO);
	assert_int_equal(mysql_packet_answer(BYTES(0xff, 1), &a, NULL), -EPROTO);
}

static void versions_are_read(void **state)
{
	(void)state;
	static const struct { const char *text; unsigned release; bool maria; } rows[] = {
		{ "5.5.5-10.11.19-MariaDB-log", 101119, true }, { "11.4.2-MariaDB", 110402, true }, { "5.7.6", 50706, false },
		{ "5.6.24-log", 50624, false }, { "9.7.4", 90704, false }, { "8.0", 0, false }, { "x", 0, false }, { "", 0, false },
		{ "100.1.1", 0, false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct mysql_login l = { 0 };
		memcpy(l.version, rows[i].text, strlen(rows[i].text));
		assert_int_equal(mysql_login_release(&l), rows[i].release);
		assert_int_equal(mysql_login_is_mariadb(&l), rows[i].maria);
	}
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(a_login_by_caching_sha2_sends_the_scramble_and_nothing_else),
		RIGGED(tls_comes_before_the_name_of_the_account),
		RIGGED(a_server_without_tls_gets_nothing_when_tls_is_wanted),
		RIGGED(the_password_itself_is_not_given_on_an_open_line),
		RIGGED(a_switch_to_the_accounts_plugin_is_followed_once),
		RIGGED(a_challenge_may_end_with_a_zero),
		RIGGED(plugins_that_are_not_known_or_too_old_are_named_so),
		RIGGED(a_refusal_keeps_the_servers_words),
		RIGGED(a_login_refuses_what_is_out_of_order),
		RIGGED(a_greeting_cut_anywhere_is_refused),
		CASE(ed25519_signs_with_the_key_of_the_password),
		CASE(an_empty_password_answers_with_nothing),
		CASE(a_literal_follows_the_mode),
		CASE(frames_and_answers_are_bounded),
		CASE(versions_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
