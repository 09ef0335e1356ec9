#ifndef TDS_STREAM_H
#define TDS_STREAM_H
#include "sqlproxy/tds/packet.h"
/*
 * stream - packets at the front of what a peer sent, and messages made of them.
 *
 * Source:  [MS-TDS] 2.2.3 Packets, 2.2.1.7 Attention (a message can be taken back with IGNORE).
 * Shape:   a packet is read in place; a message keeps its packets as they came, to be passed on unchanged, and their bodies side
 *          by side, to be read.  Of a message of one packet there is one copy.
 * Limits:  `max` bytes of a message.  One that is longer is let go of to its last packet and then says `over`: who sent it can be
 *          told, and the connection goes on.
 * Errors:  -EPROTO.  Owns: its bytes.  Trust: both peers are hostile.
 */
enum { /* of types */
	TDS_FROM_CLIENT = 1 << TDS_BATCH | 1 << TDS_RPC | 1 << TDS_ATTENTION | 1 << TDS_BULK | 1 << TDS_FEDAUTH | 1 << TDS_TRANSACTION |
			  1 << TDS_LOGIN7 | 1 << TDS_SSPI | 1 << TDS_PRELOGIN,
	TDS_FROM_SERVER = 1 << TDS_REPLY,
};

struct tds_frame {
	uint8_t type, status;
	struct span bytes; /* all of it */
	struct span body;  /* behind its header */
};

/* 1: a packet stands at the front of `in`; 0: more bytes are needed.  `types` may come here. */
int tds_frame_get(struct span in, uint32_t types, struct tds_frame *ret, struct err *err);

struct tds_message {
	uint8_t type, status; /* of its first packet, and IGNORE when its last one has that */
	bool over;
	size_t max, packets;
	struct buf wire, body;
};

void tds_message_init(struct tds_message *m, size_t max);
void tds_message_done(struct tds_message *m);
/* Ready for another one. */
void tds_message_clear(struct tds_message *m);
/* 1: the message is complete; 0: more packets follow. */
int tds_message_add(struct tds_message *m, const struct tds_frame *frame, struct err *err);
struct span tds_message_wire(const struct tds_message *m);
struct span tds_message_body(const struct tds_message *m);
#endif
