#include "sqlproxy/mysql/front.h"
#include "gateway/core/err.h"
#include "gateway/core/secret.h"
#include "sqlproxy/mysql/flags.h"
#include "sqlproxy/mysql/front_key.h"
#include "sqlproxy/mysql/wire.h"
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

enum { PROTOCOL_VERSION = 10, CHARSET_UTF8MB4 = 45, RESERVED = 10, FILLER = 23, CHALLENGE_FIRST = 8, SSL_REQUEST = 32, FULL = 4, FAST = 3,
	ASKS_KEY = 2 };
static const char native[] = "mysql_native_password", sha2[] = "caching_sha2_password", clear[] = "mysql_clear_password";
static const uint32_t needed = MYSQL_CAP_PROTOCOL_41 | MYSQL_CAP_SECURE_CONNECTION;

static int malformed(struct err *err, const char *what)
{
	return fault(err, -EPROTO, "The login is malformed. 登录报文有误。", "%s", what);
}

void mysql_front_greet(struct mysql_front *f, const char *version, uint32_t connection, struct buf *out)
{
	static const uint8_t reserved[RESERVED];
	uint32_t flags = f->offers | (f->may_tls ? (uint32_t)MYSQL_CAP_SSL : 0U);
	size_t n = 1 + strlen(version) + 1 + 4 + CHALLENGE_FIRST + 1 + 2 + 1 + 2 + 2 + 1 + RESERVED + 13 + sizeof sha2;
	wr_le(out, n, 3);
	wr_le(out, f->seq++, 1);
	wr_le(out, PROTOCOL_VERSION, 1);
	buf_put(out, version, strlen(version) + 1);
	wr_le(out, connection, 4);
	buf_put(out, f->challenge, CHALLENGE_FIRST);
	wr_le(out, 0, 1);
	wr_le(out, flags & 0xffff, 2);
	wr_le(out, CHARSET_UTF8MB4, 1);
	wr_le(out, MYSQL_STATUS_AUTOCOMMIT, 2);
	wr_le(out, flags >> 16, 2);
	wr_le(out, MYSQL_AUTH_CHALLENGE + 1, 1);
	buf_put(out, reserved, sizeof reserved);
	buf_put(out, f->challenge + CHALLENGE_FIRST, MYSQL_AUTH_CHALLENGE - CHALLENGE_FIRST);
	wr_le(out, 0, 1);
	buf_put(out, sha2, sizeof sha2);
}

void mysql_front_encrypted(struct mysql_front *f)
{
	f->private = true;
}

static int keep(struct span text, char *ret, size_t max, const char *what, struct err *err)
{
	if (text.n > max || (text.n > 0 && memchr(text.p, 0, text.n)))
		return malformed(err, what);
	if (text.n > 0)
		memcpy(ret, text.p, text.n);
	ret[text.n] = '\0';
	return 0;
}

/* Pairs of names and values; what is too long for us is not kept. */
static void keep_program(struct mysql_front *f, struct span attributes)
{
	struct rd r = rd_of(attributes);
	while (!r.bad && r.n > 0) {
		struct span name = mysql_wire_text(&r), value = mysql_wire_text(&r);
		if (!r.bad && span_is(name, "program_name"))
			(void)keep(value, f->program, MYSQL_FRONT_PROGRAM_MAX, "", NULL);
	}
}

static int put_more(struct mysql_front *f, struct span data, struct buf *out)
{
	wr_le(out, 1 + data.n, 3);
	wr_le(out, f->seq++, 1);
	wr_le(out, MYSQL_HEAD_AUTH_MORE, 1);
	buf_put_span(out, data);
	return MYSQL_FRONT_MORE;
}

static int ask_full(struct mysql_front *f, struct buf *out)
{
	const uint8_t full = FULL;
	f->state = MYSQL_FRONT_FULL;
	return put_more(f, span_of(&full, 1), out);
}

