#ifndef MYSQL_WIRE_H
#define MYSQL_WIRE_H
#include "gateway/core/rd.h"
/*
 * wire - the small shapes that MySQL's packets are made of, and the answers that a server gives in one packet.
 *
 * Source:  MySQL "Client/Server Protocol": Protocol::LengthEncodedInteger, LengthEncodedString, NullTerminatedString, OK_Packet, ERR_Packet,
 *          EOF_Packet.
 * Errors:  as rd: `bad`.  Owns: nothing; spans point into the input.  Trust: input hostile.
 */
uint64_t mysql_wire_lenenc(struct rd *r); /* 0xfb (NULL) and 0xff are bad */
struct span mysql_wire_text(struct rd *r); /* length-encoded */
struct span mysql_wire_until_nul(struct rd *r);
void mysql_wire_put_lenenc(struct buf *out, uint64_t v);
void mysql_wire_put_text(struct buf *out, struct span text);

/* A payload of any length as frames from `seq` on; returns the sequence number behind them. */
uint8_t mysql_wire_put(struct buf *out, uint8_t seq, struct span payload);
void mysql_wire_put_ok(struct buf *out, uint8_t seq, uint16_t status);
void mysql_wire_put_eof(struct buf *out, uint8_t seq, uint16_t status);
struct mysql_refusal {
	uint16_t code;
	char state[6];
	struct span words; /* at most 512 bytes of it */
};
void mysql_wire_put_error(struct buf *out, uint8_t seq, const struct mysql_refusal *e);
#endif
