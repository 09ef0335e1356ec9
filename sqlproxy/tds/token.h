#ifndef TDS_TOKEN_H
#define TDS_TOKEN_H
#include "sqlproxy/tds/packet.h"
#include "sqlproxy/words.h"
/*
 * token - what the server's answer to a login, or to a statement without rows, says.
 *
 * Source:  [MS-TDS] 2.2.7: ERROR, INFO, ENVCHANGE, LOGINACK, DONE, DONEPROC, DONEINPROC, RETURNSTATUS.
 * Limits:  a whole message of at most TDS_MESSAGE_MAX bytes; TDS 7.2 or later; any other token is -EPROTO.
 * Errors:  -EPROTO.  Trust: the server's bytes are hostile.
 */
struct tds_answer {
	bool done;        /* the message ends with a DONE that no other follows */
	bool failed;      /* ... which says that something failed, or an ERROR came */
	bool accepted;    /* LOGINACK */
	bool routed;      /* the server sends clients to another */
	uint32_t version; /* LOGINACK's: of TDS */
	uint32_t code;    /* the first ERROR's number */
	uint8_t severity; /* 11 to 25 */
	char words[SQL_WORDS_MAX + 1];
};

int tds_token_answer(struct span message, struct tds_answer *ret, struct err *err);
#endif