/* Every client of today knows caching_sha2_password, and sends the password itself when it is asked to. */
static int switch_plugin(struct mysql_front *f, struct buf *out, struct err *err)
{
	if (f->switched || !(f->flags & MYSQL_CAP_PLUGIN_AUTH))
		return fault(err, -EACCES, "This password is not right. 密码不正确。", "no other plugin to switch to");
	f->switched = true;
	f->state = MYSQL_FRONT_SWITCHED;
	wr_le(out, 1 + sizeof sha2 + MYSQL_AUTH_CHALLENGE + 1, 3);
	wr_le(out, f->seq++, 1);
	wr_le(out, MYSQL_HEAD_EOF, 1);
	buf_put(out, sha2, sizeof sha2);
	buf_put(out, f->challenge, MYSQL_AUTH_CHALLENGE);
	wr_le(out, 0, 1);
	return MYSQL_FRONT_MORE;
}

static int password(struct mysql_front *f, struct span proof, struct err *err)
{
	if (proof.n == 0 || proof.p[proof.n - 1] != 0 || proof.n - 1 > MYSQL_FRONT_PASSWORD_MAX)
		return malformed(err, "a password in clear without its end, or too long");
	f->proof = span_of(proof.p, proof.n - 1);
	f->state = MYSQL_FRONT_OVER;
	return MYSQL_FRONT_PASSWORD;
}

/* caching_sha2_password's first answer: 32 bytes, or nothing where the password is empty. */
static int sha2_answer(struct mysql_front *f, struct span answer, struct buf *out, struct err *err)
{
	if (answer.n == 0 || (answer.n == 1 && answer.p[0] == 0))
		return fault(err, -EACCES, "This password is not right. 密码不正确。", "an empty password");
	if (answer.n != 32)
		return ask_full(f, out);
	f->scramble = MYSQL_FRONT_SHA2;
	f->proof = answer;
	f->state = MYSQL_FRONT_ASKED;
	return MYSQL_FRONT_SCRAMBLE;
}

static int first_answer(struct mysql_front *f, struct span plugin, struct span answer, struct buf *out, struct err *err)
{
	if (span_is(plugin, clear) && f->private)
		return password(f, answer, err);
	if (span_is(plugin, sha2))
		return sha2_answer(f, answer, out, err);
	if (span_is(plugin, native) && answer.n == MYSQL_AUTH_CHALLENGE) {
		f->scramble = MYSQL_FRONT_NATIVE;
		f->proof = answer;
		f->state = MYSQL_FRONT_ASKED;
		return MYSQL_FRONT_SCRAMBLE;
	}
	return switch_plugin(f, out, err);
}

static struct span answer_of(uint32_t flags, struct rd *r)
{
	return flags & MYSQL_CAP_PLUGIN_AUTH_LENENC ? mysql_wire_text(r) : rd_bytes(r, rd_u8(r));
}

/* What is not there when a flag says that it is: old clients leave it out at the end. */
static struct span name_at_end(struct rd *r)
{
	if (r->bad || r->n == 0)
		return (struct span){ 0 };
	const uint8_t *end = memchr(r->p, 0, r->n);
	return end ? mysql_wire_until_nul(r) : rd_bytes(r, r->n);
}

static int read_head(struct mysql_front *f, struct rd *r, uint32_t *ret_theirs, struct err *err)
{
	uint32_t theirs = rd_u32le(r);
	f->packet_max = rd_u32le(r);
	f->charset = rd_u8(r);
	(void)rd_bytes(r, FILLER);
	if (r->bad || (theirs & needed) != needed)
		return fault(err, r->bad ? -EPROTO : -ENOTSUP, "This client speaks a protocol of before MySQL 4.1. 客户端协议过旧。",
			"login with flags %08x", theirs);
	*ret_theirs = theirs;
	return 0;
}

