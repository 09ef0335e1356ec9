#ifndef TDS_PACKET_H
#define TDS_PACKET_H
#include "gateway/core/buf.h"
#include <stdbool.h>
struct err;
/*
 * packet - the frame of SQL Server's protocol.  A message is the packets up to one with "end of message".
 *
 * Source:  [MS-TDS] 2.2.3.1 Packet Header.
 * Shape:   type u8, status u8, length u16be (with these 8 bytes), spid u16be, packet id u8, window u8.
 * Limits:  packets of 8 to 32767 bytes are read, of at most 4096 written before another size is agreed on; TDS_MESSAGE_MAX bytes of
 *          message where a whole answer is held.
 * Errors:  -EPROTO.  Trust: the server's bytes are hostile.
 */
enum { TDS_PACKET_HEAD = 8, TDS_PACKET_SIZE = 4096, TDS_PACKET_MAX = 32767, TDS_MESSAGE_MAX = 65536 };
enum { TDS_PACKET_LEAST = 512 }; /* what may be agreed on; the last of a message may be shorter */
enum tds_packet_type {
	TDS_BATCH = 0x01,
	TDS_RPC = 0x03,
	TDS_REPLY = 0x04,
	TDS_ATTENTION = 0x06,
	TDS_BULK = 0x07,
	TDS_FEDAUTH = 0x08,
	TDS_TRANSACTION = 0x0e,
	TDS_LOGIN7 = 0x10,
	TDS_SSPI = 0x11,
	TDS_PRELOGIN = 0x12
};
enum {
	TDS_STATUS_LAST = 0x01,
	TDS_STATUS_IGNORE = 0x02,     /* with LAST: the client takes its message back */
	TDS_STATUS_RESET = 0x08,      /* on a first packet: the session begins anew */
	TDS_STATUS_RESET_KEEP = 0x10, /* ... but for the transaction */
};

struct tds_packet {
	uint8_t type;
	bool last; /* of its message */
	size_t n;  /* bytes that follow the header */
};

int tds_packet_head(const uint8_t head[static TDS_PACKET_HEAD], struct tds_packet *ret, struct err *err);
/* A message in as many packets as it needs. */
void tds_packet_put(struct buf *out, enum tds_packet_type type, struct span message);
/* ... of the size that was agreed on, TDS_PACKET_LEAST to TDS_PACKET_MAX. */
void tds_packet_put_sized(struct buf *out, enum tds_packet_type type, struct span message, size_t size);
#endif
