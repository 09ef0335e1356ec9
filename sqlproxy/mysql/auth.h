#ifndef MYSQL_AUTH_H
#define MYSQL_AUTH_H
#include "gateway/core/buf.h"
#include <stdbool.h>
struct err;
/*
 * auth - what a client answers to a server's challenge, by the account's plugin.
 *
 * Source:  MySQL "Client/Server Protocol": Native Authentication, Caching_sha2 Authentication, SHA-256
 *          Authentication; MariaDB "Authentication Plugin - ed25519".
 * Shape:   mysql_native_password  SHA1(pw) XOR SHA1(challenge SHA1(SHA1(pw)))                     20 bytes
 *          caching_sha2_password  SHA256(pw) XOR SHA256(SHA256(SHA256(pw)) challenge)             32 bytes
 *          client_ed25519         signature over the challenge, its key from SHA512(pw)          64 bytes
 *          sha256_password        the password and a NUL: only where the line is private
 *          An empty password answers with nothing (ed25519 signs nevertheless).
 * Errors:  -ENOTSUP a plugin that is not in the table, -EACCES the line is not private enough for it.
 * Trust:   challenge and plugin name are hostile.
 */
enum { MYSQL_AUTH_CHALLENGE = 20, MYSQL_AUTH_ED25519_CHALLENGE = 32, MYSQL_AUTH_NAME_MAX = 63 };

struct mysql_auth_ask {
	struct span plugin, challenge, password;
	bool private; /* TLS with a certificate that was checked, or a unix socket */
};

/* Appends the answer. */
int mysql_auth_answer(const struct mysql_auth_ask *ask, struct buf *out, struct err *err);
/* The plugin asks for the password itself after its first answer was not enough (caching_sha2_password). */
bool mysql_auth_may_ask_more(struct span plugin);
/* The password and a NUL; -EACCES where the line is not private. */
int mysql_auth_clear(const struct mysql_auth_ask *ask, struct buf *out, struct err *err);
#endif
