#include "sqlproxy/mysql/login.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "sqlproxy/mysql/flags.h"
#include "sqlproxy/mysql/wire.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PROTOCOL_VERSION = 10,
	CHARSET_UTF8MB4 = 45,
	FILLER = 23,
	CHALLENGE_FIRST = 8,
	AUTH_SWITCH = 0xfe,
	AUTH_MORE = 0x01,
	ERROR_HEAD = 0xff,
	SHA2_FAST_DONE = 3,
	SHA2_FULL = 4
};
static const uint32_t needed = MYSQL_CAP_PROTOCOL_41 | MYSQL_CAP_SECURE_CONNECTION | MYSQL_CAP_PLUGIN_AUTH;

static int malformed(struct err *err, const char *what)
{
	return fault(err, -EPROTO, "the database server's answer is malformed", "%s", what);
}

int mysql_login_start(const struct mysql_login *login, struct err *err)
{
	size_t n = strlen(login->user);
	if (n == 0 || n > MYSQL_LOGIN_USER_MAX)
		return fault(err, -EINVAL, "the account's name is too long", "account name of %zu bytes", n);
	if (login->password.n > 0 && memchr(login->password.p, 0, login->password.n))
		return fault(err, -EINVAL, "the password holds a NUL", "a password of MySQL ends at a NUL");
	if ((login->database && strlen(login->database) > MYSQL_LOGIN_DATABASE_MAX) || login->attributes.n > MYSQL_LOGIN_ATTRIBUTES_MAX)
		return fault(err, -EINVAL, "The name of the database is too long. 数据库名过长。", "database or attributes are too long");
	return 0;
}

static int keep_plugin(struct mysql_login *l, struct span name, struct err *err)
{
	if (name.n > MYSQL_AUTH_NAME_MAX)
		return malformed(err, "name of a plugin too long");
	if (name.n > 0)
		memcpy(l->plugin, name.p, name.n);
	l->plugin[name.n] = '\0';
	return 0;
}

/* The server closes the challenge with a NUL that is no part of it. */
static int keep_challenge(struct mysql_login *l, struct span challenge, struct err *err)
{
	/* A NUL behind it is none of it; at its end it is: ed25519's is any 32 bytes, and of most servers nothing stands behind them. */
	bool whole = challenge.n == MYSQL_AUTH_CHALLENGE || challenge.n == MYSQL_AUTH_ED25519_CHALLENGE;
	if (!whole && challenge.n > 0 && challenge.p[challenge.n - 1] == 0)
		challenge.n--;
	if (challenge.n > sizeof l->challenge)
		return malformed(err, "challenge too long");
	if (challenge.n > 0)
		memcpy(l->challenge, challenge.p, challenge.n);
	l->challenge_n = challenge.n;
	return 0;
}

static struct mysql_auth_ask ask_of(const struct mysql_login *l)
{
	return (struct mysql_auth_ask){ .plugin = span_str(l->plugin),
		.challenge = span_of(l->challenge, l->challenge_n),
		.password = l->password,
		.private = l->private };
}

static bool has_database(const struct mysql_login *l)
{
	return l->database && *l->database && (l->server_flags & MYSQL_CAP_CONNECT_WITH_DB);
}

static uint32_t flags_of(const struct mysql_login *l)
{
	uint32_t unused = (uint32_t)MYSQL_CAP_PLUGIN_AUTH_LENENC | (has_database(l) ? 0U : (uint32_t)MYSQL_CAP_CONNECT_WITH_DB) | MYSQL_CAP_SSL;
	uint32_t more = has_database(l) ? (uint32_t)MYSQL_CAP_CONNECT_WITH_DB : 0U;
	return needed | MYSQL_CAP_LONG_PASSWORD | MYSQL_CAP_TRANSACTIONS | (l->want_tls ? (uint32_t)MYSQL_CAP_SSL : 0U) | more |
	       (l->server_flags & MYSQL_CAP_EXPIRED_PASSWORDS) | (l->wants & l->server_flags & ~unused);
}

/* What SSLRequest and HandshakeResponse41 begin with. */
static void put_head(const struct mysql_login *l, size_t more, struct buf *out)
{
	static const uint8_t filler[FILLER];
	wr_le(out, 32 + more, 3);
	wr_le(out, l->seq, 1);
	wr_le(out, flags_of(l), 4);
	wr_le(out, l->wants ? MYSQL_FULL_PACKET + 1 : MYSQL_PACKET_MAX, 4);
	wr_le(out, l->charset ? l->charset : CHARSET_UTF8MB4, 1);
	buf_put(out, filler, sizeof filler);
}

