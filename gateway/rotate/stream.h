#ifndef ROTATE_STREAM_H
#define ROTATE_STREAM_H
#include "gateway/rotate/means.h"
#include "sqlproxy/words.h"
#include <openssl/types.h>
#include <stdbool.h>
/*
 * stream - bytes to and from a server with a deadline, in the clear or inside TLS.
 *
 * Use:     start, then send and read; rotate_stream_tls in between switches to TLS.  SQL Server's handshake travels in
 *          packets of type PRELOGIN (`framed`), what follows it does not ([MS-TDS] 2.2.6.5, 3.2.5.2).
 * Limits:  nothing is read ahead in the clear, so nothing sent in the clear can be taken for what came inside TLS.
 * Errors:  -EPIPE the server closed, -ETIMEDOUT, -EKEYREJECTED the certificate, -EPROTO TLS.
 * Owns:    its TLS state; done releases it.  `fd` is the caller's.  Trust: the server's bytes are hostile.
 */
struct rotate_stream {
	int fd;
	int64_t deadline_us;
	SSL_CTX *ctx;
	SSL *ssl;      /* NULL: in the clear */
	BIO *in, *out; /* of ssl: what came, what is to go */
	bool framed;
};

void rotate_stream_start(struct rotate_stream *s, int fd, const struct rotate_login *login);
void rotate_stream_done(struct rotate_stream *s);
int rotate_stream_tls(struct rotate_stream *s, const struct rotate_login *login, bool framed, struct err *err);
int rotate_stream_send(struct rotate_stream *s, struct span bytes, struct err *err);
/* Exactly n bytes. */
int rotate_stream_read(struct rotate_stream *s, uint8_t *p, size_t n, struct err *err);

/* A buf that may hold a secret: all its room is made at once, so that no copy stays behind when it grows, and it is
 * wiped when it is released. */
void rotate_stream_room(struct buf *b, size_t cap);
void rotate_stream_wipe(struct buf *b);
/* 1 to ROTATE_PASSWORD_MAX characters of printable ASCII, or -EINVAL. */
int rotate_stream_fit(const struct secret *fresh, struct err *err);
/* A server's words may quote the statement: they are kept only where they hold no part of the secret. */
void rotate_stream_unsay(char words[static SQL_WORDS_MAX + 1], const struct secret *secret);
#endif