static int hello(struct mysql_front *f, struct span payload, struct buf *out, struct err *err)
{
	struct rd r = rd_of(payload);
	uint32_t theirs = 0;
	/* What was said before TLS does not count: all of it comes again. */
	int result = read_head(f, &r, &theirs, err);
	if (result < 0)
		return result;
	if (payload.n == SSL_REQUEST && (theirs & MYSQL_CAP_SSL)) {
		if (!f->may_tls || f->private)
			return malformed(err, "TLS is asked for where it cannot be");
		return MYSQL_FRONT_TLS;
	}
	if (!f->private && !f->may_plain)
		return fault(err, -EACCES, "Switch on TLS in your client: this door takes no login without it. 请在客户端启用 TLS。",
			"a login without TLS");
	f->flags = theirs & f->offers;
	struct span user = mysql_wire_until_nul(&r), answer = answer_of(theirs, &r), database = { 0 }, plugin = span_str(native);
	if (theirs & MYSQL_CAP_CONNECT_WITH_DB)
		database = name_at_end(&r);
	if (theirs & MYSQL_CAP_PLUGIN_AUTH)
		plugin = name_at_end(&r);
	if ((theirs & MYSQL_CAP_CONNECT_ATTRS) && !r.bad && r.n > 0)
		keep_program(f, mysql_wire_text(&r));
	if (r.bad)
		return malformed(err, "login is cut");
	result = keep(user, f->user, MYSQL_FRONT_USER_MAX, "name of the user", err);
	if (result == 0)
		result = keep(database, f->database, MYSQL_FRONT_DATABASE_MAX, "name of the database", err);
	return result < 0 ? result : first_answer(f, plugin, answer, out, err);
}

static int by_key(struct mysql_front *f, struct span payload, struct err *err)
{
	int n = mysql_front_key_open(f->key, span_of(f->challenge, sizeof f->challenge), payload, f->clear, err);
	return n < 0 ? n : password(f, span_of(f->clear, (size_t)n), err);
}

static int full(struct mysql_front *f, struct span payload, struct buf *out, struct err *err)
{
	if (f->private)
		return password(f, payload, err);
	if (payload.n != 1 || payload.p[0] != ASKS_KEY)
		return malformed(err, "full authentication without TLS, and no key is asked for");
	struct buf pem;
	buf_init(&pem, 4096);
	int r = mysql_front_key_make(&f->key, &pem, err);
	if (r == 0) {
		f->state = MYSQL_FRONT_KEY;
		r = put_more(f, buf_span(&pem), out);
	}
	buf_done(&pem);
	return r;
}

int mysql_front_read(struct mysql_front *f, uint8_t seq, struct span payload, struct buf *out, struct err *err)
{
	if (seq != f->seq)
		return malformed(err, "packet out of sequence");
	f->seq++;
	switch (f->state) {
	case MYSQL_FRONT_HELLO:
		return hello(f, payload, out, err);
	case MYSQL_FRONT_SWITCHED:
		return sha2_answer(f, payload, out, err);
	case MYSQL_FRONT_FULL:
		return full(f, payload, out, err);
	case MYSQL_FRONT_KEY:
		return by_key(f, payload, err);
	default:
		return malformed(err, "a packet that nothing asked for");
	}
}

int mysql_front_unknown(struct mysql_front *f, struct buf *out, struct err *err)
{
	return f->scramble == MYSQL_FRONT_SHA2 ? ask_full(f, out) : switch_plugin(f, out, err);
}

void mysql_front_welcome(struct mysql_front *f, struct buf *out)
{
	const uint8_t fast = FAST;
	if (f->state == MYSQL_FRONT_ASKED && f->scramble == MYSQL_FRONT_SHA2)
		(void)put_more(f, span_of(&fast, 1), out);
	f->state = MYSQL_FRONT_OVER;
}

void mysql_front_done(struct mysql_front *f)
{
	secret_wipe(f->clear, sizeof f->clear);
	f->proof = (struct span){ 0 };
	EVP_PKEY_free(f->key);
	f->key = NULL;
}
