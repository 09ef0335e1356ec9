#ifndef MYSQL_PACKET_H
#define MYSQL_PACKET_H
#include "gateway/core/buf.h"
#include "sqlproxy/mysql/flags.h"
struct err;
/*
 * packet - the frame of MySQL's protocol, and the three answers that a statement without rows can have.
 *
 * Source:  MySQL "Client/Server Protocol": Protocol::Packet, OK_Packet, ERR_Packet.
 * Shape:   length u24le, sequence u8, payload.
 * Limits:  MYSQL_PACKET_MAX bytes of payload: logins and short statements; no packet that is split.
 * Errors:  -EMSGSIZE over the limit, -EPROTO malformed.
 * Owns:    nothing; spans point into the input.  Trust: the server's bytes are hostile.
 */
enum { MYSQL_PACKET_HEAD = 4, MYSQL_PACKET_MAX = 65536 };

struct mysql_packet {
	uint8_t seq;
	struct span payload;
};

enum mysql_answer_kind { MYSQL_ANSWER_OK, MYSQL_ANSWER_ERROR, MYSQL_ANSWER_OTHER };

struct mysql_answer {
	enum mysql_answer_kind kind;
	uint16_t status;   /* OK: the server's status flags */
	uint16_t code;     /* ERROR */
	struct span words; /* ERROR: as the server wrote them */
};

/* Of a frame's four bytes. */
int mysql_packet_head(const uint8_t head[static MYSQL_PACKET_HEAD], size_t *ret_n, uint8_t *ret_seq, struct err *err);
/* Appends a frame; nothing of it when it does not fit. */
void mysql_packet_put(struct buf *out, uint8_t seq, struct span payload);
/* MYSQL_ANSWER_OTHER: the payload is neither; what it is depends on the phase. */
int mysql_packet_answer(struct span payload, struct mysql_answer *ret, struct err *err);
/* A statement as COM_QUERY's frame; its bytes go to `out` only, which the caller reserves and wipes. */
void mysql_packet_query(struct buf *out, struct span statement);
/* 'text' as a literal: right in every sql_mode for text without a backslash, else for the mode in `status`. */
void mysql_packet_quote(struct buf *out, struct span text, uint16_t status);
#endif
