/* A client of OpenSSL in the same process speaks to the front; every byte goes by memory, in pieces of every size. */
#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "sqlproxy/tds/front.h"
#include "sqlproxy/tds/login.h"
#include "sqlproxy/tds/text.h"
#include "sqlproxy/tds/walk.h"
#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

enum { NO_PRELOGIN = 0x40, STRICT = 0x41, NO_ALPN = 0x42 };
static const uint8_t version[6] = { 16, 0, 0x10, 0, 0, 0 };
static SSL_CTX *server_tls, *client_tls;

static int certificate(void **state)
{
	(void)state;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	server_tls = SSL_CTX_new(TLS_server_method());
	client_tls = SSL_CTX_new(TLS_client_method());
	assert_true(key && x && server_tls && client_tls);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	assert_true(X509_set_pubkey(x, key) && X509_sign(x, key, EVP_sha256()));
	assert_true(SSL_CTX_use_certificate(server_tls, x) && SSL_CTX_use_PrivateKey(server_tls, key));
	tds_front_context(server_tls);
	X509_free(x);
	EVP_PKEY_free(key);
	return 0;
}

static int no_certificate(void **state)
{
	(void)state;
	SSL_CTX_free(server_tls);
	SSL_CTX_free(client_tls);
	return 0;
}

struct talk {
	struct tds_front front;
	size_t step;      /* bytes that come at once */
	SSL *ssl;
	struct buf held;  /* at the server: came, and is not taken */
	struct buf answer;
	struct err err;
	int result;
};

/* Bytes of the client, a few at a time. */
static void say(struct talk *t, struct span bytes)
{
	for (size_t at = 0; at < bytes.n && t->result == 0; at += t->step) {
		buf_put(&t->held, bytes.p + at, bytes.n - at < t->step ? bytes.n - at : t->step);
		struct span in = buf_span(&t->held);
		t->result = tds_front_feed(&t->front, &in, &t->answer, &t->err);
		size_t came = at + t->step < bytes.n ? at + t->step : bytes.n;
		buf_drop(&t->held, t->held.len - in.n);
		if (t->result != 0)
			buf_put(&t->held, bytes.p + came, bytes.n - came);
	}
}

static void say_packet(struct talk *t, enum tds_packet_type type, struct span body)
{
	struct buf packet;
	buf_init(&packet, 65536);
	tds_packet_put(&packet, type, body);
	say(t, buf_span(&packet));
	buf_done(&packet);
}

/* What the client's TLS has to say. */
static void say_tls(struct talk *t, bool packets)
{
	char *bytes;
	long n = BIO_get_mem_data(SSL_get_wbio(t->ssl), &bytes);
	if (n > 0 && packets)
		say_packet(t, TDS_PRELOGIN, span_of(bytes, (size_t)n));
	else if (n > 0)
		say(t, span_of(bytes, (size_t)n));
	(void)BIO_reset(SSL_get_wbio(t->ssl));
}

/* The server's packets, or bare bytes, into the client's TLS. */
static void hear_tls(struct talk *t, bool packets)
{
	struct span in = buf_span(&t->answer);
	struct tds_frame f;
	while (packets && tds_frame_get(in, 1U << TDS_PRELOGIN, &f, NULL) > 0) {
		assert_int_equal(BIO_write(SSL_get_rbio(t->ssl), f.body.p, (int)f.body.n), f.body.n);
		in = span_of(in.p + f.bytes.n, in.n - f.bytes.n);
	}
	if (!packets && in.n > 0)
		assert_int_equal(BIO_write(SSL_get_rbio(t->ssl), in.p, (int)in.n), in.n);
	buf_clear(&t->answer);
}