/* The greeting names the server's usual plugin.  Where the account has another, the server asks again (AuthSwitchRequest);
 * a name other than these two is not worth answering before it is known to be the account's. */
static int put_response(struct mysql_login *l, struct buf *out, struct err *err)
{
	struct buf answer;
	if (!span_is(span_str(l->plugin), "caching_sha2_password"))
		(void)keep_plugin(l, span_str("mysql_native_password"), NULL);
	struct mysql_auth_ask ask = ask_of(l);
	buf_init(&answer, UINT8_MAX);
	int r = mysql_auth_answer(&ask, &answer, err);
	if (r == 0) {
		size_t database = has_database(l) ? strlen(l->database) + 1 : 0;
		struct buf attributes;
		buf_init(&attributes, MYSQL_LOGIN_ATTRIBUTES_MAX + 9);
		if (flags_of(l) & MYSQL_CAP_CONNECT_ATTRS)
			mysql_wire_put_text(&attributes, l->attributes);
		put_head(l, strlen(l->user) + 1 + 1 + answer.len + database + strlen(l->plugin) + 1 + attributes.len, out);
		buf_put(out, l->user, strlen(l->user) + 1);
		wr_le(out, answer.len, 1);
		buf_put_span(out, buf_span(&answer));
		if (database > 0)
			buf_put(out, l->database, database);
		buf_put(out, l->plugin, strlen(l->plugin) + 1);
		buf_put_span(out, buf_span(&attributes));
		buf_done(&attributes);
		l->flags = flags_of(l);
		l->seq++;
		l->state = MYSQL_LOGIN_ANSWERED;
	}
	buf_done(&answer);
	return r;
}

static int parse_greeting(struct mysql_login *l, struct span payload, struct err *err)
{
	struct rd r = rd_of(payload);
	uint8_t challenge[MYSQL_AUTH_ED25519_CHALLENGE + 1] = { 0 };
	if (rd_u8(&r) != PROTOCOL_VERSION)
		return malformed(err, "greeting of another protocol");
	sql_words_safe(mysql_wire_until_nul(&r), l->version);
	l->connection = rd_u32le(&r);
	struct span first = rd_bytes(&r, CHALLENGE_FIRST);
	(void)rd_u8(&r);
	l->server_flags = rd_u16le(&r);
	(void)rd_bytes(&r, 1 + 2); /* charset, status */
	l->server_flags |= (uint32_t)rd_u16le(&r) << 16;
	size_t length = rd_u8(&r);
	(void)rd_bytes(&r, 10);
	if (r.bad || (l->server_flags & needed) != needed)
		return fault(err, r.bad ? -EPROTO : -ENOTSUP, "the database server is too old",
			"greeting is cut or without plugins, flags %08x", l->server_flags);
	struct span second = rd_bytes(&r, length > 21 ? length - CHALLENGE_FIRST : 13);
	if (r.bad || first.n + second.n > sizeof challenge)
		return malformed(err, "challenge is cut or too long");
	memcpy(challenge, first.p, first.n);
	memcpy(challenge + first.n, second.p, second.n);
	struct span plugin = mysql_wire_until_nul(&r);
	if (r.bad)
		return malformed(err, "greeting without a plugin's name");
	int result = keep_challenge(l, span_of(challenge, first.n + second.n), err);
	return result < 0 ? result : keep_plugin(l, plugin, err);
}

/* A server that refuses whoever comes (too many connections, blocked host) says so in place of a greeting. */
static int greeting(struct mysql_login *l, struct span payload, struct buf *out, struct err *err)
{
	int r = parse_greeting(l, payload, err);
	if (r < 0)
		return r;
	if (!l->want_tls)
		return put_response(l, out, err);
	if (!(l->server_flags & MYSQL_CAP_SSL))
		return fault(err, -EKEYREJECTED, "the database server has no TLS: switch it on there", "no CLIENT_SSL");
	put_head(l, 0, out);
	l->seq++;
	l->state = MYSQL_LOGIN_SECURING;
	return MYSQL_LOGIN_TLS;
}

int mysql_login_encrypted(struct mysql_login *l, struct buf *out, struct err *err)
{
	assert(l->state == MYSQL_LOGIN_SECURING);
	l->private = true;
	return put_response(l, out, err);
}

