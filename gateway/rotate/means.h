#ifndef ROTATE_MEANS_H
#define ROTATE_MEANS_H
#include "gateway/core/buf.h"
#include "gateway/core/secret.h"
#include "gateway/core/tls.h"
struct err;
/*
 * means - how an account of a database changes its own password, and whether a password is the right one.
 *
 * Source:  MySQL and MariaDB: SET PASSWORD, ALTER USER; SQL Server: ALTER LOGIN … WITH PASSWORD … OLD_PASSWORD.
 * Use:     blocking, over a descriptor that is connected to the server and stays the caller's; nothing but read, write
 *          and poll, so a sandboxed process can do it.  A connection serves one call.
 * Rules:   a password travels only inside TLS whose certificate was checked, or over a unix socket (MySQL, MariaDB).  A new password is of printable ASCII, 1 to ROTATE_PASSWORD_MAX characters.
 * Errors:  what became of the password is told by the code:
 *          unchanged    -EACCES        the server refused the login: the current password is not (or no longer) right
 *                       -EPERM         the server refused the new password, or the change: `say` has its words
 *                       -EKEYREJECTED  no TLS, or its certificate is not the expected one: no password was sent
 *                       -EINVAL        the new password or the account's name has characters that cannot be sent
 *                       -ENOTSUP       a login method, server or version that is not known here
 *                       -EPIPE -ETIMEDOUT -EPROTO -EMSGSIZE  connection, deadline or nonsense, before the change was sent
 *          unknown      -EINPROGRESS   it was sent, and no answer came that says what became of it: verify both
 *          -EIO, -ENOMEM  our own side; nothing was sent.
 * Owns:    nothing.  Trust: every byte of the server is hostile.
 */
enum { ROTATE_PASSWORD_MAX = 128 };

enum rotate_tls {
	ROTATE_TLS_CA,    /* a certificate of `ca_pem` for `host` */
	ROTATE_TLS_PIN,   /* the certificate whose public key has the SHA-256 `pin` (tls_key_fingerprint) */
	ROTATE_TLS_LOCAL, /* a unix socket of this host: nobody listens on the way */
	ROTATE_TLS_OFF    /* the target says so: a login that shows no password can be tried, nothing is changed */
};

struct rotate_login {
	const char *account;
	const struct secret *secret; /* the current password */
	const char *host;            /* for TLS and, of SQL Server, the login; a name or an address */
	enum rotate_tls tls;
	struct span ca_pem;
	uint8_t pin[TLS_PIN_SIZE];
	int64_t deadline_us; /* clock_mono_us */
};

int rotate_mysql_change(int fd, const struct rotate_login *login, const struct secret *fresh, struct err *err);
int rotate_mysql_verify(int fd, const struct rotate_login *login, struct err *err);
int rotate_tds_change(int fd, const struct rotate_login *login, const struct secret *fresh, struct err *err);
int rotate_tds_verify(int fd, const struct rotate_login *login, struct err *err);
#endif
