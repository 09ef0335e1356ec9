#ifndef TDS_FRONT_H
#define TDS_FRONT_H
#include "sqlproxy/tds/login7.h"
#include "sqlproxy/tds/prelogin.h"
#include "sqlproxy/tds/stream.h"
#include <openssl/types.h>
/*
 * front - a server's side from the first byte to LOGIN7, and TLS behind it: bytes in, bytes out, no I/O of its own.
 *
 * Source:  [MS-TDS] 3.3.5 (server), 2.2.6.5 PRELOGIN, 3.2.5.2 (TLS inside packets of PRELOGIN); TDS 8.0: 3.3.1, ALPN "tds/8.0".
 * Shape:   the first byte tells: 0x12 PRELOGIN; 0x10 LOGIN7 at once, of old clients; 0x16 TLS that comes before all (8.0, strict).
 *          TDS_COVER_LOGIN: LOGIN7 alone lies in TLS, of which the rest of the connection knows nothing any more: it is read record by
 *          record, so that nothing behind it is taken for a part of it.
 * Limits:  TDS_LOGIN7_MAX bytes of a message, TLS 1.2 inside packets (the handshake's end must be the client's), any behind ALPN.
 * Errors:  -EPROTO, -EACCES: the connection ends when `out` is sent, which tells the client why where it can be told.
 * Owns:    SSL; the context is the caller's.  LOGIN7 holds a password: tds_front_forget wipes it.
 * Trust:   the client's bytes are hostile.
 */
struct tds_front {
	/* of the caller, before the first byte */
	SSL_CTX *tls;          /* NULL: there is no certificate, and clients without TLS are all there is */
	enum tds_cover least;
	uint8_t version[6];    /* of the target's server */

	uint8_t state;
	bool strict;           /* TLS came first */
	enum tds_cover cover;  /* what is in TLS */
	struct tds_prelogin prelogin;
	bool has_prelogin;
	SSL *ssl;
	struct buf clear;      /* what came, without TLS, and is not taken yet */
	struct tds_message message;
	struct tds_login7 login; /* its spans lie in `message` */
};

/* The context takes clients that begin with TLS. */
void tds_front_context(SSL_CTX *tls);
void tds_front_init(struct tds_front *f, SSL_CTX *tls, enum tds_cover least, const uint8_t version[static 6]);
void tds_front_done(struct tds_front *f);
/* Takes from the front of `in`, puts to `out`.  1: `login` is there; what is left of `in` comes behind it. */
int tds_front_feed(struct tds_front *f, struct span *in, struct buf *out, struct err *err);
/* The login is known to whom it concerns: its bytes are wiped, `login` is empty. */
void tds_front_forget(struct tds_front *f);

/* Behind the login: bytes of the socket to bytes of packets, and back.  -EPIPE: the client has ended TLS. */
int tds_front_open(struct tds_front *f, struct span wire, struct buf *clear, struct err *err);
int tds_front_seal(struct tds_front *f, struct span clear, struct buf *wire, struct err *err);
#endif
