#ifndef MYSQL_FRONT_H
#define MYSQL_FRONT_H
#include "gateway/core/buf.h"
#include "sqlproxy/mysql/auth.h"
#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * front - a server's side of a login: greeting out, what the client answers in.  No input or output of its own, and who may log in
 * is asked elsewhere.
 *
 * Source:  MySQL "Client/Server Protocol", Connection Phase: HandshakeV10, SSLRequest, HandshakeResponse41, AuthSwitchRequest, AuthMoreData,
 *          Caching_sha2 Authentication, Clear Text Client Plugin.
 * Shape:   what a client proves is a scramble (of a generated password, whose hash somebody has) or the password in clear.  A scramble that
 *          nobody knows makes the client send the password itself: inside TLS, or (caching_sha2_password without TLS) by an RSA key made for
 *          this connection.  mysql_clear_password without TLS is refused.
 * Use:     mysql_front_greet; mysql_front_read with each payload; after MYSQL_FRONT_TLS do the handshake and call mysql_front_encrypted;
 *          after MYSQL_FRONT_SCRAMBLE ask, and where nobody knows it call mysql_front_unknown.
 * Limits:  protocol 4.1; one switch of plugin; no compression, no multi-factor.
 * Errors:  -EPROTO malformed, -ENOTSUP protocol 320, -EACCES no way for this client to prove who it is.
 * Owns:    copies of the names; `proof` points into the payload, or into `clear`.  Trust: every byte is hostile.
 */
enum { MYSQL_FRONT_USER_MAX = 512, MYSQL_FRONT_DATABASE_MAX = 256, MYSQL_FRONT_PROGRAM_MAX = 128, MYSQL_FRONT_PASSWORD_MAX = 1024 };
enum mysql_front_step {
	MYSQL_FRONT_MORE,     /* send `out`, read the next packet */
	MYSQL_FRONT_TLS,      /* a handshake is to begin with the next byte */
	MYSQL_FRONT_SCRAMBLE, /* `proof` answers `challenge` by `scramble` */
	MYSQL_FRONT_PASSWORD, /* `proof` is the password */
};
enum mysql_front_scramble { MYSQL_FRONT_NATIVE = 1, MYSQL_FRONT_SHA2 };
enum mysql_front_state {
	MYSQL_FRONT_HELLO, MYSQL_FRONT_ASKED /* a scramble is being checked */, MYSQL_FRONT_SWITCHED, MYSQL_FRONT_FULL, MYSQL_FRONT_KEY, MYSQL_FRONT_OVER
};

struct mysql_front {
	uint32_t offers; /* enum mysql_cap */
	bool may_tls;    /* SSLRequest is answered */
	bool may_plain;  /* who comes without it is heard */
	bool private;    /* inside TLS */

	enum mysql_front_state state;
	uint8_t seq; /* of the next packet, of either side */
	bool switched;
	uint8_t challenge[MYSQL_AUTH_CHALLENGE];
	uint32_t flags; /* what both sides have */
	uint32_t packet_max;
	uint8_t charset; /* a collation's number */
	char user[MYSQL_FRONT_USER_MAX + 1], database[MYSQL_FRONT_DATABASE_MAX + 1], program[MYSQL_FRONT_PROGRAM_MAX + 1];
	enum mysql_front_scramble scramble;
	struct span proof;
	EVP_PKEY *key;
	uint8_t clear[MYSQL_FRONT_PASSWORD_MAX]; /* wiped by mysql_front_done */
};

/* offers, may_tls, may_plain are set, challenge is random without NUL; the rest is zero. */
void mysql_front_greet(struct mysql_front *f, const char *version, uint32_t connection, struct buf *out);
/* enum mysql_front_step, or an error. */
int mysql_front_read(struct mysql_front *f, uint8_t seq, struct span payload, struct buf *out, struct err *err);
void mysql_front_encrypted(struct mysql_front *f);
/* Nobody knows the scramble: the password itself, please.  MYSQL_FRONT_MORE, or an error. */
int mysql_front_unknown(struct mysql_front *f, struct buf *out, struct err *err);
/* In front of the OK: what the plugin wants to hear. */
void mysql_front_welcome(struct mysql_front *f, struct buf *out);
void mysql_front_done(struct mysql_front *f);
#endif
