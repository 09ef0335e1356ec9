#ifndef MYSQL_RESULT_H
#define MYSQL_RESULT_H
#include "gateway/core/buf.h"
#include "sqlproxy/mysql/track.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * result - a server's reply to one command: where it ends, how it went, and what must not reach the client of it.
 *
 * Source:  MySQL "Client/Server Protocol": Text Resultset, Binary Protocol Resultset, COM_STMT_PREPARE Response, LOCAL INFILE Request,
 *          OK_Packet, EOF_Packet, ERR_Packet, Multi-Resultset; MariaDB "Result Set Packets".
 * Shape:   bytes in as they come; rows and columns go to `out` untouched and are not kept.  OK, ERR, EOF and the first packet of each answer are
 *          read.  Where the server tracks its session and the client did not ask for that, the OK goes on without it.
 * Use:     mysql_result_begin; mysql_result_feed with all that comes until `done`; after `infile` is set feed nothing until the client's file went
 *          out, then mysql_result_resume.  What is left in `in` belongs to nobody: a server that says more than it was asked.
 * Limits:  MYSQL_RESULT_HELD bytes of a packet that must be read whole.
 * Errors:  -EPROTO, -EMSGSIZE over that limit.
 * Owns:    `held`; freed by mysql_result_free.  Trust: the server is hostile.
 */
enum { MYSQL_RESULT_HELD = 128 * 1024, MYSQL_RESULT_WORDS = 512, MYSQL_RESULT_FILE = 4096 };
enum mysql_result_kind {
	MYSQL_RESULT_ROWS,    /* OK, ERR, LOCAL INFILE, or columns and rows; again and again while there are more */
	MYSQL_RESULT_PREPARE, /* COM_STMT_PREPARE */
	MYSQL_RESULT_FETCH,   /* rows alone */
	MYSQL_RESULT_FIELDS,  /* COM_FIELD_LIST: columns until EOF */
	MYSQL_RESULT_PLAIN,   /* one packet: OK, EOF or ERR */
	MYSQL_RESULT_TEXT,    /* one packet of words: COM_STATISTICS */
};
enum mysql_result_phase { MYSQL_RESULT_FIRST, MYSQL_RESULT_COLUMNS, MYSQL_RESULT_COLUMNS_END, MYSQL_RESULT_IN_ROWS };

struct mysql_result {
	/* set before the first */
	bool deprecate_eof; /* both sides */
	bool tracks;        /* the server does */
	bool strip;         /* and the client did not ask for it */

	enum mysql_result_kind kind;
	enum mysql_result_phase phase;
	uint8_t seq;            /* of the next packet */
	uint8_t said;           /* number behind the last packet that went out: where one of ours could stand */
	uint8_t head[5];        /* of a packet, and its first byte */
	uint8_t head_n;
	uint32_t left;          /* of a packet that passes */
	bool continues, full;   /* this packet goes on with the one before; this one is full */
	struct buf held;        /* a packet that is read whole, its head too */
	uint32_t want;          /* its length; 0 = none */
	uint64_t columns;       /* of a set that are still to come */
	uint32_t second;        /* of PREPARE: columns behind the parameters */

	/* what is known */
	bool done, infile;
	bool failed;            /* ERR */
	uint16_t status;
	bool has_status;
	uint16_t code;
	char state[6];
	char words[MYSQL_RESULT_WORDS + 1]; /* as the server wrote them, cut */
	uint64_t affected, rows; /* of all answers: rows changed; rows sent */
	uint32_t statement;     /* PREPARE */
	uint16_t params;
	char file[MYSQL_RESULT_FILE + 1]; /* LOCAL INFILE */
	struct mysql_track track; /* what changed in the session, of all OKs */
};
/* seq: of the reply's first packet, 1 but for commands of more than one. */
void mysql_result_begin(struct mysql_result *r, enum mysql_result_kind kind, uint8_t seq);
/* Takes bytes off the front of `in`, appends what goes to the client. */
int mysql_result_feed(struct mysql_result *r, struct span *in, struct buf *out, struct err *err);
/* The file has gone out; `seq` is the number behind its last packet. */
void mysql_result_resume(struct mysql_result *r, uint8_t seq);
void mysql_result_free(struct mysql_result *r);
#endif