static int put_answer(struct mysql_login *l, struct buf *out, struct err *err, bool clear)
{
	const struct mysql_auth_ask ask = ask_of(l);
	size_t at = out->len;
	wr_le(out, 0, 3);
	wr_le(out, l->seq++, 1);
	int r = clear ? mysql_auth_clear(&ask, out, err) : mysql_auth_answer(&ask, out, err);
	if (r < 0 || out->failed)
		return r < 0 ? r : fault(err, -EMSGSIZE, "internal error", "no room for an answer");
	size_t n = out->len - at - MYSQL_PACKET_HEAD;
	out->data[at] = (uint8_t)n;
	out->data[at + 1] = (uint8_t)(n >> 8);
	return MYSQL_LOGIN_MORE;
}

static int switch_plugin(struct mysql_login *l, struct rd *r, struct buf *out, struct err *err)
{
	if (l->switched || l->state != MYSQL_LOGIN_ANSWERED)
		return malformed(err, "a second switch of plugin");
	if (r->n == 0)
		return fault(err, -ENOTSUP, "this account has a password of before MySQL 4.1",
			"switch to mysql_old_password");
	l->switched = true;
	struct span name = mysql_wire_until_nul(r);
	if (r->bad)
		return malformed(err, "switch of plugin is cut");
	int result = keep_plugin(l, name, err);
	if (result == 0)
		result = keep_challenge(l, rd_bytes(r, r->n), err);
	return result < 0 ? result : put_answer(l, out, err, false);
}

static int more(struct mysql_login *l, struct rd *r, struct buf *out, struct err *err)
{
	uint8_t what = rd_u8(r);
	if (!rd_done(r) || l->state != MYSQL_LOGIN_ANSWERED || !mysql_auth_may_ask_more(span_str(l->plugin)))
		return malformed(err, "data of a plugin that has none");
	if (what == SHA2_FAST_DONE)
		return MYSQL_LOGIN_MORE;
	if (what != SHA2_FULL)
		return malformed(err, "neither fast nor full authentication");
	l->state = MYSQL_LOGIN_SENT_CLEAR;
	return put_answer(l, out, err, true);
}

static int answered(struct mysql_login *l, struct span payload, struct buf *out, struct err *err)
{
	struct rd r = rd_of(payload);
	struct mysql_answer a;
	if (payload.n > 0 && payload.p[0] == AUTH_SWITCH)
		return (void)rd_u8(&r), switch_plugin(l, &r, out, err);
	if (payload.n > 0 && payload.p[0] == AUTH_MORE)
		return (void)rd_u8(&r), more(l, &r, out, err);
	int result = mysql_packet_answer(payload, &a, err);
	if (result < 0)
		return result;
	if (a.kind != MYSQL_ANSWER_OK)
		return malformed(err, "neither OK nor ERR at the end of a login");
	l->status = a.status;
	l->state = MYSQL_LOGIN_IN;
	return MYSQL_LOGIN_DONE;
}

static int refused(struct mysql_login *l, struct span payload, struct err *err)
{
	struct mysql_answer a;
	int r = mysql_packet_answer(payload, &a, err);
	if (r < 0)
		return r;
	l->refused = a.code;
	sql_words_safe(a.words, l->words);
	return fault(err, -EPERM, l->words, "error %u: %s", a.code, l->words);
}

int mysql_login_feed(struct mysql_login *l, const struct mysql_packet *packet, struct buf *out, struct err *err)
{
	if (packet->seq != l->seq)
		return malformed(err, "packet out of sequence");
	l->seq++;
	if (packet->payload.n > 0 && packet->payload.p[0] == ERROR_HEAD)
		return refused(l, packet->payload, err);
	switch (l->state) {
	case MYSQL_LOGIN_GREETING:
		return greeting(l, packet->payload, out, err);
	case MYSQL_LOGIN_ANSWERED:
	case MYSQL_LOGIN_SENT_CLEAR:
		return answered(l, packet->payload, out, err);
	default:
		return malformed(err, "a packet that nothing asked for");
	}
}

bool mysql_login_is_mariadb(const struct mysql_login *login)
{
	return strstr(login->version, "MariaDB") || strncmp(login->version, "5.5.5-", 6) == 0;
}

unsigned mysql_login_release(const struct mysql_login *login)
{
	const char *p = login->version;
	unsigned release = 0;
	if (strncmp(p, "5.5.5-", 6) == 0) /* what MariaDB puts before its own, for old replicas */
		p += 6;
	for (int i = 0; i < 3; i++) {
		char *end;
		unsigned long part = *p >= '0' && *p <= '9' ? strtoul(p, &end, 10) : 100;
		if (part > 99)
			return 0;
		release = release * 100 + (unsigned)part;
		p = *end == '.' ? end + 1 : "";
		if (i < 2 && !*p)
			return 0;
	}
	return release;
}
