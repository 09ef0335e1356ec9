#ifndef TDS_REQUEST_H
#define TDS_REQUEST_H
#include "sqlproxy/tds/packet.h"
#include "sqlproxy/tds/version.h"
/*
 * request - what a client asks for, but for procedures (rpc.h): a batch of statements, a transaction.
 *
 * Source:  [MS-TDS] 2.2.5.3 ALL_HEADERS, 2.2.6.7 SQLBatch, 2.2.6.9 Transaction Manager Request.
 * Shape:   from 7.2 on a request begins with ALL_HEADERS: {total u32, {length u32, type u16, data}...}.  A batch is UTF-16LE.
 * Refused: distributed transactions (-EACCES): who takes part in them is not seen here.
 * Errors:  -EPROTO, -EACCES.  Owns: nothing; spans point into the message.  Trust: every byte is hostile.
 */
enum { TDS_REQUEST_HEADERS = 16 };

struct tds_headers {
	uint64_t transaction; /* 0: none */
	uint32_t outstanding;
	bool notification; /* it asks to be told of later changes */
};

/* Takes ALL_HEADERS off the front of `body`; of a client of before 7.2 nothing. */
int tds_request_headers(struct span *body, enum tds_rank rank, struct tds_headers *ret, struct err *err);
/* `body` without its headers.  -EPROTO for half a character. */
int tds_request_batch(struct span body, struct span *ret_text, struct err *err);

enum tds_transaction { TDS_BEGIN = 5, TDS_PROMOTE = 6, TDS_COMMIT = 7, TDS_ROLLBACK = 8, TDS_SAVE = 9 };
struct tds_tm {
	uint16_t kind;     /* enum tds_transaction */
	uint8_t isolation; /* of BEGIN; 0: as it is, 1 to 5 read uncommitted, committed, repeatable, serializable, snapshot */
	struct span name;  /* UTF-16LE; may be empty */
	bool begins;       /* COMMIT and ROLLBACK: another one begins at once ... */
	uint8_t next_isolation;
	struct span next;  /* ... with this name */
};
int tds_request_tm(struct span body, struct tds_tm *ret, struct err *err);
/* The same in T-SQL, UTF-8: for rules, the audit and people. */
void tds_request_tm_words(const struct tds_tm *tm, struct buf *out);
#endif
