#ifndef TDS_REPLY_H
#define TDS_REPLY_H
#include "sqlproxy/tds/packet.h"
#include "sqlproxy/tds/version.h"
/*
 * reply - what the gateway itself answers a client: a login that failed, a request that was refused, an attention.
 *
 * Source:  [MS-TDS] 2.2.7.10 ERROR, 2.2.7.6 DONE, 2.2.7.8 DONEPROC, 2.2.7.17 RETURNSTATUS; messages 229 and 18456 of SQL Server.
 * Shape:   a message's tokens are appended to `out`; packets are the caller's (packet.h).
 * Limits:  TDS_REPLY_WORDS characters of words; what is longer is cut.
 */
enum { TDS_REPLY_WORDS = 2000 };
enum { TDS_ERROR_DENIED = 229, TDS_ERROR_LOGIN = 18456 };

struct tds_reply_error {
	uint32_t code;
	uint8_t state, severity;
	struct span words, server; /* UTF-8 */
};
void tds_reply_error(struct buf *out, enum tds_rank rank, const struct tds_reply_error *error);
/* The connection ends behind it. */
void tds_reply_login_failed(struct buf *out, enum tds_rank rank, struct span words);
/* To a request of `type` (TDS_BATCH, TDS_RPC, ...) that did not run; the session goes on.  A call has failed with status 1; the
 * client's transaction, if it has one, is as it was. */
void tds_reply_refused(struct buf *out, enum tds_rank rank, uint8_t type, struct span words);
void tds_reply_attention(struct buf *out, enum tds_rank rank);
#endif