static void shake_hands(struct talk *t, bool packets, bool alpn)
{
	t->ssl = SSL_new(client_tls);
	SSL_set_bio(t->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(t->ssl);
	if (alpn)
		assert_int_equal(SSL_set_alpn_protos(t->ssl, (const uint8_t *)"\x07tds/8.0", 8), 0);
	for (int i = 0; i < 10 && t->result == 0 && !SSL_is_init_finished(t->ssl); i++) {
		(void)SSL_do_handshake(t->ssl);
		say_tls(t, packets);
		hear_tls(t, packets);
	}
}

static void login_packet(struct buf *out)
{
	const struct tds_login login = { span_str("alice#db1"), span_str("Ab1"), span_str("gate") };
	buf_init(out, 4096);
	assert_int_equal(tds_login_put(&login, out, NULL), 0);
}

/* Everything up to the login, and some bytes behind it. */
static void login(struct talk *t, int how, enum tds_cover least, SSL_CTX *tls, size_t step)
{
	*t = (struct talk){ .step = step };
	tds_front_init(&t->front, tls, least, version);
	buf_init(&t->held, 65536);
	buf_init(&t->answer, 65536);
	if (how == STRICT || how == NO_ALPN)
		shake_hands(t, false, how == STRICT);
	if (how != NO_PRELOGIN && t->result == 0) {
		uint8_t body[] = { 1, 0, 6, 0, 1, 0xff, (uint8_t)(how == STRICT ? TDS_ENCRYPT_NOT_SUP : how) };
		struct buf packet;
		buf_init(&packet, 64);
		tds_packet_put(&packet, TDS_PRELOGIN, span_of(body, sizeof body));
		if (how == STRICT)
			assert_int_equal(SSL_write(t->ssl, packet.data, (int)packet.len), packet.len);
		if (how == STRICT)
			say_tls(t, false);
		else
			say(t, buf_span(&packet));
		buf_done(&packet);
	}
	if (t->result == 0 && t->front.ssl && how != STRICT) {
		buf_clear(&t->answer); /* PRELOGIN's */
		shake_hands(t, true, false);
	}
	struct buf packet;
	login_packet(&packet);
	if (t->result == 0 && t->ssl) {
		char *bytes;
		assert_int_equal(SSL_write(t->ssl, packet.data, (int)packet.len), packet.len);
		buf_clear(&packet);
		long n = BIO_get_mem_data(SSL_get_wbio(t->ssl), &bytes);
		buf_put(&packet, bytes, (size_t)n);
		(void)BIO_reset(SSL_get_wbio(t->ssl));
	}
	if (t->result == 0) {
		if (t->front.cover != TDS_COVER_ALL)
			buf_put(&packet, "behind", 6);
		say(t, buf_span(&packet));
	}
	buf_done(&packet);
}

static void end(struct talk *t)
{
	tds_front_done(&t->front);
	SSL_free(t->ssl);
	buf_done(&t->held);
	buf_done(&t->answer);
}

/* Both ways behind the login. */
static void speaks(struct talk *t)
{
	struct buf got, wire;
	char back[16];
	buf_init(&got, 256);
	buf_init(&wire, 4096);
	bool sealed = t->front.cover == TDS_COVER_ALL;
	if (sealed) {
		assert_int_equal(SSL_write(t->ssl, "behind", 6), 6);
		char *bytes;
		long n = BIO_get_mem_data(SSL_get_wbio(t->ssl), &bytes);
		buf_put(&t->held, bytes, (size_t)n);
	}
	for (size_t at = 0; at < t->held.len; at++)
		assert_int_equal(tds_front_open(&t->front, span_of(t->held.data + at, 1), &got, &t->err), 0);
	assert_true(span_is(buf_span(&got), "behind"));
	assert_int_equal(tds_front_seal(&t->front, span_str("answer"), &wire, NULL), 0);
	if (sealed) {
		assert_null(memmem(wire.data, wire.len, "answer", 6));
		if (t->front.strict) { /* the answer to PRELOGIN came inside as well */
			hear_tls(t, false);
			assert_int_equal(SSL_read(t->ssl, back, 1), 1);
			assert_int_equal(back[0], TDS_REPLY);
			while (SSL_read(t->ssl, back, sizeof back) > 0)
				;
		}
		buf_clear(&t->answer);
		buf_put_span(&t->answer, buf_span(&wire));
		hear_tls(t, false);
		assert_int_equal(SSL_read(t->ssl, back, sizeof back), 6);
		assert_memory_equal(back, "answer", 6);
	} else {
		assert_true(span_is(buf_span(&wire), "answer"));
	}
	buf_done(&got);
	buf_done(&wire);
}

static void every_way_to_log_in_ends_with_the_login_and_not_a_byte_more(void **state)
{
	(void)state;
	static const struct {
		int how;
		enum tds_cover least, cover;
	} rows[] = {
		{ NO_PRELOGIN, TDS_COVER_NONE, TDS_COVER_NONE },
		{ TDS_ENCRYPT_NOT_SUP, TDS_COVER_NONE, TDS_COVER_NONE },
		{ TDS_ENCRYPT_OFF, TDS_COVER_NONE, TDS_COVER_LOGIN },
		{ TDS_ENCRYPT_OFF, TDS_COVER_LOGIN, TDS_COVER_LOGIN },
		{ TDS_ENCRYPT_OFF, TDS_COVER_ALL, TDS_COVER_ALL },
		{ TDS_ENCRYPT_ON, TDS_COVER_NONE, TDS_COVER_ALL },
		{ TDS_ENCRYPT_REQ, TDS_COVER_ALL, TDS_COVER_ALL },
		{ STRICT, TDS_COVER_NONE, TDS_COVER_ALL },
		{ STRICT, TDS_COVER_ALL, TDS_COVER_ALL },
	};
	static const size_t steps[] = { 1, 7, 100, 65536 };
	for (size_t i = 0; i < COUNT_OF(rows) * COUNT_OF(steps); i++) {
		struct talk t;
		scoped(secret_scope) struct secret *password = NULL;
		login(&t, rows[i / COUNT_OF(steps)].how, rows[i / COUNT_OF(steps)].least, server_tls, steps[i % COUNT_OF(steps)]);
		if (t.result != 1)
			fail_msg("row %zu: %d %s", i, t.result, t.err.detail);
		assert_int_equal(t.front.cover, rows[i / COUNT_OF(steps)].cover);
		assert_int_equal(t.front.strict, rows[i / COUNT_OF(steps)].how == STRICT);
		assert_true(span_eq(t.front.login.text[TDS_LOGIN7_USER], span_of("a\0l\0i\0c\0e\0#\0d\0b\0" "1\0", 18)));
		assert_int_equal(tds_login7_password(&t.front.login, &password, NULL), 0);
		assert_true(span_is(secret_span(password), "Ab1"));
		tds_front_forget(&t.front);
		assert_int_equal(t.front.login.text[TDS_LOGIN7_USER].n, 0);
		speaks(&t);
		end(&t);
	}
}

static void is_told(struct talk *t, const char *say)
{
	struct tds_walk w;
	struct tds_event e;
	struct tds_frame f;
	assert_int_equal(tds_frame_get(buf_span(&t->answer), TDS_FROM_SERVER, &f, NULL), 1);
	struct span body = f.body;
	assert_int_equal(tds_walk_init(&w, TDS_7_4, NULL), 0);
	assert_int_equal(tds_walk_next(&w, &body, &e, NULL), 1);
	assert_true(e.kind == TDS_EVENT_ERROR && e.code == 18456 && span_is(e.text, say));
	tds_walk_done(&w);
}

static void a_login_without_the_tls_that_the_door_wants_is_refused(void **state)
{
	(void)state;
	struct talk t;
	login(&t, NO_PRELOGIN, TDS_COVER_LOGIN, server_tls, 7);
	assert_int_equal(t.result, -EACCES);
	assert_non_null(strstr(t.err.say, "请在客户端启用加密"));
	is_told(&t, t.err.say);
	end(&t);
	login(&t, TDS_ENCRYPT_NOT_SUP, TDS_COVER_LOGIN, server_tls, 7);
	assert_int_equal(t.result, -EACCES);
	struct tds_prelogin p;
	assert_int_equal(tds_prelogin_get(span_of(t.answer.data + 8, t.answer.len - 8), &p, NULL), 0);
	assert_int_equal(p.encryption, TDS_ENCRYPT_REQ);
	end(&t);
	login(&t, TDS_ENCRYPT_ON, TDS_COVER_NONE, NULL, 7); /* the door has no certificate */
	assert_int_equal(t.result, 1);
	assert_int_equal(t.front.cover, TDS_COVER_NONE);
	end(&t);
	login(&t, TDS_ENCRYPT_ON, TDS_COVER_LOGIN, NULL, 7);
	assert_int_equal(t.result, -EACCES);
	end(&t);
}

static void tls_that_comes_first_must_be_for_tds_8(void **state)
{
	(void)state;
	struct talk t;
	login(&t, NO_ALPN, TDS_COVER_NONE, server_tls, 65536);
	assert_int_equal(t.result, -EPROTO);
	end(&t);
	login(&t, STRICT, TDS_COVER_NONE, NULL, 65536);
	assert_int_equal(t.result, -EACCES);
	end(&t);
}

static void first(struct span bytes, int result)
{
	struct talk t = { .step = 3 };
	tds_front_init(&t.front, server_tls, TDS_COVER_NONE, version);
	buf_init(&t.held, 4096);
	buf_init(&t.answer, 65536);
	say(&t, bytes);
	assert_int_equal(t.result, result);
	end(&t);
}

#define BYTES(...) span_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void what_is_no_login_ends_the_connection(void **state)
{
	(void)state;
	first(BYTES('G', 'E', 'T', ' ', '/', ' ', 'H', 'T'), -EPROTO);
	first(BYTES(0x12, 1, 0, 4, 0, 0, 0, 0), -EPROTO);                                     /* shorter than its header */
	first(BYTES(0x12, 1, 0, 9, 0, 0, 0, 0, 1), -EPROTO);                                  /* PRELOGIN without an end */
	first(BYTES(0x10, 1, 0, 9, 0, 0, 0, 0, 1), -EPROTO);                                  /* LOGIN7 of a byte */
	first(BYTES(0x01, 1, 0, 9, 0, 0, 0, 0, 1), -EPROTO);                                  /* a statement */
	first(BYTES(0x12, 1, 0, 15, 0, 0, 0, 0, 1, 0, 6, 0, 1, 0xff, 2, 0x01, 1, 0, 8), -EPROTO); /* a statement behind PRELOGIN */
	first(BYTES(0x12, 1, 0, 15, 0, 0, 0, 0, 1, 0, 6, 0, 1, 0xff, 1, 0x12, 1, 0, 12, 0, 0, 0, 0, 'x', 'x', 'x', 'x', 'x', 'x'), -EPROTO); /* no TLS */
	first(BYTES(0x16, 3, 1, 0xff, 0xff, 0, 0), -EPROTO);                                  /* a record of 65535 bytes */
}

static void a_login_of_endless_packets_ends_it(void **state)
{
	(void)state;
	static uint8_t packet[4096] = { 0x10, 0, 0x10, 0 };
	struct talk t = { .step = 4096 };
	tds_front_init(&t.front, server_tls, TDS_COVER_NONE, version);
	buf_init(&t.held, 65536);
	buf_init(&t.answer, 65536);
	for (int i = 0; i < 100; i++)
		say(&t, span_of(packet, sizeof packet));
	assert_int_equal(t.result, 0);
	packet[1] = TDS_STATUS_LAST;
	say(&t, span_of(packet, sizeof packet));
	packet[1] = 0;
	assert_int_equal(t.result, -EPROTO);
	assert_true(t.front.message.wire.size <= TDS_LOGIN7_MAX && t.front.clear.size <= 2 * TDS_LOGIN7_MAX);
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_way_to_log_in_ends_with_the_login_and_not_a_byte_more),
		CASE(a_login_without_the_tls_that_the_door_wants_is_refused),
		CASE(tls_that_comes_first_must_be_for_tds_8),
		CASE(what_is_no_login_ends_the_connection),
		CASE(a_login_of_endless_packets_ends_it),
	};
	return cmocka_run_group_tests(tests, certificate, no_certificate);
}
