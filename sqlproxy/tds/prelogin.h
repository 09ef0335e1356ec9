#ifndef TDS_PRELOGIN_H
#define TDS_PRELOGIN_H
#include "sqlproxy/tds/packet.h"
/*
 * prelogin - a server's side of PRELOGIN: what the client offers, how much of the connection is encrypted, the answer.
 *
 * Source:  [MS-TDS] 2.2.6.5 PRELOGIN and its table of encryption, 3.3.5.1.
 * Shape:   as in login.h.  No MARS and no federated login are ever granted; both are answered with 0.
 * Limits:  16 options.
 * Errors:  -EPROTO malformed; -EACCES the client will not encrypt what must be.
 * Trust:   the client's bytes are hostile.
 */
enum tds_encryption { TDS_ENCRYPT_OFF, TDS_ENCRYPT_ON, TDS_ENCRYPT_NOT_SUP, TDS_ENCRYPT_REQ };
enum tds_cover { TDS_COVER_NONE, TDS_COVER_LOGIN, TDS_COVER_ALL }; /* what lies inside TLS */
enum { TDS_PRELOGIN_NONCE = 32, TDS_PRELOGIN_TRACE = 36 };

struct tds_prelogin {
	uint8_t version[6];
	uint8_t encryption; /* enum tds_encryption */
	bool mars, fedauth; /* it asks whether the server has them */
	bool has_fedauth, has_trace;
	struct span instance; /* without its NUL; hostile bytes */
	uint32_t thread;
	uint8_t nonce[TDS_PRELOGIN_NONCE], trace[TDS_PRELOGIN_TRACE];
	bool has_nonce;
};

int tds_prelogin_get(struct span message, struct tds_prelogin *ret, struct err *err);
/* How the two of them go on, when `least` must be covered: the byte to answer with, and what will be.  With -EACCES the answer is still
 * the one to send: it tells the client what was wanted. */
int tds_prelogin_choose(uint8_t client, enum tds_cover least, uint8_t *answer, enum tds_cover *cover, struct err *err);
/* The answer.  `version`: of the real target's server. */
void tds_prelogin_put(const struct tds_prelogin *asked, const uint8_t version[static 6], uint8_t answer, struct buf *out);
#endif
