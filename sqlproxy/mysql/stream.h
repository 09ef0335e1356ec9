#ifndef MYSQL_STREAM_H
#define MYSQL_STREAM_H
#include "gateway/core/buf.h"
#include <stdbool.h>
/*
 * stream - payloads out of bytes as they come: frames taken off, a payload over several packets as one.
 *
 * Source:  MySQL "Client/Server Protocol": Protocol::Packet (a packet of 0xffffff bytes goes on in the next one).
 * Use:     mysql_stream_next until it says 0; each time it takes bytes off the front of `in`.
 * Limits:  keeps four bytes; how much of a payload is kept is the caller's.
 * Errors:  -EPROTO: the sequence number is not the one that must come.
 * Owns:    nothing; pieces point into the input.  Trust: input hostile.
 */
struct mysql_stream {
	uint8_t head[4], head_n;
	uint8_t seq;    /* of the next packet; 0 in front of a command */
	bool inside;    /* the head was read */
	bool continues; /* the packet before was full */
	uint32_t left;  /* of this packet */
	uint32_t length;
};
struct mysql_piece {
	struct span data; /* may be empty */
	bool begins;      /* a packet, whose length stands in mysql_stream */
	bool first;       /* ... and a payload */
	bool last;        /* ends it */
};
/* 1: a piece; 0: no more of them in `in`, which is empty then. */
int mysql_stream_next(struct mysql_stream *s, struct span *in, struct mysql_piece *ret);
/* Between two payloads: the next one starts with this number. */
void mysql_stream_expect(struct mysql_stream *s, uint8_t seq);
#endif
