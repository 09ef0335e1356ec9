#ifndef MYSQL_LOGIN_H
#define MYSQL_LOGIN_H
#include "sqlproxy/mysql/auth.h"
#include "sqlproxy/mysql/packet.h"
#include "sqlproxy/words.h"
/*
 * login - a client's side of a login: the server's packets in, ours out.  No input or output of its own.
 *
 * Source:  MySQL "Client/Server Protocol", Connection Phase: HandshakeV10, SSLRequest, HandshakeResponse41,
 *          AuthSwitchRequest, AuthMoreData; capability flags.
 * Use:     mysql_login_start; mysql_login_feed with each packet until MYSQL_LOGIN_DONE.  After MYSQL_LOGIN_TLS send
 *          `out`, do the TLS handshake, then call mysql_login_encrypted and send what it wrote.
 * Limits:  protocol 4.1 with plugins only; one switch of plugin; no compression, no MFA.  What else there is, is what the caller
 *          `wants` of the server.
 * Errors:  -EPROTO, -EMSGSIZE, -ENOTSUP, -EACCES a line that is not private, -EPERM the server refused (`refused`).
 * Owns:    copies of what must live over calls; the password is borrowed.  Trust: the server's bytes are hostile.
 */
enum mysql_login_step { MYSQL_LOGIN_MORE, MYSQL_LOGIN_TLS, MYSQL_LOGIN_DONE };
enum mysql_login_state {
	MYSQL_LOGIN_GREETING,
	MYSQL_LOGIN_SECURING,
	MYSQL_LOGIN_ANSWERED,
	MYSQL_LOGIN_SENT_CLEAR,
	MYSQL_LOGIN_IN
};
enum { MYSQL_LOGIN_USER_MAX = 128, MYSQL_LOGIN_DATABASE_MAX = 256, MYSQL_LOGIN_ATTRIBUTES_MAX = 1024 };

struct mysql_login {
	const char *user;
	struct span password;
	bool want_tls; /* no server without it is logged in to */
	bool private;  /* from the start: a unix socket; mysql_login_encrypted sets it */
	uint32_t wants;         /* enum mysql_cap, used where the server has them */
	uint8_t charset;        /* a collation's number; 0 = utf8mb4 */
	const char *database;   /* to begin with; NULL or "" = none */
	struct span attributes; /* pairs of length-encoded texts, MYSQL_LOGIN_ATTRIBUTES_MAX at most; sent where `wants` has them */

	enum mysql_login_state state;
	uint8_t seq; /* of the next packet, of either side */
	bool switched;
	char version[SQL_WORDS_MAX + 1];
	uint32_t connection, server_flags;
	uint32_t flags; /* what both sides have, once it was sent */
	char plugin[MYSQL_AUTH_NAME_MAX + 1];
	uint8_t challenge[MYSQL_AUTH_ED25519_CHALLENGE];
	size_t challenge_n;
	uint16_t status;               /* flags of the OK that ended the login */
	uint16_t refused;              /* the server's error number */
	char words[SQL_WORDS_MAX + 1]; /* and its words */
};

/* user, password, want_tls and private are set; the rest is zero. */
int mysql_login_start(const struct mysql_login *login, struct err *err);
/* enum mysql_login_step; `out` gets the frames to be sent first. */
int mysql_login_feed(struct mysql_login *login, const struct mysql_packet *packet, struct buf *out, struct err *err);
int mysql_login_encrypted(struct mysql_login *login, struct buf *out, struct err *err);
bool mysql_login_is_mariadb(const struct mysql_login *login);
/* Major * 10000 + minor * 100 + patch of MySQL or MariaDB; 0 when the version does not say. */
unsigned mysql_login_release(const struct mysql_login *login);
#endif
