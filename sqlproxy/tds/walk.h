#ifndef TDS_WALK_H
#define TDS_WALK_H
#include "sqlproxy/tds/packet.h"
#include "sqlproxy/tds/type.h"
#include "sqlproxy/words.h"
/*
 * walk - a server's answer, token by token, as it streams by: what became of a request, and nothing of its rows.
 *
 * Source:  [MS-TDS] 2.2.4, 2.2.7: COLINFO, COLMETADATA, DONE*, ENVCHANGE, ERROR, FEATUREEXTACK, FEDAUTHINFO, INFO, LOGINACK, NBCROW,
 *          OFFSET, ORDER, RETURNSTATUS, RETURNVALUE, ROW, SESSIONSTATE, SSPI, TABNAME.
 * Shape:   bodies of packets go in as they come, cut anywhere; events come out.  A value of gigabytes is counted, not kept.  A bulk load of a
 *          client has the same shape (2.2.6.1), but SqlClient's has a short DONE: it is walked for its rows, not to tds_walk_end.
 * Blind:   a server that was told so may leave out the description of columns (count 0xffff), and COMPUTE of old servers (ALTMETADATA)
 *          is not followed: then rows cannot be told apart, and only the message's last token counts, which is of one size.
 * Limits:  TDS_WALK_COLUMNS columns; TDS_WALK_TOKEN bytes of a token or a column's description that came in pieces.
 * Errors:  -EPROTO: the stream cannot be followed, and the session ends.
 * Owns:    its bytes.  Trust: the server's bytes are hostile.
 */
enum { TDS_WALK_COLUMNS = 4096, TDS_WALK_TOKEN = 140000, TDS_WALK_TAIL = 13, TDS_WALK_NAME = 128, TDS_WALK_IN_ORDER = 0xffff };
enum tds_event_kind {
	TDS_EVENT_DONE = 1,     /* of a statement, or of a procedure's statement */
	TDS_EVENT_DONE_PROC,    /* of a call */
	TDS_EVENT_ERROR,
	TDS_EVENT_INFO,
	TDS_EVENT_ENVIRONMENT,
	TDS_EVENT_LOGIN,        /* accepted */
	TDS_EVENT_RETURN_VALUE, /* an output parameter */
	TDS_EVENT_RETURN_STATUS,
	TDS_EVENT_FEATURE,      /* one that the server acknowledges */
	TDS_EVENT_COLUMNS,      /* rows may follow */
	TDS_EVENT_SECURITY,     /* SSPI or a federated login: asked of the client */
};
enum { /* of DONE */
	TDS_DONE_MORE = 0x0001,
	TDS_DONE_FAILED = 0x0002,
	TDS_DONE_IN_TRANSACTION = 0x0004,
	TDS_DONE_COUNT = 0x0010,
	TDS_DONE_ATTENTION = 0x0020,
	TDS_DONE_SEVERE = 0x0100,
};
enum { /* of ENVCHANGE */
	TDS_ENV_DATABASE = 1,
	TDS_ENV_LANGUAGE = 2,
	TDS_ENV_PACKET_SIZE = 4,
	TDS_ENV_COLLATION = 7,
	TDS_ENV_BEGIN = 8,
	TDS_ENV_COMMIT = 9,
	TDS_ENV_ROLLBACK = 10,
	TDS_ENV_MIRROR = 13,
	TDS_ENV_RESET = 18,
	TDS_ENV_ROUTING = 20,
};

struct tds_event {
	enum tds_event_kind kind;
	uint16_t status, command; /* DONE */
	uint64_t rows;            /* DONE with TDS_DONE_COUNT */
	uint32_t code;            /* ERROR, INFO; LOGIN: the version; FEATURE: its number; COLUMNS: how many; SECURITY: the token */
	uint8_t state, severity;  /* ERROR, INFO */
	uint8_t change;           /* ENVIRONMENT: TDS_ENV_... */
	uint16_t port;            /* ... ROUTING */
	uint16_t at;              /* RETURN_VALUE: which parameter, from 0; TDS_WALK_IN_ORDER: the next of those given for output */
	bool is_number;           /* RETURN_VALUE: `number` has it */
	int64_t number;           /* ... RETURN_STATUS; PACKET_SIZE */
	struct span text; /* UTF-8, lives to the next call: words (made safe); as it came: the new database or language, the server routed to */
};

struct tds_walk {
	enum tds_rank rank;
	struct buf held;  /* of a unit that is not complete */
	uint64_t skip;    /* bytes of a value still to go by */
	bool pieces;      /* then the next piece of a PLP */
	bool blind;
	uint8_t state;
	uint64_t rows;        /* of this message, as far as they were told apart */
	uint16_t columns, at; /* of the row's columns, which is next */
	struct tds_type *types;
	uint8_t nulls[TDS_WALK_COLUMNS / 8]; /* of this row, when it has them */
	uint8_t tail[TDS_WALK_TAIL]; /* the last bytes, while blind */
	size_t tail_n;
	struct tds_event last_done;  /* the last token was this; kind 0: it was another one */
	char text[TDS_WALK_NAME * 3 + 1];
};

int tds_walk_init(struct tds_walk *w, enum tds_rank rank, struct err *err);
void tds_walk_done(struct tds_walk *w);
/* When LOGINACK has said which version it will be. */
void tds_walk_rank(struct tds_walk *w, enum tds_rank rank);
/* Takes from the front of `in`.  1: an event; 0: all of it was taken. */
int tds_walk_next(struct tds_walk *w, struct span *in, struct tds_event *ret, struct err *err);
/* The message has ended: 1, with its last DONE; and the walk is ready for the next message. */
int tds_walk_end(struct tds_walk *w, struct tds_event *ret, struct err *err);
#endif
