#ifndef TDS_LOGIN_H
#define TDS_LOGIN_H
#include "sqlproxy/tds/packet.h"
/*
 * login - a client's side of a login with name and password: PRELOGIN, LOGIN7, and a batch.
 *
 * Source:  [MS-TDS] 2.2.6.5 PRELOGIN, 2.2.6.4 LOGIN7, 2.2.6.7 SQLBatch, 2.2.5.3 Stream Headers (ALL_HEADERS).
 * Shape:   PRELOGIN is a table of (option u8, offset u16be, length u16be), closed by 0xff, then the options' data.
 *          LOGIN7 is a table of (offset u16le, characters u16le) in front of UTF-16LE texts; the password's bytes have
 *          their halves swapped and are XORed with 0xa5, which hides nothing: TLS must be there.
 * Limits:  TDS 7.4, names and passwords of 128 characters; no MARS, no SSPI, no federated login, no features.
 * Errors:  -EPROTO, -EKEYREJECTED the server will not encrypt everything, -EINVAL what does not fit.
 * Trust:   the server's bytes are hostile.
 */
enum { TDS_VERSION_7_4 = 0x74000004, TDS_LOGIN_TEXT_MAX = 128 };

struct tds_login {
	struct span account, password, server; /* UTF-8 */
};

/* Asks for TLS over everything. */
void tds_login_put_prelogin(struct buf *out);
/* 0 when the server agrees to TLS over everything. */
int tds_login_get_prelogin(struct span message, struct err *err);
int tds_login_put(const struct tds_login *login, struct buf *out, struct err *err);
/* statement: UTF-8.  Its bytes go to `out` and `room` only, which the caller reserves and wipes. */
int tds_login_put_batch(struct span statement, struct buf *room, struct buf *out, struct err *err);
#endif
